package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// The schemas that hold the log, the read tables, new read tables on their way to take the place of those, what these have replaced until it is dropped, the views on them, and what proves the log.
// They are apart, so that rights can be granted for all of one and nothing of the other.
const (
	logSchema      = "resultlog"
	readSchema     = "resultlog_read"
	nextSchema     = "resultlog_next"
	replacedSchema = "resultlog_replaced"
	viewSchema     = "analytics"
	auditSchema    = "resultlog_audit"
)

//go:embed migrations/log/*.sql
var logMigrations embed.FS

func migrationsOfLog() (fs.FS, error) { return fs.Sub(logMigrations, "migrations/log") }

// migrateLog brings the log to the newest shape.
func migrateLog(ctx context.Context, config *pgx.ConnConfig) error {
	migrations, err := migrationsOfLog()
	if err != nil {
		return err
	}
	return migrate(ctx, config, logSchema, migrations)
}

// migrate brings a schema to the newest shape that fsys knows. It refuses one that a newer program has already brought further. A role that may not change the schema gets by if there is nothing to do.
func migrate(ctx context.Context, config *pgx.ConnConfig, schema string, fsys fs.FS) error {
	return migrating(ctx, config, schema, func(db *sql.DB, _ *sql.Conn) error { return bringUp(ctx, db, schema, fsys) })
}

// migrateViews does it for the views, which are made again if they went with what they look at, as when somebody drops the schema of the read tables.
func migrateViews(ctx context.Context, config *pgx.ConnConfig, fsys fs.FS) error {
	return migrating(ctx, config, viewSchema, func(db *sql.DB, locked *sql.Conn) error {
		if err := forgetLost(ctx, locked); err != nil {
			return err
		}
		return bringUp(ctx, db, viewSchema, fsys)
	})
}

// migrating makes a schema, if it is not there, and runs bring on it. Nodes that start at once do it one after the other: a session holds a lock, which ends with it.
func migrating(ctx context.Context, config *pgx.ConnConfig, schema string, bring func(db *sql.DB, locked *sql.Conn) error) (err error) {
	config = config.Copy()
	config.RuntimeParams["search_path"] = schema
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	lock, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1, $2)`, lockSpace, migrateLock); err != nil {
		return err
	}
	defer func() {
		_, unlockErr := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1, $2)`, lockSpace, migrateLock)
		err = errors.Join(err, unlockErr)
	}()
	if err := makeSchema(ctx, lock, schema); err != nil {
		return mayNot(err, schema)
	}
	return mayNot(bring(db, lock), schema)
}

// makeSchema makes a schema if it is not there. Whoever may not make one may find it there.
func makeSchema(ctx context.Context, conn *sql.Conn, schema string) error {
	var there bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, schema).Scan(&there); err != nil || there {
		return err
	}
	_, err := conn.ExecContext(ctx, `CREATE SCHEMA `+schema)
	return err
}

// forgetLost has the views made again if they are gone and their migrations are not.
func forgetLost(ctx context.Context, conn *sql.Conn) error {
	var lost bool
	err := conn.QueryRowContext(ctx, `SELECT to_regclass('`+viewSchema+`.migrations') IS NOT NULL AND NOT EXISTS (
		SELECT FROM pg_class WHERE relnamespace = '`+viewSchema+`'::regnamespace AND relkind = 'v')`).Scan(&lost)
	if err == nil && lost {
		_, err = conn.ExecContext(ctx, `DROP TABLE `+viewSchema+`.migrations`)
	}
	return err
}

// bringUp runs the migrations that are missing.
func bringUp(ctx context.Context, db *sql.DB, schema string, fsys fs.FS) error {
	store, err := database.NewStore(goose.DialectPostgres, schema+".migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider("", db, fsys, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, newest, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case current > newest:
		return fmt.Errorf("the schema %s is of shape %d, this program knows 1 to %d: a newer resultlog wrote it, upgrade this node", schema, current, newest)
	case current == newest:
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

// mayNot says what to do when a role lacks rights.
func mayNot(err error, schema string) error {
	if isCode(err, insufficientPrivilege) {
		return fmt.Errorf("the schema %s must be brought up to date first, by the role that owns it: resultlog migrate --store …; its rights: docs/deploy/roles.sql: %w", schema, err)
	}
	return err
}
