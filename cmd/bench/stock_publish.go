package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"resultlog/core"
)

// stockTopic is the topic that bodies are published to.
const stockTopic = "submissions"

// stockPublisher is what a user of watermill-sql has out of the box: the ceiling, and before the answer the body is published, a message for each request, by its publisher with its own schema.
// It decides nothing, and knows no activities.
func stockPublisher(token string) contender {
	return contender{
		name:       stockName,
		onPostgres: true,
		command:    self("stock", token),
		verify: func(ctx context.Context, at place, acknowledged []core.ID) error {
			return onConnection(ctx, at.dsn, func(conn *pgx.Conn) error { return verifyTopic(ctx, conn, acknowledged) })
		},
	}
}

// serveStock is the contender's process.
func serveStock(ctx context.Context, token string) error {
	db, err := openStock(ctx, os.Getenv(dsnVariable))
	if err != nil {
		return err
	}
	defer db.Close()
	publisher, err := newPublisher(db)
	if err != nil {
		return err
	}
	return serve(ctx, stockHandler(token, publisher))
}

// stockHandler is the contender's server. The message's id is the result's, so that what was acknowledged can be looked for.
func stockHandler(token string, publisher message.Publisher) http.Handler {
	return handler(token, func(_ context.Context, a *accepted) error {
		return publisher.Publish(stockTopic, message.NewMessage(a.result.String(), a.body))
	})
}

// openStock opens a database as watermill-sql's documentation does, but with as many connections as the CRUD handler has, all of them kept; and makes the topic's table, which first messages that
// come side by side would make twice.
func openStock(ctx context.Context, dsn string) (*sql.DB, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(crudConnections)
	db.SetMaxIdleConns(crudConnections)
	for _, q := range (wsql.DefaultPostgreSQLSchema{}).SchemaInitializingQueries(stockTopic) {
		if _, err := db.ExecContext(ctx, q.Query, q.Args...); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

// newPublisher is the stock publisher.
func newPublisher(db *sql.DB) (message.Publisher, error) {
	return wsql.NewPublisher(db, wsql.PublisherConfig{SchemaAdapter: wsql.DefaultPostgreSQLSchema{}}, watermill.NopLogger{})
}

// verifyTopic counts: each acknowledged body stands in the topic once and no other.
func verifyTopic(ctx context.Context, conn *pgx.Conn, acknowledged []core.ID) error {
	ids := make([]string, len(acknowledged))
	for i, id := range acknowledged {
		ids[i] = id.String()
	}
	var kept, messages int
	err := conn.QueryRow(ctx, `SELECT (SELECT count(DISTINCT uuid) FROM watermill_`+stockTopic+` JOIN unnest($1::text[]) AS acknowledged ON acknowledged = uuid),
		(SELECT count(*) FROM watermill_`+stockTopic+`)`, ids).Scan(&kept, &messages)
	if n := len(acknowledged); err == nil && (kept != n || messages != n) {
		err = fmt.Errorf("%d bodies were acknowledged, %d of them are kept, among %d messages", n, kept, messages)
	}
	return err
}
