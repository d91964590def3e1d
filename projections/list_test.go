package projections_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// anySpan is a stretch of the time in which a shelf was stocked, or a bit beyond; seldom is it empty, and it may be open.
func anySpan(r *rand.Rand, end core.Instant) (s core.Span) {
	from := end - core.Instant(r.IntN(14_000))
	to := from + core.Instant(r.IntN(5_000))
	if r.IntN(3) > 0 {
		s.From = &from
	}
	if r.IntN(3) > 0 {
		s.To = &to
	}
	return s
}

// anyPaging is a page that a client may ask for: it never lies beyond the rows that are counted.
func anyPaging(r *rand.Rand, sorts int) core.Paging {
	p := core.Paging{Limit: 1 + r.IntN(100), Sort: core.Sort(r.IntN(sorts)), Ascending: r.IntN(2) == 0}
	p.Page = 1 + r.IntN(2)*r.IntN(core.MaxTotal/p.Limit)
	if r.IntN(3) == 0 {
		after := core.Position(r.IntN(2) * r.IntN(30_000))
		p.After = &after
	}
	return p
}

func (s shelf) anyResultQuery(r *rand.Rand, now core.Instant) core.ResultQuery {
	q := core.ResultQuery{
		ProviderActivityID: seldom(r, pick(r, names)), CommerceExternalID: seldom(r, pick(r, names)), OperatorExternalID: seldom(r, pick(r, names)),
		Status: seldom(r, core.ResultStatus(1+r.IntN(5))), Source: seldom(r, pick(r, []core.Source{core.Standalone, core.RetenActivity})),
		Result: seldom(r, core.ResultCode(1+r.IntN(4))), Classification: seldom(r, core.Classification(1+r.IntN(2))), ContactType: seldom(r, pick(r, core.ContactTypes)),
		Occurred: seldom(r, anySpan(r, now)), Updated: seldom(r, anySpan(r, now)), Paging: anyPaging(r, 3),
	}
	if r.IntN(20) == 0 {
		q.ActivityID = pick(r, s.results[tenants[0]]).ActivityID
	}
	if r.IntN(3) == 0 { // what most rows are
		q = core.ResultQuery{Status: core.ResultCompleted, Paging: q.Paging, Updated: seldom(r, anySpan(r, now))}
	}
	return q
}

func (s shelf) anyActivityQuery(r *rand.Rand, now core.Instant) core.ActivityQuery {
	q := core.ActivityQuery{
		Status: seldom(r, core.ActivityStatus(1+r.IntN(6))), ActivityType: seldom(r, core.ActivityType(1+r.IntN(2))), Channel: seldom(r, pick(r, core.Channels)),
		CommerceID: seldom(r, core.ID{0: byte(1 + r.IntN(10))}), CommerceExternalID: seldom(r, pick(r, names)), Scheduled: seldom(r, anySpan(r, now)),
		Search: seldom(r, pick(r, names)), Paging: anyPaging(r, 1),
	}
	if r.IntN(20) == 0 {
		q.ProviderActivityID = pick(r, s.activities[tenants[0]]).ProviderActivityID
	}
	switch r.IntN(6) { // what most rows are
	case 0:
		q = core.ActivityQuery{ActivityType: core.Task, Paging: q.Paging}
	case 1:
		q = core.ActivityQuery{Search: "a", Paging: q.Paging}
	case 2:
		q.Search = pick(r, s.activities[tenants[0]]).Reason
		q.Search = strings.ToValidUTF8(q.Search[:min(len(q.Search), 201)], "") // at the end of a character, if it is long
	}
	return q
}

// Whatever is asked of a list, it gives what a naive filter, sort and cut gives: rows, total and cursor; and nothing of another tenant.
func TestListsEqualANaiveOne(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		eitherShelf(t, newWorld, func(t *testing.T, w *world, r *rand.Rand, s shelf, queries int) {
			q := projections.NewQueries(w.tables.Read)
			capped, walks := 0, 0
			for range queries {
				tenant := tenants[r.IntN(20)/19]
				if r.IntN(4) == 0 {
					w.reclassify(r, s, tenants[r.IntN(2)])
				}
				query := s.anyResultQuery(r, w.clock)
				got, err := q.Results(t.Context(), 0, tenant, query)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(s.naiveResults(tenant, query), got); diff != "" {
					t.Fatalf("%+v (-naive +got):\n%s", query, diff)
				}
				if got.Capped {
					capped++
				}
				if got.Next != nil {
					walks++
				}
				asked := s.anyActivityQuery(r, w.clock)
				page, err := q.Activities(t.Context(), 0, tenant, asked)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(s.naiveActivities(tenant, asked), page); diff != "" {
					t.Fatalf("%+v (-naive +got):\n%s", asked, diff)
				}
			}
			for range queries / 40 {
				s.walkResults(t, q, s.anyResultQuery(r, w.clock))
			}
			if len(s.results[tenants[0]]) > core.MaxTotal && (capped < 3 || walks < 3) {
				t.Errorf("%d capped totals and %d cursors are too few to tell anything", capped, walks)
			}
		})
	})
}

// walkResults verifies that the pages of a list make up the whole of it, by their cursors.
func (s shelf) walkResults(t *testing.T, q *projections.Queries, query core.ResultQuery) {
	t.Helper()
	query.Sort, query.Page, query.Limit = core.DefaultOrder, 1, 100
	var all []core.ResultView
	for {
		page, err := q.Results(t.Context(), 0, tenants[0], query)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Rows...)
		if page.Next == nil {
			break
		}
		query.Cursor, query.Page = page.Next, page.Next.Page
	}
	query.Cursor, query.Page, query.Limit = nil, 1, len(s.results[tenants[0]])
	if diff := gocmp.Diff(s.naiveResults(tenants[0], query).Rows, all); diff != "" {
		t.Fatalf("%+v (-naive +walked):\n%s", query, diff)
	}
}

// Rows that are too many to be counted are met along the order; and if they are so old that none is met among the latest, they are found all the same.
func TestRowsThatAreTooManyToBeCounted(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		q := projections.NewQueries(w.tables.Read)
		w.crowd(2*core.MaxTotal + 1) // the first is the latest, and a millisecond lies between two
		first := func(query core.ResultQuery, n core.Instant) core.Page[core.ResultView] {
			t.Helper()
			page, err := q.Results(t.Context(), 0, tenants[0], query)
			if err != nil {
				t.Fatal(err)
			}
			if !page.Capped || len(page.Rows) != query.Limit || page.Next == nil {
				t.Fatalf("capped: %t, %d rows, next %v", page.Capped, len(page.Rows), page.Next)
			}
			for i, v := range page.Rows {
				if want := instant - n - core.Instant(i); v.CreatedAt != want {
					t.Fatalf("row %d of page %d is that of %d, want that of %d", i, query.Page, v.CreatedAt, want)
				}
			}
			return page
		}
		query := core.ResultQuery{Status: core.ResultPending, Paging: core.Paging{Page: 3, Limit: 20}}
		first(query, 41)
		if _, err := w.tables.Write.Exec(`UPDATE results SET status = 'COMPLETED' WHERE created_at >= $1`, int64(instant)-core.MaxTotal); err != nil {
			t.Fatal(err)
		}
		first(query, core.MaxTotal+41)
		query.Page = 1
		next := first(query, core.MaxTotal+1).Next
		query.Page, query.Cursor = next.Page, next
		first(query, core.MaxTotal+21)

		positive := core.ResultQuery{Classification: core.Positive, Paging: core.Paging{Page: 3, Limit: 20}}
		w.exec(`UPDATE results SET result = 'b2b_purchase' WHERE created_at % 2 = 0`) // positive as well
		first(positive, 41)
		w.exec(`UPDATE results SET result = 'not_home' WHERE created_at >= $1`, int64(instant)-core.MaxTotal)
		first(positive, core.MaxTotal+41)
	})
}

// While rows are added, and change, a walk in the default order shows each row that was there exactly once, and a walk by position loses no change.
func TestWalksWhileRowsAreAdded(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, r := newWorld(t), rand.New(rand.NewPCG(71, 1))
		running := w.run(w.config(w.tables))
		w.live(r, 60)
		w.caughtUp(running)
		there := fold(t, w.history())
		q := projections.NewQueries(w.tables.Read)

		seen := make(map[core.ID]int)
		walk := core.ResultQuery{Paging: core.Paging{Page: 1, Limit: 2}}
		for pages := 1; ; pages++ {
			page, err := q.Results(t.Context(), 0, tenants[0], walk)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Rows {
				seen[v.ID]++
			}
			if page.Next == nil {
				break
			}
			if walk.Cursor = page.Next; page.Next.Page != pages+1 {
				t.Fatalf("the cursor of page %d leads to page %d", pages, page.Next.Page)
			}
			walk.Page = page.Next.Page
			w.live(r, 1)
			w.caughtUp(running)
		}
		for key := range there.results {
			if key.Tenant == tenants[0] && seen[key.ID] != 1 {
				t.Errorf("result %s was shown %d times", key.ID, seen[key.ID])
			}
		}

		latest := make(map[core.ID]core.ActivityView)
		after, steps := core.Position(0), 0
		sync := core.ActivityQuery{Paging: core.Paging{Page: 1, Limit: 3, After: &after}}
		for {
			page, err := q.Activities(t.Context(), 0, tenants[0], sync)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Rows {
				latest[v.ID] = v
			}
			if page.Next == nil {
				break
			}
			sync.Cursor, sync.Page = page.Next, page.Next.Page
			if steps++; steps < 40 { // then it must come to an end
				w.live(r, 1)
				w.caughtUp(running)
			}
		}
		for key, want := range fold(t, w.history()).activities {
			if key.Tenant != tenants[0] {
				continue
			}
			if diff := gocmp.Diff(want, latest[key.ID]); diff != "" {
				t.Errorf("activity %s, as the walk showed it last (-want +got):\n%s", key.ID, diff)
			}
		}
	})
}

// Lists and status events wait for the position that they must see, as all reads do.
func TestListsOfTablesThatAreBehind(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		q := projections.NewQueries(w.tables.Read)
		var behind *core.Error
		if _, err := q.Results(t.Context(), 1, tenants[0], core.ResultQuery{Paging: core.Paging{Page: 1, Limit: 1}}); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("results: %v", err)
		}
		if _, err := q.Activities(t.Context(), 1, tenants[0], core.ActivityQuery{Paging: core.Paging{Page: 1, Limit: 1}}); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("activities: %v", err)
		}
		if _, err := q.StatusEvents(t.Context(), 1, tenants[0], w.mint()); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("status events: %v", err)
		}
		if _, err := q.ResultTypes(t.Context(), 1, tenants[0]); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("result types: %v", err)
		}
		if _, err := q.APIKeys(t.Context(), 1, tenants[0], core.APIKeyQuery{Paging: core.Paging{Page: 1, Limit: 1}}); !errors.As(err, &behind) || behind.Code != core.CodeReadsBehind {
			t.Errorf("API keys: %v", err)
		}
	})
}
