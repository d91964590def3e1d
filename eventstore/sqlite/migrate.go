package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
)

// migrate brings a database to the newest shape that fsys knows. It refuses one that a newer program has already brought further.
func migrate(ctx context.Context, db *sql.DB, fsys fs.FS) error {
	return migrateBy(ctx, db, fsys, goose.DefaultTablename)
}

// migrateBy does it for what has a table of its own that says how far it has come.
func migrateBy(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, fsys, goose.WithDisableGlobalRegistry(true), goose.WithTableName(versions))
	if err != nil {
		return err
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fmt.Errorf("the database is of shape %d, this program knows 1 to %d: a newer resultlog wrote it, upgrade this node", current, newest)
	}
	_, err = provider.Up(ctx)
	return err
}

// alone makes the file if it is not there, and runs f, as locked does. Neither the first switch to WAL nor goose is safe when two processes meet in a fresh directory.
func alone(ctx context.Context, path string, f func() error) error {
	return locked(ctx, path, func() error {
		if err := create(path); err != nil {
			return err
		}
		return f()
	})
}

// locked runs f while no other process, and no other goroutine of this one, is in locked for the same path. The lock is SQLite's own, on an empty database beside the file: it needs
// nothing of the operating system, honours ctx and busyTimeout, and is gone when its process is.
func locked(ctx context.Context, path string, f func() error) (err error) {
	release, err := seize(ctx, path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return f()
}

// seize takes the lock of locked, and keeps it until release, or the end of the process. If it is to be hasty, a lock that somebody holds is an error at once (isBusy).
func seize(ctx context.Context, path string, hasty bool) (release func() error, err error) {
	if err := create(path + ".lock"); err != nil {
		return nil, err
	}
	lock := database{path: path + ".lock", journal: "delete", hasty: hasty, conns: 1}
	db, err := lock.open(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	release = func() error { return errors.Join(conn.Close(), db.Close()) } // closing ends the transaction, and with it the lock
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return nil, errors.Join(fmt.Errorf("another process is opening %s: %w", path, err), release())
	}
	return release, nil
}

// create makes the file, readable by nobody but its owner, if it is not there: an existing data directory may let others in, and SQLite would follow the umask.
// The files beside it (WAL, shared memory) get the same mode from SQLite. A file that is there is not opened, since closing it would drop SQLite's locks on it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}
