package httpapi

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"resultlog/core"
)

// TestLimits has a row for every bound that is no matter of the body's values: one that is just met, and one that is passed.
func TestLimits(t *testing.T) {
	padded := func(size int) string { return minimal + strings.Repeat(" ", size-len(minimal)) }
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	rows := []struct {
		sentence string
		body     string
		change   func(*http.Request)
		status   int
		code     core.Code
	}{
		{"one body 256 KiB", padded(MaxBody), nil, 201, ""},
		{"over the size: 413, by its Content-Length", padded(MaxBody + 1), nil, 413, codeBodyTooLarge},
		{"over the size: 413, in chunks", padded(MaxBody + 1), func(r *http.Request) { r.ContentLength = -1 }, 413, codeBodyTooLarge},
		{"256 KiB in chunks", padded(MaxBody), func(r *http.Request) { r.ContentLength = -1 }, 201, ""},
		{"a body that breaks off", "", func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(errors.New("reset"))) }, 400, codeBodyUnreadable},
		{"application/json", minimal, header("Content-Type", "application/json"), 201, ""},
		{"application/json in any case", minimal, header("Content-Type", "Application/JSON"), 201, ""},
		{"application/json with charset=utf-8", minimal, header("Content-Type", `application/json; charset="UTF-8"`), 201, ""},
		{"application/json with another parameter", minimal, header("Content-Type", "application/json; profile=x"), 201, ""},
		{"not application/json: 415: another charset", minimal, header("Content-Type", "application/json; charset=latin1"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: text", minimal, header("Content-Type", "text/json"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: a relative", minimal, header("Content-Type", "application/vnd.api+json"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: malformed", minimal, header("Content-Type", "application/json;;"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: none", minimal, header("Content-Type"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: two", minimal, header("Content-Type", "application/json", "application/json"), 415, codeUnsupportedMediaType},
		{"not application/json: 415: compressed", minimal, header("Content-Encoding", "gzip"), 415, codeUnsupportedMediaType},
		{"Idempotency-Key 255 characters", minimal, header("Idempotency-Key", strings.Repeat("é", 255)), 201, ""},
		{"Idempotency-Key 1-255 characters: 256", minimal, header("Idempotency-Key", strings.Repeat("é", 256)), 400, codeInvalidHeader},
		{"Idempotency-Key 1-255 characters: empty", minimal, header("Idempotency-Key", ""), 400, codeInvalidHeader},
		{"Idempotency-Key once", minimal, header("Idempotency-Key", "a", "b"), 400, codeInvalidHeader},
		{"Idempotency-Key in UTF-8", minimal, header("Idempotency-Key", "\xff"), 400, codeInvalidHeader},
		{"no query parameters on a write", minimal, func(r *http.Request) { r.URL.RawQuery = "consistency=eventual" }, 400, codeInvalidQuery},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			r := w.request(http.MethodPost, submitPath, row.body)
			if row.body == "" {
				r.Header.Set("Content-Type", "application/json")
			}
			if row.change != nil {
				row.change(r)
			}
			rec := w.do(r)
			if rec.Code != row.status {
				t.Fatalf("status %d, want %d: %.300s", rec.Code, row.status, rec.Body)
			}
			if row.code == "" {
				return
			}
			if p := problemOf(t, rec); p.Code != row.code {
				t.Errorf("code %q, want %q", p.Code, row.code)
			}
			if closes := rec.Header().Get("Connection") == "close"; closes != (row.status == 413) {
				t.Errorf("Connection: close is %t", closes)
			}
		})
	}
}

// TestQueries has the rows of ?consistency (contract §2.6) and of what is no query.
func TestQueries(t *testing.T) {
	rows := []struct {
		query  string
		status int
		waits  int
	}{
		{"", 200, 1},
		{"?", 200, 1},
		{"?consistency=eventual", 200, 0},
		{"?consistency=", 400, 0},
		{"?consistency=strong", 400, 0},
		{"?consistency=Eventual", 400, 0},
		{"?Consistency=eventual", 400, 0},
		{"?consistency=eventual&consistency=eventual", 400, 0},
		{"?consistency=eventual&x=1", 400, 0},
		{"?%zz", 400, 0},
		{"?a;b", 400, 0},
	}
	for _, row := range rows {
		w := newWorld(t)
		w.post(createPath, minimalActivity)
		id := w.lastCommand().Intent.(core.CreateActivity).ActivityID
		rec := w.do(w.request(http.MethodGet, createPath+"/"+id.String()+row.query, ""))
		if rec.Code != row.status || w.waited != row.waits {
			t.Errorf("%s: status %d, want %d; waited %d times, want %d", row.query, rec.Code, row.status, w.waited, row.waits)
		}
		if row.status == 400 && problemOf(t, rec).Code != codeInvalidQuery {
			t.Errorf("%s: %s", row.query, rec.Body)
		}
	}
}

// TestReadWaitsAgain: a read that finds the tables emptied, by a rebuild that began after it was let through, waits again instead of missing the row.
func TestReadWaitsAgain(t *testing.T) {
	w := newWorld(t)
	w.post(createPath, minimalActivity)
	id := w.lastCommand().Intent.(core.CreateActivity).ActivityID
	w.emptied = 2
	rec := w.do(w.request(http.MethodGet, createPath+"/"+id.String(), ""))
	if rec.Code != http.StatusOK || w.waited != 3 {
		t.Errorf("status %d, waited %d times: %s", rec.Code, w.waited, rec.Body)
	}
}

// TestMalformedIDInAPath: UUIDs malformed in a path → 404; any case is well-formed.
func TestMalformedIDInAPath(t *testing.T) {
	w := newWorld(t)
	w.post(createPath, minimalActivity)
	w.post(submitPath, minimal)
	activity := w.log[0].Stream.ID.String()
	result := w.log[1].Stream.ID.String()
	for _, row := range []struct {
		path   string
		status int
	}{
		{"/api/activities/" + strings.ToUpper(activity), 200},
		{"/api/activities/" + strings.ReplaceAll(activity, "-", ""), 404},
		{"/api/activities/%00", 404},
		{"/API/activities/" + activity, 404},
		{"/api//activities/" + activity, 404},
		{"/api/activities/" + activity + "/", 404},
		{"/api/activity-results/" + strings.ToUpper(result), 200},
		{"/api/activity-results/tasks", 404},
		{"/api/activity-results/" + strings.Repeat("x", 3000), 404},
	} {
		rec := w.do(w.request(http.MethodGet, row.path, ""))
		if rec.Code != row.status {
			t.Errorf("%.80s: status %d, want %d", row.path, rec.Code, row.status)
		}
		if rec.Body.Len() > 1000 {
			t.Errorf("%.80s: an answer of %d bytes", row.path, rec.Body.Len())
		}
	}
}

// TestHeadersIn has a row for each way in which a request names itself.
func TestHeadersIn(t *testing.T) {
	const (
		trace   = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		invalid = ""
	)
	for _, row := range []struct{ sent, kept string }{
		{trace, trace},
		{strings.ToUpper(trace), invalid},
		{trace[:54], invalid},
		{trace + "-extra", invalid},
		{"01" + trace[2:], "01" + trace[2:]},
		{"01" + trace[2:] + "-extra", "01" + trace[2:]},
		{"01" + trace[2:] + "extra", invalid},
		{"ff" + trace[2:], invalid},
		{"00-00000000000000000000000000000000-00f067aa0ba902b7-01", invalid},
		{"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", invalid},
		{"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", invalid},
		{"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", invalid},
	} {
		w := newWorld(t)
		r := w.request(http.MethodPost, submitPath, minimal)
		r.Header.Set("Traceparent", row.sent)
		w.do(r)
		if got := w.lastCommand().Metadata.Traceparent; got != row.kept {
			t.Errorf("traceparent %q was kept as %q, want %q", row.sent, got, row.kept)
		}
	}
	for _, row := range []struct {
		sent string
		kept bool
	}{{"a", true}, {"A-z_0.9", true}, {strings.Repeat("a", 128), true}, {strings.Repeat("a", 129), false}, {"", false}, {"a b", false}, {"é", false}, {"a\n", false}, {`"`, false}} {
		w := newWorld(t)
		r := w.request(http.MethodPost, submitPath, minimal)
		r.Header.Set("X-Request-Id", row.sent)
		rec := w.do(r)
		got := rec.Header().Get("X-Request-Id")
		if (got == row.sent) != row.kept || got == "" {
			t.Errorf("X-Request-Id %q was answered as %q", row.sent, got)
		}
		if kept := w.lastCommand().Metadata.RequestID; kept != got {
			t.Errorf("the event has the request id %q, the answer %q", kept, got)
		}
	}
}

// TestMetadata: actor, role, request id, trace and key come with the command, and fresh ids of its own.
func TestMetadata(t *testing.T) {
	w := newWorld(t)
	r := w.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Idempotency-Key", "key 1")
	r.Header.Set("X-Request-Id", "r-1")
	w.do(r)
	first := w.lastCommand()
	want := core.Metadata{Actor: core.Actor{Subject: "someone", Role: "FDE"}, RequestID: "r-1",
		Idempotency: core.Idempotency{Key: "key 1", Endpoint: "POST " + submitPath, Body: sha256.Sum256([]byte(minimal))}}
	if first.Metadata != want || first.Tenant != tenant {
		t.Errorf("metadata %+v of tenant %s, want %+v", first.Metadata, first.Tenant, want)
	}
	w.do(httptest.NewRequest(http.MethodGet, "/livez", nil))
	w.post(submitPath, minimal)
	seen := map[core.ID]bool{{}: true}
	for _, c := range w.commands {
		for _, id := range []core.ID{c.EventID, c.Intent.(core.SubmitResult).ResultID} {
			if seen[id] {
				t.Errorf("id %s came twice, or is none", id)
			}
			seen[id] = true
		}
	}
	if c := w.lastCommand(); c.Metadata.Key != "" {
		t.Errorf("a request without a key has %q", c.Metadata.Key)
	}
}
