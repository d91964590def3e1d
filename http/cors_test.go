package httpapi

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

const (
	appOrigin     = "https://app.example"
	foreignOrigin = "https://elsewhere.example"
)

// letIn makes a server with CORS.
func letIn(origins ...string) func(*Config) { return func(c *Config) { c.CORSOrigins = origins } }

// preflight asks as a browser does before a request that is not simple. No operation is described for it.
func (w *world) preflight(origin, method, path, headers string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodOptions, path, nil)
	r.Header.Set("Origin", origin)
	r.Header.Set("Access-Control-Request-Method", method)
	if headers != "" {
		r.Header.Set("Access-Control-Request-Headers", headers)
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return rec
}

// TestPreflights has a row for each thing that a browser may ask: it is 204 without a credential, and says yes only to what is let in.
func TestPreflights(t *testing.T) {
	const all = "authorization,content-type,idempotency-key,last-event-id,traceparent,x-api-key,x-request-id,x-tenant-id" // as browsers send it: lower case and sorted
	for _, row := range []struct {
		sentence                      string
		origins                       []string
		origin, method, path, headers string
		allowed                       string // what Access-Control-Allow-Origin says
	}{
		{"a write with all the headers", []string{appOrigin}, appOrigin, "POST", submitPath, all, appOrigin},
		{"a cancellation", []string{appOrigin}, appOrigin, "PATCH", createPath + "/x/cancel", "authorization,x-tenant-id", appOrigin},
		{"a read", []string{appOrigin}, appOrigin, "GET", createPath, "authorization", appOrigin},
		{"a path that there is not: its 404 can be read", []string{appOrigin}, appOrigin, "GET", "/nothing", "authorization", appOrigin},
		{"the second of two origins", []string{appOrigin, "http://localhost:5173"}, "http://localhost:5173", "POST", submitPath, all, "http://localhost:5173"},
		{"any origin", []string{"*"}, foreignOrigin, "POST", submitPath, all, "*"},
		{"another origin", []string{appOrigin}, foreignOrigin, "POST", submitPath, all, ""},
		{"an origin that only begins like it", []string{appOrigin}, appOrigin + ".evil.example", "POST", submitPath, all, ""},
		{"another scheme", []string{appOrigin}, "http://app.example", "POST", submitPath, all, ""},
		{"another port", []string{appOrigin}, appOrigin + ":8443", "POST", submitPath, all, ""},
		{"a page without an origin", []string{appOrigin}, "null", "POST", submitPath, all, ""},
		{"a method that no route has", []string{appOrigin}, appOrigin, "DELETE", submitPath, all, ""},
		{"a header that is not known", []string{appOrigin}, appOrigin, "POST", submitPath, "x-other", ""},
	} {
		rec := newWorld(t, letIn(row.origins...)).preflight(row.origin, row.method, row.path, row.headers)
		h := rec.Header()
		if rec.Code != http.StatusNoContent || rec.Body.Len() > 0 || !strings.HasPrefix(h.Get("Vary"), "Origin, ") || h.Get("X-Request-Id") == "" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: status %d, %v", row.sentence, rec.Code, h)
		}
		want := map[string]string{"Access-Control-Allow-Origin": row.allowed, "Access-Control-Allow-Methods": row.method, "Access-Control-Allow-Headers": row.headers, "Access-Control-Max-Age": "7200"}
		for name, value := range want {
			if row.allowed == "" {
				value = ""
			}
			if h.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", row.sentence, name, h.Get(name), value)
			}
		}
	}
}

// TestPreflightsOfRoutes: what the table of routes has can be asked for.
func TestPreflightsOfRoutes(t *testing.T) {
	w := newWorld(t, letIn(appOrigin))
	for _, rt := range w.server.routes() {
		if rec := w.preflight(appOrigin, rt.method, rt.pattern, ""); rec.Header().Get("Access-Control-Allow-Methods") != rt.method {
			t.Errorf("%s %s: %v", rt.method, rt.pattern, rec.Header())
		}
	}
}

// TestCORSAnswers: a page that is let in can read every answer, problems above all, and the headers that it needs; another page can read none. Caches are told that it depends on the origin.
func TestCORSAnswers(t *testing.T) {
	const exposed = "X-Request-Id, Resultlog-Position, Resultlog-Head, Idempotent-Replayed, Retry-After, Ratelimit, Ratelimit-Policy, Allow, Www-Authenticate"
	registry := prometheus.NewRegistry()
	w := newWorld(t, letIn(appOrigin), limited(0.001, 100), withDocs, func(c *Config) { c.Gatherer = registry })
	stranger := func(method, path string) *http.Request { return httptest.NewRequest(method, path, nil) }
	fail := func(err error) func() { return func() { w.submitFails = err } }
	for _, row := range []struct {
		before  func()
		request func() *http.Request
		status  int
	}{
		{nil, func() *http.Request { return w.request("POST", submitPath, minimal) }, 201},
		{nil, func() *http.Request { return w.request("GET", createPath, "") }, 200},
		{nil, func() *http.Request { return w.request("POST", submitPath, "{") }, 400},
		{nil, func() *http.Request { return stranger("GET", createPath) }, 401},
		{nil, func() *http.Request { return w.request("PATCH", createPath+"/x/cancel", "") }, 403},
		{nil, func() *http.Request { return stranger("GET", "/nothing") }, 404},
		{nil, func() *http.Request { return stranger("PATCH", submitPath) }, 405},
		{fail(&core.Error{Code: core.CodeUnavailable}), func() *http.Request { return w.request("POST", submitPath, minimal) }, 503},
		{func() { w.onSubmit = func(context.Context) { panic("boom") } }, func() *http.Request { return w.request("POST", submitPath, minimal) }, 500},
		{func() { w.server.limiter.charge("jwt\x00\x00someone", 200) }, func() *http.Request { return w.request("POST", submitPath, minimal) }, 429},
		{nil, func() *http.Request { return stranger("GET", "/metrics") }, 200},
		{nil, func() *http.Request { return stranger("GET", "/openapi.json") }, 200},
		{nil, func() *http.Request { return stranger("OPTIONS", submitPath) }, 204},
	} {
		if row.before != nil {
			row.before()
		}
		for origin, want := range map[string]string{appOrigin: appOrigin, foreignOrigin: "", "": ""} {
			r := row.request()
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			rec := w.do(r)
			h := rec.Header()
			if rec.Code != row.status || h.Get("Access-Control-Allow-Origin") != want || !slices.Contains(h["Vary"], "Origin") || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s of %q: status %d, want %d: %v", r.Method, r.URL.Path, origin, rec.Code, row.status, h)
			}
			if got := h.Get("Access-Control-Expose-Headers"); (got == exposed) != (want != "") {
				t.Errorf("%s %s of %q: exposed %q", r.Method, r.URL.Path, origin, got)
			}
		}
	}
}

// TestNoCORS: it is off unless it is asked for; then no answer has a header of it, and OPTIONS is what it was.
func TestNoCORS(t *testing.T) {
	w := newWorld(t)
	r := w.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Origin", appOrigin)
	preflight := w.preflight(appOrigin, "POST", submitPath, "authorization")
	if preflight.Code != 204 || preflight.Header().Get("Allow") != "GET, OPTIONS, POST" {
		t.Errorf("status %d, %v", preflight.Code, preflight.Header())
	}
	for _, h := range []http.Header{preflight.Header(), w.do(r).Header()} {
		for name := range h {
			if name == "Vary" || strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %q", name, h[name])
			}
		}
	}
}

// TestPreflightsAreLogged and counted like every other request.
func TestPreflightsAreLogged(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, letIn(appOrigin), func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	w.preflight(appOrigin, "POST", submitPath, "")
	if line := log.String(); !strings.Contains(line, "method=OPTIONS") || !strings.Contains(line, "status=204") {
		t.Errorf("logged: %s", line)
	}
}

// TestOrigins has a row for each way to name an origin.
func TestOrigins(t *testing.T) {
	for _, row := range []struct {
		origins []string
		says    string // empty: it is taken
	}{
		{nil, ""},
		{[]string{"https://app.example"}, ""},
		{[]string{"https://app.example:8443", "https://other.example"}, ""},
		{[]string{"http://localhost:5173", "http://127.0.0.1", "http://[::1]:3000"}, ""},
		{[]string{"https://xn--mller-kva.example"}, ""},
		{[]string{"*"}, ""},
		{[]string{"*", "https://app.example"}, "must stand alone"},
		{[]string{"https://*.example"}, "has a * in it"},
		{[]string{"https://app.example/"}, "without a path or a slash"},
		{[]string{"https://app.example/app"}, "without a path or a slash"},
		{[]string{"https://app.example?"}, "without a path or a slash"},
		{[]string{"https://me@app.example"}, "without a path or a slash"},
		{[]string{"https://App.example"}, "lower case"},
		{[]string{"https://app.example", "http://app.example"}, "http:// is for localhost"},
		{[]string{"http://localhost.example"}, "http:// is for localhost"},
		{[]string{"ftp://app.example"}, "must begin with https://"},
		{[]string{"app.example"}, "no scheme and host"},
		{[]string{"localhost:3000"}, "no scheme and host"},
		{[]string{"null"}, "no scheme and host"},
		{[]string{""}, "no scheme and host"},
		{[]string{"https://"}, "no scheme and host"},
		{[]string{"https://müller.example"}, "must be ASCII"},
		{[]string{"https://app.example:443"}, "must leave its port out"},
		{[]string{"http://localhost:80"}, "must leave its port out"},
		{[]string{"https://app.example:"}, "a port that is none"},
		{[]string{"https://app.example:0"}, "a port that is none"},
		{[]string{"https://app.example:08443"}, "a port that is none"},
		{[]string{"https://app.example:65536"}, "a port that is none"},
	} {
		c := newWorld(t).server.Config
		c.CORSOrigins = row.origins
		_, err := New(c)
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%q: %v, want %q", row.origins, err, row.says)
		}
	}
}
