package sqlite

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
)

// nextFile is the name of the file in which new read tables are made, beside those that serve. It can be deleted while no rebuild is at work on it.
const nextFile = "read-next.db"

// NextReadTables are new read tables on their way to take the place of those that serve. They are a file of the same kind beside it, so that whoever fills them does what it always does.
// One process at a time has them; it may be killed at any moment, and the next one then finds the file as the last commit left it.
type NextReadTables struct {
	ReadTables

	// Resumed says that an earlier process has begun them, and was cancelled or killed.
	Resumed bool

	serving  string // the path of the tables that serve
	path     string
	release  func() error
	switched bool
}

// OpenNextReadTables opens the new read tables in a data directory, which has read tables that serve (OpenReadTables). What an earlier process has left of them is gone on with if it had the same
// maker: a text that stands for all that their rows depend on beside the log, the program and the shape of the tables. Otherwise they are begun anew.
// It is an error if another process has them. Close them before the log.
func OpenNextReadTables(ctx context.Context, dir string, schema fs.FS, maker string) (*NextReadTables, error) {
	n := &NextReadTables{serving: filepath.Join(dir, readFile), path: filepath.Join(dir, nextFile)}
	release, err := seize(ctx, n.path, true)
	if isBusy(err) {
		return nil, fmt.Errorf("another online rebuild is at work on %s: let it finish, or cancel it, and the next one goes on from where it was", n.path)
	}
	if err != nil {
		return nil, err
	}
	n.release = release
	if err := n.begin(ctx, filepath.Join(dir, logFile), schema, int32(signOf(maker))); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// DiscardNextReadTables removes what a rebuild that was cancelled or killed has left in a data directory, if anything: it holds what the log held then. It is an error if one is at work on it.
func DiscardNextReadTables(ctx context.Context, dir string) error {
	n := &NextReadTables{path: filepath.Join(dir, nextFile)}
	release, err := seize(ctx, n.path, true)
	if isBusy(err) {
		return fmt.Errorf("an online rebuild is at work on %s: let it finish, or cancel it, and run this again", n.path)
	}
	if err != nil {
		return err
	}
	return errors.Join(n.discard(), release())
}

// begin opens the file, as it was left or made anew.
func (n *NextReadTables) begin(ctx context.Context, log string, schema fs.FS, sign int32) error {
	if err := n.resume(ctx, sign); err != nil {
		return err
	}
	if !n.Resumed {
		if err := n.discard(); err != nil {
			return err
		}
		if err := create(n.path); err != nil {
			return err
		}
	}
	if err := n.open(ctx, n.path, log, schema); err != nil {
		return err
	}
	if err := n.mustBeAlike(ctx); err != nil {
		return err
	}
	// A crash before here leaves a file that is signed by nobody, and is thrown away.
	_, err := n.Write.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", sign))
	return err
}

// signOf makes a maker's text fit into a file's user_version, which nothing else uses here. A file that nobody has signed has 0.
func signOf(maker string) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(maker)) // it never fails
	return max(1, hash.Sum32())
}

// resume looks whether there is a file that the same maker has left. One that cannot be read is none.
func (n *NextReadTables) resume(ctx context.Context, sign int32) error {
	if _, err := os.Stat(n.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := (database{path: n.path, rebuildable: true, conns: 1}).open(ctx)
	if err != nil {
		return ctx.Err()
	}
	var found int32
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return errors.Join(ctx.Err(), db.Close())
	}
	n.Resumed = found == sign
	return db.Close()
}

// discard removes the file, and what SQLite has beside it.
func (n *NextReadTables) discard() error {
	for _, suffix := range []string{"", "-wal", "-shm"} { // a crash may leave a WAL without its file, which comes here again; a file without its WAL would pass for whole
		if err := os.Remove(n.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close ends both sides, removes the file if it has done its work, and lets others have it. Whoever uses them must have stopped.
func (n *NextReadTables) Close() error {
	err := n.ReadTables.Close()
	if n.switched && err == nil {
		err = n.settle(context.Background())
	}
	if n.switched && err == nil {
		err = n.discard()
	}
	return errors.Join(err, n.release())
}
