package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// partialName is added to the name of a file that is not finished; the star becomes a number that nobody else has.
const partialName = ".partial-*"

// partial is a file on its way to be a log, or a copy of one. It is open from the beginning to the end, in order to be synced: were it closed earlier, the
// locks of SQLite on it would be gone.
type partial struct{ *os.File }

// newPartial makes an empty file beside the one that it is to become, readable by nobody but its owner.
func newPartial(file string) (*partial, error) {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+partialName)
	if err != nil {
		return nil, err
	}
	return &partial{f}, nil
}

// discard removes the file, and what SQLite may have left beside it, unless it has been published.
func (p *partial) discard() {
	_ = p.Close()
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		_ = os.Remove(p.Name() + suffix)
	}
}

// finish makes the file one that needs none beside it, verifies it, and sees that it is on the disk.
func (p *partial) finish(ctx context.Context, progress Progress) (Copied, error) {
	if err := p.leaveWAL(ctx); err != nil {
		return Copied{}, err
	}
	head, err := verify(ctx, p.Name(), progress)
	if err != nil {
		return Copied{}, err
	}
	if err := p.Sync(); err != nil {
		return Copied{}, err
	}
	info, err := p.Stat()
	if err != nil {
		return Copied{}, err
	}
	return Copied{Head: head, Bytes: info.Size()}, nil
}

// leaveWAL makes the file one that can be read where nothing can be written. A log says of itself that it is in WAL mode, and so does its copy; whoever opens it as a log puts it
// into that mode again.
func (p *partial) leaveWAL(ctx context.Context) error {
	db, err := (database{path: p.Name(), journal: "delete", conns: 1}).open(ctx)
	if err != nil {
		return err
	}
	return db.Close()
}

// publish gives the finished file its name, durably. A link does not replace what has come there meanwhile, as a rename would; but not every file system has links.
func (p *partial) publish(file string) error {
	err := os.Link(p.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(p.Name(), file)
	}
	if err != nil {
		return err
	}
	p.discard() // its first name, if it still has that
	return syncDir(filepath.Dir(file))
}

// mustBeFree reports which of these files is there.
func mustBeFree(files ...string) error {
	for _, file := range files {
		switch _, err := os.Lstat(file); {
		case err == nil:
			return fmt.Errorf("%s: %w", file, fs.ErrExist)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
