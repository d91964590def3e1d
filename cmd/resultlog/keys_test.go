package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// typed runs what somebody has typed, and gives what they see.
func typed(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, console{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// byKey asks a server with an API key.
func byKey(t *testing.T, s *server, key, method, path, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("x-api-key", key)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	status, _ := do(t, request)
	return status
}

// TestKeysOfOperators: a key that is issued on the command line works at once on every server, one that is revoked there writes nothing more, and reads nothing after a second.
func TestKeysOfOperators(t *testing.T) {
	dir := t.TempDir()
	nodes := []*server{serveOn(t, dir), serveOn(t, dir)}
	code, key, told := typed(t, "keys", "create", "--data", dir, "--tenant", testTenant, "--name", "field app", "--permission", "CREATE_ACTIVITY", "--permission", "VIEW_ACTIVITIES")
	if code != 0 || strings.Contains(told, strings.TrimSpace(key)) || !strings.Contains(told, `"field app"), until it is revoked: VIEW_ACTIVITIES, CREATE_ACTIVITY`) {
		t.Fatalf("exit code %d, %s", code, told)
	}
	key = strings.TrimSuffix(key, "\n")
	submit := submission("", "COMPLETED", "2025-01-16T14:30:00Z", false)
	for i, n := range nodes {
		if status := byKey(t, n, key, "POST", "/api/activity-results/tasks", submit); status != 201 {
			t.Errorf("node %d: a write with a new key: %d", i, status)
		}
		if status := byKey(t, n, key, "GET", "/api/activity-results", ""); status != 200 {
			t.Errorf("node %d: a read with a new key: %d", i, status)
		}
		if status := byKey(t, n, key, "POST", "/api/api-keys", `{"name":"n","permissions":["VIEW_ACTIVITIES"]}`); status != 403 {
			t.Errorf("node %d: what the key was not issued with: %d", i, status)
		}
	}

	_, listed, _ := typed(t, "keys", "--data", dir, "--tenant", testTenant, "--json")
	var report keyReport
	if err := json.Unmarshal([]byte(listed), &report); err != nil || strings.Contains(listed, key) {
		t.Fatalf("%v: %s", err, listed)
	}
	code, _, told = typed(t, "keys", "revoke", report.ID.String(), "--data", dir, "--tenant", testTenant)
	revoked := time.Now()
	if code != 0 {
		t.Fatal(told)
	}
	for i, n := range nodes {
		if status := byKey(t, n, key, "POST", "/api/activity-results/tasks", submit); status != 401 {
			t.Errorf("node %d: a write with a revoked key: %d", i, status)
		}
		for byKey(t, n, key, "GET", "/api/activity-results", "") != 401 {
			if time.Since(revoked) > time.Second {
				t.Fatalf("node %d: a revoked key reads after a second", i)
			}
		}
	}
	for _, r := range readLog(t, dir) {
		if submitted, ok := r.Event.(core.ResultSubmitted); ok && r.Metadata.Actor.Key != report.ID.String() {
			t.Errorf("result %s was submitted by %+v, want key %s", submitted.ResultID, r.Metadata.Actor, report.ID)
		}
	}
}

// TestARevocationOnAnotherNodeStopsReads: reads of a node that nobody writes to, by a key that another node has revoked.
func TestARevocationOnAnotherNodeStopsReads(t *testing.T) {
	dir := t.TempDir()
	busy, idle := serveOn(t, dir), serveOn(t, dir)
	issued := busy.must(t, 201, "POST", "/api/api-keys", `{"name":"n","permissions":["VIEW_ACTIVITIES"]}`)
	key := field(issued, "plaintextKey")
	if status := byKey(t, idle, key, "GET", "/api/activities?consistency=eventual", ""); status != 200 {
		t.Fatalf("a new key on another node: %d", status)
	}
	busy.must(t, 200, "POST", "/api/api-keys/"+field(issued, "id")+"/revoke", "")
	revoked := time.Now()
	if status := byKey(t, busy, key, "GET", "/api/activities?consistency=eventual", ""); status != 401 {
		t.Errorf("the node that has revoked it: %d", status)
	}
	for byKey(t, idle, key, "GET", "/api/activities?consistency=eventual", "") != 401 {
		if time.Since(revoked) > time.Second {
			t.Fatal("a revoked key reads after a second")
		}
	}
}
