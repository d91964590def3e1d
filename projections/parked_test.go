package projections_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// codeOf is the code of an error; empty if it has none.
func codeOf(err error) core.Code {
	var e *core.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Reading what an event in dead_letters is about says so, whether the row is as it was before that event or was never made; in both modes of reading. Nothing else is affected.
func TestReadsOfWhatIsParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		broken, cfg := w.breaking(func(core.Recorded) bool { return true })
		broken.broken.Store(false)
		running := w.run(cfg)
		r := rand.New(rand.NewPCG(60, 1))
		old, fresh := w.creation(r, "ext-1"), w.creation(r, "ext-2")
		w.do(tenants[0], append([]core.Intent{old}, w.pending("ext-8", 1)...)...)
		w.caughtUp(running)
		broken.broken.Store(true)
		w.do(tenants[0], append([]core.Intent{core.CancelActivity{ActivityID: old.ActivityID}, fresh}, w.pending("ext-8", 1)...)...)
		w.do(tenants[1], w.pending("ext-9", 1)...)
		w.caughtUp(running)
		broken.broken.Store(false)
		other := w.creation(r, "ext-3")
		w.do(tenants[0], other)
		w.caughtUp(running)

		history := w.history()
		oldResult, freshResult := history[1].Stream.ID, history[5].Stream.ID
		q, ctx := projections.NewQueries(w.tables.Read), context.Background()
		activity := func(tenant, id core.ID) func(core.Position) error {
			return func(after core.Position) error { _, err := q.Activity(ctx, after, tenant, id); return err }
		}
		result := func(tenant, id core.ID) func(core.Position) error {
			return func(after core.Position) error { _, err := q.Result(ctx, after, tenant, id); return err }
		}
		for _, row := range []struct {
			name string
			read func(after core.Position) error
			want core.Code
		}{
			{"an activity whose row is older than the event", activity(tenants[0], old.ActivityID), core.CodeParked},
			{"an activity whose creation it is", activity(tenants[0], fresh.ActivityID), core.CodeParked},
			{"a result whose row is older than the event", result(tenants[0], oldResult), core.CodeParked},
			{"a result whose first submission it is", result(tenants[1], freshResult), core.CodeParked},
			{"another activity", activity(tenants[0], other.ActivityID), ""},
			{"one that there is not", activity(tenants[0], core.ID{1}), core.CodeNotFound},
			{"of another tenant", result(tenants[0], freshResult), core.CodeNotFound},
		} {
			for _, after := range []core.Position{0, w.machine.Head()} {
				if err := row.read(after); codeOf(err) != row.want {
					t.Errorf("%s, after %d: %v", row.name, after, err)
				}
			}
		}
		if err := activity(tenants[0], old.ActivityID)(0); !strings.Contains(err.Error(), "resultlog deadletters") || !strings.Contains(err.Error(), old.ActivityID.String()) {
			t.Errorf("it says %v", err)
		}
		page, err := q.Activities(ctx, 0, tenants[0], core.ActivityQuery{Paging: core.Paging{Page: 1, Limit: 10}})
		if err != nil || len(page.Rows) != 2 || page.Rows[1].Status != core.ActivityReady {
			t.Errorf("a list shows %+v, %v", page, err)
		}
		d := w.deadLetters(w.tables)
		for _, stream := range streamsOf(w.letters(d, projections.Which{})) {
			w.retry(d, stream, 0)
		}
		if err := activity(tenants[0], fresh.ActivityID)(w.machine.Head()); err != nil {
			t.Errorf("retried: %v", err)
		}
		w.verify(w.tables)
	})
}

// Writes are not affected: the key of a submission that is parked is found, so that its retry gets the first answer.
func TestKeyOfWhatIsParkedIsFound(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, _, _, stream := parkedStream(t, newWorld, 2)
		q := projections.NewQueries(w.tables.Read)
		for _, e := range w.history() {
			position, asOf, err := q.Key(t.Context(), stream.Tenant, e.Metadata.Name(stream.Tenant))
			if err != nil || position != e.Position || asOf != w.machine.Head() {
				t.Errorf("key of the event at %d: found at %d as of %d, %v", e.Position, position, asOf, err)
			}
		}
	})
}

// A key that was used again since leads to its later use, whichever of the two is applied last.
func TestKeyOfWhatIsRetriedDoesNotReplaceALaterUse(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, d, stream := parkedStream(t, newWorld, 1)
		key := w.history()[0].Metadata.Name(stream.Tenant)
		if _, err := w.tables.Write.Exec(`UPDATE idempotency_keys SET position = 7`); err != nil {
			t.Fatal(err)
		}
		broken.broken.Store(false)
		w.retry(d, stream, 0)
		if position, _, err := projections.NewQueries(w.tables.Read).Key(t.Context(), stream.Tenant, key); err != nil || position != 7 {
			t.Errorf("found at %d, %v", position, err)
		}
	})
}
