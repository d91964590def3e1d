package projections_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// recordedAt says when an event was recorded, as the log has it.
func (w *world) recordedAt(ctx context.Context, at core.Position) (core.Instant, error) {
	for r, err := range w.log.ReadAll(ctx, at-1) {
		return r.RecordedAt, err
	}
	return 0, errors.New("the log does not come that far")
}

// lagging is a barrier of this world that tells the lag, and the clock that it goes by.
func (w *world) lagging(checkpoint *projections.Checkpoint) (*projections.Barrier, *atomic.Int64) {
	now := new(atomic.Int64)
	return projections.NewBarrier(projections.BarrierConfig{
		Head: w.log.Head, Checkpoint: checkpoint, RecordedAt: w.recordedAt, Now: func() time.Time { return time.UnixMilli(now.Load()) },
	}), now
}

func lagOf(t *testing.T, b *projections.Barrier) projections.Lag {
	t.Helper()
	lag, err := b.Lag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lag
}

// A projector that is stuck is seen within two periods after the first event that it does not project, and no longer once it goes on.
func TestLagOfAStuckHandler(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		stuck, release := make(chan struct{}), make(chan struct{})
		var block atomic.Bool
		var entered sync.Once
		cfg := w.counting(w.config(w.tables), func(context.Context, *projections.Tx, int, []core.Recorded) error {
			if block.Load() {
				entered.Do(func() { close(stuck) })
				<-release
			}
			return nil
		})
		barrier, now := w.lagging(cfg.Checkpoint)
		running := w.run(cfg)
		r := rand.New(rand.NewPCG(70, 1))
		w.live(r, 3)
		w.caughtUp(running)
		now.Store(int64(w.clock) + time.Hour.Milliseconds())
		if lag := lagOf(t, barrier); lag != (projections.Lag{}) {
			t.Fatalf("with nothing to project, for an hour: %+v", lag)
		}

		block.Store(true)
		w.do(tenants[0], w.creation(r, ""))
		first := int64(w.clock)
		<-stuck
		w.do(tenants[0], w.creation(r, "")) // later; the first is what counts
		now.Store(first + projections.MaxReadLag.Milliseconds())
		if lag := lagOf(t, barrier); lag != (projections.Lag{Events: 2, Time: projections.MaxReadLag}) || lag.TooLong() {
			t.Errorf("after one period: %+v", lag)
		}
		now.Store(first + 2*projections.MaxReadLag.Milliseconds())
		if lag := lagOf(t, barrier); !lag.TooLong() {
			t.Errorf("after two periods: %+v", lag)
		}
		metrics := gather(t, projections.NewMetrics(barrier))
		if events, seconds := metrics["resultlog_projection_lag_events"], metrics["resultlog_projection_lag_seconds"]; events != 2 || seconds != 2*projections.MaxReadLag.Seconds() {
			t.Errorf("metrics say %v events and %v s", events, seconds)
		}

		block.Store(false)
		close(release)
		w.caughtUp(running)
		if lag := lagOf(t, barrier); lag != (projections.Lag{}) {
			t.Errorf("released: %+v", lag)
		}
		now.Store(0) // a clock that is behind the log's is no lag
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		w.do(tenants[0], w.creation(r, ""))
		if lag := lagOf(t, barrier); lag != (projections.Lag{Events: 1}) {
			t.Errorf("with a clock that is behind: %+v", lag)
		}
	})
}

// A lag that cannot be told is told as that, and in time: whoever does not answer, the head, the tables or the log, be it deaf to its context.
func TestLagThatCannotBeTold(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(70, 2)), 1) // and nothing projects it
		checkpoint := projections.NewCheckpoint(w.tables.Read)
		head := func(context.Context) (core.Position, error) { return 1, nil }
		fails := func(context.Context) (core.Position, error) { return 0, errTest }
		recorded := func(context.Context, core.Position) (core.Instant, error) { return 0, nil }
		unknown := func(context.Context, core.Position) (core.Instant, error) { return 0, errTest }
		closed := w.open()
		w.close(closed)
		for name, cfg := range map[string]projections.BarrierConfig{
			"the head":                   {Head: fails, Checkpoint: checkpoint, RecordedAt: recorded},
			"when an event was recorded": {Head: head, Checkpoint: checkpoint, RecordedAt: unknown},
			"the checkpoint":             {Head: head, Checkpoint: projections.NewCheckpoint(closed.Read), RecordedAt: recorded},
		} {
			b := projections.NewBarrier(cfg)
			if lag, err := b.Lag(t.Context()); err == nil {
				t.Errorf("%s cannot be read, and the lag is %+v", name, lag)
			}
			if seconds := gather(t, projections.NewMetrics(b))["resultlog_projection_lag_seconds"]; !math.IsNaN(seconds) {
				t.Errorf("%s cannot be read, and the metric is %v", name, seconds)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			hangs := func(context.Context) (core.Position, error) { <-release; return 0, errTest }
			begin := time.Now()
			lag, err := projections.NewBarrier(projections.BarrierConfig{Head: hangs, Checkpoint: checkpoint}).Lag(t.Context())
			if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took != projections.LagTimeout {
				t.Errorf("the head hangs, and the lag is %+v after %s (%v)", lag, took, err)
			}
			close(release)
		})
	})
}

// A log that hangs when it is asked for the event itself does not hold up the answer either.
func TestLagOfAHangingLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(70, 3)), 1)
		release, left := make(chan struct{}), make(chan struct{}, 2)
		b := projections.NewBarrier(projections.BarrierConfig{Head: w.log.Head, Checkpoint: projections.NewCheckpoint(w.tables.Read),
			RecordedAt: func(context.Context, core.Position) (core.Instant, error) {
				<-release
				left <- struct{}{}
				return 0, nil
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Lag(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the lag of a caller who has gone: %v", err)
		}
		if _, err := b.Lag(t.Context()); !errors.Is(err, context.DeadlineExceeded) { // after LagTimeout, on the real clock: a database is asked
			t.Errorf("the lag: %v", err)
		}
		close(release)
		<-left
	})
}
