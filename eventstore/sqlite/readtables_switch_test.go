package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"
)

// rowsSchema stands for the read tables too, with something in them.
var rowsSchema = fstest.MapFS{
	"00001_read.sql": readSchema["00001_read.sql"],
	"00002_rows.sql": {Data: []byte("-- +goose Up\nCREATE TABLE rows (id INTEGER PRIMARY KEY, whose TEXT NOT NULL, ballast BLOB NOT NULL) STRICT;\nCREATE INDEX rows_by_owner ON rows (whose);\n")},
}

// ballast is as many rows as make several steps of a copy.
const ballast = 3 * stepPages

// openBeside opens read tables that serve, with rows of their own.
func openBeside(t *testing.T) (dir string, serving *ReadTables) {
	t.Helper()
	dir = t.TempDir()
	mustOpenLog(t, dir)
	serving, err := OpenReadTables(t.Context(), dir, rowsSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := serving.Close(); err != nil {
			t.Error(err)
		}
	})
	fill(t, serving, "old", ballast)
	return dir, serving
}

func openNext(t *testing.T, dir, maker string) *NextReadTables {
	t.Helper()
	next, err := OpenNextReadTables(t.Context(), dir, rowsSchema, maker)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// fill makes rows, each of which takes a page.
func fill(t *testing.T, tables *ReadTables, whose string, count int) {
	t.Helper()
	_, err := tables.Write.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) INSERT INTO rows (whose, ballast) SELECT $2, randomblob(3000) FROM n`, count, whose)
	if err != nil {
		t.Fatal(err)
	}
}

// whose tells whose rows somebody sees, and how many.
func whose(t *testing.T, db interface {
	QueryRow(query string, args ...any) *sql.Row
}) (seen string) {
	t.Helper()
	if err := db.QueryRow(`SELECT group_concat(whose || ' ' || n, ', ') FROM (SELECT whose, count(*) AS n FROM rows GROUP BY whose ORDER BY whose)`).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

func nothingLast(context.Context) error { return nil }

// mustSwitch puts new rows in the place of the old ones, in tables that are open.
func mustSwitch(t *testing.T, next *NextReadTables) {
	t.Helper()
	switched, err := next.Switch(t.Context(), nothingLast)
	if !switched || err != nil {
		t.Fatal(switched, err)
	}
}

// mustBeSound looks for damage, from a connection that is opened now.
func mustBeSound(t *testing.T, dir string) {
	t.Helper()
	db, err := (database{path: filepath.Join(dir, readFile), rebuildable: true, readOnly: true, conns: 1}).open(t.Context()) // which insists on WAL mode
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := mustBeIntact(t.Context(), db); err != nil {
		t.Error(err)
	}
}

// A switch replaces everything for everybody who has the tables open, at once: a snapshot that is open stays what it is, prepared statements go on, and so do writers. Larger or smaller does not matter.
func TestSwitchBesideReadersAndAWriter(t *testing.T) {
	for _, count := range []int{ballast / 3, ballast, ballast * 2} {
		t.Run(fmt.Sprint(count, " rows for ", ballast), func(t *testing.T) {
			dir, serving := openBeside(t)
			counting, err := serving.Read.Prepare(`SELECT count(*) FROM rows`)
			if err != nil {
				t.Fatal(err)
			}
			defer counting.Close()
			snapshot, err := serving.Read.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer snapshot.Rollback()
			old := whose(t, snapshot)

			next := openNext(t, dir, "maker")
			fill(t, &next.ReadTables, "new", count)
			mustSwitch(t, next)
			if seen := whose(t, snapshot); seen != old {
				t.Errorf("the snapshot showed %s, and now %s", old, seen)
			}
			if seen := whose(t, serving.Read); seen != fmt.Sprint("new ", count) {
				t.Errorf("readers see %s", seen)
			}
			var n int
			if err := counting.QueryRow().Scan(&n); err != nil || n != count {
				t.Errorf("a prepared statement counts %d, %v", n, err)
			}
			fill(t, serving, "newer", 1)
			if err := next.Close(); err != nil { // with a snapshot in the way of its checkpoint
				t.Error(err)
			}
			if seen := whose(t, snapshot); seen != old {
				t.Errorf("the snapshot showed %s, and in the end %s", old, seen)
			}
			if seen := whose(t, serving.Read); seen != fmt.Sprintf("new %d, newer 1", count) {
				t.Errorf("readers see %s", seen)
			}
			mustBeSound(t, dir)
			if left, _ := filepath.Glob(filepath.Join(dir, nextFile+"*")); len(left) != 1 || !strings.HasSuffix(left[0], ".lock") {
				t.Errorf("left are %s", left)
			}
		})
	}
}

// failing is a context that is over when it has been asked a number of times.
type failing struct {
	context.Context
	asked, bears int64
}

func (f *failing) Err() error {
	if atomic.AddInt64(&f.asked, 1) > f.bears { // by database/sql too, in goroutines of its own
		return context.Canceled
	}
	return nil
}

// Cut short at any of its steps, a switch has not happened: the old tables serve, and go on. What was made stays, and the next try takes it up.
func TestSwitchCutShortAtAnyStep(t *testing.T) {
	dir, serving := openBeside(t)
	next := openNext(t, dir, "maker")
	fill(t, &next.ReadTables, "new", ballast)
	want, tries := whose(t, serving.Read), int64(0)
	for ; ; tries++ {
		if err := next.Close(); err != nil {
			t.Fatal(err)
		}
		if next = openNext(t, dir, "maker"); !next.Resumed {
			t.Fatal("what was made is gone")
		}
		reached := false
		switched, err := next.Switch(&failing{Context: t.Context(), bears: tries}, func(context.Context) error { reached = true; return nil })
		if switched {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("try %d, as far as the last stretch: %v: %v", tries, reached, err)
		}
		if seen := whose(t, serving.Read); seen != want {
			t.Fatalf("after try %d readers see %s", tries, seen)
		}
		fill(t, serving, "old", 1)
		want = whose(t, serving.Read)
		if tries%5 == 0 {
			mustBeSound(t, dir)
		}
	}
	mustBeSound(t, dir)
	if seen := whose(t, serving.Read); seen != fmt.Sprint("new ", ballast) {
		t.Errorf("in the end readers see %s", seen)
	}
	if tries < ballast/stepPages {
		t.Errorf("it was cut short %d times, and takes more steps", tries)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
}

// The last stretch is gone while nobody else can change the tables that serve, and everybody can read them. If it fails, nothing has happened.
func TestLastStretchIsUnderTheWriteLock(t *testing.T) {
	dir, serving := openBeside(t)
	next := openNext(t, dir, "maker")
	defer func() {
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}()
	old := whose(t, serving.Read)
	other, err := (database{path: filepath.Join(dir, readFile), rebuildable: true, hasty: true, conns: 1}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	no := errors.New("no")
	switched, err := next.Switch(t.Context(), func(context.Context) error {
		if _, err := other.Exec(`DELETE FROM rows`); !isBusy(err) {
			t.Errorf("somebody deletes rows: %v", err)
		}
		if seen := whose(t, serving.Read); seen != old {
			t.Errorf("readers see %s", seen)
		}
		return no
	})
	if switched || !errors.Is(err, no) {
		t.Errorf("switched %v, %v", switched, err)
	}
	if seen := whose(t, serving.Read); seen != old {
		t.Errorf("readers see %s", seen)
	}
	switched, err = next.Switch(t.Context(), func(context.Context) error { fill(t, &next.ReadTables, "last", 7); return nil })
	if seen := whose(t, serving.Read); !switched || err != nil || seen != "last 7" {
		t.Errorf("switched %v, %v; readers see %s", switched, err, seen)
	}
}

// Of two at once the second is refused, at once, and told what to do.
func TestNextReadTablesAreOfOneAtATime(t *testing.T) {
	dir, _ := openBeside(t)
	first := openNext(t, dir, "maker")
	begin := time.Now()
	if _, err := OpenNextReadTables(t.Context(), dir, rowsSchema, "maker"); err == nil || !strings.Contains(err.Error(), "another online rebuild is at work") {
		t.Errorf("the second: %v", err)
	}
	if took := time.Since(begin); took > busyTimeout/2 {
		t.Errorf("it took %s", took)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openNext(t, dir, "maker").Close(); err != nil {
		t.Error(err)
	}
}

// What is left is taken up if the same maker has left it and it can be read, and is made anew otherwise.
func TestNextReadTablesThatWereLeft(t *testing.T) {
	dir, _ := openBeside(t)
	path := filepath.Join(dir, nextFile)
	write := func(name string, size int) {
		t.Helper()
		if err := os.WriteFile(name, []byte(strings.Repeat("rubbish ", size)), fileMode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		maker   string
		before  func()
		resumed bool
	}{
		{"there is nothing", "one", func() {}, false},
		{"the same maker", "one", func() {}, true},
		{"another maker", "two", func() {}, false},
		{"the same maker again", "two", func() {}, true},
		{"no database", "two", func() { write(path, 4096) }, false},
		{"a WAL without its file", "two", func() { write(path+"-wal", 4096); _ = os.Remove(path) }, false},
		{"an empty file", "two", func() { write(path, 0) }, false},
	} {
		c.before()
		next, err := OpenNextReadTables(t.Context(), dir, rowsSchema, c.maker)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var left int
		if err := next.Read.QueryRow(`SELECT count(*) FROM rows`).Scan(&left); err != nil || next.Resumed != c.resumed || left > 0 != c.resumed {
			t.Errorf("%s: resumed %v, with %d rows, %v", c.name, next.Resumed, left, err)
		}
		fill(t, &next.ReadTables, "new", 1)
		if err := next.Close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What somebody has made in the file that serves would be lost, and so would the work of a newer program: both are refused, before anything is made and again at the switch.
func TestSwitchRefusesToLoseWhatTheNewTablesLack(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine alone: make test runs it")
	}
	for name, statement := range map[string]string{
		"index mine": `CREATE INDEX mine ON rows (ballast)`, "view mine": `CREATE VIEW mine AS SELECT whose FROM rows`, "table mine": `CREATE TABLE mine (n)`,
		"shape 99": `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			dir, serving := openBeside(t)
			next := openNext(t, dir, "maker")
			if _, err := serving.Write.Exec(statement); err != nil {
				t.Fatal(err)
			}
			if switched, err := next.Switch(t.Context(), nothingLast); switched || err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("switched %v, %v", switched, err)
			}
			if err := next.Close(); err != nil {
				t.Error(err)
			}
			if _, err := OpenNextReadTables(t.Context(), dir, rowsSchema, "maker"); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("opened: %v", err)
			}
			if seen := whose(t, serving.Read); !strings.HasPrefix(seen, "old") {
				t.Errorf("readers see %s", seen)
			}
		})
	}
}
