package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Restore makes a backup the log of a directory that has none, and makes the directory if need be. What it copied is verified before it becomes the log; until then it
// is called log.db.partial-…, and an error removes it. It takes any log that one file holds, from Backup or by hand from a log that was closed cleanly.
// Nobody can open the log of the directory meanwhile.
func Restore(ctx context.Context, file, dir string, progress Progress) (copied Copied, err error) {
	if err := mustBeWhole(file); err != nil {
		return Copied{}, err
	}
	if err := makeDir(dir); err != nil {
		return Copied{}, err
	}
	log := filepath.Join(dir, logFile)
	err = locked(ctx, log, func() error {
		if err := mustBeFree(log, log+"-wal", log+"-shm"); err != nil {
			return fmt.Errorf("%w: move %s, %[2]s-wal and %[2]s-shm away first, together, with every server on %s stopped", err, logFile, dir)
		}
		copied, err = restore(ctx, file, log, progress)
		return err
	})
	return copied, err
}

// makeDir makes a directory durably, if it is not there, and those above it.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// mustBeWhole refuses a file that is only a part of what it was copied from.
func mustBeWhole(file string) error {
	if info, err := os.Stat(file); err != nil {
		return err
	} else if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", file)
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := os.Stat(file + suffix); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s is not whole: a part of it is in %[1]s%s, as of a log that is open; make a copy with resultlog backup", file, suffix)
		}
	}
	return nil
}

// restore does what Restore does. Nobody else may work on the log.
func restore(ctx context.Context, file, log string, progress Progress) (Copied, error) {
	p, err := newPartial(log)
	if err != nil {
		return Copied{}, err
	}
	defer p.discard()
	if err := p.fill(ctx, file, progress); err != nil {
		return Copied{}, fmt.Errorf("copy %s: %w", file, err)
	}
	if err := p.shape(ctx); err != nil {
		return Copied{}, fmt.Errorf("%s: %w", file, err)
	}
	copied, err := p.finish(ctx, progress)
	if err != nil {
		return Copied{}, fmt.Errorf("verify %s: %w", file, err)
	}
	return copied, p.publish(log)
}

// fill copies the bytes of a file that no process has open as a database.
func (p *partial) fill(ctx context.Context, file string, progress Progress) error {
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	for done := int64(0); done < info.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(p, from, min(fillStep, info.Size()-done))
		if err != nil {
			return err
		}
		done += n
		progress(Copying, done, info.Size())
	}
	return nil
}

// fillStep is how many bytes are copied between two looks at the context.
const fillStep = 4 << 20

// shape brings a log to the newest shape, as opening it would. What is not a log does not become one.
func (p *partial) shape(ctx context.Context) (err error) {
	db, err := (database{path: p.Name(), journal: "delete", conns: 1}).open(ctx)
	if err != nil {
		return fmt.Errorf("not a backup of a log: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var shape, head int64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id), (`+selectHead+`) FROM goose_db_version`).Scan(&shape, &head); err != nil {
		return fmt.Errorf("not a backup of a log: %w", err)
	}
	return migrateLog(ctx, db)
}
