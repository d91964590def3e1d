package projections_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/memory"
	"resultlog/projections"
)

// past is the world's log as it was.
func (w *world) past() eventstore.Past {
	return eventstore.Past{History: w.log.(eventstore.History), Now: func() time.Time { return w.clock.Time() }}
}

// asOf is all that can be read of a tenant as of a moment, by id, of the ids that were ever known in any tenant: as results, and as activities with the results that are theirs now.
func (w *world) asOf(tenant core.ID, ids map[core.ID]core.ID, m core.Moment) naive {
	w.t.Helper()
	got, p, ctx := newNaive(), w.past(), context.Background()
	m, _, err := p.Settle(ctx, tenant, m)
	if err != nil {
		w.t.Fatalf("as of %+v: %v", m, err)
	}
	for id, result := range ids {
		key := core.Stream{Tenant: tenant, ID: id}
		switch v, err := p.Result(ctx, tenant, id, m); {
		case err == nil:
			got.results[key] = v
		case codeOf(err) != core.CodeNotFound:
			w.t.Fatal(err)
		}
		switch v, err := p.Activity(ctx, tenant, id, result, m); {
		case err == nil:
			got.activities[key] = v
		case codeOf(err) != core.CodeNotFound:
			w.t.Fatal(err)
		}
	}
	return got
}

// ids are those of all streams, each with the result that is its own now, if it is an activity that has one.
func ids(history []core.Recorded) map[core.ID]core.ID {
	all := map[core.ID]core.ID{{9}: {}, tenants[0]: {}}
	for _, r := range history {
		if _, known := all[r.Stream.ID]; !known {
			all[r.Stream.ID] = core.ID{}
		}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			if !e.ActivityID.IsZero() {
				all[e.ActivityID] = e.ResultID
			}
		case core.ResultLinked:
			all[e.ActivityID] = e.ResultID
		}
	}
	return all
}

// sameViews compares what can be read as of a moment.
func sameViews(t testing.TB, what string, want, got naive) {
	t.Helper()
	unsalted := cmpopts.IgnoreFields(core.Personal{}, "Salt")
	if diff := gocmp.Diff(want.results, got.results, unsalted); diff != "" {
		t.Fatalf("%s: -want +got:\n%s", what, diff)
	}
	if diff := gocmp.Diff(want.activities, got.activities); diff != "" {
		t.Fatalf("%s: -want +got:\n%s", what, diff)
	}
}

// momentsAsked is how many moments of a tenant are looked at, of the hundred or two that there are: one costs two folds.
const momentsAsked = 30

// liveIn does n random commits of which some happen in the same millisecond.
func (w *world) liveIn(r *rand.Rand, n int) {
	for range n {
		if r.IntN(3) == 0 {
			w.clock -= 1000
		}
		w.live(r, 1)
	}
}

// As of tenant positions, and of instants at which something was recorded and the ones before them, each result and each activity is what a naive fold of the tenant's events up to then gives; and
// nothing else is there.
func TestAsOfIsANaiveFold(t *testing.T) {
	unraced(t)
	links, pendings, before := 0, 0, 0
	for seed := range uint64(6) {
		w := &world{t: t, log: memory.New(time.Now), machine: core.NewMachine(), clock: 1_700_000_000_000, wake: make(chan struct{}, 1)}
		r := rand.New(rand.NewPCG(70, seed))
		w.liveIn(r, 30)
		history := w.history()
		known := ids(history)
		for _, tenant := range tenants {
			var own []core.Recorded
			for _, r := range history {
				if r.Stream.Tenant == tenant {
					own = append(own, r)
				}
			}
			moments := []core.Moment{core.AtPosition(0)}
			for _, r := range own {
				moments = append(moments, core.AtPosition(r.TenantPosition), core.AtTime(r.RecordedAt), core.AtTime(r.RecordedAt-1))
			}
			for _, i := range r.Perm(len(moments))[:min(len(moments), momentsAsked)] {
				m := moments[i]
				then := slices.DeleteFunc(slices.Clone(own), func(r core.Recorded) bool { return r.TenantPosition > m.Position || r.RecordedAt > m.Time })
				got := w.asOf(tenant, known, m)
				sameViews(t, fmt.Sprintf("seed %d, tenant %s, as of %+v", seed, tenant, m), fold(t, then), got)
				for key, v := range got.activities {
					if v.ResultID.IsZero() && !known[key.ID].IsZero() {
						before++
					}
					if result := got.results[core.Stream{Tenant: tenant, ID: v.ResultID}]; result.Status == core.ResultPending && v.LastPosition == result.LastPosition {
						pendings++
						if result.Version > 1 {
							links++
						}
					}
				}
			}
		}
	}
	if links == 0 || pendings == 0 || before == 0 {
		t.Errorf("%d late links, %d PENDING results and %d activities before their result are too tame to tell anything", links, pendings, before)
	}
}

// What was read after each commit from the read tables is what is read later as of that commit's last position, and as of its time: and so it stays after any other commit.
func TestAsOfIsWhatWasRead(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		running := w.run(w.config(w.tables))
		r := rand.New(rand.NewPCG(71, 7))
		q := projections.NewQueries(w.tables.Read)
		type moment struct {
			tenant core.ID
			core.Moment
		}
		type answer struct {
			naive
			head core.Position
		}
		read := map[moment]answer{}
		for range 50 {
			w.liveIn(r, 1)
			w.caughtUp(running)
			for _, tenant := range tenants {
				if now, head, at := w.readNow(q, tenant); head > 0 {
					read[moment{tenant, core.AtPosition(head)}] = answer{now, head}
					read[moment{tenant, core.AtTime(at)}] = answer{now, head}
				}
			}
		}
		history := w.history()
		known, compared := ids(history), 0
		for m, want := range read {
			if slices.ContainsFunc(history, func(r core.Recorded) bool {
				return r.Stream.Tenant == m.tenant && r.TenantPosition > want.head && m.Holds(r)
			}) {
				continue // more was recorded in the same millisecond: it was not over when it was read
			}
			compared++
			sameViews(t, fmt.Sprintf("tenant %s, as of %+v", m.tenant, m.Moment), want.naive, w.asOf(m.tenant, known, m.Moment))
		}
		if compared < 60 {
			t.Errorf("%d moments are too few to tell anything", compared)
		}
	})
}

// readNow reads all of a tenant from the read tables, and says as of which position and time that is.
func (w *world) readNow(q *projections.Queries, tenant core.ID) (now naive, head core.Position, at core.Instant) {
	w.t.Helper()
	now = newNaive()
	for _, r := range w.history() {
		at = r.RecordedAt
		if r.Stream.Tenant == tenant {
			head = r.TenantPosition
		}
	}
	for id := range maps.Keys(ids(w.history())) {
		key, ctx := core.Stream{Tenant: tenant, ID: id}, context.Background()
		if v, err := q.Result(ctx, 0, tenant, id); err == nil {
			now.results[key] = v
		} else if codeOf(err) != core.CodeNotFound {
			w.t.Fatal(err)
		}
		if v, err := q.Activity(ctx, 0, tenant, id); err == nil {
			now.activities[key] = v
		} else if codeOf(err) != core.CodeNotFound {
			w.t.Fatal(err)
		}
	}
	return now, head, at
}

// The position in the whole log that a settled moment comes with is that of the last event that it holds, or of the tenant's last: tables that have come as far know all of the moment.
func TestSettledMomentsSayHowFarTablesMustHaveCome(t *testing.T) {
	w := &world{t: t, log: memory.New(time.Now), machine: core.NewMachine(), clock: 1_700_000_000_000, wake: make(chan struct{}, 1)}
	w.liveIn(rand.New(rand.NewPCG(72, 7)), 30)
	for _, r := range w.history() {
		if _, within, err := w.past().Settle(t.Context(), r.Stream.Tenant, core.AtPosition(r.TenantPosition)); err != nil || within != r.Position {
			t.Fatalf("as of position %d: %d, %v; want %d", r.TenantPosition, within, err, r.Position)
		}
		if m, within, err := w.past().Settle(t.Context(), r.Stream.Tenant, core.AtTime(r.RecordedAt)); err != nil || within < r.Position || m.Position < r.TenantPosition {
			t.Fatalf("as of %s: %d of %+v, %v; want at least %d", r.RecordedAt, within, m, err, r.Position)
		}
	}
}

// Where an event is parked, the read tables cannot show a result, and the log can.
func TestAsOfOfWhatIsParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		broken, cfg := w.breaking(func(r core.Recorded) bool { return r.Version == 2 })
		broken.broken.Store(true)
		running := w.run(cfg)
		w.do(tenants[0], w.pending("ext-1", 2)...)
		w.caughtUp(running)
		history, q := w.history(), projections.NewQueries(w.tables.Read)
		id := history[0].Stream.ID
		if _, err := q.Result(t.Context(), 0, tenants[0], id); codeOf(err) != core.CodeParked {
			t.Fatalf("the tables say %v", err)
		}
		sameViews(t, "what is parked", fold(t, history), w.asOf(tenants[0], ids(history), core.AtPosition(core.Position(len(history)))))
	})
}
