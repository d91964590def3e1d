package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"resultlog/core"
)

// parse reads a prepared request as a server would.
func parse(t *testing.T, text []byte) (*http.Request, map[string]any) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(text))
	request, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("%q stands after the request", rest)
	}
	var fields map[string]any
	if len(body) > 0 {
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatal(err)
		}
	}
	return request, fields
}

func TestRequestsAreWhole(t *testing.T) {
	submit := submission(testToken)
	request, fields := parse(t, submit.fill(42))
	if request.Method != "POST" || request.URL.Path != "/api/activity-results/tasks" || request.Header.Get("Authorization") != "Bearer "+testToken ||
		request.Header.Get("X-Tenant-Id") != tenantText || request.Header.Get("Content-Type") != "application/json" {
		t.Errorf("submission: %s %s %v", request.Method, request.URL, request.Header)
	}
	if fields["provider_activity_id"] != "ext-000000000042" {
		t.Errorf("submission 42 names %v", fields["provider_activity_id"])
	}
	if request, _ := parse(t, readBack(testToken, core.ID{1}).text); request.Method != "GET" || request.URL.Path != "/api/activity-results/01000000-0000-0000-0000-000000000000" {
		t.Errorf("read back: %s %s", request.Method, request.URL)
	}
}

// The n-th submission names the n-th activity and no other.
func TestSubmissionNamesTheActivityCreatedForIt(t *testing.T) {
	create, submit := creation(testToken), submission(testToken)
	keys := map[any]bool{}
	for _, n := range []int64{1, 2, 999_999_999_999} {
		_, created := parse(t, create.fill(n))
		_, submitted := parse(t, submit.fill(n))
		if created["provider_activity_id"] != submitted["provider_activity_id"] || keys[created["idempotency_key"]] {
			t.Errorf("%d: created %v, submitted %v", n, created, submitted)
		}
		keys[created["idempotency_key"]] = true
	}
}

// The n-th batch names the n-th hundred of activities, each once.
func TestBatchNamesTheActivitiesCreatedForIt(t *testing.T) {
	batch, create := batchOfSubmissions(testToken), creation(testToken)
	for _, n := range []int64{1, 2, 12345} {
		text := string(batch.fill(n))
		if got := strings.Count(text, `"provider_activity_id"`); got != batchItems {
			t.Errorf("batch %d has %d items", n, got)
		}
		at := 0
		for item := (n-1)*batchItems + 1; item <= n*batchItems; item++ {
			_, created := parse(t, create.fill(item))
			next := strings.Index(text[at:], `"`+created["provider_activity_id"].(string)+`"`)
			if next < 0 {
				t.Fatalf("batch %d does not name %v, or not in its place", n, created["provider_activity_id"])
			}
			at += next
		}
	}
}

func TestClonesDoNotShareTheirDigits(t *testing.T) {
	a := submission(testToken)
	b := a.clone()
	first := string(a.fill(1))
	b.fill(2)
	if string(a.text) != first {
		t.Error("filling a clone changed the original")
	}
}
