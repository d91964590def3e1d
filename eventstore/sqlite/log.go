// Package sqlite keeps the log in a SQLite file, in WAL mode with synchronous=FULL: the embedded store of a single machine. Several processes may have
// the same directory open; each appends in its turn and sees what the others appended.
//
// No other code of a process may open the database files while they are in use, not even to read them: closing such a descriptor drops the locks
// that SQLite holds on the file (POSIX record locks belong to the process).
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// logFile is the name of the log's file in the data directory.
	logFile = "log.db"

	// logReaders is how many reads of the log run at once: the subscription and a few command-line tools or audits; one more waits.
	logReaders = 4

	// dirMode and fileMode let nobody but the owner in: the log holds personal data.
	dirMode  = 0o700
	fileMode = 0o600
)

//go:embed migrations/log/*.sql
var logMigrations embed.FS

var (
	_ eventstore.Log     = (*Log)(nil)
	_ eventstore.History = (*Log)(nil)
)

// Log is an eventstore.Log in DIR/log.db.
type Log struct {
	path string
	now  func() time.Time // what decide gets; a test may replace it

	turn    chan struct{}                        // holds one token while an Append, or Close, is at work: the three fields below are its
	writers *sql.DB                              // a pool of one connection
	writer  *writer                              // that connection; nil while there is none
	commit  func(*writer, context.Context) error // ends the transaction; a test may replace it

	doubtful atomic.Bool // a commit failed, and what it left in the WAL has not been overwritten yet; see settle
	closed   atomic.Bool

	readers *sql.DB
}

// OpenLog opens the log in a directory, and creates both if they are not there.
func OpenLog(ctx context.Context, dir string) (*Log, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, logFile)
	l := &Log{path: path, now: time.Now, turn: make(chan struct{}, 1), commit: (*writer).commitTransaction}
	if err := alone(ctx, path, func() error { return l.open(ctx, path) }); err != nil {
		return nil, errors.Join(fmt.Errorf("log %s: %w", path, err), l.Close())
	}
	return l, nil
}

// OpenExistingLog opens the log in a directory that has one: a tool makes none.
func OpenExistingLog(ctx context.Context, dir string) (*Log, error) {
	if _, err := os.Stat(filepath.Join(dir, logFile)); err != nil {
		return nil, fmt.Errorf("there is no log in %s; resultlog serve makes one: %w", dir, err)
	}
	return OpenLog(ctx, dir)
}

func (l *Log) open(ctx context.Context, path string) (err error) {
	if l.writers, err = (database{path: path, conns: 1}).open(ctx); err != nil {
		return err
	}
	if err := migrateLog(ctx, l.writers); err != nil {
		return err
	}
	if err := l.openWriter(ctx); err != nil {
		return err
	}
	l.readers, err = (database{path: path, readOnly: true, conns: logReaders}).open(ctx)
	return err
}

func migrationsOfLog() (fs.FS, error) { return fs.Sub(logMigrations, "migrations/log") }

// migrateLog brings a log to the newest shape.
func migrateLog(ctx context.Context, db *sql.DB) error {
	migrations, err := migrationsOfLog()
	if err != nil {
		return err
	}
	return migrate(ctx, db, migrations)
}

// Head implements eventstore.Log.
func (l *Log) Head(ctx context.Context) (head core.Position, err error) {
	if err := l.readable(ctx); err != nil {
		return 0, err
	}
	err = l.readers.QueryRowContext(ctx, selectHead).Scan((*int64)(&head))
	return head, l.orClosed(err)
}

// Close implements eventstore.Log. It may be called more than once.
func (l *Log) Close() error {
	l.turn <- struct{}{} // not before the Append under way has ended
	defer func() { <-l.turn }()
	if l.closed.Swap(true) {
		return nil
	}
	err := closeDB(l.readers)
	l.discardWriter() // the last to go, since only a writer can move the WAL into the file
	return errors.Join(err, closeDB(l.writers))
}

// orClosed makes err ErrClosed if the log has been closed in the meantime.
func (l *Log) orClosed(err error) error {
	if err != nil && l.closed.Load() {
		return eventstore.ErrClosed
	}
	return err
}

func closeDB(db *sql.DB) error {
	if db == nil {
		return nil
	}
	return db.Close()
}
