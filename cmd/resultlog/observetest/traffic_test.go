package observetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The paths that are asked for.
const (
	activitiesPath = "/api/activities"
	resultsPath    = "/api/activity-results"
	submitPath     = "/api/activity-results/tasks"
	batchPath      = "/api/activity-results/tasks/batch"
)

// step is a request of a client, and what comes of it.
type step struct {
	what               string
	method, path, body string
	key                string // Idempotency-Key
	status             int
	code               string // of the problem; "" if there is none
}

// early is before whatever is there was recorded, and late is after it.
var early, late = "2025-01-16T14:30:00Z", time.Now().Add(time.Hour).Format(time.RFC3339)

// story is what clients do, of every kind; known is what Prometheus must say of it.
var story = []step{
	{what: "an activity is created", method: "POST", path: activitiesPath, body: activity("TASK", "a-1", "ext-1"), status: 201},
	{what: "another one", method: "POST", path: activitiesPath, body: activity("TASK", "a-2", "ext-2"), status: 201},
	{what: "a message", method: "POST", path: activitiesPath, body: activity("MESSAGE", "a-3", "ext-3"), status: 201},
	{what: "one that is there", method: "POST", path: activitiesPath, body: activity("TASK", "a-1", ""), status: 409, code: "activity_exists"},
	{what: "one whose provider id is taken", method: "POST", path: activitiesPath, body: activity("TASK", "a-4", "ext-1"), status: 409, code: "provider_id_conflict"},
	{what: "a result of an activity", method: "POST", path: submitPath, body: result("PENDING", "ext-1", late), status: 201},
	{what: "its next", method: "POST", path: submitPath, body: result("COMPLETED", "ext-1", late), status: 201},
	{what: "one that is too old", method: "POST", path: submitPath, body: result("COMPLETED", "ext-1", early), status: 409, code: "stale_result"},
	{what: "one after the last", method: "POST", path: submitPath, body: result("CANCELED", "ext-1", late), status: 409, code: "invalid_transition"},
	{what: "one of a message", method: "POST", path: submitPath, body: result("COMPLETED", "ext-3", late), status: 400, code: "activity_not_task"},
	{what: "one of no known activity", method: "POST", path: submitPath, body: result("NOT_EXECUTED", "stray-1", late), status: 201},
	{what: "another", method: "POST", path: submitPath, body: result("TRANSFERRED", "stray-2", late), status: 201},
	{what: "one that a client may send again", method: "POST", path: submitPath, body: result("CANCELED", "ext-2", late), key: "k-1", status: 201},
	{what: "again", method: "POST", path: submitPath, body: result("CANCELED", "ext-2", late), key: "k-1", status: 201},
	{what: "the same key for another", method: "POST", path: submitPath, body: result("COMPLETED", "ext-2", late), key: "k-1", status: 422, code: "idempotency_key_reused"},
	{what: "no JSON", method: "POST", path: submitPath, body: "{", status: 400, code: "invalid_json"},
	{what: "no status that there is", method: "POST", path: submitPath, body: result("DONE", "", late), status: 400, code: "validation_failed"},
	{what: "no path that there is", method: "GET", path: "/api/results", status: 404, code: "route_not_found"},
	{what: "a batch, one of whose items is too old", method: "POST", path: batchPath, status: 207,
		body: "[" + result("PENDING", "stray-3", late) + "," + result("COMPLETED", "stray-4", late) + "," + result("COMPLETED", "ext-1", early) + "]"},
	{what: "lists", method: "GET", path: resultsPath, status: 200},
	{what: "more lists", method: "GET", path: activitiesPath, status: 200},
	{what: "one that the read tables cannot take", method: "POST", path: submitPath, body: result("PENDING", "poison", late), status: 201},
}

// activity is the body that creates one.
func activity(kind, key, provider string) string {
	if provider != "" {
		provider = fmt.Sprintf(`,"provider_activity_id":%q`, provider)
	}
	const commerce = "01890a5d-ac96-7ab2-80e2-4536629c90de"
	return fmt.Sprintf(`{"type":%q,"reason":"visit","channel":"SALESMAN","commerce_id":%q,"idempotency_key":%q,"scheduled_at":"2026-01-01T00:00:00Z"%s}`, kind, commerce, key, provider)
}

// result is the body that submits one.
func result(status, provider, occurredAt string) string {
	return fmt.Sprintf(`{"commerce_external_id":"store-001","status":%q,"occurred_at":%q,"task_result":{"result":"success"},"provider_activity_id":%q}`, status, occurredAt, provider)
}

// tell sends the story to the nodes by turns, and reads at last what is set aside.
func tell(t *testing.T, nodes []*node) {
	t.Helper()
	var last string
	for i, s := range story {
		last = s.send(t, nodes[i%len(nodes)])
	}
	var poison struct{ ID string }
	if err := json.Unmarshal([]byte(last), &poison); err != nil {
		t.Fatal(err)
	}
	parked := step{what: "reading what is set aside", method: "GET", path: resultsPath + "/" + poison.ID, status: 503, code: "projection_parked"}
	parked.send(t, nodes[0])
}

// send sends a request, and looks whether what comes of it is what must.
func (s step) send(t *testing.T, to *node) (answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), s.method, to.url(s.path), strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("x-tenant-id", tenant)
	if s.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if s.key != "" {
		request.Header.Set("Idempotency-Key", s.key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != s.status || !strings.Contains(string(read), s.code) {
		t.Fatalf("%s: %d %s %v; want %d %s", s.what, response.StatusCode, read, err, s.status, s.code)
	}
	return string(read)
}
