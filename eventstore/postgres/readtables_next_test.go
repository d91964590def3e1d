package postgres

import (
	"strings"
	"testing"
)

// Of two at once the second is refused, and told what to do; and who has lost the lock can switch nothing.
func TestNextReadTablesAreOfOneAtATime(t *testing.T) {
	dsn, serving := openBeside(t)
	first := mustOpenNext(t, dsn, "maker")
	defer mustClose(t, first)
	if _, err := OpenNextReadTables(t.Context(), dsn, rowsSchema, "maker"); err == nil || !strings.Contains(err.Error(), "another online rebuild is at work") {
		t.Errorf("the second: %v", err)
	}
	fill(t, first.ReadTables, "new", 5)
	mustExec(t, connectAs(t, dsn), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid = $2`, lockSpace, rebuildLock)
	second := mustOpenNext(t, dsn, "maker")
	defer mustClose(t, second)
	if !second.Resumed {
		t.Error("what the first has made is gone")
	}
	switched, err := first.Switch(t.Context(), nothingLast)
	if err == nil {
		t.Error("the first has switched, without its lock")
	}
	mustNotHaveSwitched(t, serving, switched, nil)
}

// What is left is taken up if the same maker has left it, and is made anew otherwise.
func TestNextReadTablesThatWereLeft(t *testing.T) {
	dsn, _ := openBeside(t)
	person := connectAs(t, dsn)
	for _, c := range []struct {
		name, maker, before string
		resumed             bool
	}{
		{"there is nothing", "one", ``, false},
		{"the same maker", "one", ``, true},
		{"another maker", "it's two", ``, false},
		{"the same maker again", "it's two", ``, true},
		{"nobody has signed it", "it's two", `COMMENT ON SCHEMA resultlog_next IS NULL`, false},
		{"an empty schema", "it's two", `DROP SCHEMA resultlog_next CASCADE; CREATE SCHEMA resultlog_next`, false},
	} {
		mustExec(t, person, c.before)
		next, err := OpenNextReadTables(t.Context(), dsn, rowsSchema, c.maker)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var left int
		if err := next.Read.QueryRow(`SELECT count(*) FROM rows`).Scan(&left); err != nil || next.Resumed != c.resumed || left > 0 != c.resumed {
			t.Errorf("%s: resumed %v, with %d rows, %v", c.name, next.Resumed, left, err)
		}
		fill(t, next.ReadTables, "new", 1)
		mustClose(t, next)
	}
}
