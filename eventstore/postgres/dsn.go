package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// connectTimeout is how long a connection may take to come about with each host, unless the DSN says something else: on a network of one's own it takes milliseconds.
	connectTimeout = 3 * time.Second

	// lockTimeout is how long a turn waits for the write lock: many turns of other nodes, each of some milliseconds. Beyond it something holds the lock that should not, a commit that waits for
	// a standby say, and who waits here had better be told.
	lockTimeout = 5 * time.Second

	// idleInTransaction is when the server ends a session that holds the lock and says nothing: its node is frozen, or gone without a word. A turn's deciding takes milliseconds.
	idleInTransaction = 10 * time.Second

	// statementTimeout bounds a read of the log, which goes by pages.
	statementTimeout = 10 * time.Second

	// applicationName is what the server shows of our sessions (pg_stat_activity), unless the DSN says something else.
	applicationName = "resultlog"
)

// parseDSN reads a DSN and fills in what it does not say: nothing is ever decided, or read after a write, on a standby.
func parseDSN(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err) // it shows no password
	}
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnectTimeout == 0 || !strings.Contains(dsn, "connect_timeout") {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = applicationName
	}
	return config, nil
}

// session is a configuration for connections whose statements take no longer than a time; 0: as long as they take. What the DSN says of time-outs itself stays.
//
// Every statement of this program finds its rows by an index. The planner does not always know: before the first autovacuum it has no statistics, a connection keeps the plans of its first seconds,
// in which the tables are small, and such a plan would then read the whole log for each poll. And a tenant who has most rows of a table need not have them where the planner looks for them first.
// So no table is read as a whole where an index will do; what has none is then thought to be so dear that it would be compiled first (jit), which takes longer than any statement here.
func session(config *pgx.ConnConfig, statements time.Duration) *pgx.ConnConfig {
	config = config.Copy()
	set := func(name string, d time.Duration) {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = strconv.FormatInt(d.Milliseconds(), 10)
		}
	}
	config.RuntimeParams["enable_seqscan"], config.RuntimeParams["jit"] = "off", "off"
	set("lock_timeout", lockTimeout)
	set("idle_in_transaction_session_timeout", idleInTransaction)
	if statements > 0 {
		set("statement_timeout", statements)
	}
	return config
}

// place is where a configuration leads, for people: neither password nor user.
func place(config *pgx.ConnConfig) string {
	return fmt.Sprintf("%s on %s", config.Database, config.Host)
}

// connect opens a connection that commits as durably as the server can: whatever the role's settings are, a commit that was answered is on the disk, and on the standbys that the server waits for.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	var fsync string
	err = conn.QueryRow(ctx, `SELECT current_setting('fsync'), set_config('synchronous_commit',
		CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' WHEN 'local' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`).Scan(&fsync, new(string))
	if err == nil && fsync != "on" {
		err = fmt.Errorf("fsync is %s on this server: what it says is committed may be lost; set fsync = on", fsync)
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}
