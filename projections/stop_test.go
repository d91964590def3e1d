package projections

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
)

// When the subscriber learns that it is to end, and commits whatever the handler has written so far, the transaction has ended already.
func TestStopEndsTheTransactionFirst(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "read.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cfg := Config{Tables: Tables{DB: db}}
	r, err := NewRunner(cfg)
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
