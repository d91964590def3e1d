package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"resultlog/core"
)

// probe is a request that is mended step by step.
type probe struct {
	method, path, query, body string
	header                    http.Header
}

// orderStep is what is answered, and what is mended then.
type orderStep struct {
	code   core.Code
	status int
	mend   func()
}

// walk sends the request again and again: each time the next problem is answered.
func (w *world) walk(t *testing.T, p *probe, steps []orderStep) {
	t.Helper()
	for _, step := range steps {
		r := httptest.NewRequest(p.method, p.path+p.query, strings.NewReader(p.body))
		r.Header = p.header.Clone()
		rec := w.do(r)
		if rec.Code != step.status {
			t.Fatalf("status %d, want %d %s: %s", rec.Code, step.status, step.code, rec.Body)
		}
		if got := problemOf(t, rec); got.Code != step.code {
			t.Fatalf("code %q, want %q", got.Code, step.code)
		}
		if step.mend != nil {
			step.mend()
		}
	}
}

// wrongInEveryWay is a request that no check of the whole service lets pass, and the steps that every write has in common, up to the first that reads the body's JSON. Least is the
// role that the write asks for, and below the one below it; the body is mended to x.
func (w *world) wrongInEveryWay(method, path, below, least string) (*probe, []orderStep) {
	p := &probe{method: http.MethodPut, path: path + "/x/y", query: "?x=1", body: strings.Repeat(" ", MaxBody+1), header: http.Header{"Idempotency-Key": {""}}}
	return p, []orderStep{
		{codeRouteNotFound, 404, func() { p.path = path }},
		{codeMethodNotAllowed, 405, func() { p.method = method }},
		{core.CodeUnauthenticated, 401, func() { p.header.Set("Authorization", "Bearer "+w.token(below)) }},
		{codeInvalidTenant, 400, func() { p.header.Set("X-Tenant-Id", otherTenant.String()) }},
		{codeTenantForbidden, 403, func() { p.header.Set("X-Tenant-Id", tenant.String()) }},
		{core.CodePermissionDenied, 403, func() { p.header.Set("Authorization", "Bearer "+w.token(least)) }},
		{codeUnsupportedMediaType, 415, func() { p.header.Set("Content-Type", "application/json") }},
		{codeBodyTooLarge, 413, func() { p.body = "x" }},
		{codeInvalidQuery, 400, func() { p.query = "" }},
		{codeInvalidHeader, 400, func() { p.header.Set("Idempotency-Key", "used") }},
	}
}

// full is a queue that takes nothing more.
var full = &core.Error{Code: core.CodeQueueFull, Message: "full"}

// TestOrderOfChecks begins with a request that is wrong in every way there is and mends one after the other: each time the next of contract §2.4's order is answered.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postActivity+created("provider_activity_id", `"p"`))
	w.accept(t, "Idempotency-Key=used "+postResult+sent("provider_activity_id", `"p"`))
	w.accept(t, postActivity+created("provider_activity_id", `"m"`, "type", `"MESSAGE"`, "idempotency_key", `"k2"`))
	w.submitFails = full
	p, steps := w.wrongInEveryWay(http.MethodPost, submitPath, "VIEWER", "FDE")
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = sent("status", `"x"`, "provider_activity_id", `"m"`) }},
		{core.CodeInvalid, 400, func() { p.body = sent("provider_activity_id", `"m"`) }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, func() { p.header.Del("Idempotency-Key") }},
		{core.CodeNotATask, 400, func() { p.body = sent("provider_activity_id", `"p"`) }},
		{core.CodeStaleResult, 409, func() { p.body = sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:30:06Z"`) }},
		{core.CodeInvalidTransition, 409, nil},
	}...))
}

// TestOrderOfChecksOfCreations does the same for both ways to create an activity.
func TestOrderOfChecksOfCreations(t *testing.T) {
	for path, body := range map[string]func(...string) string{createPath: created, tasksPath: task} {
		w := newWorld(t)
		w.accept(t, "Idempotency-Key=used POST "+path+" "+body("provider_activity_id", `"p"`))
		w.submitFails = full
		p, steps := w.wrongInEveryWay(http.MethodPost, path, "VIEWER", "FDE")
		w.walk(t, p, append(steps, []orderStep{
			{codeInvalidJSON, 400, func() { p.body = body("provider_activity_id", `"p"`, "channel", `"FAX"`) }},
			{core.CodeInvalid, 400, func() { p.body = body("provider_activity_id", `"p"`, "reason", `"another"`) }},
			{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
			{core.CodeKeyReused, 422, func() { p.header.Del("Idempotency-Key") }},
			{core.CodeDuplicateActivity, 409, func() { p.body = body("provider_activity_id", `"p"`, "idempotency_key", `"k2"`) }},
			{core.CodeProviderIDConflict, 409, nil},
		}...))
	}
}

// TestOrderOfChecksOfDispatches does the same for a dispatch.
func TestOrderOfChecksOfDispatches(t *testing.T) {
	w := newWorld(t)
	unknown := core.ID{1}.String()
	w.accept(t, postActivity+created("provider_activity_id", `"p"`))
	w.accept(t, postActivity+created("idempotency_key", `"k2"`))
	w.accept(t, postActivity+created("idempotency_key", `"k3"`, "type", `"MESSAGE"`))
	w.accept(t, "Idempotency-Key=used POST "+tasksPath+"/{a2}/dispatch")
	w.submitFails = full
	to := func(id string) string { return w.named(tasksPath + "/" + id + "/dispatch") }
	p, steps := w.wrongInEveryWay(http.MethodPost, to("{a2}"), "VIEWER", "FDE")
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = `{"provider_activity_id":""}` }},
		{core.CodeInvalid, 400, func() { p.body = `{"provider_activity_id":"p"}` }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, func() { p.header.Del("Idempotency-Key"); p.path = to(unknown) }},
		{core.CodeNotFound, 404, func() { p.path = to("{a3}") }},
		{core.CodeNotATask, 400, func() { p.path = to("{a2}") }},
		{core.CodeNotReady, 400, func() { w.accept(t, postActivity+created("idempotency_key", `"k4"`)); p.path = to("{a4}") }},
		{core.CodeProviderIDConflict, 409, nil},
	}...))
}

// TestOrderOfChecksOfCancellations does the same for a cancellation.
func TestOrderOfChecksOfCancellations(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postActivity+created())
	w.accept(t, "Idempotency-Key=used "+cancelA1)
	w.submitFails = full
	to := func(id string) string { return w.named(createPath + "/" + id + "/cancel") }
	p, steps := w.wrongInEveryWay(http.MethodPatch, to("{a1}"), "FDE", "ADMIN")
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = `{}` }},
		{core.CodeQueueFull, 503, func() { w.submitFails = nil }},
		{core.CodeKeyReused, 422, func() { p.header.Del("Idempotency-Key"); p.path = to(core.ID{1}.String()) }},
		{core.CodeNotFound, 404, func() { p.path = to("{a1}") }},
		{core.CodeInvalidTransition, 409, nil},
	}...))
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
		{core.CodeUnauthenticated, func() { header.Set("Authorization", "Bearer "+w.token("VIEWER")) }},
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
