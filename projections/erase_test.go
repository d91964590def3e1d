package projections_test

import (
	"fmt"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// holds reports in which read tables a text stands, in whichever column.
func (w *world) holds(text string) (tables []string) {
	w.t.Helper()
	for table := range readTableKeys {
		_, rows := w.rows(table)
		if strings.Contains(fmt.Sprintf("%s", rows), text) {
			tables = append(tables, table)
		}
	}
	return tables
}

// An erasure empties its result, its submissions and the status events that show its comments, though the log still has all of it to show; however the log is cut into batches. What is submitted after it is shown.
func TestErasure(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		known, late := w.task("p-1"), w.task("p-2")
		submit := func(s core.SubmitResult) core.ID { w.do(tenants[0], s); return s.ResultID }
		w.do(tenants[0], known)
		first := submit(w.failing("p-1", "secret one"))
		submit(succeeding(w.failing("p-1", "secret two")))
		submit(w.failing("p-1", "secret three"))
		w.do(tenants[0], core.ErasePersonal{ActivityID: known.ActivityID})
		second := submit(w.failing("p-2", "secret four"))
		w.do(tenants[0], core.ErasePersonal{ResultID: second}, late) // linked when it is erased, as FAILED
		kept := submit(w.failing("p-3", "kept"))
		again := submit(w.failing("p-4", "secret five"))
		w.do(tenants[0], core.ErasePersonal{ResultID: again})
		submit(w.failing("p-4", "shown"))

		history := w.history()
		cuts, each := [][]int{nil}, []int{}
		for cut := 1; cut < len(history); cut++ {
			cuts, each = append(cuts, []int{cut}), append(each, cut)
		}
		q := projections.NewQueries(w.tables.Read)
		for _, cut := range append(cuts, each) {
			w.applied(cut...)
			w.verifyIs(w.tables, history)
			if found := w.holds("secret"); len(found) > 0 {
				t.Fatalf("cut after %v: %v", cut, found)
			}
			for id, want := range map[core.ID]struct {
				comment string
				erased  bool
			}{first: {"", true}, second: {"", true}, kept: {"kept", false}, again: {"shown", false}} {
				v, err := q.Result(t.Context(), 0, tenants[0], id)
				if err != nil || v.Personal.Comment != want.comment || (v.ErasedAt != nil) != want.erased {
					t.Errorf("cut after %v: %q, erased %v, %v; want %+v", cut, v.Personal.Comment, v.ErasedAt, err, want)
				}
			}
		}
		for _, r := range history { // emptied once more, which finds nothing and leaves alone what came later
			if _, ok := r.Event.(core.PersonalErased); ok {
				if err := projections.Erase(t.Context(), w.tables.Write, projections.Erasure{Recorded: r}); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.verifyIs(w.tables, history)
	})
}

// What could not be applied is set aside, and with it the erasure that follows on its stream. The row of before must not keep what is erased, nor the text of an error; and when all is applied later,
// the tables are as ever.
func TestErasureOfWhatIsParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		activity := w.task("p-1")
		first := w.failing("p-1", "secret one")
		broken, cfg := w.breaking(func(e core.Recorded) bool { return e.Event.StreamID() == first.ResultID && e.Version == 2 })
		running := w.run(cfg)
		w.do(tenants[0], activity, w.task("p-9"))
		w.do(tenants[0], first)
		w.do(tenants[0], succeeding(w.failing("p-9", "another's")))
		w.caughtUp(running)
		w.do(tenants[0], w.failing("p-1", "secret two"))
		w.do(tenants[0], core.ErasePersonal{ResultID: first.ResultID})
		w.caughtUp(running)
		w.exec(`UPDATE dead_letters SET error = 'cannot encode secret two'`)
		if found := w.holds("secret"); len(found) != 4 {
			t.Fatalf("before, it is in %v", found)
		}
		history := w.history()
		erased := history[len(history)-1]
		for range 2 { // again, without harm
			if err := projections.Erase(t.Context(), w.tables.Write, projections.Erasure{Recorded: erased, ActivityID: activity.ActivityID}); err != nil {
				t.Fatal(err)
			}
		}
		if found := w.holds("secret"); len(found) > 0 {
			t.Fatalf("it is still in %v", found)
		}
		if found := w.holds("another's"); len(found) != 2 {
			t.Fatalf("what was not erased is in %v", found)
		}
		broken.broken.Store(false)
		d := w.deadLetters(w.tables, broken)
		letters := w.letters(d, projections.Which{})
		if len(letters) != 2 || !strings.Contains(letters[0].Error, "resultlog deadletters retry") {
			t.Errorf("dead letters are %+v", letters)
		}
		for _, stream := range streamsOf(letters) {
			w.retry(d, stream, 0)
		}
		w.verify(w.tables)
		if found := w.holds("secret"); len(found) > 0 { // though the log has it, as between the event and the emptying
			t.Errorf("retried, it is in %v", found)
		}
	})
}

// Catching up brings the tables to the log's head by a runner of its own, beside another.
func TestCatchUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.do(tenants[0], w.task("p-1"), w.failing("p-1", "c"))
		reached := core.Position(0)
		for range 2 { // the second time there is nothing to do
			w.wakeUp()
			err := projections.CatchUp(t.Context(), w.config(w.tables), w.machine.Head(), func(done, _ core.Position) { reached = done })
			if err != nil || reached != w.machine.Head() {
				t.Fatalf("reached %d of %d, %v", reached, w.machine.Head(), err)
			}
			w.verify(w.tables)
		}
	})
}
