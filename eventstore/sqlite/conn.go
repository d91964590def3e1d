package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// busyTimeout is how long a connection waits for a lock that another one holds: far longer than any turn of a writer (milliseconds; a second at the worst
	// MaxMissed), and shorter than a caller would wait anyway.
	busyTimeout = 10 * time.Second

	// walAutocheckpoint is the number of pages in the WAL at which a commit also moves them into the file: 16 MB. The default of 1000 halves the p99 of an
	// acknowledgement at equal rate; more gains nothing and lets recovery read more.
	walAutocheckpoint = 4000

	// walSizeLimit is what the WAL's file is cut back to, in bytes, when a checkpoint has emptied it: while somebody reads from an old snapshot it cannot be emptied, and grows;
	// without the limit it would stay as large as it once was. Four times its usual size, so that a small delay does not cost a truncation.
	walSizeLimit = 64 << 20

	// tablesCache is how much of their file the one connection that writes read tables keeps in memory, in KiB. Rows are changed, and indexes grow, wherever their keys are; each page that has to be
	// read, or written to the WAL, again for a few of them costs as much as the rows do. The default of 2 MB does not hold even the ends of all indexes.
	tablesCache = 32 << 10

	// attachedLog is the schema name under which a database that names a log has it attached: log.events.
	attachedLog = "log"
)

// database says how to open a SQLite file, and opens every connection to it alike.
type database struct {
	path        string
	rebuildable bool   // synchronous=NORMAL: a power loss may take the last commits. For what can be built again from the log; otherwise a commit is on the disk when it returns
	throwaway   bool   // synchronous=OFF: for what nobody wants after a crash
	readOnly    bool   // nothing can be written through it, and nothing is created
	journal     string // the journal mode; "wal" if empty
	hasty       bool   // a lock that another one holds is an error at once, instead of after busyTimeout
	log         string // the path of a log to attach, read-only, as the schema "log"; none if empty
	conns       int    // the most connections at once
	overwrites  bool   // what is deleted is overwritten with zeros, in place; and nothing waits for a lock for long
}

// open makes the pool, and its first connection, so that what is wrong with the file shows here. Every transaction of database/sql on a pool
// that is not read-only begins as BEGIN IMMEDIATE, so that it never fails half way for want of the write lock.
func (d database) open(ctx context.Context) (*sql.DB, error) {
	options := url.Values{}
	if d.readOnly {
		options.Set("mode", "ro")
	} else {
		options.Set("_txlock", "immediate")
	}
	driver, err := drivers()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.path, err)
	}
	db := sql.OpenDB(connector{driver: driver, name: uri(d.path, options), database: d})
	db.SetMaxOpenConns(d.conns)
	db.SetMaxIdleConns(d.conns) // a connection costs more to open than to keep
	if err := d.check(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// check opens the first connection. SQLite opens a file that it may not write for reading only, says nothing, and lets transactions begin on it: so something is written, and
// rolled back, before anybody relies on it.
func (d database) check(ctx context.Context, db *sql.DB) error {
	if d.readOnly || d.journal != "" {
		return db.PingContext(ctx)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "CREATE TABLE writable (x)"); err != nil {
		return fmt.Errorf("%s cannot be written: %w", d.path, err)
	}
	return nil
}

// uri is a file's name as SQLite's URI form wants it; only in that form does SQLite honour options such as mode=ro.
func uri(path string, options url.Values) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = "/" + strings.TrimLeft(filepath.ToSlash(path), "/")
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// connector sets up each new connection and checks that what was set holds: pragmas are per connection, and SQLite ignores silently what it does not understand.
type connector struct {
	driver   *sqlite.Driver
	name     string
	database database
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.driver.Open(c.name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.database.path, err)
	}
	if err := c.database.setUp(ctx, base.(sqlite.ExecQuerierContext)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.database.path, err), base.Close())
	}
	return keepStatements(base), nil
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// pragma is a setting and the value that it must have afterwards.
type pragma struct{ name, value string }

func (d database) pragmas() []pragma {
	synchronous := "2" // FULL: with NORMAL, a power loss takes commits that were acknowledged
	if d.rebuildable {
		synchronous = "1" // NORMAL
	}
	if d.throwaway {
		synchronous = "0" // OFF
	}
	patience := busyTimeout
	switch {
	case d.hasty:
		patience = 0
	case d.overwrites:
		patience = eraseTry
	}
	common := []pragma{
		{"busy_timeout", fmt.Sprint(patience.Milliseconds())}, // first: the others may have to wait
		{"journal_mode", cmp.Or(d.journal, "wal")},
		{"synchronous", synchronous},
	}
	if d.readOnly {
		return append(common, pragma{"query_only", "1"}) // beside mode=ro
	}
	if d.overwrites {
		common = append(common, pragma{"secure_delete", "1"})
	}
	if d.throwaway || d.rebuildable {
		common = append(common, pragma{"cache_size", fmt.Sprint(-tablesCache)})
	}
	return append(common,
		pragma{"wal_autocheckpoint", fmt.Sprint(walAutocheckpoint)},
		pragma{"journal_size_limit", fmt.Sprint(walSizeLimit)},
		pragma{"recursive_triggers", "1"}, // without it, REPLACE deletes rows and no trigger sees it
	)
}

func (d database) setUp(ctx context.Context, conn sqlite.ExecQuerierContext) error {
	for _, p := range d.pragmas() {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+p.name+" = "+p.value, nil); err != nil {
			return fmt.Errorf("set %s: %w", p.name, err)
		}
		got, err := firstValue(ctx, conn, "PRAGMA "+p.name)
		if err != nil {
			return fmt.Errorf("check %s: %w", p.name, err)
		}
		if got != p.value {
			return fmt.Errorf("%s is %s, want %s", p.name, got, p.value)
		}
	}
	if !d.readOnly {
		if _, err := conn.ExecContext(ctx, "CREATE VIRTUAL TABLE temp."+givenTable+" USING "+givenTable, nil); err != nil {
			return fmt.Errorf("create the table of what statements are given: %w", err)
		}
	}
	if d.log == "" {
		return nil
	}
	name := uri(d.log, url.Values{"mode": {"ro"}}) // without mode=ro, BEGIN IMMEDIATE locks the log too
	if _, err := conn.ExecContext(ctx, "ATTACH ? AS "+attachedLog, []driver.NamedValue{{Ordinal: 1, Value: name}}); err != nil {
		return fmt.Errorf("attach %s: %w", d.log, err)
	}
	return nil
}

// isBusy reports whether a lock was not to be had, since another connection holds it.
func isBusy(err error) bool {
	held := new(sqlite.Error)
	return errors.As(err, &held) && held.Code()&0xff == sqlite3.SQLITE_BUSY // the low byte: the others say more of it
}

// firstValue is the first column of a query's first row, as text.
func firstValue(ctx context.Context, conn sqlite.ExecQuerierContext, query string) (string, error) {
	rows, err := conn.QueryContext(ctx, query, nil)
	if err != nil {
		return "", err
	}
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return "", errors.Join(err, rows.Close())
	}
	return fmt.Sprint(values[0]), rows.Close()
}
