package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// guardNames are the headers that every answer carries.
func guardNames() (names []string) {
	for _, g := range guards {
		names = append(names, g.name)
	}
	return names
}

// TestGuards: every answer of every route carries the guards, and so does whatever goes wrong before a route, or within one. They stand here once more, as docs/security.md has them.
func TestGuards(t *testing.T) {
	w := newWorld(t, withDocs)
	w.onSubmit = func(context.Context) { panic("boom") }
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	}
	if len(want) != len(guards) {
		t.Errorf("%d guards, want %d", len(guards), len(want))
	}
	see := func(r *http.Request, status int) {
		t.Helper()
		rec := w.do(r)
		if status > 0 && rec.Code != status {
			t.Errorf("%s %s: status %d, want %d", r.Method, r.URL.Path, rec.Code, status)
		}
		for name, value := range want {
			got := rec.Header()[name]
			own := rec.Code == http.StatusOK && (name == "Cache-Control" || name == "Content-Security-Policy") && ownGuards(r.URL.Path, name)
			if len(got) != 1 || (got[0] == value) == own {
				t.Errorf("%s %s: status %d, %s %q", r.Method, r.URL.Path, rec.Code, name, got)
			}
		}
	}
	for _, rt := range w.server.routes() {
		path := strings.NewReplacer(":id", tenant.String(), ":file", "init.js").Replace(rt.pattern)
		see(w.request(rt.method, path, ""), 0)
		see(httptest.NewRequest("BREW", path, nil), 405)
		see(httptest.NewRequest(http.MethodOptions, path, nil), 204)
		if rt.needs != public {
			see(httptest.NewRequest(rt.method, path, nil), 401)
		}
	}
	see(w.request(http.MethodPost, submitPath, minimal), 500)
	see(w.request(http.MethodGet, "/api/nothing", ""), 404)
	see(w.request(http.MethodGet, "/docs/nothing", ""), 404)
	w.onSubmit = nil
	see(w.request(http.MethodPost, submitPath, minimal), 201)
}

// ownGuards reports whether the answers at a path have a header of their own in a guard's place: what is public may be kept, and the page must load its own files.
func ownGuards(path, name string) bool {
	return strings.HasPrefix(path, "/docs") || path == "/openapi.json" && name == "Cache-Control"
}

// TestGuardsAreShared: no answer changes what the next one gets.
func TestGuardsAreShared(t *testing.T) {
	w := newWorld(t, withDocs)
	w.get("/docs")
	w.get("/openapi.json")
	if got := w.get("/livez").Header(); got.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.Get("Content-Security-Policy"), "default-src 'none'; frame") {
		t.Errorf("after the page: %v", got)
	}
}
