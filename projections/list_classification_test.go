package projections_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// Classifications change between two pages of a walk: each page shows, and counts, what is so when it is read, and goes on where the last one ended.
func TestPagesWhileClassificationsChange(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		eitherShelf(t, newWorld, func(t *testing.T, w *world, r *rand.Rand, s shelf, queries int) {
			q := projections.NewQueries(w.tables.Read)
			pages, empty := 0, 0
			for n := range queries / 4 {
				tenant := tenants[0]
				query := core.ResultQuery{Classification: core.Classification(1 + n%2), Paging: core.Paging{Page: 1, Limit: 1 + r.IntN(100)}}
				query.Status, query.Result = seldom(r, core.ResultCompleted), seldom(r, core.ResultCode(1+r.IntN(4)))
				if start := core.Position(r.IntN(100)); r.IntN(4) == 0 {
					query.After = &start
				}
				for range 5 {
					w.reclassify(r, s, tenant)
					want := s.naiveResults(tenant, query)
					got, err := q.Results(t.Context(), 0, tenant, query)
					if err != nil {
						t.Fatal(err)
					}
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Fatalf("%+v (-naive +got):\n%s", query, diff)
					}
					if got.Total == 0 {
						empty++
					}
					if got.Next == nil {
						break
					}
					pages++
					query.Cursor, query.Page = got.Next, got.Next.Page
				}
			}
			if pages < 5 || empty < 1 {
				t.Errorf("%d further pages and %d empty ones are too few to tell anything", pages, empty)
			}
		})
	})
}

// A page is of one snapshot: what is configured, and what is added, after it was begun is not on it, whichever of its queries that comes between.
func TestAPageOfAClassificationIsOfOneSnapshot(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		q, n := w.noted()
		w.crowd(3)
		query := core.ResultQuery{Classification: core.Positive, Paging: core.Paging{Page: 1, Limit: 10}}
		want, err := q.Results(t.Context(), 0, tenants[0], query)
		if err != nil || len(want.Rows) != 3 {
			t.Fatalf("%d rows, %v", len(want.Rows), err)
		}
		one, err := q.Result(t.Context(), 0, tenants[0], want.Rows[0].ID)
		if err != nil || one.Classification != core.Positive {
			t.Fatalf("alone it is %q, %v", one.Classification, err)
		}
		for between := 2; between <= 4; between++ {
			n.taken()
			happened := false
			n.meanwhile = func(notes int) {
				if notes == between {
					happened = true
					w.exec(`UPDATE task_result_types SET classification = CASE classification WHEN 'POSITIVE' THEN 'NEGATIVE' ELSE 'POSITIVE' END`)
					w.exec(`UPDATE results SET result = CASE result WHEN 'success' THEN 'not_home' ELSE 'success' END`)
				}
			}
			got, err := q.Results(t.Context(), 0, tenants[0], query)
			if err != nil || !happened {
				t.Fatalf("happened: %t, %v", happened, err)
			}
			n.meanwhile = nil
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("what happened before its query %d shows (-before +page):\n%s", between, diff)
			}
			if want, err = q.Results(t.Context(), 0, tenants[0], query); err != nil || len(want.Rows) != 3 {
				t.Fatalf("afterwards: %d rows, %v", len(want.Rows), err)
			}
		}
	})
}

// What one tenant holds a code to be says nothing of another's results.
func TestClassificationsDoNotCrossTenants(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.do(tenants[0], core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 1, Active: true, Classification: core.Negative}})
		for _, tenant := range tenants {
			w.do(tenant, succeeding(w.failing("", "")))
		}
		w.applied()
		q := projections.NewQueries(w.tables.Read)
		for i, want := range []core.Classification{core.Negative, core.Unclassified} {
			page, err := q.Results(t.Context(), 0, tenants[i], core.ResultQuery{Paging: core.Paging{Page: 1, Limit: 10}})
			if err != nil || len(page.Rows) != 1 || page.Rows[0].Classification != want {
				t.Fatalf("tenant %d: %+v, %v", i, page, err)
			}
			one, err := q.Result(t.Context(), 0, tenants[i], page.Rows[0].ID)
			if err != nil || one.Classification != want {
				t.Errorf("tenant %d, alone: %q, %v", i, one.Classification, err)
			}
			page, err = q.Results(t.Context(), 0, tenants[i], core.ResultQuery{Classification: core.Negative, Paging: core.Paging{Page: 1, Limit: 10}})
			if err != nil || page.Total != 1-i || len(page.Rows) != 1-i || page.Capped || page.Next != nil {
				t.Errorf("tenant %d, those that are negative: %+v, %v", i, page, err)
			}
			types, err := q.ResultTypes(t.Context(), 0, tenants[i])
			if err != nil || types.Classification(1) != want {
				t.Errorf("tenant %d: the type is %q, %v", i, types.Classification(1), err)
			}
		}
	})
}

// A classification is looked up by the codes that it stands for, and by nothing that has to be looked at row by row; one that stands for none, or for none that is asked for beside
// it, looks at no row at all.
func TestAClassificationIsLookedUpByItsCodes(t *testing.T) {
	w := sqliteWorld(t)
	q, n := w.noted()
	w.crowd(1)
	for _, row := range []struct {
		name  string
		query core.ResultQuery
		codes int // that are looked up; 0: nothing is
	}{
		{"alone", core.ResultQuery{Classification: core.Positive}, 2},
		{"with a status", core.ResultQuery{Classification: core.Positive, Status: core.ResultPending}, 2},
		{"with one of its codes", core.ResultQuery{Classification: core.Positive, Result: 1}, 1},
		{"with another code", core.ResultQuery{Classification: core.Positive, Result: 2}, 0},
		{"with a code that is neither", core.ResultQuery{Classification: core.Negative, Result: 10}, 0},
	} {
		queries := planned{query: row.query}.ask(t, q, n)
		if row.codes == 0 {
			if len(queries) != 1 || !strings.Contains(queries[0].text, "FROM task_result_types ") {
				t.Errorf("%s: asked %v", row.name, queries)
			}
			continue
		}
		for _, query := range queries[1:3] {
			if found := codesLookedUp.FindStringSubmatch(query.text); found == nil || strings.Count(found[1], "$") != row.codes {
				t.Errorf("%s: %s\ndoes not look for %d codes", row.name, query.text, row.codes)
			}
			if plan := strings.Join(w.plan(query), "; "); !strings.Contains(plan, " AND status=? AND result=?") {
				t.Errorf("%s: %s\nplans to %s", row.name, query.text, plan)
			}
		}
	}
	w.exec(`DELETE FROM task_result_types`)
	if queries := (planned{query: core.ResultQuery{Classification: core.Positive}}).ask(t, q, n); len(queries) != 1 {
		t.Errorf("of a tenant that has configured nothing: asked %v", queries)
	}
}

// codesLookedUp finds the places of the codes that a query has an index look up.
var codesLookedUp = regexp.MustCompile(` AND result IN \(([^)]*)\)`)
