package httpapi

import (
	"errors"
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractSection27 is contract §2.7 as seen over HTTP. Which permission each route asks for is in TestRoutePermissions, what may be sent in TestInputOfActivities and
// TestInputOfTasks; the transitions there are, UNRESOLVED included, which no client can bring about, are in core.
func TestContractSection27(t *testing.T) {
	t.Run("creation", func(t *testing.T) { runContract(t, creationContract) })
	t.Run("tasks", func(t *testing.T) { runContract(t, taskContract) })
	t.Run("dispatch", func(t *testing.T) { runContract(t, dispatchContract) })
	t.Run("cancel", func(t *testing.T) { runContract(t, cancelContract) })
	t.Run("read", func(t *testing.T) { runContract(t, activityContract) })
}

const (
	usedKey     = "a used idempotency_key → `409` carrying the existing id"
	usedID      = "a provider id already in use → `409`"
	existingA1  = `"existing":{"id":"{a1}"}`
	setOnce     = "A provider id is set once, at creation or dispatch, and belongs to one activity of the tenant for ever."
	sameAgain   = "The same again is accepted; another, or one that is taken → `409` `provider_id_conflict`."
	after201    = "The creation's 201 shows the status after linking."
	theSame     = "the same, type TASK implied, with assigned_route_id and assigned_operator_id (UUIDs, required)"
	optionalOne = "body optional: `{\"provider_activity_id\": \"…\"}`"
	dispatched  = "READY → DISPATCHED → `204`"
	notReady    = "`400` naming the current status if not READY, or not a TASK; `404`"
	cancels     = "any non-terminal → CANCELED → `200`; `409` if terminal"
	in404       = "malformed in a body or query → `400`, in a path → `404`"
)

var creationContract = []contractRow{
	{says: "reason, channel, commerce_id UUID, idempotency_key, scheduled_at required", of: "and nothing else is: → `201`", when: postActivity + created(), then: "201",
		shows: []string{`"type":"TASK","status":"READY"`, "Resultlog-Position: 1"}},
	{says: "type TASK|MESSAGE", of: "MESSAGE", when: postActivity + created("type", `"MESSAGE"`), then: "201", shows: []string{`"type":"MESSAGE","status":"READY"`}},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "SALESMAN", when: postActivity + created("channel", `"SALESMAN"`), then: "201", shows: []string{`"channel":"SALESMAN"`}},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "CALLCENTER", when: postActivity + created("channel", `"CALLCENTER"`), then: "201"},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "WHATSAPP", when: postActivity + created("channel", `"WHATSAPP"`), then: "201"},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "EMAIL", when: postActivity + created("channel", `"EMAIL"`), then: "201"},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "SMS", when: postActivity + created("channel", `"SMS"`), then: "201"},
	{says: "Channels: SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH.", of: "PUSH", when: postActivity + created("channel", `"PUSH"`), then: "201"},
	{says: usedKey, given: []string{postActivity + created()}, when: postActivity + created(), then: "409 activity_exists", shows: []string{existingA1, `idempotency_key \"k\" was used before`}},
	{says: usedKey, of: "whatever else is sent", given: []string{postActivity + created()}, when: postActivity + created("reason", `"another"`, "type", `"MESSAGE"`), then: "409 activity_exists",
		shows: []string{existingA1}},
	{says: usedKey, of: "another tenant's is not used", given: []string{postActivity + created()}, when: "SUPER_ADMIN X-Tenant-Id={other} " + postActivity + created(), then: "201",
		shows: []string{"Resultlog-Position: 1"}},
	{says: usedID, given: []string{postActivity + created("provider_activity_id", `"p"`)}, when: postActivity + created("provider_activity_id", `"p"`, "idempotency_key", `"k2"`),
		then: "409 provider_id_conflict", shows: []string{existingA1}},
	{says: usedID, of: "another tenant's is not in use", given: []string{postActivity + created("provider_activity_id", `"p"`)},
		when: "SUPER_ADMIN X-Tenant-Id={other} " + postActivity + created("provider_activity_id", `"p"`), then: "201"},
	{says: after201, of: "for every status, see TestCreatedStatus", given: []string{postResult + sent("provider_activity_id", `"p"`)}, when: postActivity + created("provider_activity_id", `"p"`), then: "201",
		shows: []string{`"status":"COMPLETED"`, `"resultId":"{r1}"`}, leaves: []string{showA1 + ` "status":"COMPLETED"`, `/api/activity-results/{r1} "activityId":"{a1}","source":"RETEN_ACTIVITY"`}},
}

var taskContract = []contractRow{
	{says: theSame, of: "→ `201`", when: postTask + task(), then: "201", shows: []string{`"type":"TASK","status":"READY","reason":"visit"`,
		`"assignedRouteId":"22222222-2222-4222-8222-222222222222","assignedOperatorId":"33333333-3333-4333-8333-333333333333"`},
		leaves: []string{showA1 + ` "assignedRouteId":"22222222-2222-4222-8222-222222222222","assignedOperatorId":"33333333-3333-4333-8333-333333333333"`}},
	{says: theSame, of: "it is known by the same provider ids", given: []string{postActivity + created("provider_activity_id", `"p"`)},
		when: postTask + task("provider_activity_id", `"p"`, "idempotency_key", `"k2"`), then: "409 provider_id_conflict", shows: []string{existingA1}},
	{says: theSame, of: "and has the same idempotency_keys", given: []string{postActivity + created()}, when: postTask + task(), then: "409 activity_exists", shows: []string{existingA1}},
	{says: theSame, of: "and links likewise", given: []string{postResult + sent("provider_activity_id", `"p"`, "status", `"NOT_EXECUTED"`)}, when: postTask + task("provider_activity_id", `"p"`), then: "201",
		shows: []string{`"status":"FAILED"`, `"resultId":"{r1}"`}},
	{says: theSame, of: "it takes a result", given: []string{postTask + task()}, when: postResult + sent("activity_id", `"{a1}"`), then: "201", shows: []string{`"activityId":"{a1}"`}},
}

var dispatchContract = []contractRow{
	{says: dispatched, given: []string{postTask + task()}, when: dispatchA1 + ` {"provider_activity_id":"p"}`, then: "204", shows: []string{"Resultlog-Position: 2"}, lacks: []string{"Content-Type", "{"},
		leaves: []string{showA1 + ` "status":"DISPATCHED"`, showA1 + ` "providerActivityId":"p"`}},
	{says: dispatched, of: "of an activity that was created as any other", given: []string{postActivity + created()}, when: dispatchA1, then: "204", leaves: []string{showA1 + ` "status":"DISPATCHED"`}},
	{says: dispatched, of: "an FDE may", given: []string{postTask + task()}, when: "FDE " + dispatchA1, then: "204"},
	{says: optionalOne, of: "no body and no Content-Type", given: []string{postTask + task()}, when: dispatchA1, then: "204"},
	{says: optionalOne, of: "no body, but a Content-Type", given: []string{postTask + task()}, when: "Content-Type=text/plain " + dispatchA1, then: "204"},
	{says: optionalOne, of: "an empty object", given: []string{postTask + task()}, when: dispatchA1 + " {}", then: "204"},
	{says: optionalOne, of: "null for an optional field means absent", given: []string{postTask + task()}, when: dispatchA1 + ` {"provider_activity_id":null}`, then: "204"},
	{says: optionalOne, of: "null is no object", given: []string{postTask + task()}, when: dispatchA1 + " null", then: "400 invalid_json"},
	{says: optionalOne, of: "white space is no object", given: []string{postTask + task()}, when: dispatchA1 + "  ", then: "400 invalid_json"},
	{says: optionalOne, of: "an unknown field", given: []string{postTask + task()}, when: dispatchA1 + ` {"x":1}`, then: "400 invalid_json", shows: []string{`"pointer":"/x"`}},
	{says: optionalOne, of: "an empty id", given: []string{postTask + task()}, when: dispatchA1 + ` {"provider_activity_id":""}`, then: "400 validation_failed", shows: []string{`"pointer":"/provider_activity_id"`}},
	{says: optionalOne, of: "an id of 256 characters", given: []string{postTask + task()}, when: dispatchA1 + ` {"provider_activity_id":` + quoted(256, "é") + `}`, then: "400 validation_failed"},
	{says: optionalOne, of: "a body that is not application/json", given: []string{postTask + task()}, when: "Content-Type=text/plain " + dispatchA1 + ` {}`, then: "415 unsupported_media_type"},
	{says: optionalOne, of: "none, but a query", given: []string{postTask + task()}, when: dispatchA1 + "?force=true", then: "400 invalid_query", leaves: []string{showA1 + ` "status":"READY"`}},
	{says: notReady, of: "DISPATCHED", given: []string{postTask + task(), dispatchA1}, when: dispatchA1, then: "400 activity_not_ready", shows: []string{"is DISPATCHED: only a READY one can be dispatched"},
		lacks: []string{"Resultlog-Position"}},
	{says: notReady, of: "COMPLETED", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`)}, when: dispatchA1, then: "400 activity_not_ready", shows: []string{"is COMPLETED"}},
	{says: notReady, of: "FAILED", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"NOT_EXECUTED"`)}, when: dispatchA1, then: "400 activity_not_ready",
		shows: []string{"is FAILED"}},
	{says: notReady, of: "CANCELED", given: []string{postTask + task(), cancelA1}, when: dispatchA1, then: "400 activity_not_ready", shows: []string{"is CANCELED"}},
	{says: notReady, of: "a MESSAGE", given: []string{postActivity + created("type", `"MESSAGE"`)}, when: dispatchA1, then: "400 activity_not_task", shows: []string{"is a MESSAGE: only a TASK can be dispatched"}},
	{says: notReady, of: "404", when: "POST " + tasksPath + "/770e8400-e29b-41d4-a716-446655440000/dispatch", then: "404 not_found"},
	{says: notReady, of: "404: another tenant's", given: []string{postTask + task()}, when: "SUPER_ADMIN X-Tenant-Id={other} " + dispatchA1, then: "404 not_found", leaves: []string{showA1 + ` "status":"READY"`}},
	{says: notReady, of: "404: the id of a result", given: []string{postResult + minimal}, when: "POST " + tasksPath + "/{r1}/dispatch", then: "404 not_found"},
	{says: in404, of: "in the path of a dispatch", when: "POST " + tasksPath + "/42/dispatch", then: "404 not_found", shows: []string{"it is not a UUID"}},
	{says: in404, of: "in the path of a dispatch: the zero UUID", when: "POST " + tasksPath + "/00000000-0000-0000-0000-000000000000/dispatch", then: "404 not_found"},
	{says: setOnce, of: "at dispatch", given: []string{postTask + task(), dispatchA1 + ` {"provider_activity_id":"p"}`}, when: postTask + task("idempotency_key", `"k2"`, "provider_activity_id", `"p"`),
		then: "409 provider_id_conflict", shows: []string{existingA1}},
	{says: setOnce, of: "a dispatch makes the activity known by it", given: []string{postTask + task(), dispatchA1 + ` {"provider_activity_id":"p"}`}, when: postResult + sent("provider_activity_id", `"p"`), then: "201",
		shows: []string{`"activityId":"{a1}"`}},
	{says: setOnce, of: "a dispatch without one leaves it", given: []string{postTask + task("provider_activity_id", `"p"`)}, when: dispatchA1, then: "204", leaves: []string{showA1 + ` "providerActivityId":"p"`}},
	{says: sameAgain, of: "the same", given: []string{postTask + task("provider_activity_id", `"p"`)}, when: dispatchA1 + ` {"provider_activity_id":"p"}`, then: "204", leaves: []string{showA1 + ` "status":"DISPATCHED"`}},
	{says: sameAgain, of: "another", given: []string{postTask + task("provider_activity_id", `"p"`)}, when: dispatchA1 + ` {"provider_activity_id":"q"}`, then: "409 provider_id_conflict", shows: []string{existingA1},
		leaves: []string{showA1 + ` "status":"READY"`, showA1 + ` "providerActivityId":"p"`}},
	{says: sameAgain, of: "one that is taken", given: []string{postTask + task("provider_activity_id", `"p"`), postTask + task("idempotency_key", `"k2"`)},
		when: `POST ` + tasksPath + `/{a2}/dispatch {"provider_activity_id":"p"}`, then: "409 provider_id_conflict", shows: []string{existingA1, `belongs to activity {a1} for ever`},
		leaves: []string{createPath + `/{a2} "status":"READY"`}},
	{says: "the activity takes the result's transition (after DISPATCHED, if that is what made it known; none for PENDING)", of: "after DISPATCHED",
		given: []string{postTask + task(), postResult + sent("provider_activity_id", `"p"`)}, when: dispatchA1 + ` {"provider_activity_id":"p"}`, then: "204", shows: []string{"Resultlog-Position: 3"},
		leaves: []string{showA1 + ` "status":"COMPLETED"`, showA1 + ` "resultId":"{r1}"`, showA1 + ` "version":3,"lastPosition":5`, `/api/activity-results/{r1} "activityId":"{a1}"`}},
	{says: "the activity takes the result's transition (after DISPATCHED, if that is what made it known; none for PENDING)", of: "none for PENDING",
		given: []string{postTask + task(), postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`)}, when: dispatchA1 + ` {"provider_activity_id":"p"}`, then: "204",
		leaves: []string{showA1 + ` "status":"DISPATCHED"`, showA1 + ` "resultId":"{r1}"`}},
}

var cancelContract = []contractRow{
	{says: cancels, of: "READY", given: []string{postTask + task()}, when: cancelA1, then: "200", shows: []string{`{"id":"{a1}","type":"TASK","status":"CANCELED"`, "Resultlog-Position: 2"},
		leaves: []string{showA1 + ` "status":"CANCELED"`}},
	{says: cancels, of: "DISPATCHED", given: []string{postTask + task(), dispatchA1}, when: cancelA1, then: "200", shows: []string{`"status":"CANCELED"`, `"version":3,"lastPosition":3}`}},
	{says: cancels, of: "a MESSAGE", given: []string{postActivity + created("type", `"MESSAGE"`)}, when: cancelA1, then: "200", shows: []string{`"type":"MESSAGE","status":"CANCELED"`}},
	{says: cancels, of: "COMPLETED", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`)}, when: cancelA1, then: "409 invalid_transition", shows: []string{"is COMPLETED, which is terminal"},
		lacks: []string{"Resultlog-Position", "existing"}},
	{says: cancels, of: "FAILED", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"NOT_EXECUTED"`)}, when: cancelA1, then: "409 invalid_transition", shows: []string{"is FAILED"}},
	{says: cancels, of: "CANCELED", given: []string{postTask + task(), cancelA1}, when: cancelA1, then: "409 invalid_transition", shows: []string{"is CANCELED"}},
	{says: cancels, of: "an FDE may not", given: []string{postTask + task()}, when: "FDE " + cancelA1, then: "403 permission_denied", leaves: []string{showA1 + ` "status":"READY"`}},
	{says: cancels, of: "no body, but a Content-Type", given: []string{postTask + task()}, when: "Content-Type=text/plain " + cancelA1, then: "200"},
	{says: cancels, of: "an empty object for a body", given: []string{postTask + task()}, when: cancelA1 + " {}", then: "200"},
	{says: cancels, of: "a body that says something", given: []string{postTask + task()}, when: cancelA1 + ` {"x":1}`, then: "400 invalid_json", shows: []string{`"pointer":"/x"`}, leaves: []string{showA1 + ` "status":"READY"`}},
	{says: cancels, of: "null is no object", given: []string{postTask + task()}, when: cancelA1 + ` null`, then: "400 invalid_json"},
	{says: cancels, of: "no body, but a query", given: []string{postTask + task()}, when: cancelA1 + "?x=1", then: "400 invalid_query", leaves: []string{showA1 + ` "status":"READY"`}},
	{says: cancels, of: "an unknown id", when: "PATCH " + createPath + "/770e8400-e29b-41d4-a716-446655440000/cancel", then: "404 not_found"},
	{says: cancels, of: "another tenant's", given: []string{postTask + task()}, when: "SUPER_ADMIN X-Tenant-Id={other} " + cancelA1, then: "404 not_found", leaves: []string{showA1 + ` "status":"READY"`}},
	{says: in404, of: "in the path of a cancellation", when: "PATCH " + createPath + "/tasks/cancel", then: "404 not_found", shows: []string{"it is not a UUID"}},
	{says: "Cancelling an activity leaves its PENDING result PENDING.", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"PENDING"`)}, when: cancelA1, then: "200",
		shows: []string{`"status":"CANCELED"`, `"resultId":"{r1}"`, `"lastPosition":3}`}, leaves: []string{`/api/activity-results/{r1} "resultStatus":"PENDING"`}},
	{says: "`hard_override` lifts only the state guard, on the result and on its activity alike (an admin's cancel included).", of: "not without", given: []string{postTask + task(), cancelA1},
		when: postResult + sent("activity_id", `"{a1}"`), then: "409 invalid_transition", lacks: []string{"existing"}},
	{says: "`hard_override` lifts only the state guard, on the result and on its activity alike (an admin's cancel included).", of: "with", given: []string{postTask + task(), cancelA1},
		when: postResult + sent("activity_id", `"{a1}"`, "hard_override", "true"), then: "201", leaves: []string{showA1 + ` "status":"COMPLETED"`}},
}

var activityContract = []contractRow{
	{says: "`GET /api/activities/:id`", of: "a VIEWER may", given: []string{postTask + task()}, when: "VIEWER GET " + showA1, then: "200", shows: []string{`{"id":"{a1}"`, `"version":1,"lastPosition":1}`}},
	{says: "`GET /api/activities/:id`", of: "another tenant's", given: []string{postTask + task()}, when: "SUPER_ADMIN X-Tenant-Id={other} GET " + showA1, then: "404 not_found"},
}

// TestInputOfTasks judges the fields of POST /api/activities/tasks.
func TestInputOfTasks(t *testing.T) {
	for _, row := range taskRows {
		t.Run(row.sentence, func(t *testing.T) { newWorld(t).judge(t, tasksPath, row) })
	}
	p := problemOf(t, newWorld(t).post(tasksPath, created("type", "")))
	if len(p.Errors) != 2 || p.Errors[0].Pointer != "/assigned_route_id" || p.Errors[1].Pointer != "/assigned_operator_id" {
		t.Errorf("without both assigned ids: %+v", p.Errors)
	}
}

// TestCancelShowsTheActivity: what a cancellation answers equals what a read answers at that moment, whatever the activity has been through.
func TestCancelShowsTheActivity(t *testing.T) {
	for name, given := range map[string][]string{
		"READY":              {postTask + task()},
		"with everything":    {postTask + task("commerce_external_id", `"s"`, "provider_activity_id", `"p"`, "suggested_execution_time", `"9"`, "user_status", `"u"`, "score", `1`, "assignment_reason", `"a"`)},
		"dispatched":         {postTask + task(), dispatchA1 + ` {"provider_activity_id":"p"}`},
		"with a result":      {postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"PENDING"`)},
		"with one, replaced": {postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"PENDING"`), postResult + sent("activity_id", `"{a1}"`, "status", `"PENDING"`, "occurred_at", `"2025-01-16T14:30:06Z"`)},
		"linked":             {postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`), postTask + task("provider_activity_id", `"p"`)},
		"linked at dispatch": {postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`), postTask + task(), dispatchA1 + ` {"provider_activity_id":"p"}`},
	} {
		w := newWorld(t)
		for _, line := range given {
			w.accept(t, line)
		}
		answer := w.accept(t, "@2025-01-16T15:00:00.5Z "+cancelA1)
		read := w.accept(t, "GET "+showA1)
		if answer.Body.String() != read.Body.String() || !strings.Contains(read.Body.String(), `"updatedAt":"2025-01-16T15:00:00.500Z"`) {
			t.Errorf("%s: cancelled: %s\nread: %s", name, answer.Body, read.Body)
		}
	}
}

// TestCancelledButNotShown: if the activity cannot be read after it was cancelled, nobody is told that it was not; the same key shows it later.
func TestCancelledButNotShown(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postTask+task())
	w.readFails = errRead
	rec := w.ask("Idempotency-Key=c " + cancelA1)
	if got := briefly(t, rec); got != "503 outcome_unknown" || rec.Header().Get("Retry-After") == "" {
		t.Fatalf("told %s", got)
	}
	if p := problemOf(t, rec); !strings.Contains(p.Message, "was cancelled") || !strings.Contains(p.Message, "retry with the same Idempotency-Key") || strings.Contains(rec.Body.String(), errRead.Error()) {
		t.Errorf("says %q", p.Message)
	}
	if h := rec.Header(); h["Resultlog-Position"] != nil || h["Idempotent-Replayed"] != nil {
		t.Errorf("a problem has the head of an answer: %v", h)
	}
	w.readFails = nil
	if rec := w.accept(t, "Idempotency-Key=c "+cancelA1); rec.Header().Get("Idempotent-Replayed") != "true" || !strings.Contains(rec.Body.String(), `"status":"CANCELED"`) {
		t.Errorf("the same key: %s", rec.Body)
	}
}

// TestIntents: what reaches the submitter is what was sent.
func TestIntents(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postTask+task("score", `0`))
	in := w.lastCommand().Intent.(core.CreateActivity)
	if in.ActivityType != core.Task || in.AssignedRouteID.String()[0] != '2' || in.AssignedOperatorID.String()[0] != '3' || in.Score == nil || *in.Score != 0 || in.ActivityID.IsZero() {
		t.Errorf("creation %+v", in)
	}
	w.accept(t, "FDE Traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 X-Request-Id=r-7 "+dispatchA1+` {"provider_activity_id":"p"}`)
	c := w.lastCommand()
	if want := (core.DispatchActivity{ActivityID: in.ActivityID, ProviderActivityID: "p"}); c.Intent != want {
		t.Errorf("dispatch %+v, want %+v", c.Intent, want)
	}
	if m := c.Metadata; m.RequestID != "r-7" || m.Actor != (core.Actor{Subject: "someone", Role: "FDE"}) || m.Traceparent == "" || m.Key != "" || c.EventID.IsZero() {
		t.Errorf("metadata %+v", m)
	}
	w.accept(t, cancelA1)
	c = w.lastCommand()
	if want := (core.CancelActivity{ActivityID: in.ActivityID}); c.Intent != want || c.Metadata.Actor.Role != "ADMIN" {
		t.Errorf("cancellation %+v by %+v", c.Intent, c.Metadata.Actor)
	}
}

var errRead = errors.New("the disk cannot be read")
