package projections_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// Only the first of a stream can be dropped. What follows it is then free to be retried, and a rebuild tries what was dropped again.
func TestDrop(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 3)
		all := w.letters(d, projections.Which{})
		if _, err := d.Drop(t.Context(), all[1].Position); err == nil || !strings.Contains(err.Error(), "before it") {
			t.Fatalf("dropped the second: %v", err)
		}
		if _, err := d.Droppable(t.Context(), all[1].Position); err == nil {
			t.Fatal("the second can be dropped")
		}
		if _, err := d.Drop(t.Context(), 99); !errors.Is(err, projections.ErrNotParked) {
			t.Fatalf("dropped what is not parked: %v", err)
		}
		if first, err := d.Drop(t.Context(), all[0].Position); err != nil || first != all[0] {
			t.Fatalf("dropped %+v, %v", first, err)
		}
		if _, err := d.At(t.Context(), all[0].Position); !errors.Is(err, projections.ErrNotParked) {
			t.Fatalf("it is still there: %v", err)
		}
		broken.broken.Store(false)
		if done := w.retry(d, stream, 0); done.Applied != 2 || done.Left != 0 {
			t.Fatalf("retried what follows: %+v", done)
		}
		var keys int
		w.scan(w.tables, &keys, `SELECT count(*) FROM idempotency_keys`)
		if _, found := w.compare(); len(found) != 1 || found[0].Table != "submissions" || found[0].Have != "no row" { // in results the third has the last word
			t.Fatalf("without the first: %v", found)
		}
		if keys != 3 {
			t.Fatalf("%d keys", keys)
		}
		if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
			t.Fatal(err)
		}
		w.verify(w.tables)
	})
}

// What follows a creation that was dropped cannot be applied, and says so.
func TestDropOfACreation(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		broken, cfg := w.breaking(func(e core.Recorded) bool { return e.Version == 1 })
		running := w.run(cfg)
		creation := w.creation(rand.New(rand.NewPCG(1, 2)), "")
		w.do(tenants[0], creation, core.CancelActivity{ActivityID: creation.ActivityID})
		w.caughtUp(running)
		d := w.deadLetters(w.tables, broken)
		if _, err := d.Drop(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		done := w.retry(d, core.Stream{Tenant: tenants[0], ID: creation.ActivityID}, 0)
		if done.Applied != 0 || done.Left != 1 || done.Failed == nil || !strings.Contains(done.Failed.Error, "no row to change") {
			t.Fatalf("retried what follows: %+v", done)
		}
	})
}

// Every event says what the tables lack without it, those of a newer program too.
func TestLacks(t *testing.T) {
	id := core.ID{15: 7}
	said := map[string]bool{}
	for _, e := range []core.Event{core.ActivityCreated{}, core.ActivityTransitioned{}, core.ResultSubmitted{}, core.ResultLinked{}, core.PersonalErased{},
		core.ResultTypeConfigured{}, core.APIKeyIssued{}, core.APIKeyRevoked{}} {
		said[projections.Lacks(e.Type(), id)] = true
	}
	said[projections.Lacks("ResultPraised", id)] = true
	if len(said) != 9 {
		t.Errorf("%d different texts", len(said))
	}
	for text := range said {
		if !strings.Contains(text, id.String()) {
			t.Errorf("%q does not say of what", text)
		}
	}
}
