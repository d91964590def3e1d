package crashtest

import (
	"context"
	"database/sql"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver

	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
)

// place is where a store is: a data directory, or a PostgreSQL database.
type place struct {
	dir string
	dsn string // empty: it is the directory
}

// flags name it to the program.
func (p place) flags() []string {
	if p.dsn != "" {
		return []string{"--store", p.dsn}
	}
	return []string{"--data", p.dir}
}

// openLog opens the log, beside whoever has it open.
func (p place) openLog(ctx context.Context) (eventstore.Log, error) {
	if p.dsn != "" {
		return postgres.OpenLog(ctx, p.dsn)
	}
	return sqlite.OpenLog(ctx, p.dir)
}

// openTables opens the read tables, for reading.
func (p place) openTables() (*sql.DB, error) {
	if p.dsn == "" {
		return sql.Open("sqlite", "file:"+filepath.Join(p.dir, "read.db")+"?mode=ro")
	}
	config, err := pgx.ParseConfig(p.dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = "resultlog_read"
	return stdlib.OpenDB(*config), nil
}
