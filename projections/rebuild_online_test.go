package projections_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// mustEqual compares two dumps of the read tables.
func (w *world) mustEqual(want, got map[string][]string) {
	w.t.Helper()
	if diff := difference(want, got); diff != "" {
		w.t.Errorf("-rebuilt in place +rebuilt online\n%s", diff)
	}
}

// Without any server, wrong tables are right afterwards, and nothing of the new ones is left beside them.
func TestOnlineRebuildWithoutAServer(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 1)), 600)
		w.caughtUp(w.run(w.counting(w.config(w.tables), onlyNext(t))))
		w.spoil()
		for range 2 {
			done := w.mustRebuildOnline("test")
			if done.resumed || done.from != 0 || done.through != w.machine.Head() {
				t.Errorf("%+v, of %d events", done, w.machine.Head())
			}
		}
		w.mustBeWhole()
	})
}

// Under load, with writers, two nodes and readers, while two rebuilds race again and again: no event is missing or applied twice, and no reader sees half a table, or less than it saw before.
func TestOnlineRebuildsRaceUnderLoad(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 2)), 700)
		w.caughtUp(w.run(w.counting(w.config(w.tables), onlyNext(t))))
		l := w.loaded(3)
		var switched, refused atomic.Int32
		enough := int32(4)
		if testing.Short() {
			enough = 2
		}
		var racing sync.WaitGroup
		for range 2 {
			racing.Go(func() {
				for switched.Load() < enough && l.going() {
					switch _, err := w.online(context.Background(), "test", nil); {
					case err == nil:
						switched.Add(1)
					case strings.Contains(err.Error(), "another online rebuild is at work"):
						refused.Add(1)
						time.Sleep(20 * time.Millisecond) // between two looks
					default:
						t.Error(err)
					}
				}
			})
		}
		racing.Wait()
		l.end()
		w.mustBeWhole()
		t.Logf("%d switches, %d refusals, %d looks, %d events", switched.Load(), refused.Load(), len(l.sights), len(w.history()))
	})
}

// A rebuild in place, beside one that is online and beside servers, does no harm.
func TestRebuildsInPlaceAndOnlineRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 3)), 700)
		once := func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil }
		node := w.node(func(cfg projections.Config) projections.Config { return w.counting(cfg, onlyNext(t)) })
		tool := w.open()
		t.Cleanup(func() { w.close(tool) })
		head := w.machine.Head()
		var racing sync.WaitGroup
		racing.Go(func() {
			for range 4 {
				if err := projections.Rebuild(context.Background(), w.counting(w.config(tool), once), head, nil); err != nil {
					t.Error(err)
				}
			}
		})
		racing.Go(func() {
			for range 4 {
				if _, err := w.online(context.Background(), "test", nil); err != nil {
					t.Error(err)
				}
			}
		})
		racing.Wait()
		node.wakeUp()
		w.caughtUp(node.running)
		w.mustBeWhole()
	})
}

// cancelledAt is an online rebuild that is cancelled when the new tables have come to a position, or a little further.
func (w *world) cancelledAt(maker string, position core.Position) rebuiltOnline {
	w.t.Helper()
	next, err := w.openNext(maker)
	if err != nil {
		w.t.Fatal(err)
	}
	defer w.close(&next.readTables)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := rebuiltOnline{resumed: next.resumed}
	done.from, done.through, err = projections.RebuildOnline(ctx, w.onlineConfig(next), func(at, _ core.Position) {
		if at >= position {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		w.t.Fatalf("the cancelled rebuild ended with %v", err)
	}
	return done
}

// Cancelled, the old tables serve on, as they were; the next rebuild goes on from where it was, and not from the beginning.
func TestOnlineRebuildCancelledAndResumed(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(40, 4))
		w.fill(r, 1300)
		running := w.run(w.counting(w.config(w.tables), onlyNext(t)))
		w.caughtUp(running)
		before := w.dump()
		first := w.cancelledAt("test", 400)
		if first.from != 0 || first.resumed || first.through < 400 || first.through >= w.machine.Head() {
			t.Errorf("the first: %+v of %d", first, w.machine.Head())
		}
		w.mustEqual(before, w.dump())
		w.live(r, 10)
		w.caughtUp(running)
		second := w.cancelledAt("test", first.through+1)
		if !second.resumed || second.from < first.through || second.through <= first.through { // a batch that was on its way when it was cancelled may have come through
			t.Errorf("the second: %+v, after %+v", second, first)
		}
		w.live(r, 10)
		w.caughtUp(running)
		third := w.mustRebuildOnline("test")
		if !third.resumed || third.from < second.through || third.through != w.machine.Head() {
			t.Errorf("the third: %+v, after %+v, of %d", third, second, w.machine.Head())
		}
		w.mustBeWhole()
		if fourth := w.mustRebuildOnline("test"); fourth.resumed || fourth.from != 0 {
			t.Errorf("the fourth: %+v", fourth)
		}
	})
}

// What another program has left, or one with other tables, is thrown away: nobody knows what is wrong in it.
func TestOnlineRebuildDoesNotResumeWhatAnotherProgramLeft(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 5)), 600)
		w.cancelledAt("version 1", 400)
		if done := w.mustRebuildOnline("version 2"); done.resumed || done.from != 0 {
			t.Errorf("%+v", done)
		}
		w.mustBeWhole()
	})
}

// What was made of another log is thrown away: the log was replaced by an older copy since.
func TestOnlineRebuildDoesNotResumeWhatIsOfAnotherLog(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 6)), 600)
		w.cancelledAt("test", 400)
		for name, other := range map[string]projections.EventID{
			"shorter": func(context.Context, core.Position) (core.ID, bool, error) { return core.ID{}, false, nil },
			"longer":  func(context.Context, core.Position) (core.ID, bool, error) { return core.ID{1}, true, nil },
		} {
			stop := errors.New("that is all")
			done, err := w.online(t.Context(), "test", func(cfg *projections.Online) {
				cfg.EventID = other
				cfg.Head = func(context.Context) (core.Position, error) { return 0, stop }
			})
			if !errors.Is(err, stop) || !done.resumed || done.from != 0 {
				t.Errorf("%s: %+v, %v", name, done, err)
			}
		}
		if done := w.mustRebuildOnline("test"); !done.resumed || done.from != 0 {
			t.Errorf("%+v", done)
		}
		w.mustBeWhole()
	})
}

// Tables that serve and were made of a longer log do not hold up the switch for ever.
func TestOnlineRebuildOfTablesAheadOfTheLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 7)), 60)
		w.caughtUp(w.run(w.counting(w.config(w.tables), onlyNext(t))))
		w.exec(`UPDATE checkpoints SET position = position + 100000`)
		if done := w.mustRebuildOnline("test"); done.through != w.machine.Head() {
			t.Errorf("%+v of %d", done, w.machine.Head())
		}
		w.mustBeWhole()
	})
}

// What was appended and delivered to the old tables after the new ones had caught up is in them when they take over.
func TestNewTablesComeAsFarAsTheOldOnesBeforeTheSwitch(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(40, 8))
		w.fill(r, 700)
		running := w.run(w.counting(w.config(w.tables), onlyNext(t)))
		w.caughtUp(running)
		before := w.machine.Head()
		done, err := w.online(t.Context(), "test", func(cfg *projections.Online) {
			change := cfg.Switch
			cfg.Switch = func(ctx context.Context, last func(context.Context) error) (bool, error) {
				w.live(r, 10)
				w.caughtUp(running)
				return change(ctx, last)
			}
		})
		if err != nil || done.through != w.machine.Head() || done.through == before {
			t.Errorf("%+v, %v; the log went from %d to %d", done, err, before, w.machine.Head())
		}
		w.mustBeWhole()
	})
}

// A switch that cannot be had is tried again, after the new tables have caught up again; so is one that leaves too much for the last stretch.
func TestSwitchIsTriedAgain(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(40, 9))
		w.fill(r, 60)
		running := w.run(w.counting(w.config(w.tables), onlyNext(t)))
		w.caughtUp(running)
		tries := 0
		done, err := w.online(t.Context(), "test", func(cfg *projections.Online) {
			change := cfg.Switch
			cfg.Switch = func(ctx context.Context, last func(context.Context) error) (bool, error) {
				if tries++; tries == 1 {
					w.fill(r, w.machine.Head()+1500)
					w.caughtUp(running)
					return change(ctx, func(ctx context.Context) error {
						err := last(ctx)
						if err == nil {
							t.Error("the last stretch was too long, and was gone nevertheless")
						}
						return err
					})
				}
				return change(ctx, last)
			}
		})
		if err != nil || tries != 2 || done.through != w.machine.Head() {
			t.Errorf("%+v, %v after %d tries, of %d", done, err, tries, w.machine.Head())
		}
		w.mustBeWhole()
	})
}

// What the new tables cannot take is parked, as in place; what is parked in the old ones is not taken along.
func TestOnlineRebuildParksWhatItCannotApply(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(40, 10)), 60)
		w.caughtUp(w.run(w.counting(w.config(w.tables), onlyNext(t))))
		w.spoil() // a dead letter among it
		broken, _ := w.breaking(func(e core.Recorded) bool { return e.Position == 7 })
		if _, err := w.online(t.Context(), "test", func(cfg *projections.Online) { cfg.Next.Projections = append(cfg.Next.Projections, broken) }); err != nil {
			t.Fatal(err)
		}
		letters := w.letters(w.deadLetters(w.tables), projections.Which{})
		if len(letters) == 0 || letters[0].Position != 7 {
			t.Errorf("parked are %+v", letters)
		}
		for _, l := range letters {
			if l.Stream != letters[0].Stream {
				t.Errorf("parked is %+v", l)
			}
		}
	})
}
