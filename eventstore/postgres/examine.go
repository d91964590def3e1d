package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"resultlog/core"
	"resultlog/eventstore"
)

// Examiner looks at the store in a database by one session, and changes nothing: its transactions are read only, it migrates nothing, and takes no lock but those of a SELECT. Servers may run
// meanwhile, of any version, or none. The servers' own role is enough.
type Examiner struct {
	config      *pgx.ConnConfig
	db          *sql.DB
	readOnly    bool  // no host that can be written to was found; what was found is another
	read, audit fs.FS // the migrations that this program knows
}

// forLooking sets up the session: read only, but not as it connects: it would pass for a standby.
const forLooking = `SET default_transaction_read_only = on`

// NewExaminer makes an examiner of the database of a DSN; it connects when it is asked something. The migrations are those of the read tables and of the audit's. The error is one of the DSN.
func NewExaminer(dsn string, read, audit fs.FS) (*Examiner, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	config = session(config, statementTimeout)
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // nothing is prepared: what a statement means changes with the search_path
	return &Examiner{config: config, db: oneSession(config), read: read, audit: audit}, nil
}

func oneSession(config *pgx.ConnConfig) *sql.DB {
	return pool(config, 1, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, forLooking)
		return err
	})
}

// Place is where the store is, with neither user nor password.
func (e *Examiner) Place() string { return place(e.config) }

// Close ends the session.
func (e *Examiner) Close() error { return e.db.Close() }

// Reach tells whether there is a log that can be read, and a server that can be written to.
func (e *Examiner) Reach(ctx context.Context) eventstore.Finding {
	err := e.db.PingContext(ctx)
	if errors.Is(err, pgconn.ErrReadOnlyConnection) { // look at that one, then, and say so
		config := e.config.Copy()
		config.ValidateConnect = nil
		err = e.db.Close()
		e.db, e.readOnly = oneSession(config), true
		err = errors.Join(err, e.db.PingContext(ctx))
	}
	if err != nil {
		return eventstore.Found("%s cannot be reached: %v", place(e.config), err).Fail(adviceOn(err))
	}
	var at reached
	if err := e.db.QueryRowContext(ctx, selectReached, logSchema).Scan(&at.database, &at.role, &at.host, &at.standby, &at.there, &at.readable); err != nil {
		return eventstore.Found("%s cannot be read: %v", place(e.config), err).Fail(adviceOn(err))
	}
	return at.finding(e.readOnly)
}

// reached is where a session has come to.
type reached struct {
	database, role, host     string
	standby, there, readable bool // a standby; a log is there; the role may read it
}

const selectReached = `
	SELECT current_database(), current_user, coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'a socket'), pg_is_in_recovery(),
		count(c.oid) > 0, coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')), false)
	FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'events' AND n.nspname = $1`

func (r reached) finding(readOnly bool) eventstore.Finding {
	at := eventstore.Found("%s on %s as %s, ", r.database, r.host, r.role)
	switch {
	case r.standby:
		at.Found += "a standby"
		return at.Fail("name the primary in --store, or all hosts: a server that finds no primary decides nothing. If there is none, promote one (docs/operations.md#failover)")
	case !r.there:
		at.Found += "the primary; there is no log in it"
		return at.Fail("name the database in --store; resultlog migrate and resultlog serve make a log")
	case !r.readable:
		at.Found += "the primary; this role may not read the log"
		return at.Fail(logInAsServers)
	case readOnly:
		at.Found += "the primary, which is read only"
		return at.Fail("something has set default_transaction_read_only: find out whether a failover is under way, then set it off")
	}
	at.Found += "the primary"
	return at
}

// logInAsServers is what to do about a role without rights.
const logInAsServers = "log in as the servers do (resultlog_runtime), or as the owner; the rights: docs/deploy/roles.sql"

// adviceOn says what to do about a server that does not let us in, or does not answer.
func adviceOn(err error) string {
	switch {
	case isCode(err, invalidPassword), isCode(err, invalidAuthorization):
		return "look at the role and its password (PGPASSWORD, ~/.pgpass), and at the server's pg_hba.conf"
	case isCode(err, invalidCatalog):
		return "name the database in --store, or make it (docs/operations.md#setting-up)"
	case isCode(err, tooManyConnections):
		return "no connection is free: see who has them (pg_stat_activity), and raise max_connections (docs/operations.md#sizing)"
	case isCode(err, insufficientPrivilege):
		return logInAsServers
	case isCode(err, cannotConnectNow):
		return "the server starts or stops: look at its log, and run this again"
	}
	return "see whether the server runs and can be reached from here: its log, and pg_isready with the same host and port"
}

// Newest gives the position of the log's last event and when it was recorded; 0 if there is none.
func (e *Examiner) Newest(ctx context.Context) (at core.Position, recorded core.Instant, err error) {
	err = e.db.QueryRowContext(ctx, `SELECT position, recorded_at FROM resultlog.events ORDER BY position DESC LIMIT 1`).Scan(&at, &recorded)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, recorded, err
}

// RecordedAt tells when the event at a position was recorded.
func (e *Examiner) RecordedAt(ctx context.Context, at core.Position) (recorded core.Instant, err error) {
	err = e.db.QueryRowContext(ctx, `SELECT recorded_at FROM resultlog.events WHERE position = $1`, int64(at)).Scan(&recorded)
	return recorded, err
}

// ReadTables runs f on the read tables; eventstore.ErrNotThere if there are none.
func (e *Examiner) ReadTables(ctx context.Context, f func(*sql.DB) error) error {
	return e.within(ctx, readSchema, f)
}

// AuditTables does the same with the audit's tables.
func (e *Examiner) AuditTables(ctx context.Context, f func(*sql.DB) error) error {
	return e.within(ctx, auditSchema, f)
}

// within runs f where tables without a schema are those of one. There is one session, so that what it sets holds for what follows.
func (e *Examiner) within(ctx context.Context, schema string, f func(*sql.DB) error) error {
	var there bool
	err := e.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'checkpoints'), set_config('search_path', $1, false)`, schema).
		Scan(&there, new(string))
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("the schema %s, or what belongs there, %w", schema, eventstore.ErrNotThere)
	}
	return f(e.db)
}

// Offset tells how far the server's clock is ahead of ours, and how far off that may be: by half of the way there and back.
func (e *Examiner) Offset(ctx context.Context, now func() time.Time) (offset, give time.Duration, err error) {
	if err := e.db.PingContext(ctx); err != nil { // connecting is no part of the way
		return 0, 0, err
	}
	var server time.Time
	before := now()
	if err := e.db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&server); err != nil {
		return 0, 0, err
	}
	way := now().Sub(before)
	return server.Sub(before.Add(way / 2)), way / 2, nil
}
