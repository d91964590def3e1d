package projections_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
)

// The guards against what watermill-sql v3 does with a transaction when something goes wrong in it. Each test says what was seen without its guard.

// counted is a projection that notes every event it is given, so that one that is applied twice, or not, shows; then it does what the test wants of the n-th call.
type counted struct {
	calls *atomic.Int32
	then  func(ctx context.Context, tx *projections.Tx, call int, batch []core.Recorded) error
}

func (counted) Name() string { return "counted" }

func (counted) Reset(ctx context.Context, tx *projections.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM counted`)
	return err
}

func (c counted) Apply(ctx context.Context, tx *projections.Tx, batch []core.Recorded) error {
	for _, r := range batch {
		if _, err := tx.ExecContext(context.WithoutCancel(ctx), `INSERT INTO counted VALUES ($1)`, int64(r.Position)); err != nil {
			return err
		}
	}
	return c.then(ctx, tx, int(c.calls.Add(1)), batch)
}

// counting adds the projection to a config.
func (w *world) counting(cfg projections.Config, then func(ctx context.Context, tx *projections.Tx, call int, batch []core.Recorded) error) projections.Config {
	w.t.Helper()
	cfg.Projections = append([]projections.Projection{counted{new(atomic.Int32), then}}, cfg.Projections...)
	return cfg
}

// eachOnce verifies that every event in the log was applied exactly once.
func (w *world) eachOnce() {
	w.t.Helper()
	w.verify(w.tables)
	var all, distinct, checkpoint int
	w.scan(w.tables, &all, `SELECT count(*) FROM counted`)
	w.scan(w.tables, &distinct, `SELECT count(DISTINCT position) FROM counted`)
	w.scan(w.tables, &checkpoint, `SELECT coalesce((SELECT position FROM checkpoints), 0)`)
	if all != distinct || all != checkpoint {
		w.t.Fatalf("%d events of %d were applied %d times; the checkpoint is %d", distinct, w.machine.Head(), all, checkpoint)
	}
}

var errTest = errors.New("the test says no")

// Seen without the savepoint: the batch is delivered again inside the same open transaction, on top of what the failed tries wrote, and counted 3 times.
func TestHandlerThatWritesAndThenFailsIsAppliedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 1)), 10)
		w.caughtUp(w.run(w.counting(w.config(w.tables), func(_ context.Context, _ *projections.Tx, call int, _ []core.Recorded) error {
			if call < projections.MaxTries {
				return errTest
			}
			return nil
		})))
		w.eachOnce()
	})
}

// Seen without the time-outs asserted: a handler that outlives the AckDeadline has its writes committed without the checkpoint, and is counted again.
func TestTimeOutsThatWouldCommitInPartAreRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		for _, change := range []func(*projections.Config){
			func(cfg *projections.Config) { cfg.AckDeadline = projections.TransactionTimeout },
			func(cfg *projections.Config) {
				cfg.TransactionTimeout = projections.MaxTries * projections.HandlerTimeout
			},
			func(cfg *projections.Config) { cfg.HandlerTimeout = time.Minute },
			func(cfg *projections.Config) { cfg.MaxTries = 100 },
		} {
			cfg := w.config(w.tables)
			change(&cfg)
			if _, err := projections.NewRunner(cfg); err == nil {
				t.Errorf("accepted: handler %s, tries %d, transaction %s, AckDeadline %s", cfg.HandlerTimeout, cfg.MaxTries, cfg.TransactionTimeout, cfg.AckDeadline)
			}
		}
		if _, err := projections.NewRunner(w.config(w.tables)); err != nil {
			t.Fatalf("the constants themselves: %v", err)
		}
	})
}

// hasty gives a config whose time-outs are over in no time, so that a test can outlive them.
func (w *world) hasty() projections.Config {
	cfg := w.config(w.tables)
	cfg.HandlerTimeout, cfg.MaxTries = 50*time.Millisecond, 1
	cfg.TransactionTimeout, cfg.AckDeadline = 150*time.Millisecond, 300*time.Millisecond
	return cfg
}

// Seen without the transaction's own time-out: at the AckDeadline the subscriber commits what the handler has written so far, without the checkpoint, and counts it again.
func TestHandlerThatOutlivesTheAckDeadlineCommitsNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 2)), 10)
		next := make(chan struct{})
		running := w.run(w.counting(w.hasty(), func(_ context.Context, _ *projections.Tx, call int, _ []core.Recorded) error {
			switch call {
			case 1:
				<-next // deaf to its context, until the subscriber has given up on it and the batch has come again
			case 2:
				close(next)
			}
			return nil
		}))
		w.caughtUp(running)
		w.eachOnce()
	})
}

// Seen without the time-out of the handler: one that hangs holds the transaction, and the log's snapshot, until the last of all time-outs. It leaves nothing behind, and comes again.
func TestSlowHandlerTimesOutAndLeavesNothingPartial(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 3)), 10)
		cfg := w.hasty()
		w.caughtUp(w.run(w.counting(cfg, func(ctx context.Context, _ *projections.Tx, call int, _ []core.Recorded) error {
			deadline, ok := ctx.Deadline()
			if !ok || time.Until(deadline) > cfg.HandlerTimeout {
				t.Errorf("the deadline is %v, %s away", ok, time.Until(deadline))
			}
			if call == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})))
		w.eachOnce()
	})
}

// Seen without giving the transaction up: SQLite rolls all of it back when a write in it is interrupted; the next try then runs outside of any transaction, and commits by itself.
func TestInterruptedWriteEndsTheTransaction(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 4)), 10)
		w.caughtUp(w.run(w.counting(w.hasty(), func(ctx context.Context, tx *projections.Tx, call int, _ []core.Recorded) error {
			if call > 1 {
				return nil
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO counted WITH RECURSIVE n(i) AS (SELECT -1 UNION ALL SELECT i-1 FROM n) SELECT i FROM n`)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the endless write ended with %v", err)
			}
			if _, err := tx.ExecContext(context.WithoutCancel(ctx), `ROLLBACK TO delivery`); err == nil || !strings.Contains(err.Error(), w.engine.lost) {
				t.Errorf("the savepoint is still there (%v): this test tells nothing", err)
			}
			return ctx.Err()
		})))
		w.eachOnce()
	})
}

// Seen without ending the transaction first: it commits what the handler has written so far, without the checkpoint, and counts it twice. The handler is stopped between
// the first table and the next, and does not care, or fails, or is right at its end.
func TestStopMidHandlerCommitsNothingPartial(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for n := range 12 {
			w := newWorld(t)
			w.live(rand.New(rand.NewPCG(10, uint64(n))), 2)
			written := make(chan struct{})
			running := w.run(w.counting(w.config(w.tables), func(ctx context.Context, _ *projections.Tx, _ int, _ []core.Recorded) error {
				close(written)
				if n%3 > 0 {
					<-ctx.Done()
				}
				if n%3 > 1 {
					return ctx.Err()
				}
				return nil
			}))
			<-written
			if err := running.stop(); err != nil {
				t.Fatal(err)
			}
			w.eachOnce() // as far as the checkpoint says
			w.wakeUp()
			w.caughtUp(w.run(w.counting(w.config(w.tables), func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil })))
			w.eachOnce()
		}
	})
}

// Seen without the savepoint, on PostgreSQL: the transaction is aborted, and every retry refused until the AckDeadline. On SQLite: what was written before the error counts twice.
func TestOneSQLErrorIsRetried(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 5)), 10)
		w.caughtUp(w.run(w.counting(w.config(w.tables), func(ctx context.Context, tx *projections.Tx, call int, _ []core.Recorded) error {
			if call > 1 {
				return nil
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO nowhere VALUES (1)`)
			return err
		})))
		w.eachOnce()
	})
}

// Seen without dead letters: the poison event blocks the subscription for ever. It is parked, with what follows it on its stream, now and later; the rest flows.
// The poison fails, or panics, or cannot even be decoded.
func TestPoisonEventIsParkedAndTheRestFlows(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for n, name := range []string{"fails", "panics", "cannot be decoded"} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				r := rand.New(rand.NewPCG(10, 6))
				w.live(r, 40)
				poison := busiestStreams(w.history(), 3)[n]
				cfg := w.counting(w.config(w.tables), func(_ context.Context, _ *projections.Tx, _ int, batch []core.Recorded) error {
					switch hit := slices.ContainsFunc(batch, func(e core.Recorded) bool { return e.Position == poison }); {
					case hit && name == "fails":
						return errTest
					case hit && name == "panics":
						panic(errTest)
					}
					return nil
				})
				if name == "cannot be decoded" {
					cfg.Decode = spoiled(poison, errTest)
				}
				running := w.run(cfg)
				w.caughtUp(running)
				parked := w.verifyWithout(poison)
				more := parked
				for range 20 { // until something follows, in a batch of its own
					w.live(r, 10)
					w.caughtUp(running)
					if more = w.verifyWithout(poison); more > parked {
						break
					}
				}
				if parked < 2 || more <= parked {
					t.Fatalf("%d events parked, then %d: too few to tell anything of what follows", parked, more)
				}
				var why string
				w.scan(w.tables, &why, `SELECT error FROM dead_letters WHERE position = $1`, int64(poison))
				if !strings.Contains(why, errTest.Error()) {
					t.Fatalf("dead letter says %q", why)
				}
			})
		}
	})
}

// spoiled decodes all but one event.
func spoiled(position core.Position, why error) func(*message.Message) iter.Seq2[core.Recorded, error] {
	return func(m *message.Message) iter.Seq2[core.Recorded, error] {
		return func(yield func(core.Recorded, error) bool) {
			for e, err := range eventstore.MessageEvents(m) {
				if e.Position == position {
					e.Event, e.Metadata, err = nil, core.Metadata{}, why
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// busiestStreams gives the positions of the first events of the streams that have most.
func busiestStreams(history []core.Recorded, n int) []core.Position {
	events := make(map[core.Stream][]core.Position)
	for _, e := range history {
		events[e.Stream] = append(events[e.Stream], e.Position)
	}
	var streams [][]core.Position
	for _, positions := range events {
		streams = append(streams, positions)
	}
	slices.SortFunc(streams, func(a, b []core.Position) int { return cmp.Or(len(b)-len(a), int(a[0]-b[0])) })
	var first []core.Position
	for _, positions := range streams[:n] {
		first = append(first, positions[0])
	}
	return first
}

// verifyWithout verifies that the tables equal a fold of the log without the poison and what follows it on its stream, and that those are the dead letters. It counts them.
func (w *world) verifyWithout(poison core.Position) int {
	w.t.Helper()
	var sound []core.Recorded
	var stream core.Stream
	parked := 0
	for _, e := range w.history() {
		if e.Position == poison {
			stream = e.Stream
		}
		if e.Stream != stream {
			sound = append(sound, e)
			continue
		}
		parked++
		var at int64
		w.scan(w.tables, &at, `SELECT position FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2 AND version = $3`, e.Stream.Tenant[:], e.Stream.ID[:], int64(e.Version))
		if at != int64(e.Position) {
			w.t.Fatalf("dead letter at %d, want %d", at, e.Position)
		}
	}
	w.verifyIs(w.tables, sound)
	var letters, applied int
	w.scan(w.tables, &letters, `SELECT count(*) FROM dead_letters`)
	w.scan(w.tables, &applied, `SELECT count(*) FROM counted`)
	if letters != parked || applied != len(sound) {
		w.t.Fatalf("%d dead letters and %d applied, want %d and %d", letters, applied, parked, len(sound))
	}
	return parked
}

// A disk that is full is not an event's fault: while the dead letters themselves cannot be written nothing is parked, and in the end all is applied.
func TestNothingIsParkedWhileNothingCanBeWritten(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(10, 7)), 10)
		for _, statement := range w.engine.refusal {
			w.exec(statement)
		}
		w.caughtUp(w.run(w.counting(w.config(w.tables), func(_ context.Context, _ *projections.Tx, call int, _ []core.Recorded) error {
			if call < 3*projections.MaxTries {
				return errTest
			}
			return nil
		})))
		w.eachOnce()
	})
}

// An event that a newer program wrote is not poison: the runner stops, says so, and has skipped nothing.
func TestUnknownEventStopsTheRunner(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(10, 8))
		w.live(r, 5)
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		known := w.machine.Head()
		w.live(r, 5)

		cfg := w.config(w.tables)
		cfg.Decode = spoiled(known+3, fmt.Errorf("%w: type ResultPraised", core.ErrUnknownEvent))
		runner, err := projections.NewRunner(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- runner.Run(context.Background()) }()
		if err := w.await(ended); !errors.Is(err, core.ErrUnknownEvent) {
			t.Fatalf("the runner ended with %v", err)
		}
		w.verifyIs(w.tables, w.history()[:known])
	})
}
