package projections_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// eventID looks up the log's event at a position.
func (w *world) eventID(ctx context.Context, at core.Position) (core.ID, bool, error) {
	for r, err := range w.log.ReadAll(ctx, at-1) {
		return r.EventID, err == nil, err
	}
	return core.ID{}, false, nil
}

// twin is a world whose log has the first events of this one, and its own ids from there on.
func (w *world) twin(t *testing.T, events core.Position) *world {
	t.Helper()
	twin := w.engine.newWorld(t)
	twin.minted, twin.clock = w.minted+1_000_000, w.clock
	history := w.history()[:events]
	if len(history) == 0 {
		return twin
	}
	err := twin.log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return history, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range history {
		if err := twin.machine.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	return twin
}

// adopt puts what stands in the read tables of another world in the place of what stands in this one's.
func (w *world) adopt(from *world) {
	w.t.Helper()
	for table := range readTableKeys {
		w.exec(`DELETE FROM ` + table)
		columns, rows := from.rows(table)
		places := make([]string, len(columns))
		for i := range places {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		for _, row := range rows {
			w.exec(`INSERT INTO `+table+` VALUES (`+strings.Join(places, ", ")+`)`, row...)
		}
	}
}

// applied is a world whose read tables hold the whole log.
func applied(t *testing.T, newWorld func(testing.TB) *world, seed uint64) *world {
	w := newWorld(t)
	w.fill(rand.New(rand.NewPCG(31, seed)), 60)
	live := w.run(w.config(w.tables))
	w.caughtUp(live)
	if err := live.stop(); err != nil {
		t.Fatal(err)
	}
	return w
}

// Read tables that were made of another log than the one beside them are noticed and made again, by a start and by a rebuild; those of this log stay.
func TestReadTablesOfAnotherLog(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		all := func(head core.Position) core.Position { return head }
		none := func(core.Position) core.Position { return 0 }
		old := applied(t, newWorld, 1)
		half := func(head core.Position) core.Position { return head / 2 }
		for name, c := range map[string]struct {
			kept    func(head core.Position) core.Position // how much of the old log is in the new one
			commits int                                    // what came to the new log after that
			events  core.Position                          // and at least how many after that
			foreign bool
		}{
			"the same log":                             {all, 0, 0, false},
			"the same log, further on":                 {all, 5, 50, false},
			"an older copy, shorter":                   {half, 0, 0, true},
			"an older copy, that has come on, shorter": {half, 3, 0, true},
			"an older copy, that has outgrown them":    {half, 5, 300, true},
			"an empty log, shorter than any":           {none, 0, 0, true},
			"another log, shorter":                     {none, 3, 0, true},
			"another log, longer":                      {none, 5, 300, true},
			"an older copy, shorter by one event":      {func(head core.Position) core.Position { return head - 1 }, 0, 0, true},
			"an older copy, and another event since":   {func(head core.Position) core.Position { return head - 1 }, 1, 0, true},
		} {
			for _, how := range []string{"start", "rebuild"} {
				t.Run(name+", "+how, func(t *testing.T) {
					w := old.twin(t, c.kept(old.machine.Head()))
					r := rand.New(rand.NewPCG(31, 2))
					w.live(r, c.commits)
					w.fill(r, w.machine.Head()+c.events)
					if is := w.machine.Head() < old.machine.Head(); is != strings.Contains(name, "shorter") {
						t.Fatalf("at %d beside tables at %d", w.machine.Head(), old.machine.Head())
					}
					w.adopt(old)
					w.begin(how, c.foreign)
					w.verify(w.tables)
					w.mustHave(w.machine.Head())
				})
			}
		}
	})
}

// begin has the read tables follow the log, as a node's start does, or a rebuild.
func (w *world) begin(how string, foreign bool) {
	w.t.Helper()
	cfg := w.config(w.tables)
	if how == "rebuild" {
		if err := projections.Rebuild(w.t.Context(), cfg, w.machine.Head(), nil); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	dropped, err := projections.DropIfForeign(w.t.Context(), cfg, w.eventID)
	if err != nil || dropped != foreign {
		w.t.Fatalf("dropped %v, %v; want %v", dropped, err, foreign)
	}
	if dropped {
		w.mustHave(0)
		w.verifyIs(w.tables, nil)
	}
	w.wakeUp()
	w.caughtUp(w.run(cfg))
}

func (w *world) mustHave(checkpoint core.Position) {
	w.t.Helper()
	var got core.Position
	if w.scan(w.tables, (*int64)(&got), `SELECT coalesce((SELECT position FROM checkpoints), 0)`); got != checkpoint {
		w.t.Fatalf("the checkpoint is %d, want %d", got, checkpoint)
	}
}

// Tables that nothing was delivered to are of any log.
func TestEmptyReadTablesAreOfAnyLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.fill(rand.New(rand.NewPCG(31, 3)), 20)
		asked := func(context.Context, core.Position) (core.ID, bool, error) { panic("there is nothing to compare with") }
		if dropped, err := projections.DropIfForeign(t.Context(), w.config(w.tables), asked); dropped || err != nil {
			t.Fatalf("dropped %v, %v", dropped, err)
		}
	})
}

// A log that cannot be read says nothing of the tables: they stay.
func TestALogThatCannotBeReadIsNotAnother(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := applied(t, newWorld, 4)
		broken := func(context.Context, core.Position) (core.ID, bool, error) {
			return core.ID{}, false, errors.New("disk on fire")
		}
		dropped, err := projections.DropIfForeign(t.Context(), w.config(w.tables), broken)
		if dropped || err == nil || !strings.Contains(err.Error(), "disk on fire") {
			t.Fatalf("dropped %v, %v", dropped, err)
		}
		w.mustHave(w.machine.Head())
		w.verify(w.tables)
	})
}
