package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"resultlog/core"
)

const (
	// stepPages is how many pages are copied between two looks at the context: 1 MB, some milliseconds.
	stepPages = 256

	// syncSteps is how many steps are copied between two syncs of the copy: 32 MB. One sync at the end takes as long as all of these, and the commits of the log, on the same disk,
	// wait for it: for a quarter of a second at half a gigabyte, against less than a tenth.
	syncSteps = 32
)

// Copied says what a copy of a log holds.
type Copied struct {
	Head  core.Position // of its last event; positions have no gaps, so that it is also how many events there are
	Bytes int64         // the size of its file
}

// Backup copies the log in a directory into a new file, while other processes append to it, and verifies the copy. It holds all that was durable when Backup began, and maybe
// what became so in the next moment: always a prefix of the log. The file has its name only when it was verified and is on the disk; until then it is called
// FILE.partial-…, and an error removes it.
//
// SQLite's backup interface copies the pages of one snapshot, as they are: the same rows, triggers and counters. A read transaction holds that snapshot for as long as copying
// takes. It blocks nobody; but the WAL is not emptied meanwhile, and grows by what is written. VACUUM INTO takes about twice as long, to leave out free pages, of which
// an append-only log has none. Copying rows in many short transactions would hold no snapshot, take three times as long, and have to know every table.
func Backup(ctx context.Context, dir, file string, progress Progress) (Copied, error) {
	log := filepath.Join(dir, logFile)
	if _, err := os.Stat(log); err != nil {
		return Copied{}, fmt.Errorf("there is no log in %s: %w", dir, err)
	}
	if err := mustBeFree(file); err != nil {
		return Copied{}, fmt.Errorf("%w; a backup replaces nothing, give it another name", err)
	}
	p, err := newPartial(file)
	if err != nil {
		return Copied{}, err
	}
	defer p.discard()
	head, err := copySnapshot(ctx, log, p, progress)
	if err != nil {
		return Copied{}, fmt.Errorf("copy %s to %s: %w", log, p.Name(), err)
	}
	copied, err := p.finish(ctx, progress)
	if err != nil {
		return Copied{}, fmt.Errorf("verify the copy of %s: %w", log, err)
	}
	if copied.Head != head {
		return Copied{}, fmt.Errorf("verify the copy of %s: it ends at position %d, the log at %d", log, copied.Head, head)
	}
	return copied, p.publish(file)
}

// copySnapshot copies all that is in a log at one moment, and gives its head at that moment.
func copySnapshot(ctx context.Context, log string, to *partial, progress Progress) (head core.Position, err error) {
	db, err := (database{path: log, readOnly: true, conns: 1}).open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(ctx, selectHead).Scan((*int64)(&head)); err != nil { // the first read takes the snapshot
		return 0, err
	}
	return head, conn.Raw(func(driver any) error { return copyPages(ctx, driver.(source), to, progress) })
}

// source is a connection of the driver.
type source interface {
	NewBackup(uri string) (*sqlite.Backup, error)
}

// copyPages copies the snapshot of the read transaction that is open on a connection. Without one, whatever is appended would make it begin again.
func copyPages(ctx context.Context, from source, to *partial, progress Progress) error {
	// Neither a journal nor syncs of SQLite's own: what is cut short is thrown away, and what is complete is synced.
	b, err := from.NewBackup(uri(to.Name(), url.Values{"_pragma": {"journal_mode(off)", "synchronous(off)"}}))
	if err != nil {
		return err
	}
	for more, step := true, 1; more && err == nil; step++ {
		if err = ctx.Err(); err != nil {
			break
		}
		if more, err = b.Step(stepPages); err == nil && step%syncSteps == 0 {
			err = to.Sync()
		}
		progress(Copying, int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
	}
	if finishing := b.Finish(); err == nil { // otherwise it says the same again
		err = finishing
	}
	return orFull(err)
}

// orFull says it plainly when the disk is full: SQLite's backup interface says so too, and then that it is not an error.
func orFull(err error) error {
	if full := new(sqlite.Error); errors.As(err, &full) && full.Code() == sqlite3.SQLITE_FULL {
		return errors.New("the disk is full")
	}
	return err
}
