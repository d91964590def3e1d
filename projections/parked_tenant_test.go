package projections_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// configured says what a tenant holds the first code of the catalogue to be.
func configured(as core.Classification) core.Intent {
	return core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 1, Active: true, Classification: as}}
}

// parkedTenant makes a world in which a tenant's own stream is parked from its third event on, an APIKeyIssued that no table can take: a key and a configuration stand before it; a
// configuration, the revocation of either key, and a key more behind it. Beside it the tenant has a result of the code.
func parkedTenant(t *testing.T, newWorld func(testing.TB) *world) (w *world, broken failing, keys []core.IssueAPIKey, result core.SubmitResult) {
	w = newWorld(t)
	r := rand.New(rand.NewPCG(81, 1))
	keys = []core.IssueAPIKey{w.issue(r), w.issue(r), w.issue(r)}
	broken, cfg := w.breaking(func(e core.Recorded) bool {
		issued, ok := e.Event.(core.APIKeyIssued)
		return ok && issued.KeyID == keys[1].KeyID
	})
	result = succeeding(w.failing("", ""))
	running := w.run(cfg)
	w.do(tenants[0], configured(core.Positive), keys[0], result)
	w.caughtUp(running)
	w.do(tenants[0], keys[1], configured(core.Negative))
	w.caughtUp(running)
	w.do(tenants[1], configured(core.Negative), w.issue(r))
	w.do(tenants[0], core.RevokeAPIKey{KeyID: keys[0].KeyID}, core.RevokeAPIKey{KeyID: keys[1].KeyID}, keys[2])
	w.caughtUp(running)
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	return w, broken, keys, result
}

// An event of a tenant's own stream that cannot be applied is parked with what follows it there, in later deliveries too; reading what it may be about says so, in both modes of
// reading. The tenant's results and activities go on, with what their classification was before.
func TestReadsOfATenantWhoseStreamIsParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, _, _, result := parkedTenant(t, newWorld)
		d := w.deadLetters(w.tables)
		letters := w.letters(d, projections.Which{Tenant: tenants[0]})
		if len(letters) != 5 || letters[0].Version != 3 || letters[0].Stream != (core.Stream{Tenant: tenants[0], ID: tenants[0]}) || !strings.Contains(letters[4].Error, "follows the event at position 4") {
			t.Fatalf("dead letters are %+v", letters)
		}
		q, all := projections.NewQueries(w.tables.Read), core.Paging{Page: 1, Limit: 10}
		for _, after := range []core.Position{0, w.machine.Head()} {
			if types, err := q.ResultTypes(t.Context(), after, tenants[0]); codeOf(err) != core.CodeParked || !strings.Contains(err.Error(), tenants[0].String()) || types != (core.ResultTypes{}) {
				t.Errorf("result types: %v, %v", types, err)
			}
			if page, err := q.APIKeys(t.Context(), after, tenants[0], core.APIKeyQuery{Paging: all}); codeOf(err) != core.CodeParked || page.Rows != nil || page.Total != 0 {
				t.Errorf("API keys: %+v, %v", page, err)
			}
			v, err := q.Result(t.Context(), after, tenants[0], result.ResultID)
			if err != nil || v.Classification != core.Positive {
				t.Errorf("the result counts as %q, %v", v.Classification, err)
			}
			page, err := q.Results(t.Context(), after, tenants[0], core.ResultQuery{Classification: core.Positive, Paging: all})
			if err != nil || len(page.Rows) != 1 || page.Rows[0].Classification != core.Positive {
				t.Errorf("the list of results is %+v, %v", page, err)
			}
			if _, err := q.Activities(t.Context(), after, tenants[0], core.ActivityQuery{Paging: all}); err != nil {
				t.Errorf("the list of activities: %v", err)
			}
		}
	})
}

// What is parked of one tenant says nothing of another, nor does what is parked of a tenant's results.
func TestReadsOfATenantWhoseStreamIsNotParked(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		_, cfg := w.breaking(func(e core.Recorded) bool {
			return e.Event.Type() == "ResultSubmitted" || e.Stream.Tenant == tenants[1]
		})
		key := w.issue(rand.New(rand.NewPCG(81, 2)))
		w.do(tenants[0], succeeding(w.failing("", "")), key, configured(core.Negative))
		w.do(tenants[1], configured(core.Negative))
		w.caughtUp(w.run(cfg))
		q := projections.NewQueries(w.tables.Read)
		if types, err := q.ResultTypes(t.Context(), 0, tenants[0]); err != nil || types.Classification(1) != core.Negative || !types.Active(1) || types.Classification(2) != core.Unclassified {
			t.Errorf("result types: %v, %v", types, err)
		}
		page, err := q.APIKeys(t.Context(), 0, tenants[0], core.APIKeyQuery{Paging: core.Paging{Page: 1, Limit: 10}})
		if err != nil || len(page.Rows) != 1 || page.Rows[0].ID != key.KeyID {
			t.Errorf("API keys: %+v, %v", page, err)
		}
	})
}

// Retried, the events of a tenant's own stream leave the tables as a rebuild makes them.
func TestRetryOfATenantsStream(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, keys, result := parkedTenant(t, newWorld)
		broken.broken.Store(false)
		d := w.deadLetters(w.tables, broken)
		for _, stream := range streamsOf(w.letters(d, projections.Which{})) {
			if done := w.retry(d, stream, 0); done.Left != 0 || done.Failed != nil {
				t.Fatalf("retried %s: %+v", stream.ID, done)
			}
		}
		w.verify(w.tables)
		retried := w.dump()
		if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := difference(w.dump(), retried); diff != "" {
			t.Errorf("-rebuilt +retried\n%s", diff)
		}
		q := projections.NewQueries(w.tables.Read)
		if v, err := q.Result(t.Context(), 0, tenants[0], result.ResultID); err != nil || v.Classification != core.Negative {
			t.Errorf("the result counts as %q, %v", v.Classification, err)
		}
		page, err := q.APIKeys(t.Context(), 0, tenants[0], core.APIKeyQuery{Paging: core.Paging{Page: 1, Limit: 10}})
		if err != nil || len(page.Rows) != 3 || page.Rows[0].ID != keys[2].KeyID || page.Rows[0].RevokedAt != nil || page.Rows[2].RevokedAt == nil {
			t.Errorf("API keys: %+v, %v", page, err)
		}
	})
}

// What follows the issue of a key that was dropped can be applied, but for the revocation of that key, which says so and must be dropped too.
func TestDropOfTheIssueOfAnAPIKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, broken, keys, _ := parkedTenant(t, newWorld)
		d := w.deadLetters(w.tables, broken)
		stream := core.Stream{Tenant: tenants[0], ID: tenants[0]}
		dropFirst := func() {
			t.Helper()
			if _, err := d.Drop(t.Context(), w.letters(d, projections.Which{Tenant: tenants[0]})[0].Position); err != nil {
				t.Fatal(err)
			}
		}
		dropFirst()
		done := w.retry(d, stream, 0)
		if done.Applied != 2 || done.Left != 2 || done.Failed == nil || !strings.Contains(done.Failed.Error, "API key "+keys[1].KeyID.String()+": no row to change") {
			t.Fatalf("retried what follows: %+v", done)
		}
		dropFirst()
		if done := w.retry(d, stream, 0); done.Applied != 1 || done.Left != 0 {
			t.Fatalf("retried the rest: %+v", done)
		}
		var sound []core.Recorded
		for _, r := range w.history() {
			issued, _ := r.Event.(core.APIKeyIssued)
			revoked, _ := r.Event.(core.APIKeyRevoked)
			if issued.KeyID != keys[1].KeyID && revoked.KeyID != keys[1].KeyID {
				sound = append(sound, r)
			}
		}
		w.verifyIs(w.tables, sound)
		broken.broken.Store(false)
		if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
			t.Fatal(err)
		}
		w.verify(w.tables)
	})
}
