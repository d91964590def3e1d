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

	poll := EventsTopic().SelectQuery("events", "s", eventstore.Checkpoints{}).Query
	plans := map[string]func(statement string) (plan []string, err error){
		"PREPARE kept (text) AS " + poll: func(statement string) ([]string, error) {
			rows, err := subscription.QueryContext(t.Context(), statement)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			return lines(rows)
		},
		"PREPARE kept (bigint, bigint) AS " + selectSlim: func(statement string) ([]string, error) {
			rows, err := reader.Query(t.Context(), statement)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			return lines(rows)
		},
	}
	const some, many = 10, 6 // more than the executions after which a plan is kept
	for prepare, ask := range plans {
		if _, err := ask(prepare); err != nil {
			t.Fatal(err)
		}
	}
	execute := func(prepare string) string {
		if strings.Contains(prepare, "(text)") {
			return "EXECUTE kept ('s')"
		}
		return "EXECUTE kept (0, 16)"
	}
	mustAppend(t, log, 0, some)
	for prepare, ask := range plans {
		for range many {
			if _, err := ask("EXPLAIN " + execute(prepare)); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustAppend(t, log, some, 400)
	for prepare, ask := range plans {
		plan, err := ask("EXPLAIN " + execute(prepare))
		if text := strings.Join(plan, "\n"); err != nil || strings.Contains(text, "Seq Scan on events") || strings.Contains(text, "Sort") || !strings.Contains(text, "Index Scan using events_pkey") {
			t.Errorf("%s: %v\n%s", prepare, err, text)
		}
	}
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
