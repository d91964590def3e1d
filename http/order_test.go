package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"resultlog/core"
)

// TestOrderOfChecks begins with a request that is wrong in every way there is and mends one after the other: each time the next of contract §2.4's order is answered.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t)
	w.post(createPath, strings.Replace(minimalActivity, `}`, `,"provider_activity_id":"p"}`, 1))
	w.post(submitPath, sent("provider_activity_id", `"p"`))
	w.post(createPath, strings.NewReplacer(`}`, `,"provider_activity_id":"m"}`, "TASK", "MESSAGE", "k-1", "k-2").Replace(minimalActivity))
	w.submitFails = &core.Error{Code: core.CodeQueueFull, Message: "full"}

	method, path, query, body := http.MethodPut, "/api/activity-results/tasks/x", "?x=1", strings.Repeat(" ", MaxBody+1)
	header := http.Header{"Idempotency-Key": {""}}
	steps := []struct {
		code   core.Code
		status int
		mend   func()
	}{
		{codeRouteNotFound, 404, func() { path = submitPath }},
		{codeMethodNotAllowed, 405, func() { method = http.MethodPost }},
		{codeUnauthenticated, 401, func() { header.Set("Authorization", "Bearer "+w.token("VIEWER")) }},
		{codeInvalidTenant, 400, func() { header.Set("X-Tenant-Id", otherTenant.String()) }},
		{codeTenantForbidden, 403, func() { header.Set("X-Tenant-Id", tenant.String()) }},
		{codePermissionDenied, 403, func() { header.Set("Authorization", "Bearer "+w.token("FDE")) }},
		{codeUnsupportedMediaType, 415, func() { header.Set("Content-Type", "application/json") }},
		{codeBodyTooLarge, 413, func() { body = "x" }},
		{codeInvalidQuery, 400, func() { query = "" }},
		{codeInvalidHeader, 400, func() { header.Del("Idempotency-Key") }},
		{codeInvalidJSON, 400, func() { body = sent("status", `"x"`, "provider_activity_id", `"m"`) }},
		{core.CodeInvalid, 400, func() { body = sent("provider_activity_id", `"m"`) }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeNotATask, 400, func() { body = sent("provider_activity_id", `"p"`) }},
		{core.CodeStaleResult, 409, func() { body = sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:30:06Z"`) }},
		{core.CodeInvalidTransition, 409, nil},
	}
	for _, step := range steps {
		r := httptest.NewRequest(method, path+query, strings.NewReader(body))
		r.Header = header
		rec := w.do(r)
		if rec.Code != step.status {
			t.Fatalf("status %d, want %d %s: %s", rec.Code, step.status, step.code, rec.Body)
		}
		if p := problemOf(t, rec); p.Code != step.code {
			t.Fatalf("code %q, want %q", p.Code, step.code)
		}
		if step.mend != nil {
			step.mend()
		}
	}
}

// TestOrderOfReads does the same for a read.
func TestOrderOfReads(t *testing.T) {
	w := newWorld(t)
	w.post(createPath, minimalActivity)
	id := w.log[0].Stream.ID.String()
	path := "/api/activities/no-id?x=1"
	header := http.Header{}
	w.barrierFails = &core.Error{Code: core.CodeReadsBehind}
	w.readFails = errors.New("disk")
	for _, step := range []struct {
		code core.Code
		mend func()
	}{
		{codeUnauthenticated, func() { header.Set("Authorization", "Bearer "+w.token("VIEWER")) }},
		{codeInvalidTenant, func() { header.Set("X-Tenant-Id", otherTenant.String()) }},
		{codeTenantForbidden, func() { header.Set("X-Tenant-Id", tenant.String()) }},
		{codeInvalidQuery, func() { path = "/api/activities/no-id" }},
		{core.CodeReadsBehind, func() { w.barrierFails = nil }},
		{core.CodeNotFound, func() { path = "/api/activities/" + id }},
		{codeInternal, func() { w.readFails = nil }},
		{"", nil},
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header = header
		rec := w.do(r)
		if step.code == "" {
			if rec.Code != http.StatusOK {
				t.Fatalf("with everything mended: %s", rec.Body)
			}
			break
		}
		if p := problemOf(t, rec); p.Code != step.code {
			t.Fatalf("code %q, want %q", p.Code, step.code)
		}
		step.mend()
	}
}
