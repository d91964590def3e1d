package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/eventstore/postgres/postgrestest"
)

// rowsSchema stands for that of package projections, which this one does not know.
var rowsSchema = fstest.MapFS{"00001_read.sql": {Data: []byte(`-- +goose Up
CREATE TABLE checkpoints (subscription text PRIMARY KEY, position bigint NOT NULL, event_id uuid);
CREATE TABLE dead_letters (position bigint PRIMARY KEY);
CREATE TABLE rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, whose text NOT NULL, secret text);
CREATE INDEX rows_by_owner ON rows (whose);
`)}}

// openBeside opens read tables that serve, with rows of their own.
func openBeside(t *testing.T) (dsn string, serving *ReadTables) {
	t.Helper()
	dsn = postgrestest.Database(t)
	mustOpen(t, dsn)
	serving, err := OpenReadTables(t.Context(), dsn, rowsSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := serving.Close(); err != nil {
			t.Error(err)
		}
	})
	fill(t, serving, "old", 3)
	return dsn, serving
}

func mustOpenNext(t *testing.T, dsn, maker string) *NextReadTables {
	t.Helper()
	next, err := OpenNextReadTables(t.Context(), dsn, rowsSchema, maker)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// mustReplace makes new tables that hold five rows of whom, and switches to them.
func mustReplace(t *testing.T, dsn, whose string) {
	t.Helper()
	next := mustOpenNext(t, dsn, "maker")
	fill(t, next.ReadTables, whose, 5)
	if switched, err := next.Switch(t.Context(), nothingLast); !switched || err != nil {
		t.Fatal(switched, err)
	}
	mustClose(t, next)
}

func mustClose(t *testing.T, next *NextReadTables) {
	t.Helper()
	if err := next.Close(); err != nil {
		t.Error(err)
	}
}

func fill(t *testing.T, tables *ReadTables, whose string, count int) {
	t.Helper()
	if _, err := tables.Write.Exec(`INSERT INTO rows (whose) SELECT $1 FROM generate_series(1, $2)`, whose, count); err != nil {
		t.Fatal(err)
	}
}

// whose tells whose rows somebody sees, and how many.
func whose(t *testing.T, db interface {
	QueryRow(query string, args ...any) *sql.Row
}) (seen string) {
	t.Helper()
	if err := db.QueryRow(`SELECT string_agg(whose || ' ' || n, ', ' ORDER BY whose) FROM (SELECT whose, count(*) AS n FROM rows GROUP BY whose) AS counts`).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

func nothingLast(context.Context) error { return nil }

// mustNotHaveSwitched fails the test unless the old tables serve.
func mustNotHaveSwitched(t *testing.T, serving *ReadTables, switched bool, err error) {
	t.Helper()
	if seen := whose(t, serving.Read); switched || err != nil || seen != "old 3" {
		t.Errorf("switched %v, %v; readers see %s", switched, err, seen)
	}
}

// A switch replaces everything for everybody: sessions with prepared statements go on, those that read and those that write, and nothing is left where the new tables were made.
func TestSwitchBesideSessions(t *testing.T) {
	dsn, serving := openBeside(t)
	reading, err := serving.Read.Prepare(`SELECT count(*), max(whose) FROM rows WHERE whose <> $1`)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	writing, err := serving.Write.Prepare(`INSERT INTO rows (whose) VALUES ($1)`)
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Close()
	for round := range 3 {
		name := fmt.Sprint("new", round)
		mustReplace(t, dsn, name)
		for range 20 { // on whatever connection
			var n int
			var last string
			if err := reading.QueryRow("").Scan(&n, &last); err != nil || n != 5 || last != name {
				t.Errorf("a prepared statement sees %d of %s, %v", n, last, err)
			}
		}
		if _, err := writing.Exec("zz"); err != nil {
			t.Error(err)
		}
		if seen := whose(t, serving.Read); seen != name+" 5, zz 1" {
			t.Errorf("readers see %s", seen)
		}
		var left bool
		if err := serving.Read.QueryRow(`SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'resultlog_next')`).Scan(&left); err != nil || left {
			t.Errorf("left is something: %v, %v", left, err)
		}
	}
}

// crashing ends its connection before a number of statements of it.
type crashing struct{ left int }

// TraceQueryStart implements pgx.QueryTracer.
func (c *crashing) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if c.left--; c.left == 0 {
		_ = conn.PgConn().Conn().Close()
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*crashing) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Cut off before any of its statements, a switch has not happened: the old tables serve. What was made stays, and the next try takes it up.
func TestSwitchCutOffAtAnyStatement(t *testing.T) {
	dsn, serving := openBeside(t)
	next := mustOpenNext(t, dsn, "maker")
	fill(t, next.ReadTables, "new", 5)
	mustClose(t, next)
	config, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	statements := 0
	for ; ; statements++ {
		fate := &crashing{}
		config.Tracer = fate
		next, err := openNext(t.Context(), config, rowsSchema, "maker")
		if err != nil {
			t.Fatal(err)
		}
		if !next.Resumed {
			t.Fatal("what was made is gone")
		}
		fate.left = statements + 1
		switched, err := next.Switch(t.Context(), nothingLast)
		if switched {
			mustClose(t, next)
			break
		}
		if err == nil {
			t.Fatalf("at statement %d it was not cut off", fate.left)
		}
		mustClose(t, next)
		mustNotHaveSwitched(t, serving, false, nil)
	}
	if seen := whose(t, serving.Read); seen != "new 5" {
		t.Errorf("in the end readers see %s", seen)
	}
	if statements < 20 {
		t.Errorf("it was cut off %d times, and has more statements", statements)
	}
}

// The last stretch is gone while nobody else can change the tables that serve, and everybody can read them. If it fails, nothing has happened.
func TestLastStretchIsUnderTheWriteLock(t *testing.T) {
	dsn, serving := openBeside(t)
	next := mustOpenNext(t, dsn, "maker")
	defer mustClose(t, next)
	other, no := connectAs(t, dsn), errors.New("no")
	switched, err := next.Switch(t.Context(), func(context.Context) error {
		var free bool
		if err := other.QueryRow(t.Context(), `SELECT pg_try_advisory_xact_lock($1, $2)`, lockSpace, projectLock).Scan(&free); err != nil || free {
			t.Errorf("somebody else has the write lock: %v, %v", free, err)
		}
		mustNotHaveSwitched(t, serving, false, nil)
		return no
	})
	if !errors.Is(err, no) {
		t.Error(err)
	}
	mustNotHaveSwitched(t, serving, switched, nil)
	switched, err = next.Switch(t.Context(), func(context.Context) error { fill(t, next.ReadTables, "last", 7); return nil })
	if seen := whose(t, serving.Read); !switched || err != nil || seen != "last 7" {
		t.Errorf("switched %v, %v; readers see %s", switched, err, seen)
	}
}

// Whoever has read one of the old tables, or has a snapshot in which the new ones are not complete, holds up the switch until its transaction ends; and is not held up itself, nor is anybody else for long.
func TestSwitchGivesWayToOlderTransactions(t *testing.T) {
	for name, held := range map[string]string{
		"a snapshot in which it has read nothing of them": `SELECT pg_current_snapshot()`,
		"one that has read the checkpoint":                `SELECT position FROM resultlog_read.checkpoints`,
		"one that has read some rows":                     `SELECT whose FROM resultlog_read.rows`,
	} {
		t.Run(name, func(t *testing.T) {
			dsn, serving := openBeside(t)
			next := mustOpenNext(t, dsn, "maker")
			defer mustClose(t, next)
			fill(t, next.ReadTables, "new", 5)
			reader := connectAs(t, dsn)
			mustExec(t, reader, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
			mustExec(t, reader, held)
			switched, err := next.Switch(t.Context(), nothingLast)
			mustNotHaveSwitched(t, serving, switched, err)
			mustExec(t, reader, `SELECT whose FROM resultlog_read.rows`)
			mustExec(t, reader, `ROLLBACK`)
			if switched, err = next.Switch(t.Context(), nothingLast); !switched || err != nil {
				t.Errorf("with nobody in the way: %v, %v", switched, err)
			}
			if seen := whose(t, serving.Read); seen != "new 5" {
				t.Errorf("readers see %s", seen)
			}
		})
	}
}

// A node that waits for the write lock meanwhile is no reason to give way: it has read nothing yet.
func TestSwitchDoesNotWaitForWhoWaitsForIt(t *testing.T) {
	dsn, serving := openBeside(t)
	next := mustOpenNext(t, dsn, "maker")
	defer mustClose(t, next)
	fill(t, next.ReadTables, "new", 5)
	watcher, waited := connectAs(t, dsn), make(chan error, 1)
	switched, err := next.Switch(t.Context(), func(context.Context) error {
		go func() {
			tx, err := serving.Write.Begin()
			if err == nil {
				_, err = tx.Exec(LockReadTables)
			}
			if err == nil {
				_, err = tx.Exec(`UPDATE rows SET secret = 'seen'`)
			}
			if err == nil {
				err = tx.Commit()
			}
			waited <- err
		}()
		until(t, watcher, "somebody waits for the write lock", `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')`)
		return nil
	})
	if !switched || err != nil {
		t.Error(switched, err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	var seen int
	if err := serving.Read.QueryRow(`SELECT count(*) FROM rows WHERE whose = 'new' AND secret = 'seen'`).Scan(&seen); err != nil || seen != 5 {
		t.Errorf("it changed %d rows, %v", seen, err)
	}
}

// What somebody has put on the tables that serve would be lost, and so would the work of another program: both are refused, before anything is made and again at the switch.
func TestSwitchRefusesToLoseWhatTheNewTablesLack(t *testing.T) {
	for name, statement := range map[string]string{
		"index mine":                           `CREATE INDEX mine ON resultlog_read.rows (secret)`,
		"view mine":                            `CREATE VIEW mine WITH (security_barrier) AS SELECT whose FROM resultlog_read.rows`,
		"materialized view mine":               `CREATE MATERIALIZED VIEW mine AS SELECT whose FROM resultlog_read.rows`,
		"rule on resultlog_read":               `CREATE RULE mine AS ON INSERT TO resultlog_read.rows DO ALSO NOTIFY inserted`,
		"trigger mine":                         `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER mine BEFORE INSERT ON resultlog_read.rows EXECUTE FUNCTION f()`,
		"policy mine":                          `CREATE POLICY mine ON resultlog_read.rows USING (true)`,
		"row level security of resultlog_read": `ALTER TABLE resultlog_read.rows ENABLE ROW LEVEL SECURITY`,
		"storage parameters of resultlog_read": `ALTER TABLE resultlog_read.rows SET (fillfactor = 70)`,
		"publication mine":                     `CREATE PUBLICATION mine FOR TABLE resultlog_read.rows`,
		"of shape 99":                          `INSERT INTO resultlog_read.migrations (version_id, is_applied) VALUES (99, true)`,
	} {
		t.Run(name, func(t *testing.T) {
			dsn, serving := openBeside(t)
			next := mustOpenNext(t, dsn, "maker")
			mustExec(t, connectAs(t, dsn), statement)
			if switched, err := next.Switch(t.Context(), nothingLast); switched || err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("switched %v, %v", switched, err)
			}
			mustClose(t, next)
			if _, err := OpenNextReadTables(t.Context(), dsn, rowsSchema, "maker"); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("opened: %v", err)
			}
			mustNotHaveSwitched(t, serving, false, nil)
		})
	}
}

// as is a DSN with another user, who is let in by the test's cluster without a password.
func as(t *testing.T, dsn, user string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("user", user)
	u.User, u.RawQuery = nil, query.Encode()
	return u.String()
}

// The new tables have the owner and the rights of the old, of single columns too, and no others; whether their owner switches or a superuser. Who may do less is told who can.
func TestSwitchCarriesRightsOver(t *testing.T) {
	dsn, _ := openBeside(t)
	person := connectAs(t, dsn)
	owner := fmt.Sprint("owner_", time.Now().UnixNano()) // roles are of the cluster
	node, analyst := owner+"_node", owner+"_analyst"
	for _, role := range []string{owner, node, analyst} {
		mustExec(t, person, `CREATE ROLE `+role+` LOGIN`)
		t.Cleanup(func() {
			for _, statement := range []string{`REASSIGN OWNED BY ` + role + ` TO CURRENT_USER`, `DROP OWNED BY ` + role, `DROP ROLE ` + role} {
				if _, err := person.Exec(context.Background(), statement); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var database string
	if err := person.QueryRow(t.Context(), `SELECT current_database()`).Scan(&database); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`GRANT CREATE ON DATABASE ` + database + ` TO ` + owner,
		`ALTER SCHEMA resultlog_read OWNER TO ` + owner,
		`ALTER TABLE resultlog_read.rows OWNER TO ` + owner, `ALTER TABLE resultlog_read.checkpoints OWNER TO ` + owner,
		`ALTER TABLE resultlog_read.dead_letters OWNER TO ` + owner, `ALTER TABLE resultlog_read.migrations OWNER TO ` + owner,
		`GRANT USAGE ON SCHEMA resultlog_read TO ` + node + `, ` + analyst,
		`GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA resultlog_read TO ` + node,
		`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA resultlog_read TO ` + node,
		`GRANT SELECT (id, whose) ON resultlog_read.rows TO ` + analyst,
		`GRANT SELECT ON resultlog_read.checkpoints TO ` + analyst + ` WITH GRANT OPTION`,
		`GRANT SELECT ON resultlog_read.dead_letters TO PUBLIC`,
		`ALTER DEFAULT PRIVILEGES FOR ROLE ` + owner + ` GRANT INSERT ON TABLES TO ` + analyst, // more than the old tables give
	} {
		mustExec(t, person, statement)
	}
	rights := func() (all string) {
		t.Helper()
		err := person.QueryRow(t.Context(), `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
			SELECT format('%s %s %s %s', relname, relkind, relowner::regrole, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(relacl) AS a)) AS line
			FROM pg_class WHERE relnamespace = 'resultlog_read'::regnamespace AND relkind IN ('r', 'S')
			UNION ALL SELECT format('%s.%s %s', attrelid::regclass, attname, attacl) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
			WHERE relnamespace = 'resultlog_read'::regnamespace AND attacl IS NOT NULL) AS lines`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	want := rights()
	for _, dsn := range []string{dsn, as(t, dsn, owner)} {
		mustReplace(t, dsn, "new")
		if got := rights(); got != want {
			t.Errorf("the rights were\n%s\nand are\n%s", want, got)
		}
	}
	if _, err := OpenNextReadTables(t.Context(), as(t, dsn, node), rowsSchema, "maker"); !errors.Is(err, errNotOwner) {
		t.Errorf("a node's role: %v", err)
	}
}
