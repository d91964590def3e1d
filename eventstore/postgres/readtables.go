package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/eventstore"
)

const (
	// readConns is how many queries of a node read at once: each is a process of the server, and more than a few for each of its cores only wait for one another.
	readConns = 16

	// writeConns is the subscription's connection, and one for whoever looks after dead letters beside it.
	writeConns = 2

	// applyTimeout bounds a statement that changes the read tables: as long as one try of a delivery may take as a whole.
	applyTimeout = 5 * time.Second

	// connLifetime is when a connection of the read tables is replaced: those to a server that is no longer the primary do not stay for ever.
	connLifetime = time.Hour
)

// LockReadTables takes the write lock of the read tables, until the end of the transaction: who changes them does so first. New ones beside them have their own (LockNextReadTables).
var (
	LockReadTables     = fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d, %d)`, lockSpace, projectLock)
	LockNextReadTables = fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d, %d)`, lockSpace, nextLock)
)

// forReading sets up a connection for queries. Read only, but not as it connects: it would pass for a standby. And a plan for each query: tenants differ by orders of magnitude, and what is
// asked of them too.
const forReading = `SET default_transaction_read_only = on; SET plan_cache_mode = force_custom_plan`

// forWriting sets up a connection for the subscription. After a crash the tables may lack its last transactions, tables and checkpoint alike. And what a batch changes is found row by row, by a
// key, however small the tables were when the plan was made (see session).
const forWriting = `SET synchronous_commit = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off`

// Unlimited lifts applyTimeout from the statements of a transaction.
const Unlimited = `SET LOCAL statement_timeout = 0`

// UnlimitedReading lets a transaction that reads take as long as it needs, and be as slow to ask for more: who compares tables with others may have long to do with those.
const UnlimitedReading = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`

// Catalog lists the columns of all read tables: the table's name, the column's, its type, and its place in the key, counted from 1; 0: it is not in the key.
const Catalog = `
	SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
	WHERE c.relnamespace = '` + readSchema + `'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum`

// ReadTables are the read tables, in a schema of the log's database.
type ReadTables struct {
	// Write is for the subscription and for tools. Their transactions are synchronous_commit=off: after a crash the tables may lack the last of them, tables and checkpoint alike, and they are
	// applied again.
	Write *sql.DB

	// Read is for queries, and can do nothing else. What it sees is what was committed.
	Read *sql.DB
}

// OpenReadTables opens the read tables beside the log of a DSN, which must be there, and brings their shape up to the newest that schema knows (the migrations of package projections), and then that
// of the views on them, whose migrations are in its folder views, if it has one.
func OpenReadTables(ctx context.Context, dsn string, schema fs.FS) (*ReadTables, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	t, err := openTables(ctx, config, readSchema, schema)
	if err != nil {
		return nil, err
	}
	views, err := eventstore.ViewsIn(schema)
	if err == nil && views != nil {
		err = migrateViews(ctx, config, views)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("views in %s: %w", place(config), err), t.Close())
	}
	return t, nil
}

// openTables brings up the read tables in a schema, and opens both sides of them.
func openTables(ctx context.Context, config *pgx.ConnConfig, name string, schema fs.FS) (t *ReadTables, err error) {
	t = &ReadTables{}
	t.Write, t.Read, err = sides{what: "read tables", schema: name, writeConns: writeConns, writeTimeout: applyTimeout, writing: forWriting, readConns: readConns}.open(ctx, config, schema)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Close ends both sides. Whoever uses them must have stopped.
func (t *ReadTables) Close() error { return errors.Join(t.Read.Close(), t.Write.Close()) }
