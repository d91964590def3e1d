package projections_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	modernc "modernc.org/sqlite"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// engine is where a log and its read tables can be: what is the same for either is tested on both.
type engine struct {
	name       string
	place      func(testing.TB) string // of a log that there is not yet: a directory, or a DSN
	openLog    func(ctx context.Context, place string) (eventstore.Log, error)
	openTables func(ctx context.Context, place string) (*readTables, error)
	openNext   func(ctx context.Context, place, maker string) (*nextTables, error)
	topic      eventstore.EventsTopic
	connector  func(place string) (driver.Connector, error) // to the read tables alone, for reading
	lost       string                                       // what it says of a savepoint whose transaction was ended by an interrupted write
	refusal    []string                                     // statements that make a trigger which lets nobody park an event
	crowd      []string                                     // statements that make $1 rows of the tenant $2 in each table that has lists, the first of them at $3 and a millisecond between two
}

// readTables are the read tables as one process has them open.
type readTables struct {
	Write projections.Tables
	Read  *sql.DB
	ahead *sql.DB // sees the log too
	close func() error
}

// nextTables are new ones beside them.
type nextTables struct {
	readTables
	resumed bool
	change  func(ctx context.Context, last func(context.Context) error) (switched bool, err error)
}

// withCounted is a schema with one more table, for the projection counted (see guards_test.go), and without the views, which most tests do without.
func withCounted(schema fs.FS) fs.FS {
	all := fstest.MapFS{"99999_counted.sql": {Data: []byte("-- +goose Up\nCREATE TABLE counted (position BIGINT);\n")}}
	take(all, schema, "*.sql")
	return all
}

// take copies the files of a schema that fit a pattern.
func take(into fstest.MapFS, schema fs.FS, pattern string) {
	files, err := fs.Glob(schema, pattern)
	for _, name := range files {
		var text []byte
		if text, err = fs.ReadFile(schema, name); err != nil {
			break
		}
		into[name] = &fstest.MapFile{Data: asOneStatement(text)}
	}
	if err != nil {
		panic(err)
	}
}

// asOneStatement marks a migration as one: otherwise goose looks for a statement's end in each line, by a buffer of 4 MiB out of a pool that the race detector empties at random.
func asOneStatement(migration []byte) []byte {
	const up = "-- +goose Up\n"
	return bytes.Replace(append(migration, "\n-- +goose StatementEnd\n"...), []byte(up), []byte(up+"-- +goose StatementBegin\n"), 1)
}

// Close ends both sides.
func (t *readTables) Close() error { return t.close() }

var onSQLite = engine{
	name:  "sqlite",
	place: func(t testing.TB) string { return t.TempDir() },
	openLog: func(ctx context.Context, dir string) (eventstore.Log, error) {
		return sqlite.OpenLog(ctx, dir)
	},
	openTables: func(ctx context.Context, dir string) (*readTables, error) {
		return ofSQLite(sqlite.OpenReadTables(ctx, dir, withCounted(projections.SQLiteSchema())))
	},
	openNext: func(ctx context.Context, dir, maker string) (*nextTables, error) {
		t, err := sqlite.OpenNextReadTables(ctx, dir, withCounted(projections.SQLiteSchema()), maker)
		if err != nil {
			return nil, err
		}
		return &nextTables{readTables{projections.Tables{DB: t.Write, Given: sqlite.Given{}}, t.Read, t.Ahead, t.Close}, t.Resumed, t.Switch}, nil
	},
	topic: inParts(sqlite.EventsTopic()),
	connector: func(dir string) (driver.Connector, error) {
		return modernc.NewConnector("file:" + filepath.Join(dir, "read.db") + "?mode=ro")
	},
	lost:    "no such savepoint",
	refusal: []string{`CREATE TRIGGER full BEFORE INSERT ON dead_letters BEGIN SELECT RAISE(ABORT, 'disk is full'); END`},
	crowd: []string{`
		WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
		INSERT INTO results (tenant_id, id, source, status, commerce_external_id, operator_external_id, occurred_at, hard_override, result, contact_type, created_at, updated_at, version, last_position)
		SELECT $2, CAST(printf('%016d', n) AS BLOB), 'STANDALONE', 'PENDING', 'c', 'o', $3, 0, 'success', 'INBOUND', $3 - n, $3, 1, n + 10 FROM numbers`, `
		WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
		INSERT INTO activities (tenant_id, id, type, status, reason, channel, commerce_id, commerce_external_id, idempotency_key, scheduled_at, created_at, updated_at, version, last_position)
		SELECT $2, CAST(printf('%016d', n) AS BLOB), 'TASK', 'READY', 'a' || char(0x10FFFF), 'SMS', x'01000000000000000000000000000000', char(0x10FFFF), n, $3, $3 - n, $3, 1, n + 10 FROM numbers`, `
		WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
		INSERT INTO api_keys (tenant_id, id, name, prefix, permissions, created_at, version, last_position)
		SELECT $2, CAST(printf('%016d', n) AS BLOB), 'n', 'p', '["VIEW_EVENTS"]', $3 - n, 1, n + 10 FROM numbers`},
}

// inParts is a topic whose deliveries are smaller, so that a log of a thousand events has a few.
func inParts(topic eventstore.EventsTopic) eventstore.EventsTopic {
	topic.Most = 400
	return topic
}

func ofSQLite(t *sqlite.ReadTables, err error) (*readTables, error) {
	if err != nil {
		return nil, err
	}
	return &readTables{Write: projections.Tables{DB: t.Write, Given: sqlite.Given{}}, Read: t.Read, ahead: t.Ahead, close: t.Close}, nil
}

var onPostgres = engine{
	name:  "postgres",
	place: func(t testing.TB) string { return postgrestest.Database(t) },
	openLog: func(ctx context.Context, dsn string) (eventstore.Log, error) {
		return postgres.OpenLog(ctx, dsn)
	},
	openTables: func(ctx context.Context, dsn string) (*readTables, error) {
		t, err := postgres.OpenReadTables(ctx, dsn, withCounted(projections.PostgresSchema()))
		if err != nil {
			return nil, err
		}
		return &readTables{Write: projections.Tables{DB: t.Write, Lock: postgres.LockReadTables, Unlimited: postgres.Unlimited, Given: postgres.Given{}}, Read: t.Read, ahead: t.Read, close: t.Close}, nil
	},
	openNext: func(ctx context.Context, dsn, maker string) (*nextTables, error) {
		t, err := postgres.OpenNextReadTables(ctx, dsn, withCounted(projections.PostgresSchema()), maker)
		if err != nil {
			return nil, err
		}
		tables := projections.Tables{DB: t.Write, Lock: postgres.LockNextReadTables, Unlimited: postgres.Unlimited, Given: postgres.Given{}}
		return &nextTables{readTables{tables, t.Read, t.Read, t.Close}, t.Resumed, t.Switch}, nil
	},
	topic: inParts(postgres.EventsTopic()),
	connector: func(dsn string) (driver.Connector, error) {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		config.RuntimeParams["search_path"] = "resultlog_read"
		return stdlib.GetConnector(*config), nil
	},
	lost: "bad connection",
	refusal: []string{
		`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk is full'; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT ON dead_letters FOR EACH ROW EXECUTE FUNCTION refuse()`,
	},
	crowd: []string{`
		INSERT INTO results (tenant_id, id, source, status, commerce_external_id, operator_external_id, occurred_at, hard_override, result, contact_type, created_at, updated_at, version, last_position)
		SELECT $2::uuid, lpad(n::text, 32, '0')::uuid, 'STANDALONE', 'PENDING', 'c', 'o', $3::bigint, FALSE, 'success', 'INBOUND', $3 - n, $3, 1, n + 10 FROM generate_series(1, $1::bigint) n`, `
		INSERT INTO activities (tenant_id, id, type, status, reason, channel, commerce_id, commerce_external_id, idempotency_key, scheduled_at, created_at, updated_at, version, last_position)
		SELECT $2::uuid, lpad(n::text, 32, '0')::uuid, 'TASK', 'READY', 'a' || chr(1114111), 'SMS', '01000000-0000-0000-0000-000000000000', chr(1114111), n, $3::bigint, $3 - n, $3, 1, n + 10
		FROM generate_series(1, $1::bigint) n`, `
		INSERT INTO api_keys (tenant_id, id, name, prefix, permissions, created_at, version, last_position)
		SELECT $2::uuid, lpad(n::text, 32, '0')::uuid, 'n', 'p', '["VIEW_EVENTS"]', $3::bigint - n, 1, n + 10 FROM generate_series(1, $1::bigint) n`},
}

// eachEngine runs a test on SQLite and on PostgreSQL. It is to name its parameter newWorld: there is no other, so that no test forgets an engine.
func eachEngine(t *testing.T, test func(t *testing.T, newWorld func(testing.TB) *world)) {
	t.Helper()
	for _, e := range []engine{onSQLite, onPostgres} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e.newWorld)
		})
	}
}

// sqliteWorld is for what is about SQLite's files, its planner or its own ways.
func sqliteWorld(t testing.TB) *world { return onSQLite.newWorld(t) }

// postgresWorld is for what is about PostgreSQL's.
func postgresWorld(t testing.TB) *world { return onPostgres.newWorld(t) }
