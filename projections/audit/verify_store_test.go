package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
	"resultlog/projections/audit"
)

// rowsLog is a log whose rows can be read as they are stored.
type rowsLog interface {
	eventstore.Log
	eventstore.History
	Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error]
}

// store is a log with its audit's tables, and a way to them that asks nobody: what somebody has who can write to where they are.
type store struct {
	log    rowsLog
	tables audit.Tables
	raw    *sql.DB // of the log
	events string  // the name of the log's table there
	free   []string
}

// eachStore runs a test on an empty store in SQLite, and on one in PostgreSQL.
func eachStore(t *testing.T, test func(t *testing.T, s *store)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, sqliteStore(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, postgresStore(t)) })
}

func sqliteStore(t *testing.T) *store {
	t.Helper()
	dir := t.TempDir()
	log, err := sqlite.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := sqlite.OpenAuditTables(t.Context(), dir, audit.SQLiteSchema())
	if err != nil {
		t.Fatal(err)
	}
	raw := mustOpen(t, "sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "log.db")}).EscapedPath()+"?_pragma=busy_timeout(10000)&_pragma=synchronous(0)&_pragma=ignore_check_constraints(1)")
	t.Cleanup(func() { raw.Close(); tables.Close(); log.Close() })
	return &store{log: log, tables: audit.Tables{Write: tables.Write, Read: tables.Read}, raw: raw, events: "events", free: []string{
		`DROP TRIGGER events_are_not_deleted`, `DROP TRIGGER events_are_not_changed`,
		`ALTER TABLE events RENAME TO honest`,
		`CREATE TABLE events (position INTEGER PRIMARY KEY, tenant_id BLOB, tenant_position INTEGER, stream_id BLOB, version INTEGER, event_id BLOB, type TEXT,
			schema_version INTEGER, data TEXT, personal BLOB, metadata TEXT, recorded_at INTEGER, slim BLOB) STRICT`,
		`INSERT INTO events SELECT * FROM honest`, `DROP TABLE honest`,
	}}
}

func postgresStore(t *testing.T) *store {
	t.Helper()
	dsn := postgrestest.Database(t)
	log, err := postgres.OpenLog(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := postgres.OpenAuditTables(t.Context(), dsn, audit.PostgresSchema())
	if err != nil {
		t.Fatal(err)
	}
	raw := mustOpen(t, "pgx", dsn)
	t.Cleanup(func() { raw.Close(); tables.Close(); log.Close() })
	free := []string{`ALTER TABLE resultlog.events DISABLE TRIGGER ALL`, `ALTER TABLE resultlog.events DROP CONSTRAINT events_tenant_id_stream_id_version_key`,
		`ALTER TABLE resultlog.events DROP CONSTRAINT events_tenant_id_tenant_position_key`, `SET synchronous_commit = off`}
	for _, column := range []string{"tenant_id", "tenant_position", "stream_id", "version", "event_id", "type", "schema_version", "data", "metadata", "recorded_at"} {
		free = append(free, `ALTER TABLE resultlog.events ALTER COLUMN `+column+` DROP NOT NULL`)
	}
	for _, column := range []string{"position", "tenant_position", "version", "schema_version"} {
		free = append(free, `ALTER TABLE resultlog.events DROP CONSTRAINT events_`+column+`_check`)
	}
	return &store{log: log, tables: audit.Tables{Write: tables.Write, Read: tables.Read, TryLock: postgres.TryLockAuditTables}, raw: raw, events: "resultlog.events", free: free}
}

// mustOpen opens a database on one connection.
func mustOpen(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// setFree drops all that keeps the tables as they are: triggers and constraints.
func (s *store) setFree(t *testing.T) {
	t.Helper()
	for _, statement := range s.free {
		if _, err := s.raw.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	statements := []string{`DROP TRIGGER signed_checkpoints_keep`, `DROP TRIGGER signed_checkpoints_stay`}
	if s.tables.TryLock != "" {
		statements = []string{`ALTER TABLE signed_checkpoints DISABLE TRIGGER ALL`}
	}
	for _, statement := range statements {
		if _, err := s.tables.Write.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// record appends a history as a node does, with a keeper that signs after every commit.
func (s *store) record(t *testing.T, h history, key audit.SigningKey) {
	t.Helper()
	keeper := newKeeper(t, s.tables, s.log, key)
	after := core.Position(0)
	for _, commit := range h.commits {
		if err := s.log.Append(t.Context(), after, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return commit, nil }); err != nil {
			t.Fatal(err)
		}
		after += core.Position(len(commit))
		mustTick(t, keeper)
	}
}

const eventColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, recorded_at, slim`

// write makes the log consist of rows.
func (s *store) write(t fataler, rows []eventstore.Row) {
	t.Helper()
	mustExec(t, s.raw, `DELETE FROM `+s.events)
	var values [][]any
	for _, row := range rows {
		tenant, stream, event := s.uuid(row.TenantID), s.uuid(row.StreamID), s.uuid(row.EventID)
		values = append(values, []any{int64(row.Position), tenant, int64(row.TenantPosition), stream, int64(row.Version), event, row.Type, row.SchemaVersion, string(row.Data),
			orNull(row.Personal), string(row.Metadata), int64(row.RecordedAt), orNull(row.Slim)})
	}
	insert(t, s.raw, s.events+` (`+eventColumns+`)`, values)
}

// uuid is an id as the engine's driver takes it.
func (s *store) uuid(id core.ID) any {
	if s.tables.TryLock != "" {
		return id.String()
	}
	return id[:]
}

func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// auditTables are the audit's.
var auditTables = []string{"checkpoints", "trees", "leaves", "nodes", "signed_checkpoints", "verifier_keys"}

// dump is what is in the audit's tables.
type dump map[string][][]any

func (s *store) dump(t *testing.T) dump {
	t.Helper()
	all := dump{}
	for _, table := range auditTables {
		rows, err := s.tables.Read.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all[table] = append(all[table], row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// restore puts back what was in the audit's tables.
func (s *store) restore(t fataler, all dump) {
	t.Helper()
	for _, table := range auditTables {
		mustExec(t, s.tables.Write, `DELETE FROM `+table)
		insert(t, s.tables.Write, table, all[table])
	}
}

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustExec(t fataler, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%.200s: %v", statement, err)
	}
}

// insert inserts rows by one statement.
func insert(t fataler, db *sql.DB, into string, rows [][]any) {
	t.Helper()
	if len(rows) == 0 {
		return
	}
	var args []any
	var values []string
	for _, row := range rows {
		var marks []string
		for range row {
			marks = append(marks, fmt.Sprint("$", len(args)+len(marks)+1))
		}
		args = append(args, row...)
		values = append(values, "("+strings.Join(marks, ", ")+")")
	}
	mustExec(t, db, `INSERT INTO `+into+` VALUES `+strings.Join(values, ", "), args...)
}

// verify goes through the log as a tool does, and gives what is found.
func (s *store) verify(ctx context.Context, of audit.Verification) (found []audit.Finding, v *audit.Verifier, err error) {
	return verifyRows(ctx, of, func(after core.Position) iter.Seq2[eventstore.Row, error] { return s.log.Rows(ctx, after) })
}

// verifyRows goes on behind each row that cannot be read.
func verifyRows(ctx context.Context, of audit.Verification, read func(after core.Position) iter.Seq2[eventstore.Row, error]) (found []audit.Finding, v *audit.Verifier, err error) {
	of.Found = func(f audit.Finding) { found = append(found, f) }
	v = audit.NewVerifier(of)
	for after, more := core.Position(0), true; more; {
		more = false
		for p, err := range audit.InOrder(ctx, read(after), func(row eventstore.Row) audit.Prepared { return audit.Prepare(row.Entry, row.Slim) }) {
			var broken *eventstore.RowError
			if errors.As(err, &broken) {
				v.Skip(broken.Position, broken)
				after, more = broken.Position, true
				break
			}
			if err != nil {
				return found, v, err
			}
			if err := v.Next(ctx, p); err != nil {
				return found, v, err
			}
		}
	}
	return found, v, v.End(ctx)
}

// readBack is the log as the store gives it.
func (s *store) readBack(t *testing.T) []eventstore.Row {
	t.Helper()
	var rows []eventstore.Row
	for row, err := range s.log.Rows(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return slices.Clip(rows)
}

// newForger is a keeper in wrong hands.
func newForger(s *store, key audit.SigningKey) *audit.Keeper {
	return audit.NewKeeper(audit.Config{Tables: s.tables, Log: s.log, Key: key, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.UnixMilli(1_736_949_000_001) }})
}
