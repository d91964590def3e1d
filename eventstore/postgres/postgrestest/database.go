package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// createDatabase makes an empty database in the cluster that a DSN leads to. Its template is template0: nobody is ever connected to it, and nobody has put anything in.
func createDatabase(ctx context.Context, admin string) (dsn string, drop func(context.Context) error, err error) {
	name := fmt.Sprintf("resultlog_test_%016x", rand.Uint64())
	if dsn, err = within(admin, name); err != nil {
		return "", nil, err
	}
	if err := execute(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", nil, fmt.Errorf("create a database for a test: %w", err)
	}
	return dsn, func(ctx context.Context) error {
		return execute(ctx, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}, nil
}

// execute runs a statement on a connection of its own.
func execute(ctx context.Context, dsn, statement string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// within is a DSN, in either of its two forms, with another database.
func within(dsn, database string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " dbname=" + database, nil // of two the last one counts
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("the DSN of the cluster for tests: %w", err)
	}
	u.Path = "/" + database
	return u.String(), nil
}
