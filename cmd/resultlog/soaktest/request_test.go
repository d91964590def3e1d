package soaktest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The paths that are asked for.
const (
	activitiesPath = "/api/activities"
	resultsPath    = "/api/activity-results"
	submitPath     = "/api/activity-results/tasks"
	eventsPath     = "/api/events"
	keysPath       = "/api/api-keys"
	checkpointPath = "/api/audit/checkpoint"
)

// request is what a client wants: for ever the same bytes under the same Idempotency-Key, however often it is sent.
type request struct {
	method, path, body string
	key                string // Idempotency-Key; "": none
	apiKey             string // "": the token
	accept             string
	lines              int // of the answer, after which the client goes away; 0: it reads all
}

// to is the request for one node.
func (r request) to(n *node) *http.Request {
	q, err := http.NewRequest(r.method, n.url(r.path), strings.NewReader(r.body)) //nolint:noctx // the client has a time-out
	if err != nil {
		panic(err) // the test writes the URL itself
	}
	q.GetBody = nil // the transport does not send it again by itself: attempts are counted
	q.Header = http.Header{"X-Tenant-Id": {tenant}, "Content-Type": {"application/json"}}
	if r.apiKey != "" {
		q.Header.Set("X-Api-Key", r.apiKey)
	} else {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	if r.key != "" {
		q.Header.Set("Idempotency-Key", r.key)
	}
	if r.accept != "" {
		q.Header.Set("Accept", r.accept)
	}
	return q
}

// creation is the body that creates a task.
func creation(name string) string {
	return fmt.Sprintf(`{"type":"TASK","reason":"Visit the store","channel":"SALESMAN","commerce_id":"01890a5d-ac96-7ab2-80e2-4536629c90de","scheduled_at":"2026-01-01T00:00:00Z",`+
		`"idempotency_key":%q,"provider_activity_id":%q}`, name, name)
}

// submission is the body that submits a result of what is named so.
func submission(naming, name, status, occurredAt string) string {
	return fmt.Sprintf(`{%q:%q,"commerce_external_id":"store-001","status":%q,"occurred_at":%q,"raw_payload":{"note":"%s"},"task_result":{"result":"success","comment":"as usual"}}`,
		naming, name, status, occurredAt, usualNote)
}

// usualNote makes a body as long as they usually are, some half a kilobyte.
var usualNote = strings.Repeat("delivered ", 30)

// soon is when what is submitted occurs: later than whatever was recorded, so that of a second result for the same activity the status decides.
func soon() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

// early is before whatever is there was recorded.
const early = "2025-01-16T14:30:00Z"
