package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// looks is how often a file is read anew when servers come and go meanwhile.
	looks = 3

	// lookPatience is how long a look waits for a lock: readers of a WAL wait for nobody but who makes its index anew, which takes moments.
	lookPatience = time.Second
)

// Examiner looks at the store in a data directory and changes nothing: it makes no file, migrates nothing, and what it locks is what every reader does. Servers may run meanwhile, of any version,
// or none.
type Examiner struct {
	dir         string
	read, audit fs.FS                            // the migrations that this program knows
	free        func(dir string) (uint64, error) // freeBytes; a test may replace it
}

// NewExaminer makes an examiner of a data directory, which need not be there. The migrations are those of the read tables and of the audit's.
func NewExaminer(dir string, read, audit fs.FS) *Examiner {
	return &Examiner{dir: dir, read: read, audit: audit, free: freeBytes}
}

// Place is where the store is.
func (e *Examiner) Place() string { return e.dir }

// Close frees nothing: no file is open between two looks.
func (e *Examiner) Close() error { return nil }

// Offset is none: the log's clock is that of this machine.
func (e *Examiner) Offset(context.Context, func() time.Time) (offset, give time.Duration, err error) {
	return 0, 0, nil
}

// Reach tells whether there is a log that can be read.
func (e *Examiner) Reach(ctx context.Context) eventstore.Finding {
	path := filepath.Join(e.dir, logFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return eventstore.Found("there is no %s in %s", logFile, e.dir).Fail("name the directory of the store by --data; resultlog serve makes one")
	}
	var tables int
	err := look(ctx, path, func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'events'`).Scan(&tables)
	})
	switch {
	case err != nil:
		return eventstore.Found("%s cannot be read: %v", path, err).Fail(adviceOn(err))
	case tables == 0:
		return eventstore.Found("there is no log in %s", path).Fail("name the directory of the store by --data; resultlog serve makes a log here")
	}
	at, err := standingOf(path)
	if err == nil && at.live {
		return eventstore.Found("%s, open in a server, or as a kill left it", path)
	}
	return eventstore.Found("%s, closed: no server has it open", path)
}

// adviceOn says what to do about a file that cannot be read.
func adviceOn(err error) string {
	if errors.Is(err, errNoIndex) {
		return "start a server, which makes it, and run this again"
	}
	code := 0 // of no error
	if refusal := (*sqlite.Error)(nil); errors.As(err, &refusal) {
		code = refusal.Code() & 0xff // the low byte: the others say more of it
	}
	switch code {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH:
		return "run this as the user that the servers run as"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "the file is damaged: stop the servers, keep a copy of the directory, and restore a backup (docs/backup.md)"
	case sqlite3.SQLITE_IOERR:
		return "look at the disk, and at what the kernel says of it"
	}
	return "see what is wrong with the file; then run this again"
}

// Newest gives the position of the log's last event and when it was recorded; 0 if there is none.
func (e *Examiner) Newest(ctx context.Context) (at core.Position, recorded core.Instant, err error) {
	err = look(ctx, filepath.Join(e.dir, logFile), func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1`).Scan(&at, &recorded)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, recorded, err
}

// RecordedAt tells when the event at a position was recorded.
func (e *Examiner) RecordedAt(ctx context.Context, at core.Position) (recorded core.Instant, err error) {
	err = look(ctx, filepath.Join(e.dir, logFile), func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT recorded_at FROM events WHERE position = ?`, int64(at)).Scan(&recorded)
	})
	return recorded, err
}

// ReadTables runs f on the read tables; eventstore.ErrNotThere if there are none. It may run f again, if a server has come meanwhile.
func (e *Examiner) ReadTables(ctx context.Context, f func(*sql.DB) error) error {
	return look(ctx, filepath.Join(e.dir, readFile), f)
}

// AuditTables does the same with the audit's tables.
func (e *Examiner) AuditTables(ctx context.Context, f func(*sql.DB) error) error {
	return look(ctx, filepath.Join(e.dir, auditFile), f)
}

// standing is how a file stands, as far as it can be told without opening it.
type standing struct {
	live    bool  // it has a WAL and the index of one: somebody has it open, or had when he was killed
	size    int64 // of a file that nobody has open
	changed int64 // likewise: when it was, in nanoseconds since 1970
}

// standingOf looks at a file and at what SQLite may have beside it.
func standingOf(path string) (standing, error) {
	file, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return standing{}, fmt.Errorf("%s %w", path, eventstore.ErrNotThere)
	}
	if err != nil {
		return standing{}, err
	}
	wal, err := sizeOf(path + "-wal")
	if err != nil {
		return standing{}, err
	}
	_, err = os.Stat(path + "-shm")
	hasIndex := err == nil
	if wal > 0 && !hasIndex {
		return standing{}, fmt.Errorf("%s-wal is there and its index, %s-shm, is not, as in a copy: %w", path, filepath.Base(path), errNoIndex)
	}
	if wal >= 0 && hasIndex {
		return standing{live: true}, nil
	}
	return standing{size: file.Size(), changed: file.ModTime().UnixNano()}, nil
}

// errNoIndex means that a file has a WAL that cannot be read without changing something.
var errNoIndex = errors.New("it cannot be read unless that is made")

// sizeOf is the size of a file; -1 if it is not there.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path) // a stat opens nothing, and so touches no lock
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// look runs f on a connection that reads a file and leaves no trace. A file that somebody has open is read by the index that he keeps of its WAL, which is then there: a reader by itself would make one.
// A file that nobody has open is whole without, and is read without a lock, for which there would have to be one; so no other code of this process may have it open, which would lose its own.
// If a server comes meanwhile, what was read may be of two moments: it is read again.
func look(ctx context.Context, path string, f func(*sql.DB) error) error {
	for range looks {
		before, err := standingOf(path)
		if err != nil {
			return err
		}
		failed := before.look(path, f)
		if after, err := standingOf(path); err == nil && after == before || ctx.Err() != nil {
			return failed
		}
	}
	return fmt.Errorf("%s is opened and closed all the time: run this again", path)
}

// look runs f on one connection.
func (s standing) look(path string, f func(*sql.DB) error) error {
	options := url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", lookPatience.Milliseconds())}}
	if s.live {
		options.Set("readonly_shm", "1")
	} else {
		options.Set("immutable", "1")
	}
	base, err := sqlite.NewConnector(uri(path, options))
	if err != nil {
		return err
	}
	db := sql.OpenDB(base)
	db.SetMaxOpenConns(1)
	return errors.Join(f(db), db.Close())
}
