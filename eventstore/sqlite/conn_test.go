package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// connections takes n connections of a pool at once.
func connections(t *testing.T, db *sql.DB, n int) []*sql.Conn {
	t.Helper()
	var all []*sql.Conn
	for range n {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		all = append(all, conn)
	}
	return all
}

func value(t *testing.T, conn *sql.Conn, query string) (text string) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

func mustOpen(t *testing.T, d database) *sql.DB {
	t.Helper()
	db, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestPragmasHoldOnEveryConnection(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	read := filepath.Join(t.TempDir(), "read.db")
	for _, pool := range []struct {
		name  string
		conns []*sql.Conn
		want  map[string]string
	}{
		{"the log's writer", []*sql.Conn{log.writer.conn}, map[string]string{
			"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000", "wal_autocheckpoint": "4000", "journal_size_limit": "67108864", "recursive_triggers": "1", "query_only": "0"}},
		{"the log's readers", connections(t, log.readers, logReaders), map[string]string{"journal_mode": "wal", "busy_timeout": "10000", "query_only": "1"}},
		{"what can be rebuilt", connections(t, mustOpen(t, database{path: read, rebuildable: true, conns: 3}), 3), map[string]string{
			"journal_mode": "wal", "synchronous": "1", "busy_timeout": "10000", "wal_autocheckpoint": "4000", "cache_size": "-32768"}},
	} {
		for i, conn := range pool.conns {
			for name, want := range pool.want {
				if got := value(t, conn, "PRAGMA "+name); got != want {
					t.Errorf("%s, connection %d: %s is %s, want %s", pool.name, i, name, got, want)
				}
			}
		}
	}
}

func TestOpenRefusesASettingThatDoesNotHold(t *testing.T) {
	if db, err := (database{path: filepath.Join(t.TempDir(), "x.db"), journal: "waal", conns: 1}).open(t.Context()); err == nil {
		_ = db.Close()
		t.Error("a misspelt journal mode was accepted")
	}
}

// TestTransactionsTakeTheWriteLockAtOnce would pass the second BEGIN at once if _txlock were not understood.
func TestTransactionsTakeTheWriteLockAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	one, two := mustOpen(t, database{path: path, conns: 1}), mustOpen(t, database{path: path, conns: 1})
	first, err := one.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if second, err := two.BeginTx(ctx, nil); err == nil {
		_ = second.Rollback()
		t.Error("two transactions have begun: they do not begin IMMEDIATE")
	}
	if err := first.Rollback(); err != nil {
		t.Fatal(err)
	}
	third, err := two.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatalf("begin after the other's end: %v", err)
	}
	if err := third.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	for _, statement := range []string{"CREATE TABLE x (y)", "PRAGMA query_only = 0; CREATE TABLE x (y)"} {
		if _, err := log.readers.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was let through", statement)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	if db, err := (database{path: missing, readOnly: true, conns: 1}).open(t.Context()); err == nil {
		_ = db.Close()
		t.Error("a file that is not there was opened for reading")
	}
}

// TestAttachedLogIsOnlyRead holds the write lock of a database that has the log attached, while the log is appended to.
func TestAttachedLogIsOnlyRead(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	read := mustOpen(t, database{path: filepath.Join(dir, "read.db"), rebuildable: true, log: filepath.Join(dir, logFile), conns: 1})
	mustAppend(t, log, 1)
	tx, err := read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()   //nolint:errcheck // nothing to keep
	mustAppend(t, log, 1) // after what the transaction sees
	var count int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM log.events").Scan(&count); err != nil || count != 1 {
		t.Errorf("the attached log has %d events (%v), want 1", count, err)
	}
	if _, err := tx.ExecContext(t.Context(), "UPDATE log.events SET personal = NULL"); err == nil {
		t.Error("the attached log was written to")
	}
}

func TestAnyDirectoryNameWorks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c=d&e#f%20g'h+ñ")
	mustAppend(t, mustOpenLog(t, dir), 1)
	if _, err := os.Stat(filepath.Join(dir, "log.db")); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != dirMode {
		t.Errorf("the directory's mode is %v (%v), want %v", info.Mode(), err, os.FileMode(dirMode))
	}
}

// TestOpenRefusesAFileThatCannotBeWritten: SQLite itself opens it for reading only, and lets transactions begin on it.
func TestOpenRefusesAFileThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	writable := database{path: path, conns: 1}
	if err := writable.check(t.Context(), mustOpen(t, writable)); err != nil {
		t.Errorf("a file that can be written: %v", err)
	}
	if err := writable.check(t.Context(), mustOpen(t, database{path: path, readOnly: true, conns: 1})); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("a file that cannot be written: %v", err)
	}
}
