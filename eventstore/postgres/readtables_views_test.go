package postgres

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// viewed is rowsSchema with a view on it, in a version of the views.
func viewed(version int, view string) fstest.MapFS {
	schema := maps.Clone(rowsSchema)
	schema[fmt.Sprintf("views/%05d_view.sql", version)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + view + ";\n")}
	return schema
}

// Views are made when the tables are opened, and again by a newer program only; who may not make them is told who can, and one of an older program refuses.
func TestViewsAreMigratedWithTheTables(t *testing.T) {
	dsn, _ := openBeside(t)
	person := connectAs(t, dsn)
	open := func(dsn string, schema fstest.MapFS) error {
		t.Helper()
		tables, err := OpenReadTables(t.Context(), dsn, schema)
		if err != nil {
			return err
		}
		return tables.Close()
	}
	columns := func() (names string) {
		t.Helper()
		if err := person.QueryRow(t.Context(), `SELECT coalesce(string_agg(attname, ' ' ORDER BY attnum), 'none') FROM pg_attribute WHERE attrelid = to_regclass('analytics.owners')`).Scan(&names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	first := viewed(1, `CREATE OR REPLACE VIEW analytics.owners AS SELECT whose FROM resultlog_read.rows`)
	second := maps.Clone(first)
	maps.Copy(second, viewed(2, `CREATE OR REPLACE VIEW analytics.owners AS SELECT whose, id FROM resultlog_read.rows`))

	role := fmt.Sprint("node_", time.Now().UnixNano())
	mustExec(t, person, `CREATE ROLE `+role+` LOGIN; GRANT USAGE ON SCHEMA resultlog_read TO `+role+`; GRANT SELECT ON resultlog_read.migrations TO `+role)
	t.Cleanup(func() {
		if _, err := person.Exec(context.Background(), `DROP OWNED BY `+role+`; DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	if err := open(as(t, dsn, role), first); err == nil || !strings.Contains(err.Error(), "resultlog migrate") {
		t.Errorf("a role that may make nothing: %v", err)
	}
	for _, schema := range []fstest.MapFS{first, first} {
		if err := open(dsn, schema); err != nil {
			t.Fatal(err)
		}
	}
	if got := columns(); got != "whose" {
		t.Errorf("the view has %s", got)
	}
	mustExec(t, person, `GRANT USAGE ON SCHEMA analytics TO `+role+`; GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO `+role)
	if err := open(as(t, dsn, role), first); err != nil {
		t.Errorf("a role that may look: %v", err)
	}
	if err := open(dsn, second); err != nil {
		t.Fatal(err)
	}
	if got := columns(); got != "whose id" {
		t.Errorf("the view of the second version has %s", got)
	}
	mustExec(t, person, `DROP VIEW analytics.owners`)
	if err := open(dsn, second); err != nil || columns() != "whose id" {
		t.Errorf("after they were lost the view has %s, %v", columns(), err)
	}
	if err := open(dsn, first); err == nil || !strings.Contains(err.Error(), "upgrade this node") {
		t.Errorf("an older program: %v", err)
	}
}

// Views on the tables, those that people have made too, look at the new ones after a switch: the same views, with their rights and comments, and with what is built on them in turn.
func TestViewsOutliveASwitch(t *testing.T) {
	dsn, serving := openBeside(t)
	person := connectAs(t, dsn)
	mustExec(t, person, `
		CREATE SCHEMA mine;
		CREATE VIEW mine.owners AS SELECT whose, count(*) AS n, position FROM resultlog_read.rows LEFT JOIN resultlog_read.checkpoints ON true GROUP BY whose, position;
		COMMENT ON COLUMN mine.owners.n IS 'how many';
		GRANT SELECT (whose) ON mine.owners TO PUBLIC;
		CREATE VIEW mine.above AS SELECT whose || ' ' || n AS seen FROM mine.owners;
		CREATE MATERIALIZED VIEW mine.kept AS SELECT * FROM mine.owners`)
	state := func() (state string) {
		t.Helper()
		err := person.QueryRow(t.Context(), `SELECT string_agg(format('%s %s %s %s %s', c.oid, c.oid::regclass, attname, attacl, col_description(c.oid, attnum)), E'\n' ORDER BY c.oid, attnum)
			FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid WHERE relnamespace = 'mine'::regnamespace AND attnum > 0`).Scan(&state)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	before := state()
	for round := range 2 {
		name := fmt.Sprint("new", round)
		mustReplace(t, dsn, name)
		var seen string
		if err := person.QueryRow(t.Context(), `SELECT seen FROM mine.above`).Scan(&seen); err != nil || seen != name+" 5" || whose(t, serving.Read) != seen {
			t.Errorf("by the views %s, %v", seen, err)
		}
		if after := state(); after != before {
			t.Errorf("the views were\n%s\nand are\n%s", before, after)
		}
	}
	var left int
	if err := person.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname IN ('resultlog_next', 'resultlog_replaced')`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}

// Who reads by a view holds up a switch as who reads a table does, and is not held up for longer.
func TestSwitchGivesWayToWhoReadsByAView(t *testing.T) {
	dsn, serving := openBeside(t)
	mustExec(t, connectAs(t, dsn), `CREATE VIEW mine AS SELECT whose FROM resultlog_read.rows`)
	next := mustOpenNext(t, dsn, "maker")
	defer mustClose(t, next)
	fill(t, next.ReadTables, "new", 5)
	reader := connectAs(t, dsn)
	switched, err := next.Switch(t.Context(), func(context.Context) error {
		mustExec(t, reader, `BEGIN`)
		mustExec(t, reader, `SELECT whose FROM mine`)
		return nil
	})
	mustNotHaveSwitched(t, serving, switched, err)
	mustExec(t, reader, `SELECT whose FROM mine`)
	mustExec(t, reader, `ROLLBACK`)
	if switched, err := next.Switch(t.Context(), nothingLast); !switched || err != nil {
		t.Errorf("with nobody in the way: %v, %v", switched, err)
	}
}
