package projections_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// keyShelf records random API keys of a tenant, some of them revoked, and projects them; it gives them as they stand in the table. Many are issued in the same millisecond.
func (w *world) keyShelf(r *rand.Rand, tenant core.ID, n int) (rows []core.APIKeyView) {
	w.t.Helper()
	var events []core.Recorded
	record := func(e core.Event) core.Position {
		events = append(events, core.Recorded{
			Stream: core.Stream{Tenant: tenant, ID: tenant}, Version: core.Version(len(events) + 1), RecordedAt: w.clock, TenantPosition: core.Position(len(events) + 1), Event: e,
		})
		return core.Position(len(events))
	}
	for range n {
		w.clock += core.Instant(r.IntN(2))
		details := w.issue(r).APIKeyDetails
		v := core.APIKeyView{ID: randomID(r), Name: details.Name, Prefix: details.Prefix, Permissions: details.Permissions, ExpiresAt: details.ExpiresAt, CreatedAt: w.clock}
		v.LastPosition = record(core.APIKeyIssued{TenantID: tenant, KeyID: v.ID, APIKeyDetails: details})
		rows = append(rows, v)
		if i := r.IntN(len(rows)); r.IntN(3) == 0 && rows[i].RevokedAt == nil {
			at := w.clock
			rows[i].RevokedAt, rows[i].LastPosition = &at, record(core.APIKeyRevoked{TenantID: tenant, KeyID: rows[i].ID})
		}
	}
	w.applyOf(projections.APIKeys{}, events, 7)
	return rows
}

// applyOf brings events into one table, so many at a time.
func (w *world) applyOf(p projections.Projection, events []core.Recorded, atOnce int) {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for begin := 0; begin < len(events); begin += atOnce {
		if err := p.Apply(w.t.Context(), tx, events[begin:min(begin+atOnce, len(events))]); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

// Whatever page of a tenant's API keys is asked for, by its number or by a cursor, it is what a naive sort and cut gives; and nothing of another tenant.
func TestListOfAPIKeysEqualsANaiveOne(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, r := newWorld(t), rand.New(rand.NewPCG(80, 1))
		shelves := map[core.ID][]core.APIKeyView{tenants[0]: w.keyShelf(r, tenants[0], 300), tenants[1]: w.keyShelf(r, tenants[1], 30)}
		q := projections.NewQueries(w.tables.Read)
		walked := 0
		for range 100 {
			tenant, query := tenants[r.IntN(2)], core.APIKeyQuery{Paging: anyPaging(r, 1)}
			if query.Page = 1 + r.IntN(3); query.After != nil {
				*query.After = core.Position(r.IntN(400))
			}
			for {
				want := naivePage(shelves[tenant], func(v *core.APIKeyView) bool { return query.After == nil || v.LastPosition > *query.After }, query.Paging,
					func(v *core.APIKeyView) (core.Instant, core.Cursor) {
						return v.CreatedAt, core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
					})
				got, err := q.APIKeys(t.Context(), 0, tenant, query)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("%+v (-naive +got):\n%s", query, diff)
				}
				if got.Next == nil {
					break
				}
				walked++
				query.Cursor, query.Page = got.Next, got.Next.Page
			}
		}
		if walked < 50 {
			t.Errorf("%d further pages are too few to tell anything", walked)
		}
	})
}

// Nothing that helps to open a door stands in the read tables: the digest of a key's text is in the log alone.
func TestNoDigestOfAnAPIKeyIsInTheReadTables(t *testing.T) {
	w := sqliteWorld(t)
	issue := w.issue(rand.New(rand.NewPCG(80, 2)))
	digest := core.Digest([]byte("a digest that is found in a file"))
	issue.Digest = digest
	w.do(tenants[0], issue)
	w.caughtUp(w.run(w.config(w.tables)))
	files, err := filepath.Glob(filepath.Join(w.place, "read.db*"))
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named = named || bytes.Contains(content, []byte(issue.Prefix))
		if bytes.Contains(content, digest[:]) || bytes.Contains(bytes.ToLower(content), []byte(digest.String())) {
			t.Errorf("the digest is in %s", file)
		}
	}
	if !named {
		t.Errorf("the key itself is in none of %v: this test tells nothing", files)
	}
}

// An API key's permissions stand in the table as the array of their names, and what was never said is NULL: analysts read it.
func TestRowOfAnAPIKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		issue := w.issue(rand.New(rand.NewPCG(80, 3)))
		issue.Permissions, issue.ExpiresAt = core.ViewActivities|core.ViewEvents, nil
		w.do(tenants[0], issue)
		w.applied()
		var row string
		w.scan(w.tables, &row, `SELECT permissions || ' ' || version || ' ' || last_position FROM api_keys WHERE expires_at IS NULL AND revoked_at IS NULL`)
		if row != `["VIEW_ACTIVITIES","VIEW_EVENTS"] 1 1` {
			t.Errorf("the row is %s", row)
		}
	})
}

// Applied twice, an event of a tenant's own stream is an error, whichever it is; so is a revocation of a key that the table lacks.
func TestTenantEventsAppliedTwiceAreRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		first, second := w.issue(rand.New(rand.NewPCG(80, 4))), w.issue(rand.New(rand.NewPCG(80, 5)))
		w.do(tenants[0], first, core.RevokeAPIKey{KeyID: first.KeyID}, second, core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 1}})
		w.applied()
		refused := func(what string, batch []core.Recorded, saying string) {
			t.Helper()
			tx, err := w.tables.Write.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			for _, p := range []projections.Projection{projections.TaskResultTypes{}, projections.APIKeys{}} {
				if err = p.Apply(t.Context(), tx, batch); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), saying) {
				t.Errorf("%s: %v", what, err)
			}
		}
		history := w.history()
		for _, r := range history {
			refused(r.Event.Type()+" alone", []core.Recorded{r}, "")
		}
		refused("a key and its revocation", history[:2], "unique constraint")
		refused("a configuration", history[3:], "result type success: no row to change, or it is newer than the event")
		foreign := history[1]
		foreign.Stream.Tenant, foreign.Version = tenants[1], 99
		refused("a revocation of another tenant's key", []core.Recorded{foreign}, first.KeyID.String()+": no row to change")
		w.verifyIs(w.tables, history)
	})
}
