package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractSection24 is contract §2.4: answers. The documented example, the keys of each answer and the fields of taskDetails are in answers_test.go, the order of the checks in
// order_test.go, a row per credential in auth_test.go and per code in problem_test.go.
func TestContractSection24(t *testing.T) { runContract(t, answerRows) }

const (
	wholeResult = "`GET /api/activity-results/:id` gives the whole result: the above, and providerActivityId, commerceExternalId, externalStatus, rawPayload, hardOverride, resultTypeLabel, classification, version — those that are set"
	errorBody   = "Error body, always"
	sayRetry    = "Both say: retry with the same key."
	with405     = "`405` with `Allow`"
	requestIDs  = "Every answer carries `X-Request-Id` (the client's, if it is 1–128 of `A-Za-z0-9._-`, else a new one)"
)

// everything is a submission in which nothing is left out.
var everything = sent("provider_activity_id", `"p"`, "external_status", `"DONE"`, "hard_override", `true`, "raw_payload", `{ "a":1}`, "task_result.comment", `"c"`, "task_result.contact_type", `"INBOUND"`,
	"task_result.operator_external_id", `"o"`, "task_result.future_scheduled_at", `"2025-02-01T09:00:00Z"`, "task_result.payload", `{"b": 2}`)

var answerRows = []contractRow{
	{says: wholeResult, of: "all of them", given: []string{postTask + task("provider_activity_id", `"p"`), postResult + everything}, when: "GET /api/activity-results/{r1}", then: "200", shows: []string{
		`{"id":"{r1}","activityId":"{a1}","source":"RETEN_ACTIVITY","resultStatus":"COMPLETED","occurredAt":"2025-01-16T14:30:00.000Z","taskDetails":{"result":"success","comment":"c","contactType":"INBOUND",` +
			`"operatorExternalId":"o","futureScheduledAt":"2025-02-01T09:00:00.000Z","payload":{"b": 2}},"createdAt":"2025-01-16T14:30:05.000Z","updatedAt":"2025-01-16T14:30:05.000Z"`,
		`"commerceExternalId":"store-001"`, `"providerActivityId":"p"`, `"externalStatus":"DONE"`, `"rawPayload":{ "a":1}`, `"hardOverride":true`, `"resultTypeLabel":"Exito"`, `"version":1`, `"lastPosition":2`}},
	{says: wholeResult, of: "none that is not set", given: []string{postResult + minimal}, when: "GET /api/activity-results/{r1}", then: "200",
		shows: []string{`"activityId":null`, `"commerceExternalId":"store-001"`, `"resultTypeLabel":"Exito"`, `"version":1`},
		lacks: []string{"providerActivityId", "externalStatus", "rawPayload", "hardOverride"}},
	{says: errorBody, of: "an activity that is not READY", given: []string{postTask + task(), dispatchA1}, when: "X-Request-Id=r-1 " + dispatchA1, then: "400 activity_not_ready", shows: []string{
		"Content-Type: application/problem+json", `{"statusCode":400,"message":"activity {a1} is DISPATCHED: only a READY one can be dispatched","error":"Bad Request","code":"activity_not_ready","requestId":"r-1",` +
			`"type":"urn:resultlog:problem:activity_not_ready","title":"The activity cannot be dispatched","status":400,"detail":"activity {a1} is DISPATCHED: only a READY one can be dispatched"}`}},
	{says: errorBody, of: "a key that was used with another body", given: []string{"Idempotency-Key=k " + postResult + minimal}, when: "X-Request-Id=r-1 Idempotency-Key=k " + postResult + documentedExample,
		then: "422 idempotency_key_reused", shows: []string{"Content-Type: application/problem+json", `{"statusCode":422,"message":"`, `"error":"Unprocessable Entity","code":"idempotency_key_reused","requestId":"r-1"`}},
	{says: errorBody, of: "an activity that there is not", when: "X-Request-Id=r-1 PATCH " + createPath + "/770e8400-e29b-41d4-a716-446655440000/cancel", then: "404 not_found", shows: []string{
		`{"statusCode":404,"message":"this tenant has no activity 770e8400-e29b-41d4-a716-446655440000: check the id, and the tenant of the request","error":"Not Found","code":"not_found","requestId":"r-1"`}},
	{says: "validation adds `errors:[{\"pointer\":\"/task_result/result\",\"message\":\"…\"}]`", when: postResult + sent("task_result.result", `"sold"`), then: "400 validation_failed",
		shows: []string{`"errors":[{"pointer":"/task_result/result","message":"is not in the catalogue: `}},
	{says: "`400` `x-tenant-id` missing or not a UUID (JWT)", of: "missing", when: "-X-Tenant-Id " + cancelA1, then: "400 invalid_tenant"},
	{says: "`400` `x-tenant-id` missing or not a UUID (JWT)", of: "not a UUID", when: "X-Tenant-Id=acme " + dispatchA1, then: "400 invalid_tenant"},
	{says: "`404` unknown id on reads", of: "an activity", when: "GET " + createPath + "/770e8400-e29b-41d4-a716-446655440000", then: "404 not_found"},
	{says: "`404` unknown id on reads", of: "a result", when: "GET /api/activity-results/770e8400-e29b-41d4-a716-446655440000", then: "404 not_found"},
	{says: with405, of: "dispatch", when: "GET " + tasksPath + "/{a1}/dispatch", then: "405 method_not_allowed", shows: []string{"Allow: OPTIONS, POST\n"}},
	{says: with405, of: "cancel", when: "POST " + createPath + "/{a1}/cancel", then: "405 method_not_allowed", shows: []string{"Allow: OPTIONS, PATCH\n"}},
	{says: with405, of: "tasks", when: "PATCH " + tasksPath, then: "405 method_not_allowed", shows: []string{"POST"}},
	{says: requestIDs, of: "the client's, beside no body", given: []string{postTask + task()}, when: "X-Request-Id=a.B_9- " + dispatchA1, then: "204", shows: []string{"X-Request-Id: a.B_9-\n"}},
	{says: requestIDs, of: "a new one, beside no body", given: []string{postTask + task()}, when: "X-Request-Id=a=b " + dispatchA1, then: "204", shows: []string{"X-Request-Id: 00000000-0000-7000-8000-0000000000"}},
	{says: requestIDs, of: "of a problem, and it is in its body", when: "X-Request-Id=r-1 GET /nothing", then: "404 route_not_found", shows: []string{"X-Request-Id: r-1\n", `"requestId":"r-1"`}},
}

// TestWritesInTrouble: whatever a write is about, what goes wrong behind the server is told alike: `503` with `Retry-After`, unavailable or outcome_unknown, and both say: retry with the same key.
func TestWritesInTrouble(t *testing.T) {
	for _, write := range writes {
		for code, err := range map[core.Code]error{
			core.CodeUnavailable: &core.Error{Code: core.CodeUnavailable}, core.CodeOutcomeUnknown: &core.Error{Code: core.CodeOutcomeUnknown}, core.CodeQueueFull: &core.Error{Code: core.CodeQueueFull},
		} {
			w := newWorld(t)
			w.accept(t, postTask+task())
			w.keyFor(tenant, core.ViewEvents, nil)
			w.submitFails = err
			rec := w.ask(write.line)
			p := problemOf(t, rec)
			if rec.Code != http.StatusServiceUnavailable || p.Code != code || rec.Header().Get("Retry-After") == "" || rec.Header()["Resultlog-Position"] != nil {
				t.Errorf("%s, %s: %s", write.name, code, showAnswer(rec))
			}
			if !strings.Contains(p.Message, "retry") || !strings.Contains(p.Message, "the same Idempotency-Key") {
				t.Errorf("%s: %s %s", write.name, sayRetry, p.Message)
			}
		}
	}
}

// TestWritesWithoutPatience: a client that goes leaves the outcome open, for every write, and is counted apart.
func TestWritesWithoutPatience(t *testing.T) {
	for _, write := range writes {
		w := newWorld(t)
		w.accept(t, postTask+task())
		w.keyFor(tenant, core.ViewEvents, nil)
		ctx, cancel := context.WithCancel(context.Background())
		w.onSubmit = func(context.Context) { cancel() }
		w.submitFails = context.Canceled
		if rec := w.do(w.parse(write.line).WithContext(ctx)); rec.Code != statusClientGone {
			t.Errorf("%s: status %d", write.name, rec.Code)
		}
	}
}
