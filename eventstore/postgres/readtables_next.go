package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
)

// NextReadTables are new read tables on their way to take the place of those that serve, in a schema of their own. One process at a time has them; it may be killed at any moment, and the next one
// then finds them as the last commit left them.
type NextReadTables struct {
	*ReadTables

	// Resumed says that an earlier process has begun them, and was cancelled or killed.
	Resumed bool

	conn     *pgx.Conn // holds the lock of who makes them. The switch is a transaction of it: who has lost the lock can switch nothing
	analyzed bool
}

// errNotOwner says who may make new tables.
var errNotOwner = errors.New("new tables are made, and those that they replace are dropped, by the role that owns them and may create schemas (resultlog_owner, docs/deploy/roles.sql): " +
	"name it in --store; resultlog rebuild without --online needs no more rights than a node")

// OpenNextReadTables opens the new read tables in the database of a DSN, which has read tables that serve (OpenReadTables). What an earlier process has left of them is gone on with if it had the same
// maker: a text that stands for all that their rows depend on beside the log, the program and the shape of the tables. Otherwise they are begun anew.
// It is an error if another process has them.
func OpenNextReadTables(ctx context.Context, dsn string, schema fs.FS, maker string) (*NextReadTables, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return openNext(ctx, config, schema, maker)
}

// DiscardNextReadTables removes what a rebuild that was cancelled or killed has left in the database of a DSN, if anything: it holds what the log held then. It is an error if one is at work on it.
func DiscardNextReadTables(ctx context.Context, dsn string) (err error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return err
	}
	conn, err := connect(ctx, session(config, 0))
	if err != nil {
		return err
	}
	n := &NextReadTables{conn: conn}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.seize(ctx); err != nil {
		return fmt.Errorf("new read tables in %s: %w", place(config), err)
	}
	return n.resume(ctx, "") // which is nobody's name
}

func openNext(ctx context.Context, config *pgx.ConnConfig, schema fs.FS, maker string) (*NextReadTables, error) {
	conn, err := connect(ctx, session(config, 0))
	if err != nil {
		return nil, err
	}
	n := &NextReadTables{ReadTables: &ReadTables{}, conn: conn}
	if err := n.begin(ctx, config, schema, maker); err != nil {
		return nil, errors.Join(fmt.Errorf("new read tables in %s: %w", place(config), err), n.Close())
	}
	return n, nil
}

// begin takes the lock, and opens the tables, as they were left or made anew.
func (n *NextReadTables) begin(ctx context.Context, config *pgx.ConnConfig, schema fs.FS, maker string) error {
	if err := n.seize(ctx); err != nil {
		return err
	}
	if err := n.resume(ctx, maker); err != nil {
		return err
	}
	tables, err := openTables(ctx, config, nextSchema, schema)
	if err != nil {
		return err
	}
	n.ReadTables = tables
	if err := n.mustBeAlike(ctx); err != nil {
		return err
	}
	// A crash before here leaves a schema that is signed by nobody, and is thrown away.
	return n.each(ctx, `SELECT format('COMMENT ON SCHEMA `+nextSchema+` IS %L', $1::text)`, maker)
}

// seizePatience is how long the session of a rebuild that was killed or cancelled may take to end: the server notices when the statement that it is at has ended.
const seizePatience = 3 * time.Second

// seize takes the lock of who makes new tables, for as long as the connection lasts, if the role may make any.
func (n *NextReadTables) seize(ctx context.Context) error {
	var owner bool
	if err := n.conn.QueryRow(ctx, `SELECT `+isOwner).Scan(&owner); err != nil {
		return err
	}
	if !owner {
		return errNotOwner
	}
	tx, err := n.conn.Begin(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d; SELECT pg_advisory_lock(%d, %d)`, seizePatience.Milliseconds(), lockSpace, rebuildLock)) // it outlives the transaction
	if err != nil && unlessHeld(err) == nil {
		err = errors.New("another online rebuild is at work on them: let it finish, or cancel it, and the next one goes on from where it was")
	}
	if err != nil {
		return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	}
	return tx.Commit(ctx)
}

// isOwner tells whether the role may replace the tables that serve.
const isOwner = `has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege('` + readSchema + `', 'CREATE')
	AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = '` + readSchema + `'::regnamespace AND relkind = 'r' AND NOT pg_has_role(relowner, 'USAGE'))`

// resume looks whether there are tables that the same maker has left, and removes what others have.
func (n *NextReadTables) resume(ctx context.Context, maker string) error {
	var there bool
	err := n.conn.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_and(obj_description(oid, 'pg_namespace') IS NOT DISTINCT FROM $2), false) FROM pg_namespace WHERE nspname = $1`, nextSchema, maker).
		Scan(&there, &n.Resumed)
	if err == nil && there && !n.Resumed {
		_, err = n.conn.Exec(ctx, `DROP SCHEMA `+nextSchema+` CASCADE`)
	}
	return err
}

// each runs the statements that a query gives, in its order.
func (n *NextReadTables) each(ctx context.Context, query string, args ...any) error {
	rows, err := n.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := n.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// closeTimeout bounds the farewell to a server that may be gone.
const closeTimeout = time.Second

// Close ends both sides, and lets others have the tables. Whoever uses them must have stopped.
func (n *NextReadTables) Close() error {
	var err error
	if n.ReadTables != nil && n.Write != nil {
		err = n.ReadTables.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, _ = n.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`) // before the process is gone, rather than soon after it
	_ = n.conn.Close(ctx)                                      // this ends the lock one way or the other
	return err
}
