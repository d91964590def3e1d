package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// documentedExample is the body of the documented example, as it stands in its document.
const documentedExample = `{
"provider_activity_id": "ext-123",
"commerce_external_id": "store-001",
"status": "COMPLETED",
"occurred_at": "2025-01-16T14:30:00.000Z",
"task_result": {
"result": "success",
"comment": "Order placed successfully",
"contact_type": "OUTBOUND"
}
}`

var documentedKeys = []string{"id", "activityId", "source", "resultStatus", "occurredAt", "taskDetails", "createdAt", "updatedAt"}

// keysOf gives the keys of a JSON object in their order.
func keysOf(t *testing.T, b []byte) (keys []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	return keys
}

// TestMissionExample: sent as it stands for a known activity, it is answered with exactly the documented keys and no other.
func TestMissionExample(t *testing.T) {
	w := newWorld(t)
	w.post(createPath, strings.Replace(minimalActivity, `}`, `,"provider_activity_id":"ext-123"}`, 1))
	rec := w.post(submitPath, documentedExample)
	if rec.Code != http.StatusCreated {
		t.Fatal(rec.Body)
	}
	if diff := cmp.Diff(documentedKeys, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("-documented +answered:\n%s", diff)
	}
	want := `{"id":"` + w.log[1].Stream.ID.String() + `","activityId":"` + w.log[0].Stream.ID.String() + `","source":"RETEN_ACTIVITY","resultStatus":"COMPLETED",` +
		`"occurredAt":"2025-01-16T14:30:00.000Z","taskDetails":{"result":"success","comment":"Order placed successfully","contactType":"OUTBOUND"},` +
		`"createdAt":"2025-01-16T14:30:05.000Z","updatedAt":"2025-01-16T14:30:05.000Z"}`
	if got := rec.Body.String(); got != want {
		t.Errorf("answered\n%s\nwant\n%s", got, want)
	}
	if got := rec.Header().Get("Resultlog-Position"); got != "2" {
		t.Errorf("Resultlog-Position %q, want that of the first event, 2", got)
	}
}

// TestStandaloneKeys: STANDALONE answers "activityId": null and adds commerceExternalId.
func TestStandaloneKeys(t *testing.T) {
	w := newWorld(t)
	rec := w.post(submitPath, minimal)
	if diff := cmp.Diff(append(slices.Clone(documentedKeys), "commerceExternalId"), keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("-want +answered:\n%s", diff)
	}
	if !strings.Contains(rec.Body.String(), `"activityId":null,`) || !strings.Contains(rec.Body.String(), `"taskDetails":{"result":"success"}`) {
		t.Error(rec.Body)
	}
}

// TestTaskDetails: taskDetails holds the fields that were sent, in the documented order, and no other.
func TestTaskDetails(t *testing.T) {
	for sent1, want := range map[string]string{
		`{"result":"other"}`: `{"result":"other"}`,
		`{"payload":{"b":1, "a":2},"future_scheduled_at":"2025-02-01T09:00:00.1239+01:00","operator_external_id":"op","contact_type":"INBOUND","comment":"<é\"\n>","result":"other"}`: `{"result":"other","comment":"<é\"\n>","contactType":"INBOUND","operatorExternalId":"op","futureScheduledAt":"2025-02-01T08:00:00.123Z","payload":{"b":1, "a":2}}`,
		`{"result":"other","comment":null,"payload":{}}`: `{"result":"other","payload":{}}`,
	} {
		body := `{"commerce_external_id":"s","occurred_at":"2025-01-16T14:30:00Z","status":"PENDING","task_result":` + sent1 + `}`
		if rec := newWorld(t).post(submitPath, body); !strings.Contains(rec.Body.String(), `"taskDetails":`+want+`,"createdAt"`) {
			t.Errorf("%s was answered with %s", sent1, rec.Body)
		}
	}
}

// TestAnswerFromTheLog: the answer is a function of the recorded event: what went through the store's encoding gives the same bytes.
func TestAnswerFromTheLog(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{minimal, documentedExample, sent("raw_payload", `{"a" : 1}`, "task_result.payload", `{"b":[ ]}`, "external_status", `"x"`, "hard_override", `true`)} {
		answer := w.post(submitPath, body).Body.String()
		r := w.log[len(w.log)-1]
		event, err := core.Decode(core.Encode(r.Event))
		if err != nil {
			t.Fatal(err)
		}
		r.Event = event
		again, err := appendSubmitted(nil, r)
		if err != nil || string(again) != answer {
			t.Errorf("answered %s, and from the log %s (%v)", answer, again, err)
		}
	}
}

// TestErasedAnswer: a person who was erased leaves the documented keys behind.
func TestErasedAnswer(t *testing.T) {
	w := newWorld(t)
	w.post(submitPath, documentedExample)
	r := w.log[0]
	e := r.Event.(core.ResultSubmitted)
	e.Personal.Bytes = nil
	r.Event = e
	b, err := appendSubmitted(nil, r)
	if err != nil || !strings.Contains(string(b), `"taskDetails":{"result":"success","contactType":"OUTBOUND"},`) {
		t.Errorf("%s, %v", b, err)
	}
}

// TestWrongReceipts: an event of another type has no such answer.
func TestWrongReceipts(t *testing.T) {
	r := core.Recorded{Position: 7, Event: core.ResultLinked{}}
	if _, err := appendSubmitted(nil, r); err == nil {
		t.Error("a ResultLinked was answered as a submission")
	}
	if _, err := appendCreated(nil, []core.Recorded{r}); err == nil {
		t.Error("a ResultLinked was answered as a creation")
	}
}

// TestCreatedStatus: the creation's 201 shows the status after linking.
func TestCreatedStatus(t *testing.T) {
	for status, want := range map[string]string{"COMPLETED": "COMPLETED", "NOT_EXECUTED": "FAILED", "CANCELED": "CANCELED", "TRANSFERRED": "COMPLETED", "PENDING": "READY"} {
		w := newWorld(t)
		w.post(submitPath, sent("provider_activity_id", `"p"`, "status", `"`+status+`"`))
		rec := w.post(createPath, created("provider_activity_id", `"p"`))
		if got := rec.Body.String(); !strings.Contains(got, `"status":"`+want+`",`) || !strings.Contains(got, `"resultId":"`+w.log[0].Stream.ID.String()+`",`) {
			t.Errorf("after a %s result: %s", status, got)
		}
	}
}

// TestWholeActivity: everything that was sent is shown, camelCase.
func TestWholeActivity(t *testing.T) {
	w := newWorld(t)
	rec := w.post(createPath, created("commerce_external_id", `"s"`, "provider_activity_id", `"p"`, "suggested_execution_time", `"09:00"`, "user_status", `"u"`, "score", `-1.50e3`, "assignment_reason", `"a"`))
	want := `,"type":"TASK","status":"READY","reason":"visit","channel":"SMS","commerceId":"11111111-1111-4111-8111-111111111111","commerceExternalId":"s","providerActivityId":"p",` +
		`"idempotencyKey":"k","scheduledAt":"2025-01-17T09:00:00.000Z","suggestedExecutionTime":"09:00","userStatus":"u","score":-1500,"assignmentReason":"a",` +
		`"createdAt":"2025-01-16T14:30:05.000Z","updatedAt":"2025-01-16T14:30:05.000Z"`
	if rec.Code != http.StatusCreated || !strings.HasSuffix(rec.Body.String(), want+"}") {
		t.Errorf("%d %s\nwant …%s}", rec.Code, rec.Body, want)
	}
	read := w.do(w.request(http.MethodGet, createPath+"/"+w.log[0].Stream.ID.String(), "")).Body.String()
	if !strings.HasSuffix(read, want+`,"version":1,"lastPosition":1}`) {
		t.Errorf("read %s", read)
	}
	assigned := core.ActivityView{ActivityDetails: core.ActivityDetails{AssignedRouteID: core.ID{1}, AssignedOperatorID: core.ID{2}}}
	if got := string(AppendActivity(nil, &assigned)); !strings.Contains(got, `"assignedRouteId":"01000000-`) || !strings.Contains(got, `"assignedOperatorId":"02000000-`) {
		t.Error(got)
	}
}

// TestPositionIsTheTenants: Resultlog-Position is the tenant's position of the first event, whatever other tenants do, and refusals have none.
func TestPositionIsTheTenants(t *testing.T) {
	w := newWorld(t)
	w.post(submitPath, minimal)
	r := w.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Authorization", "Bearer "+w.token("SUPER_ADMIN"))
	r.Header.Set("X-Tenant-Id", otherTenant.String())
	if got := w.do(r).Header().Get("Resultlog-Position"); got != "1" {
		t.Errorf("the other tenant's first event stands at %q", got)
	}
	if got := w.post(submitPath, minimal).Header().Get("Resultlog-Position"); got != "2" {
		t.Errorf("this tenant's second event stands at %q", got)
	}
	if got, there := w.post(submitPath, `{}`).Header()["Resultlog-Position"]; there {
		t.Errorf("a refusal stands at %q", got)
	}
}
