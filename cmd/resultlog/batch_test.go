package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"resultlog/eventstore"
	httpapi "resultlog/http"
)

const batchPath = "/api/activity-results/tasks/batch"

// itemAnswer is what a batch tells of an item.
type itemAnswer struct {
	Index, Status int
	Headers       map[string]string
	Body          json.RawMessage
}

// batchOf is the largest batch there is, of submissions with a key each and a payload of so many bytes.
func batchOf(bytes int) string {
	items := make([]string, httpapi.MaxBatchItems)
	for i := range items {
		items[i] = fmt.Sprintf(`{"provider_activity_id":"p-%d-%d","commerce_external_id":"store-001","status":"PENDING","occurred_at":"2025-01-16T14:30:00Z","task_result":{"result":"other"},`+
			`"raw_payload":{"x":%q},"idempotency_key":"k-%d-%d"}`, bytes, i, strings.Repeat("x", bytes), bytes, i)
	}
	return "[" + strings.Join(items, ",") + "]"
}

// submitBatch sends a batch of which every item must be accepted.
func (s *server) submitBatch(t *testing.T, body string) (items []itemAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.must(t, http.StatusMultiStatus, http.MethodPost, batchPath, body)), &items); err != nil {
		t.Fatal(err)
	}
	if len(items) != httpapi.MaxBatchItems {
		t.Fatalf("%d answers", len(items))
	}
	for i, it := range items {
		if it.Index != i || it.Status != http.StatusCreated {
			t.Fatalf("item %d is %d: %d %s", i, it.Index, it.Status, it.Body)
		}
	}
	return items
}

// total is how many results the lists count.
func (s *server) total(t *testing.T) int {
	t.Helper()
	const all = "/api/activity-results?limit=1"
	status := http.StatusServiceUnavailable
	for deadline := time.Now().Add(time.Minute); status == http.StatusServiceUnavailable && time.Now().Before(deadline); { // as a client does that is told to come again
		var err error
		if status, _, err = s.call(t.Context(), http.MethodGet, all, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	found := regexp.MustCompile(`"total":(\d+)`).FindStringSubmatch(s.must(t, http.StatusOK, http.MethodGet, all, ""))
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBatch: five hundred in one request cost a few commits, can be read at once, all of them, and sent again safely, across a restart.
func TestBatch(t *testing.T) {
	dir, body := t.TempDir(), batchOf(10)
	s := serveOn(t, dir)
	first := s.submitBatch(t, body)
	if got := s.total(t); got != len(first) {
		t.Errorf("%d results can be read, of %d", got, len(first))
	}
	commits := regexp.MustCompile(`resultlog_append_seconds_count (\d+)`).FindStringSubmatch(s.must(t, http.StatusOK, http.MethodGet, "/metrics", ""))
	if n, err := strconv.Atoi(commits[1]); err != nil || n > 3 {
		t.Errorf("%s commits", commits[1])
	}
	s.stop()

	s = serveOn(t, dir)
	for i, again := range s.submitBatch(t, body) {
		if string(again.Body) != string(first[i].Body) || again.Headers["Idempotent-Replayed"] != "true" || again.Headers["Resultlog-Position"] != first[i].Headers["Resultlog-Position"] {
			t.Errorf("item %d: first %s, again %s %v", i, first[i].Body, again.Body, again.Headers)
		}
	}
	if got := s.total(t); got != len(first) {
		t.Errorf("%d results can be read after a retry, of %d", got, len(first))
	}
}

// TestBatchesFitIntoTheQueue: the largest batch is let in, and as many of them as are answered at once are not too many commands for the queue, nor too many bytes, nor those of one tenant for its half.
func TestBatchesFitIntoTheQueue(t *testing.T) {
	if all := httpapi.MaxBatches * httpapi.MaxBatchItems; all > eventstore.QueueLimit || all/2 > eventstore.TenantQueueLimit {
		t.Errorf("%d batches of %d are too many", httpapi.MaxBatches, httpapi.MaxBatchItems)
	}
	if all := httpapi.MaxBatches * (httpapi.MaxBatchBody + httpapi.MaxBatchItems*eventstore.CommandBytes); all > eventstore.QueueBytes || all/2 > eventstore.TenantQueueBytes {
		t.Errorf("%d batches of %d bytes are too large", httpapi.MaxBatches, httpapi.MaxBatchBody)
	}
	s := serveOn(t, t.TempDir())
	const besides = 256 // what stands beside the payload, about
	body := batchOf(httpapi.MaxBatchBody/httpapi.MaxBatchItems - besides)
	if len(body) > httpapi.MaxBatchBody || len(body) < httpapi.MaxBatchBody*99/100 {
		t.Fatalf("%d bytes", len(body))
	}
	s.submitBatch(t, body)
	if got := s.total(t); got != httpapi.MaxBatchItems {
		t.Errorf("%d results can be read", got)
	}
}
