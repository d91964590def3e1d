package projections_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// pending gives submissions that update the same standalone result again and again, each later than the one before it was recorded.
func (w *world) pending(provider string, n int) (intents []core.Intent) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		s := w.submission(r, provider)
		s.SentActivityID, s.Status, s.OccurredAt, s.HardOverride = core.ID{}, core.ResultPending, w.clock+core.Instant(i)*1000+500, false
		intents = append(intents, s)
	}
	return intents
}

// parkedStream makes a world with one stream of so many events that are all parked, and a runner that goes on.
func parkedStream(t *testing.T, newWorld func(testing.TB) *world, events int) (*world, failing, projections.DeadLetters, core.Stream) {
	w := newWorld(t)
	w.keyed = true
	broken, cfg := w.breaking(func(e core.Recorded) bool { return true })
	running := w.run(cfg)
	w.do(tenants[0], w.pending("ext-1", events)...)
	w.caughtUp(running)
	d := w.deadLetters(w.tables, broken)
	streams := streamsOf(w.letters(d, projections.Which{}))
	if len(streams) != 1 || w.machine.Head() != core.Position(events) {
		t.Fatalf("%d streams of %d events", len(streams), w.machine.Head())
	}
	return w, broken, d, streams[0]
}

// Retrying applies in the order of versions and stops at the first that fails, with the new error beside the old time; what follows it is not touched.
func TestRetryStopsAtTheFirstThatFails(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 5)
		before := w.letters(d, projections.Which{})
		broken.poison = func(e core.Recorded) bool { return e.Version == 3 }
		d.Projections = append(projections.All(), broken)
		done := w.retry(d, stream, 0)
		if done.Applied != 2 || done.Left != 3 || done.Failed == nil || done.Failed.Version != 3 {
			t.Fatalf("retried: %+v", done)
		}
		after := w.letters(d, projections.Which{})
		if len(after) != 3 || after[0].Version != 3 || after[0].Error != done.Failed.Error || !strings.Contains(after[0].Error, "failing: version 3") ||
			after[0].ParkedAt != before[2].ParkedAt || after[1] != before[3] || after[2] != before[4] {
			t.Fatalf("dead letters are %+v", after)
		}
		var version int
		w.scan(w.tables, &version, `SELECT version FROM results`)
		if version != 2 {
			t.Fatalf("the result is at version %d", version)
		}
		if done := w.retry(d, stream, 4); done.Applied != 0 || done.Left != 2 || done.Failed == nil { // as far as was asked for
			t.Fatalf("retried through version 4: %+v", done)
		}
	})
}

// A version ends what is retried; the rest stays parked, and so does what comes after it.
func TestRetryThroughAVersion(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 5)
		broken.broken.Store(false)
		if done := w.retry(d, stream, 3); done.Applied != 3 || done.Left != 0 || done.Failed != nil {
			t.Fatalf("retried: %+v", done)
		}
		if left := w.letters(d, projections.Which{}); len(left) != 2 || left[0].Version != 4 {
			t.Fatalf("dead letters are %+v", left)
		}
		if done := w.retry(d, stream, 0); done.Applied != 2 || done.Left != 0 {
			t.Fatalf("retried the rest: %+v", done)
		}
		w.verify(w.tables)
		if done := w.retry(d, stream, 0); done != (projections.Retried{}) {
			t.Fatalf("retried nothing: %+v", done)
		}
	})
}

// A long stream is retried in several transactions, so that no server is kept waiting; and listed in several pages.
func TestRetryOfALongStream(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 603)
		if n := len(w.letters(d, projections.Which{Tenant: stream.Tenant, Stream: stream.ID})); n != 603 {
			t.Fatalf("%d listed", n)
		}
		if n := len(w.letters(d, projections.Which{Tenant: tenants[1]})); n != 0 {
			t.Fatalf("%d of another tenant", n)
		}
		broken.broken.Store(false)
		if done := w.retry(d, stream, 0); done.Applied != 603 || done.Left != 0 || done.Failed != nil {
			t.Fatalf("retried: %+v", done)
		}
		w.verify(w.tables)
	})
}

// A log that does not hold what was parked is another log: nothing of it is applied.
func TestRetryFromAnotherLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 3)
		broken.broken.Store(false)
		for name, history := range map[string]projections.History{
			"without the stream": func(context.Context, core.Stream, core.Version) iter.Seq2[core.Recorded, error] {
				return func(func(core.Recorded, error) bool) {}
			},
			"with another event there": func(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
				return func(yield func(core.Recorded, error) bool) {
					for r, err := range w.log.ReadStream(ctx, stream, after) {
						r.EventID = core.ID{1, 2, 3}
						if !yield(r, err) {
							return
						}
					}
				}
			},
		} {
			d.History = history
			if done, err := d.Retry(t.Context(), stream, 0); err == nil || done.Applied != 0 || !strings.Contains(err.Error(), "another log") {
				t.Errorf("%s: %+v, %v", name, done, err)
			}
		}
		if n := len(w.letters(d, projections.Which{})); n != 3 {
			t.Errorf("%d dead letters are left", n)
		}
	})
}

// An event that the log cannot give is the one that fails.
func TestRetryOfAnUnreadableEvent(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 3)
		broken.broken.Store(false)
		read := d.History
		d.History = func(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
			return func(yield func(core.Recorded, error) bool) {
				for r, err := range read(ctx, stream, after) {
					if r.Version == 2 {
						yield(core.Recorded{}, errTest)
						return
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
		if done := w.retry(d, stream, 0); done.Applied != 1 || done.Left != 2 || done.Failed == nil || done.Failed.Version != 2 || !strings.Contains(done.Failed.Error, errTest.Error()) {
			t.Fatalf("retried: %+v", done)
		}
	})
}

// What cannot be written is no event's fault: all stays as it was.
func TestRetryWhileNothingCanBeWritten(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 3)
		before := w.letters(d, projections.Which{})
		broken.broken.Store(false)
		d.Projections = append(projections.All(), ending{})
		if done, err := d.Retry(t.Context(), stream, 0); err == nil || done != (projections.Retried{}) {
			t.Errorf("the transaction was lost: %+v, %v", done, err)
		}
		stopped, cancel := context.WithCancel(t.Context())
		d.Projections = append(projections.All(), stopping{cancel})
		if done, err := d.Retry(stopped, stream, 0); !errors.Is(err, context.Canceled) || done != (projections.Retried{}) {
			t.Errorf("stopped: %+v, %v", done, err)
		}
		after := w.letters(d, projections.Which{})
		if len(after) != len(before) || after[0] != before[0] {
			t.Errorf("dead letters are %+v", after)
		}
	})
}

// ending loses the transaction, as SQLite does when the disk is full.
type ending struct{ failing }

func (ending) Apply(ctx context.Context, tx *projections.Tx, _ []core.Recorded) error {
	_, err := tx.ExecContext(ctx, `ROLLBACK`)
	return errors.Join(errTest, err)
}

// stopping is stopped while it applies.
type stopping struct{ stop context.CancelFunc }

func (stopping) Name() string                                 { return "stopping" }
func (stopping) Reset(context.Context, *projections.Tx) error { return nil }
func (s stopping) Apply(ctx context.Context, _ *projections.Tx, _ []core.Recorded) error {
	s.stop()
	return ctx.Err()
}
