package httpapi

import (
	"net/http"
	"testing"

	"resultlog/core"
)

// TestOrderOfChecksOfConfigurations does what TestOrderOfChecks does, for a result type.
func TestOrderOfChecksOfConfigurations(t *testing.T) {
	w := newWorld(t)
	w.accept(t, "Idempotency-Key=used "+putTypes+`success {"is_active":false}`)
	w.submitFails = full
	p, steps := w.wrongInEveryWay(http.MethodPut, typesPath+"/sold", "FDE", "ADMIN")
	p.method = http.MethodGet // PUT is what is right here
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = `{}` }},
		{core.CodeInvalid, 400, func() { p.body = `{"is_active":true}` }},
		{core.CodeNotFound, 404, func() { p.path = typesPath + "/success" }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, nil},
	}...))
}

// TestOrderOfChecksOfIssues does the same for a new API key, whose creator is a key itself.
func TestOrderOfChecksOfIssues(t *testing.T) {
	w := newWorld(t)
	manages, _ := w.keyFor(tenant, core.ManageAPIKeys, nil)
	w.accept(t, "Idempotency-Key=used "+postKey+newKey("permissions", `["MANAGE_API_KEYS"]`))
	for range core.MaxAPIKeys - 2 {
		w.keyFor(tenant, core.ViewEvents, nil)
	}
	w.submitFails = full
	p, steps := w.wrongInEveryWay(http.MethodPost, keysPath, "FDE", "ADMIN")
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = newKey("name", `""`, "expiresAt", `"2025-01-16T14:30:05Z"`) }},
		{core.CodeInvalid, 400, func() {
			p.header.Del("Authorization")
			p.header.Set("X-Api-Key", manages)
			p.body = newKey("expiresAt", `"2025-01-16T14:30:05Z"`)
		}},
		{core.CodePermissionDenied, 403, func() {
			p.body = newKey("permissions", `["MANAGE_API_KEYS"]`, "expiresAt", `"2025-01-16T14:30:05Z"`)
		}},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, func() { p.body = newKey("permissions", `["MANAGE_API_KEYS"]`) }},
		{codeKeyShownOnce, 409, func() {
			p.header.Del("Idempotency-Key")
			p.body = newKey("permissions", `["MANAGE_API_KEYS"]`, "expiresAt", `"2025-01-16T14:30:05Z"`)
		}},
		{core.CodeInvalid, 400, func() { p.body = newKey("permissions", `["MANAGE_API_KEYS"]`) }},
		{core.CodeTooManyAPIKeys, 409, nil},
	}...))
}

// TestOrderOfChecksOfRevocations does the same for the end of a key.
func TestOrderOfChecksOfRevocations(t *testing.T) {
	w := newWorld(t)
	w.keyFor(tenant, core.ViewEvents, nil)
	_, stranger := w.keyFor(otherTenant, core.ViewEvents, nil)
	w.accept(t, "Idempotency-Key=used "+revokeK1)
	w.submitFails = full
	to := func(id string) string { return w.named(keysPath + "/" + id + "/revoke") }
	p, steps := w.wrongInEveryWay(http.MethodPost, to("no-id"), "FDE", "ADMIN")
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = `{}` }},
		{core.CodeNotFound, 404, func() { p.path = to("{k1}") }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, func() { p.header.Del("Idempotency-Key"); p.path = to(stranger.String()) }},
		{core.CodeNotFound, 404, func() { p.path = to("{k1}") }},
		{core.CodeAPIKeyRevoked, 409, nil},
	}...))
}

// TestOrderOfChecksOfKeys: what is wrong with an API key, beside a tenant and a permission that are wrong too.
func TestOrderOfChecksOfKeys(t *testing.T) {
	w := newWorld(t)
	narrow, _ := w.keyFor(tenant, core.ViewEvents, nil)
	wide, _ := w.keyFor(tenant, core.ViewActivities, nil)
	p := &probe{method: http.MethodGet, path: results, query: "?x=1", header: http.Header{"Authorization": {"x"}, "X-Api-Key": {"x"}, "X-Tenant-Id": {"x"}}}
	w.keysFail = &core.Error{Code: core.CodeKeysUnavailable}
	w.walk(t, p, []orderStep{
		{codeInvalidHeader, 400, func() { p.header.Del("Authorization") }},
		{core.CodeUnauthenticated, 401, func() { p.header.Set("X-Api-Key", narrow) }},
		{core.CodeKeysUnavailable, 503, func() { w.keysFail = nil }},
		{codeInvalidTenant, 400, func() { p.header.Set("X-Tenant-Id", otherTenant.String()) }},
		{codeTenantForbidden, 403, func() { p.header.Del("X-Tenant-Id") }},
		{core.CodePermissionDenied, 403, func() { p.header.Set("X-Api-Key", wide) }},
		{codeInvalidQuery, 400, nil},
	})
}
