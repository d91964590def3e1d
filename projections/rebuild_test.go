package projections_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
	"resultlog/projections"
)

// gather gives each metric's value; of a histogram, how often it was observed.
func gather(t *testing.T, m *projections.Metrics) map[string]float64 {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, f := range families {
		metric := f.GetMetric()[0]
		values[f.GetName()] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
	}
	return values
}

// spoil makes the tables wrong, so that only a rebuild can make them right.
func (w *world) spoil() {
	w.t.Helper()
	for _, wrong := range []string{
		`UPDATE results SET status = 'CANCELED', result = 'other'`, `DELETE FROM activities WHERE version = 1`,
		`UPDATE task_result_types SET is_active = NOT is_active, classification = 'NEGATIVE'`, `DELETE FROM api_keys WHERE revoked_at IS NULL`,
		`UPDATE api_keys SET name = 'wrong', revoked_at = NULL`,
	} {
		w.exec(wrong)
	}
	nobody := core.ID{15: 1}
	w.exec(`INSERT INTO task_result_types VALUES ($1, 'other', FALSE, NULL, 1, 1, 1)`, nobody[:])
	w.exec(`INSERT INTO dead_letters VALUES ($1, $1, 1, 1, 1, $1, 0, 0, 'wrong')`, nobody[:])
}

// A rebuild gives the tables that live projecting gave, and reports its progress up to the head.
func TestRebuildEqualsLive(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(30, 1))
		live := w.run(w.config(w.tables))
		w.fill(r, 1100)
		w.caughtUp(live)
		w.verify(w.tables)
		if err := live.stop(); err != nil {
			t.Fatal(err)
		}
		w.spoil()
		var seen []core.Position
		err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), func(done, total core.Position) {
			if total != w.machine.Head() {
				t.Errorf("total %d, want %d", total, w.machine.Head())
			}
			seen = append(seen, done)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.verify(w.tables)
		if len(seen) < 2 || seen[0] == w.machine.Head() || seen[len(seen)-1] != w.machine.Head() {
			t.Fatalf("progress %v", seen)
		}
		var letters int
		w.scan(w.tables, &letters, `SELECT count(*) FROM dead_letters`)
		if letters > 0 {
			t.Fatal("dead letters of before are still there")
		}
	})
}

// Killed half way, the tables are as the checkpoint says; a server that starts then goes on.
func TestRebuildKilledHalfWayIsFinishedByWhoeverRunsNext(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(30, 2))
		w.fill(r, 1100)
		live := w.run(w.config(w.tables))
		w.caughtUp(live)
		if err := live.stop(); err != nil {
			t.Fatal(err)
		}
		w.spoil()
		ctx, cancel := context.WithCancel(t.Context())
		err := projections.Rebuild(ctx, w.config(w.tables), w.machine.Head(), func(done, _ core.Position) {
			if done > 0 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("the killed rebuild ended with %v", err)
		}
		w.verify(w.tables)
		w.wakeUp()
		w.caughtUp(w.run(w.config(w.tables)))
		w.verify(w.tables)
	})
}

// Beside a running server that projects what keeps coming, nothing is applied twice, and nothing is lost.
func TestRebuildBesideARunningRunner(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(30, 3))
		w.fill(r, 600)
		once := func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil }
		server := w.counting(w.config(w.tables), once)
		server.FallbackPoll = time.Millisecond
		running := w.run(server)
		w.caughtUp(running)

		tool := w.open() // as another process
		t.Cleanup(func() { w.close(tool) })
		for range 5 {
			rebuilt := make(chan error, 1)
			cfg := w.counting(w.config(tool), once)
			head := w.machine.Head()
			go func() { rebuilt <- projections.Rebuild(context.Background(), cfg, head, nil) }()
			w.live(r, 10)
			if err := w.await(rebuilt); err != nil {
				t.Fatal(err)
			}
		}
		w.until("the server has caught up", func() bool { return running.checkpoint.Announced() == w.machine.Head() })
		w.eachOnce()
	})
}

// A read beside a rebuild waits for the tables, although this node's subscription has not noticed yet that they were emptied.
func TestBarrierSeesARebuildOfAnotherProcess(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(30, 4)), 10)
		cfg := w.config(w.tables)
		running := w.run(cfg) // with a fallback poll that is an hour away
		w.caughtUp(running)
		barrier := projections.NewBarrier(projections.BarrierConfig{Head: w.log.Head, Checkpoint: cfg.Checkpoint, Hurry: w.wakeUp})

		tool := w.open()
		t.Cleanup(func() { w.close(tool) })
		for _, table := range []string{"activity_transitions", "results", "submissions", "activities", "task_result_types", "api_keys", "checkpoints"} { // the latter last: a rebuild that was killed at once
			if _, err := tool.Write.Exec(`DELETE FROM ` + table); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := barrier.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.verify(w.tables)
		var checkpoint core.Position
		w.scan(w.tables, (*int64)(&checkpoint), `SELECT coalesce((SELECT position FROM checkpoints), 0)`)
		if checkpoint != w.machine.Head() {
			t.Fatalf("the barrier let a read through at %d of %d", checkpoint, w.machine.Head())
		}
	})
}

// A read that was let through may find the tables emptied by a rebuild: it is told so, and not that there is no such row.
func TestReadBetweenTheBarrierAndARebuild(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		live := w.run(w.config(w.tables))
		w.fill(rand.New(rand.NewPCG(30, 7)), 20)
		w.caughtUp(live)
		barrier := projections.NewBarrier(projections.BarrierConfig{Head: w.log.Head, Checkpoint: live.checkpoint})
		head, err := barrier.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := live.stop(); err != nil {
			t.Fatal(err)
		}
		if dropped, err := projections.DropIfForeign(t.Context(), w.config(w.tables), newWorld(t).eventID); !dropped || err != nil { // empties them, as a rebuild first does
			t.Fatal(dropped, err)
		}
		q := projections.NewQueries(w.tables.Read)
		var behind *core.Error
		if _, err := q.Result(t.Context(), head, tenants[0], w.mint()); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("result: %v", err)
		}
		if _, err := q.Activity(t.Context(), head, tenants[0], w.mint()); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("activity: %v", err)
		}
	})
}

// Tables that are ahead of their log, as after restoring an older one beside a running server, are let through by no read.
func TestTablesAheadOfTheLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(30, 8)), 20)
		cfg := w.config(w.tables)
		w.caughtUp(w.run(cfg))
		short := w.machine.Head() - 1
		barrier := projections.NewBarrier(projections.BarrierConfig{Head: func(context.Context) (core.Position, error) { return short, nil }, Checkpoint: cfg.Checkpoint})
		var behind *core.Error
		if _, err := barrier.Wait(t.Context()); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("the barrier says %v", err)
		}
	})
}
