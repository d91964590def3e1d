package projections

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
)

// When the subscriber learns that it is to end, and commits whatever the handler has written so far, the transaction has ended already.
func TestStopEndsTheTransactionFirst(t *testing.T) {
	for _, engine := range []struct {
		driver, lock string
		place        func() string
	}{
		{"sqlite", "", func() string { return filepath.Join(t.TempDir(), "read.db") }},
		{"pgx", postgres.LockReadTables, func() string { return postgrestest.Database(t) }},
	} {
		t.Run(engine.driver, func(t *testing.T) {
			db, err := sql.Open(engine.driver, engine.place())
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			stopsFirst(t, Tables{DB: db, Lock: engine.lock})
		})
	}
}

func stopsFirst(t *testing.T, tables Tables) {
	r, err := NewRunner(Config{Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	subscribed, cancel := context.WithCancel(t.Context())
	tx, err := r.polls.BeginTx(subscribed, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	r.cancel = func() {
		told = true
		if err := tx.Commit(); !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("the transaction could still be committed: %v", err)
		}
		if _, err := r.polls.BeginTx(subscribed, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("another one could begin: %v", err)
		}
		cancel()
	}
	why := errors.New("why")
	r.stop(why)
	r.stop(errors.New("too late"))
	if !told || r.err != why {
		t.Fatalf("told %v, why %v", told, r.err)
	}
}
