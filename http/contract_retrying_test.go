package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// TestContractSection25 is contract §2.5 as seen over HTTP: retrying safely. That a key is kept for 24 h, across restarts and on every node, is tested in eventstore and projections.
func TestContractSection25(t *testing.T) { runContract(t, retryRows) }

const (
	byDesign     = "The temporal guard refuses an identical retry, by design of the contract."
	keyLength    = "`Idempotency-Key: <1–255 characters>` makes retries safe"
	beforeGuards = "it is decided **before** the guards, per tenant and endpoint, whatever the credential"
	firstAnswer  = "same key and same body bytes → the first answer, byte for byte, with `Idempotent-Replayed: true`"
	otherBody    = "same key and another body → `422` (`idempotency_key_reused`)"
	onlyAccepted = "only accepted submissions are stored"
	isReplayed   = "Idempotent-Replayed: true"
	pending      = `"PENDING"`
	withKey      = "Idempotency-Key=k "
)

var retryRows = []contractRow{
	{says: byDesign, given: []string{postResult + sent("provider_activity_id", `"p"`)}, when: postResult + sent("provider_activity_id", `"p"`), then: "409 stale_result", lacks: []string{"Idempotent-Replayed"}},
	{says: keyLength, of: "255", given: []string{postTask + task()}, when: "Idempotency-Key=" + strings.Repeat("é", 255) + " " + dispatchA1, then: "204", lacks: []string{"Idempotent-Replayed"}},
	{says: keyLength, of: "256", given: []string{postTask + task()}, when: "Idempotency-Key=" + strings.Repeat("é", 256) + " " + dispatchA1, then: "400 invalid_header"},
	{says: keyLength, of: "none", given: []string{postTask + task()}, when: "Idempotency-Key= " + cancelA1, then: "400 invalid_header"},
	{says: keyLength, of: "twice", when: "Idempotency-Key=a Idempotency-Key=a " + postTask + task(), then: "400 invalid_header"},

	{says: beforeGuards, of: "the temporal guard", given: []string{withKey + postResult + sent("provider_activity_id", `"p"`)}, when: withKey + postResult + sent("provider_activity_id", `"p"`), then: "201",
		shows: []string{isReplayed}},
	{says: beforeGuards, of: "the state guard", given: []string{postTask + task(), withKey + cancelA1}, when: withKey + cancelA1, then: "200", shows: []string{isReplayed}},
	{says: beforeGuards, of: "not READY", given: []string{postTask + task(), withKey + dispatchA1, cancelA1}, when: withKey + dispatchA1, then: "204", shows: []string{isReplayed}},
	{says: beforeGuards, of: "an idempotency_key in the body", given: []string{withKey + postActivity + created()}, when: withKey + postActivity + created(), then: "201", shows: []string{isReplayed}},
	{says: beforeGuards, of: "the same key at another endpoint is another key", given: []string{withKey + postActivity + created()}, when: withKey + postTask + task("idempotency_key", `"k2"`), then: "201",
		shows: []string{"Resultlog-Position: 2"}, lacks: []string{"Idempotent-Replayed"}},
	{says: beforeGuards, of: "for another activity's dispatch is another key", given: []string{postTask + task(), postTask + task("idempotency_key", `"k2"`), withKey + dispatchA1},
		when: withKey + "POST " + tasksPath + "/{a2}/dispatch", then: "204", lacks: []string{"Idempotent-Replayed"}, leaves: []string{createPath + `/{a2} "status":"DISPATCHED"`}},
	{says: beforeGuards, of: "and for the same activity's cancellation", given: []string{postTask + task(), withKey + dispatchA1}, when: withKey + cancelA1, then: "200", lacks: []string{"Idempotent-Replayed"}},
	{says: beforeGuards, of: "an id in another case is the same endpoint", given: []string{postResult + minimal, postResult + minimal, postResult + minimal, postTask + task(), withKey + dispatchA1},
		when: withKey + "POST " + tasksPath + "/{A1}/dispatch",
		then: "204", shows: []string{isReplayed}},
	{says: beforeGuards, of: "of another tenant is another key", given: []string{withKey + postResult + minimal}, when: "SUPER_ADMIN X-Tenant-Id={other} " + withKey + postResult + minimal, then: "201",
		shows: []string{"Resultlog-Position: 1"}, lacks: []string{"Idempotent-Replayed", "{r1}"}},
	{says: beforeGuards, of: "of another tenant with another body too", given: []string{withKey + postResult + minimal}, when: "SUPER_ADMIN X-Tenant-Id={other} " + withKey + postResult + documentedExample,
		then: "201", lacks: []string{"Idempotent-Replayed"}},
	{says: beforeGuards, of: "another credential of the same tenant replays", given: []string{"FDE " + withKey + postResult + minimal}, when: "SUPER_ADMIN " + withKey + postResult + minimal, then: "201",
		shows: []string{isReplayed, `"id":"{r1}"`}},
	{says: beforeGuards, of: "but not one that may not send it at all", given: []string{"FDE " + withKey + postResult + minimal}, when: "VIEWER " + withKey + postResult + minimal, then: "403 permission_denied"},
	{says: beforeGuards, of: "keys differ in case", given: []string{withKey + postResult + minimal}, when: "Idempotency-Key=K " + postResult + minimal, then: "201", lacks: []string{"Idempotent-Replayed"}},

	{says: firstAnswer, of: "even if a standalone result has been linked since", given: []string{withKey + postResult + sent("provider_activity_id", `"p"`), postTask + task("provider_activity_id", `"p"`)},
		when: withKey + postResult + sent("provider_activity_id", `"p"`), then: "201", shows: []string{isReplayed, `"activityId":null,"source":"STANDALONE"`, `"commerceExternalId":"store-001"`},
		leaves: []string{`/api/activity-results/{r1} "activityId":"{a1}"`}},
	{says: firstAnswer, of: "even if the result was replaced since", given: []string{withKey + postResult + sent("provider_activity_id", `"p"`, "status", pending),
		"@2025-01-16T15:00:00Z " + postResult + sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:59:00Z"`)},
		when: withKey + postResult + sent("provider_activity_id", `"p"`, "status", pending), then: "201", shows: []string{`"resultStatus":"PENDING"`, `"updatedAt":"2025-01-16T14:30:05.000Z"`, "Resultlog-Position: 1"}},
	{says: firstAnswer, of: "even if an activity was moved since", given: []string{withKey + postTask + task(), dispatchA1}, when: withKey + postTask + task(), then: "201", shows: []string{`"status":"READY"`}},
	{says: firstAnswer, of: "the 201 of a creation that linked", given: []string{postResult + sent("provider_activity_id", `"p"`), withKey + postTask + task("provider_activity_id", `"p"`)},
		when: withKey + postTask + task("provider_activity_id", `"p"`), then: "201", shows: []string{isReplayed, `"status":"COMPLETED"`, `"resultId":"{r1}"`, "Resultlog-Position: 2"}},

	{says: otherBody, of: "says what to do", given: []string{withKey + postResult + minimal}, when: withKey + postResult + documentedExample, then: "422 idempotency_key_reused",
		shows: []string{`"error":"Unprocessable Entity"`, "X-Request-Id: "}, lacks: []string{"Idempotent-Replayed", "Resultlog-Position"}},
	{says: otherBody, of: "though it would be refused anyhow", given: []string{withKey + postResult + sent("provider_activity_id", `"p"`)}, when: withKey + postResult + sent("provider_activity_id", `"p"`, "status", pending),
		then: "422 idempotency_key_reused"},
	{says: otherBody, of: "an empty object is another body than none", given: []string{postTask + task(), withKey + dispatchA1}, when: withKey + dispatchA1 + " {}", then: "422 idempotency_key_reused"},
	{says: otherBody, of: "and none another than an empty object", given: []string{postTask + task(), withKey + cancelA1 + " {}"}, when: withKey + cancelA1, then: "422 idempotency_key_reused"},
	{says: otherBody, of: "but a body that is wrong in itself is that first", given: []string{withKey + postResult + minimal}, when: withKey + postResult + "{}", then: "400 validation_failed"},

	{says: onlyAccepted, of: "a 422 leaves the first answer", given: []string{withKey + postResult + minimal}, while: func(w *world) { w.ask(withKey + postResult + documentedExample) },
		when: withKey + postResult + minimal, then: "201", shows: []string{isReplayed}},
	{says: onlyAccepted, of: "a 400 is not", while: func(w *world) { w.ask(withKey + postResult + `{}`) }, when: withKey + postResult + minimal, then: "201", lacks: []string{"Idempotent-Replayed"}},
	{says: onlyAccepted, of: "a 404 is not", while: func(w *world) {
		w.ask(withKey + "PATCH " + createPath + "/00000000-0000-7000-8000-000000000050/cancel")
	}, when: withKey + postTask + task(), then: "201",
		lacks: []string{"Idempotent-Replayed"}},
	{says: onlyAccepted, of: "a 400 that depends on state is not", given: []string{postTask + task(), postTask + task("idempotency_key", `"k2"`, "provider_activity_id", `"p"`)},
		while: func(w *world) { w.ask(withKey + dispatchA1 + ` {"provider_activity_id":"p"}`) }, when: withKey + dispatchA1, then: "204", lacks: []string{"Idempotent-Replayed"}},
	{says: onlyAccepted, of: "a 409 is not", given: []string{postResult + sent("provider_activity_id", `"p"`, "status", pending)}, while: func(w *world) { w.ask(withKey + postResult + sent("provider_activity_id", `"p"`)) },
		when: withKey + postResult + sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:30:06Z"`), then: "201", lacks: []string{"Idempotent-Replayed"}},
	{says: onlyAccepted, of: "a 503 is not", while: func(w *world) {
		w.submitFails = &core.Error{Code: core.CodeUnavailable}
		w.ask(withKey + postResult + minimal)
		w.submitFails = nil
	}, when: withKey + postResult + documentedExample, then: "201", lacks: []string{"Idempotent-Replayed"}},
	{says: "it is durable in the same commit as the events", of: "it is in the first of them, see TestMetadata", given: []string{postTask + task(), withKey + postResult + sent("activity_id", `"{a1}"`)},
		while: func(w *world) {
			if first, second := w.log[1].Metadata, w.log[2].Metadata; first.Key != "k" || second.Key != "" {
				w.t.Errorf("the keys of a commit are %q and %q", first.Key, second.Key)
			}
		}, when: "GET " + showA1, then: "200"},
}

// TestReplays: of every endpoint that writes, the same key and the same bytes have the first answer again, byte for byte, whatever has happened since: only the request id is the new request's.
func TestReplays(t *testing.T) {
	for _, write := range writes {
		t.Run(write.name, func(t *testing.T) {
			w := newWorld(t)
			w.accept(t, postActivity+created("provider_activity_id", `"p"`, "type", `"TASK"`))
			w.keyFor(tenant, core.ViewEvents, nil)
			line := "Idempotency-Key=k " + strings.ReplaceAll(write.line, `"p-9"`, `"p"`)
			first := w.ask("X-Request-Id=first " + line)
			if got := briefly(t, first); got != write.then || first.Header().Get("Idempotent-Replayed") != "" {
				t.Fatalf("told %s at first: %s", got, first.Body)
			}
			w.accept(t, "@2025-01-16T15:00:00Z "+postResult+sent("activity_id", `"{a1}"`, "hard_override", `true`, "occurred_at", `"2025-01-16T14:59:00Z"`))
			w.accept(t, "@2025-01-16T15:01:00Z "+postResult+sent("activity_id", `"{a1}"`, "hard_override", `true`, "occurred_at", `"2025-01-16T15:00:30Z"`, "status", `"CANCELED"`))
			head := len(w.log)

			for range 2 {
				again := w.ask("SUPER_ADMIN X-Request-Id=again " + line)
				if again.Code != first.Code || again.Body.String() != first.Body.String() {
					t.Errorf("first %d %s\nagain %d %s", first.Code, first.Body, again.Code, again.Body)
				}
				want := first.Header().Clone()
				want.Set("X-Request-Id", "again")
				want.Set("Idempotent-Replayed", "true")
				if diff := diffHeaders(want, again.Header()); diff != "" {
					t.Errorf("headers %s", diff)
				}
			}
			if got := briefly(t, w.ask(line+" ")); got != "422 idempotency_key_reused" && strings.Contains(line, "{\"") {
				t.Errorf("with a blank more: %s", got)
			}
			if len(w.log) != head {
				t.Errorf("%d events were recorded by retries", len(w.log)-head)
			}
		})
	}
}

// diffHeaders says in what two heads differ.
func diffHeaders(want, got http.Header) string {
	var b strings.Builder
	for name := range want {
		if strings.Join(want[name], ",") != strings.Join(got[name], ",") {
			b.WriteString(name + ": " + strings.Join(got[name], ",") + " instead of " + strings.Join(want[name], ",") + "\n")
		}
		got.Del(name)
	}
	for name := range got {
		b.WriteString(name + " too many\n")
	}
	return b.String()
}

// TestReplaysAreNotCounted: a result that is answered again was submitted once.
func TestReplaysAreNotCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(c *Config) {
		c.Metrics, c.Gatherer = NewMetrics(), registry
		registry.MustRegister(c.Metrics.Collectors()...)
	})
	for range 3 {
		w.accept(t, "Idempotency-Key=k "+postResult+minimal)
	}
	if page := w.accept(t, "GET /metrics").Body.String(); !strings.Contains(page, `resultlog_submissions_total{source="STANDALONE",status="COMPLETED"} 1`+"\n") {
		t.Error(page)
	}
}
