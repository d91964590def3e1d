package projections_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// tenantIntent configures the catalogue, or issues or revokes an API key: what happens on a tenant's own stream.
func (w *world) tenantIntent(r *rand.Rand) core.Intent {
	switch n := r.IntN(4); {
	case n < 2:
		return core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{
			Code: core.ResultCode(1 + r.IntN(len(core.Catalog))), Active: r.IntN(5) > 0, Classification: core.Classification(r.IntN(3)),
		}}
	case n == 2 && len(w.issued) > 0:
		return core.RevokeAPIKey{KeyID: w.issued[r.IntN(len(w.issued))]}
	default:
		return w.issue(r)
	}
}

func (w *world) issue(r *rand.Rand) core.IssueAPIKey {
	id := w.mint()
	w.issued = append(w.issued, id)
	c := core.IssueAPIKey{KeyID: id, APIKeyDetails: core.APIKeyDetails{
		Name: fmt.Sprintf("field app \"ñ\" %d", w.minted), Prefix: fmt.Sprintf("rtn_sk_%06d", w.minted), Digest: core.Digest{0: 1, 31: byte(w.minted)},
		Permissions: core.Permissions(1 + r.IntN(int(core.AllPermissions))),
	}}
	if r.IntN(2) == 0 {
		at := w.clock + core.Instant(r.IntN(100_000))
		c.ExpiresAt = &at
	}
	return c
}

// foldTenant folds an event of a tenant's own stream.
func (n naive) foldTenant(r core.Recorded) {
	tenant := r.Stream.Tenant
	switch e := r.Event.(type) {
	case core.ResultTypeConfigured:
		if n.types[tenant] == nil {
			n.types[tenant] = map[core.ResultCode]core.ResultTypeSetting{}
		}
		n.types[tenant][e.Code] = e.ResultTypeSetting
	case core.APIKeyIssued:
		if n.keys[tenant] == nil {
			n.keys[tenant] = map[core.ID]core.APIKeyView{}
		}
		n.keys[tenant][e.KeyID] = core.APIKeyView{
			ID: e.KeyID, Name: e.Name, Prefix: e.Prefix, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt, CreatedAt: r.RecordedAt, LastPosition: r.TenantPosition,
		}
	case core.APIKeyRevoked:
		key := n.keys[tenant][e.KeyID]
		key.RevokedAt, key.LastPosition = &r.RecordedAt, r.TenantPosition
		n.keys[tenant][e.KeyID] = key
	}
}

// classify gives each result what its tenant holds its code to be, when all is folded.
func (n naive) classify() {
	for key, v := range n.results {
		v.Classification = n.types[key.Tenant][v.Result].Classification
		n.results[key] = v
	}
}

// readTenants reads what the tables say of the tenants that there should be something of. What was never configured is left out if it is as it should be, so that it cannot hide.
func (n naive) readTenants(t testing.TB, q *projections.Queries, want naive) {
	t.Helper()
	for tenant := range want.types {
		types, err := q.ResultTypes(t.Context(), 0, tenant)
		if err != nil {
			t.Fatal(err)
		}
		n.types[tenant] = map[core.ResultCode]core.ResultTypeSetting{}
		for i := range core.Catalog {
			code := core.ResultCode(i + 1)
			unconfigured := core.ResultTypeSetting{Code: code, Active: true}
			got := core.ResultTypeSetting{Code: code, Active: types.Active(code), Classification: types.Classification(code)}
			if _, configured := want.types[tenant][code]; configured || got != unconfigured {
				n.types[tenant][code] = got
			}
		}
	}
	for tenant := range want.keys {
		n.keys[tenant] = map[core.ID]core.APIKeyView{}
		query := core.APIKeyQuery{Paging: core.Paging{Page: 1, Limit: 100}}
		for query.Page == 1 || query.Cursor != nil {
			page, err := q.APIKeys(t.Context(), 0, tenant, query)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Rows {
				n.keys[tenant][v.ID] = v
			}
			query.Page, query.Cursor = query.Page+1, page.Next
		}
	}
}

// countTenants verifies that the tables have no more rows of tenants than they should.
func (w *world) countTenants(tables *readTables, want naive) {
	w.t.Helper()
	var types, keys, wantTypes, wantKeys int
	w.scan(tables, &types, `SELECT count(*) FROM task_result_types`)
	w.scan(tables, &keys, `SELECT count(*) FROM api_keys`)
	for _, configured := range want.types {
		wantTypes += len(configured)
	}
	for _, issued := range want.keys {
		wantKeys += len(issued)
	}
	if types != wantTypes || keys != wantKeys {
		w.t.Fatalf("%d result types and %d API keys, want %d and %d", types, keys, wantTypes, wantKeys)
	}
}
