package projections_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// A token in the channel wakes the subscription at once: nothing else would, within this test.
func TestSubscriptionIsWokenByTheCommit(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		running := w.run(w.config(w.tables)) // its fallback poll is an hour away
		r := rand.New(rand.NewPCG(20, 1))
		for range 20 {
			w.live(r, 1)
			w.caughtUp(running)
		}
		w.verify(w.tables)
	})
}

// What nobody announces, as from another process, is found by the fallback poll.
func TestSubscriptionPollsWhenNobodyWakesIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		cfg := w.config(w.tables)
		cfg.Wake, cfg.FallbackPoll = nil, time.Millisecond
		running := w.run(cfg)
		w.live(rand.New(rand.NewPCG(20, 2)), 5)
		w.caughtUp(running)
		w.verify(w.tables)
	})
}

// A log of many deliveries is caught up with without another wake-up.
func TestSubscriptionGoesOnWhileThereIsMore(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(20, 3))
		w.fill(r, 1200) // three deliveries
		<-w.wake
		w.caughtUp(w.run(w.config(w.tables)))
		w.verify(w.tables)
	})
}

// crash is a projection that applies nothing, and at the n-th call ends the run as a crash would: what was not committed is gone.
type crash struct {
	calls *atomic.Int32
	at    int32
	stop  context.CancelFunc
}

func (crash) Name() string                                 { return "crash" }
func (crash) Reset(context.Context, *projections.Tx) error { return nil }
func (c crash) Apply(ctx context.Context, _ *projections.Tx, _ []core.Recorded) error {
	if c.calls.Add(1) == c.at {
		c.stop()
		<-ctx.Done()
	}
	return nil
}

// Whatever the point of the crash, before, between or after the tables, in this batch or that: both tables are as the checkpoint says, and the next run goes on from there.
func TestTablesAreInSyncWithTheCheckpointAfterACrashAtAnyPoint(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(20, 4))
		points := int32(len(projections.All()) + 1) // in each delivery
		for at := int32(1); at <= 4*points; at++ {
			tables := w.open()
			ctx, cancel := context.WithCancel(context.Background())
			cfg := w.config(tables)
			point := crash{new(atomic.Int32), at, cancel}
			cfg.Projections = []projections.Projection{point}
			for _, p := range projections.All() {
				cfg.Projections = append(cfg.Projections, p, point)
			}
			runner, err := projections.NewRunner(cfg)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- runner.Run(ctx) }()
			for ctx.Err() == nil {
				w.live(r, 1)
				w.until("caught up, or crashed", func() bool { return ctx.Err() != nil || cfg.Checkpoint.Announced() == w.machine.Head() })
			}
			if err := w.await(ended); err != nil {
				t.Fatal(err)
			}
			w.close(tables)
			tables = w.open()
			var checkpoint core.Position
			w.scan(tables, (*int64)(&checkpoint), `SELECT coalesce((SELECT position FROM checkpoints), 0)`)
			if checkpoint == w.machine.Head() {
				t.Fatalf("point %d: the crash cost nothing", at)
			}
			w.verify(tables)
			w.close(tables)
		}
		w.wakeUp()
		w.caughtUp(w.run(w.config(w.tables)))
		w.verify(w.tables)
	})
}

// Metrics tell what was committed, and what is behind.
func TestMetrics(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		cfg := w.config(w.tables)
		barrier, now := w.lagging(cfg.Checkpoint)
		cfg.Metrics = projections.NewMetrics(barrier)
		cfg = w.counting(cfg, func(_ context.Context, _ *projections.Tx, _ int, batch []core.Recorded) error {
			if batch[0].Position <= 1 {
				return errTest
			}
			return nil
		})
		running := w.run(cfg)
		w.live(rand.New(rand.NewPCG(20, 6)), 1)
		w.caughtUp(running)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		applied := w.machine.Head()
		w.do(tenants[0], w.creation(rand.New(rand.NewPCG(1, 1)), ""))
		now.Store(int64(w.clock) + 1500)

		got := gather(t, cfg.Metrics)
		want := map[string]float64{
			"resultlog_projection_events_total": float64(applied), "resultlog_projection_batch_events": 1, "resultlog_projection_apply_seconds": 1,
			"resultlog_projection_delay_seconds": 1, "resultlog_projection_lag_events": 1, "resultlog_projection_lag_seconds": 1.5, "resultlog_projection_failures_total": projections.MaxTries - 1,
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %g, want %g", name, got[name], value)
			}
		}
		if got["resultlog_projection_dead_letters"] == 0 || got["resultlog_projection_dead_letters"] != got["resultlog_projection_parked_total"] {
			t.Errorf("dead letters: %v", got)
		}
	})
}

// Commits in a rush are gathered into few deliveries, and a read that waits gets them at once.
func TestCommitsInARushAreGathered(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		cfg, hurry := w.config(w.tables), make(chan struct{}, 1)
		cfg.GatherDelay, cfg.Hurry, cfg.Metrics = forever, hurry, projections.NewMetrics(nil)
		r := rand.New(rand.NewPCG(20, 5))
		running := w.run(cfg)
		for range 50 { // each wakes the subscription
			w.live(r, 1)
		}
		hurry <- struct{}{}
		w.caughtUp(running)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		if n := gather(t, cfg.Metrics)["resultlog_projection_batch_events"]; n > 3 { // the first poll may find some of them, and the next was held back
			t.Errorf("50 commits took %v deliveries", n)
		}
		w.verify(w.tables)
	})
}
