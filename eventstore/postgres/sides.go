package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// sides says how tables that are made of the log are opened for writing and for reading: in a schema of their own, beside that.
type sides struct {
	what         string // for errors
	schema       string
	writeConns   int
	writeTimeout time.Duration // of a statement
	writing      string        // sets up a connection for writing
	readConns    int
}

// open brings their shape up to the newest that the migrations know, and opens both sides.
func (s sides) open(ctx context.Context, config *pgx.ConnConfig, migrations fs.FS) (write, read *sql.DB, err error) {
	if err := migrate(ctx, config, s.schema, migrations); err != nil {
		return nil, nil, fmt.Errorf("%s in %s: %w", s.what, place(config), err)
	}
	config = config.Copy()
	config.RuntimeParams["search_path"] = s.schema
	write = pool(session(config, s.writeTimeout), s.writeConns, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, emitMessage); err != nil { // see newWriter: nothing is made of the log that a failover would take back
			return err
		}
		_, err := conn.Exec(ctx, s.writing)
		return err
	})
	read = pool(session(config, statementTimeout), s.readConns, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, forReading)
		return err
	})
	if err := errors.Join(write.PingContext(ctx), read.PingContext(ctx)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s in %s: %w", s.what, place(config), err), read.Close(), write.Close())
	}
	return write, read, nil
}

func pool(config *pgx.ConnConfig, conns int, afterConnect func(context.Context, *pgx.Conn) error) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(afterConnect))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns) // a connection costs more to open than to keep
	db.SetConnMaxLifetime(connLifetime)
	return db
}
