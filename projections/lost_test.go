package projections_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"resultlog/core"
	"resultlog/eventstore/postgres"
	"resultlog/projections"
)

// kill ends a session of the server, as an operator would, or a machine that fails, and waits until it is gone.
func (w *world) kill(pid int) {
	w.t.Helper()
	var there bool
	w.scan(w.tables, &there, `SELECT pg_terminate_backend($1)`, pid)
	w.until("the session is gone", func() bool {
		w.scan(w.tables, &there, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1)`, pid)
		return !there
	})
}

// A delivery whose connection is lost, before its first table or after its last, is taken up again on another, and applied once.
func TestDeliveryWhoseConnectionIsLost(t *testing.T) {
	for _, place := range []string{"before the tables", "after the tables"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			w := postgresWorld(t)
			w.live(rand.New(rand.NewPCG(94, 1)), 10)
			cfg := w.counting(w.config(w.tables), func(ctx context.Context, tx *projections.Tx, call int, _ []core.Recorded) error {
				if call > 3 {
					return nil
				}
				var pid int
				if err := tx.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
					t.Error(err)
				}
				w.kill(pid)
				return nil
			})
			if place == "after the tables" { // the next statement is that which moves the checkpoint
				cfg.Projections = append(slices.Clone(cfg.Projections[1:]), cfg.Projections[0])
			}
			w.caughtUp(w.run(cfg))
			w.eachOnce()
		})
	}
}

// So is one that was still waiting for the write lock.
func TestPollWhoseConnectionIsLostWhileItWaits(t *testing.T) {
	w := postgresWorld(t)
	w.live(rand.New(rand.NewPCG(94, 2)), 10)
	other := w.open()
	t.Cleanup(func() { w.close(other) })
	holding, err := other.Write.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	running := w.run(w.counting(w.config(w.tables), func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil }))
	var pid int
	w.until("a poll waits", func() bool {
		w.scan(w.tables, &pid, `SELECT coalesce((SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), 0)`)
		return pid != 0
	})
	w.kill(pid)
	if err := holding.Rollback(); err != nil {
		t.Fatal(err)
	}
	w.caughtUp(running)
	w.eachOnce()
}

// The lock is that of the transaction: it ends with it, however it ends, and nobody else has it meanwhile.
func TestWriteLockEndsWithItsTransaction(t *testing.T) {
	w := postgresWorld(t)
	other := w.open()
	t.Cleanup(func() { w.close(other) })
	for _, end := range []func(*projections.Tx) error{(*projections.Tx).Commit, (*projections.Tx).Rollback} {
		tx, err := w.tables.Write.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var free bool
		try := strings.Replace(postgres.LockReadTables, "pg_advisory_xact_lock", "pg_try_advisory_xact_lock", 1)
		if w.scan(other, &free, try); free {
			t.Error("another session could have the lock at the same time")
		}
		if err := end(tx); err != nil {
			t.Fatal(err)
		}
		if w.scan(other, &free, try); !free {
			t.Error("the lock is still held")
		}
	}
}

// violating is a projection that breaks a constraint of the database when it comes to some events, having written rows before.
type violating struct{ failing }

func (v violating) Apply(ctx context.Context, tx *projections.Tx, batch []core.Recorded) error {
	for _, r := range batch {
		if _, err := tx.ExecContext(context.WithoutCancel(ctx), `INSERT INTO constrained (position, wrong) VALUES ($1, $2)`, int64(r.Position), v.poison(r)); err != nil {
			return err
		}
	}
	return nil
}

// An event that violates a constraint aborts the transaction, on PostgreSQL, until the savepoint is rolled back to. It is parked, and its neighbours in the batch are applied once.
func TestEventThatViolatesAConstraintIsParkedAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.exec(`CREATE TABLE constrained (position BIGINT PRIMARY KEY, wrong BOOLEAN CHECK (NOT wrong))`)
		w.live(rand.New(rand.NewPCG(94, 3)), 40)
		poison := busiestStreams(w.history(), 1)[0]
		cfg := w.counting(w.config(w.tables), func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil })
		cfg.Projections = append(cfg.Projections, violating{failing{new(atomic.Bool), func(r core.Recorded) bool { return r.Position == poison }}})
		w.caughtUp(w.run(cfg))
		if parked := w.verifyWithout(poison); parked < 2 {
			t.Fatalf("%d events parked: too few to tell anything of what follows", parked)
		}
		var why string
		w.scan(w.tables, &why, `SELECT error FROM dead_letters WHERE position = $1`, int64(poison))
		if !strings.Contains(strings.ToLower(why), "check constraint") {
			t.Errorf("the dead letter says %q", why)
		}
		var applied, rows int
		w.scan(w.tables, &applied, `SELECT count(*) FROM counted`)
		w.scan(w.tables, &rows, `SELECT count(*) FROM constrained`)
		if rows != applied {
			t.Errorf("%d rows of %d events", rows, applied)
		}
	})
}

// Whatever an error says, it is no reason not to park its event: not all that is a string is a text to a database.
func TestErrorOfAnyBytesIsParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(94, 4)), 10)
		poison := busiestStreams(w.history(), 1)[0]
		cfg := w.counting(w.config(w.tables), func(_ context.Context, _ *projections.Tx, _ int, batch []core.Recorded) error {
			if slices.ContainsFunc(batch, func(e core.Recorded) bool { return e.Position == poison }) {
				panic("half a character: \xc3, and NUL: \x00.")
			}
			return nil
		})
		w.caughtUp(w.run(cfg))
		w.verifyWithout(poison)
	})
}
