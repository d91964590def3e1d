package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
)

// crud is what a user would write instead: the ceiling, and before the answer one transaction that changes tables. It knows no standalone results, writes no line of log, lists nothing and
// looks up no key of a request that was sent before: whatever it lacks makes it faster.
func crud(token string) contender {
	return contender{
		name:       crudName,
		onPostgres: true,
		command:    self("crud", token),
		prepare: func(ctx context.Context, at place, submissions int64) error {
			return onConnection(ctx, at.dsn, func(conn *pgx.Conn) error { return stockActivities(ctx, conn, submissions) })
		},
		verify: func(ctx context.Context, at place, acknowledged []core.ID) error {
			return onConnection(ctx, at.dsn, func(conn *pgx.Conn) error { return verifyTables(ctx, conn, acknowledged) })
		},
	}
}

// serveCRUD is the contender's process.
func serveCRUD(ctx context.Context, token string) error {
	tables, err := openTables(ctx, os.Getenv(dsnVariable))
	if err != nil {
		return err
	}
	defer tables.pool.Close()
	return serve(ctx, crudHandler(token, tables))
}

// crudHandler is the CRUD handler's server.
func crudHandler(token string, t *tables) http.Handler { return handler(token, t.keep) }

// stockActivities makes activities known, one for each submission that may come, as creation does. Then the planner is told of them, as autovacuum would in a minute.
func stockActivities(ctx context.Context, conn *pgx.Conn, n int64) error {
	row := int64(0)
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"activities"}, []string{"id", "tenant_id", "provider_activity_id", "status"}, pgx.CopyFromFunc(func() ([]any, error) {
		if row++; row > n {
			return nil, nil
		}
		return []any{[16]byte(newID()), [16]byte(benchTenant), fmt.Sprintf("ext-%0*d", digits, row), core.ActivityReady.String()}, nil
	}))
	if err == nil {
		_, err = conn.Exec(ctx, `VACUUM ANALYZE activities`)
	}
	return err
}

// verifyTables counts: each acknowledged result stands there once and no other, each has moved an activity, and each has its event.
func verifyTables(ctx context.Context, conn *pgx.Conn, acknowledged []core.ID) error {
	ids := make([][16]byte, len(acknowledged))
	for i, id := range acknowledged {
		ids[i] = id
	}
	var kept, results, moved, events int
	err := conn.QueryRow(ctx, `SELECT (SELECT count(DISTINCT id) FROM results JOIN unnest($1::uuid[]) AS acknowledged ON acknowledged = id), (SELECT count(*) FROM results),
		(SELECT count(*) FROM activities WHERE status = $2), (SELECT count(*) FROM events)`, ids, core.ActivityCompleted.String()).Scan(&kept, &results, &moved, &events)
	if n := len(acknowledged); err == nil && (kept != n || results != n || moved != n || events != n) {
		err = fmt.Errorf("%d results were acknowledged, %d of them are kept, among %d, with %d completed activities and %d events", n, kept, results, moved, events)
	}
	return err
}

// onConnection works on a connection of its own.
func onConnection(ctx context.Context, dsn string, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(work(conn), conn.Close(ctx))
}
