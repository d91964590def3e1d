package postgres

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// TestPlansOfASmallLogAreGoodForALargeOne: a connection keeps the plans that it made when there was next to nothing, and no statistics are gathered before the first autovacuum. None of them
// reads the log as a whole.
func TestPlansOfASmallLogAreGoodForALargeOne(t *testing.T) {
	dsn := postgrestest.Own(t, "autovacuum=off").DSN("postgres")
	log := mustOpen(t, dsn)
	schema := fstest.MapFS{"00001_read.sql": {Data: []byte("-- +goose Up\nCREATE TABLE checkpoints (subscription text PRIMARY KEY, position bigint NOT NULL, event_id uuid NOT NULL);\n")}}
	tables, err := OpenReadTables(t.Context(), dsn, schema)
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	subscription, err := tables.Write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer subscription.Close()
	reader, err := log.readers.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()

	const some, many = 10, 6 // more than the executions after which a plan is kept
	mustAppend(t, log, 0, some)
	onSubscription := func(statement string) ([]string, error) {
		rows, err := subscription.QueryContext(t.Context(), statement)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		return lines(rows)
	}
	onReader := func(statement string) ([]string, error) {
		rows, err := reader.Query(t.Context(), statement)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		return lines(rows)
	}
	plans := []struct {
		name, types, statement, args string
		ask                          func(statement string) (plan []string, err error)
	}{
		{"poll", "text", EventsTopic().SelectQuery("events", "s", eventstore.Checkpoints{}).Query, "'s'", onSubscription},
		{"ahead", "text, bigint, bigint, bigint", pollAhead(t, tables), "'s', 5, 8, 1", onSubscription},
		{"replay", "bigint, bigint", selectSlim, "0, 16", onReader},
	}
	explain := func(name, args string) string { return "EXPLAIN EXECUTE " + name + " (" + args + ")" }
	for _, p := range plans {
		if _, err := p.ask("PREPARE " + p.name + " (" + p.types + ") AS " + p.statement); err != nil {
			t.Fatal(err)
		}
		for range many {
			if _, err := p.ask(explain(p.name, p.args)); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustAppend(t, log, some, 400)
	for _, p := range plans {
		plan, err := p.ask(explain(p.name, p.args))
		if text := strings.Join(plan, "\n"); err != nil || strings.Contains(text, "Seq Scan on events") || strings.Contains(text, "Sort") || !strings.Contains(text, "Index Scan using events_pkey") {
			t.Errorf("%s: %v\n%s", p.name, err, text)
		}
	}
}

// pollAhead is the statement of a poll that goes on from what was read ahead.
func pollAhead(t *testing.T, tables *ReadTables) string {
	topic := &eventstore.AheadTopic{EventsTopic: EventsTopic(), DB: tables.Read}
	topic.Most = 4
	first := topic.SelectQuery("events", "s", eventstore.Checkpoints{})
	rows, err := tables.Write.QueryContext(t.Context(), first.Query, first.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	if _, err := topic.UnmarshalMessage(rows); err != nil {
		t.Fatal(err)
	}
	next := topic.SelectQuery("events", "s", eventstore.Checkpoints{})
	if len(next.Args) == len(first.Args) {
		t.Fatal("nothing was read ahead")
	}
	return next.Query
}

// lines are rows of one text each.
func lines(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
}) (all []string, err error) {
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		all = append(all, line)
	}
	return all, rows.Err()
}
