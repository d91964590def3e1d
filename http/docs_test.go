package httpapi

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"resultlog/core"
)

// withDocs serves the description and the page, as the program does.
func withDocs(c *Config) { c.OpenAPI, c.Docs = documented().json, os.DirFS("../docs/swagger-ui") }

func (w *world) get(path string) *httptest.ResponseRecorder {
	return w.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// TestOpenAPI: the document is there for everybody, byte for byte, and is not kept.
func TestOpenAPI(t *testing.T) {
	rec := newWorld(t, withDocs).get("/openapi.json")
	if rec.Code != http.StatusOK || rec.Body.String() != string(documented().json) {
		t.Errorf("status %d, %d bytes", rec.Code, rec.Body.Len())
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
}

// TestDocsPage: the page and all that it loads are there, under a policy that lets nothing else in.
func TestDocsPage(t *testing.T) {
	w := newWorld(t, withDocs)
	page := w.get("/docs")
	loads := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(loads) < 4 {
		t.Errorf("the page loads %q", loads)
	}
	for _, load := range loads {
		if load[1] == "data:," {
			continue
		}
		if rec := w.get("/" + load[1]); rec.Code != http.StatusOK || rec.Body.Len() == 0 {
			t.Errorf("%s: status %d, %d bytes", load[1], rec.Code, rec.Body.Len())
		}
	}
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	for file, contentType := range map[string]string{"": "text/html", "/init.js": "text/javascript", "/swagger-ui-bundle.js": "text/javascript", "/swagger-ui.css": "text/css", "/LICENSE": "text/plain"} {
		rec := w.get("/docs" + file)
		for name, want := range map[string]string{
			"Content-Type": contentType + "; charset=utf-8", "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if got := rec.Header().Get(name); rec.Code != http.StatusOK || got != want {
				t.Errorf("/docs%s: status %d, %s %q, want %q", file, rec.Code, name, got, want)
			}
		}
	}
}

// TestDocsPageHasNothingInline: the policy would not let it run; and it asks no other host.
func TestDocsPageHasNothingInline(t *testing.T) {
	w := newWorld(t, withDocs)
	page := w.get("/docs").Body.String()
	if inline := regexp.MustCompile(`<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`).FindString(page); inline != "" {
		t.Errorf("the page has %q", inline)
	}
	for name, text := range map[string]string{"page": page, "script": w.get("/docs/init.js").Body.String()} {
		if strings.Contains(text, "//") && regexp.MustCompile(`["'(]\s*(https?:)?//`).MatchString(text) {
			t.Errorf("the %s names another host", name)
		}
	}
}

// TestDocsThatAreNotThere: what lies beside the files of the page is not shown, and a server without docs has none; what is lost is a fault.
func TestDocsThatAreNotThere(t *testing.T) {
	lost := func(c *Config) { c.Docs = fstest.MapFS{} }
	for _, row := range []struct {
		config func(*Config)
		path   string
		code   core.Code
	}{
		{withDocs, "/docs/README.md", codeRouteNotFound},
		{withDocs, "/docs/index.html", codeRouteNotFound},
		{withDocs, "/docs/..%2fdocs.go", codeRouteNotFound},
		{withDocs, "/docs/", codeRouteNotFound},
		{withDocs, "/docs/a/b", codeRouteNotFound},
		{func(*Config) {}, "/docs", codeRouteNotFound},
		{func(*Config) {}, "/docs/init.js", codeRouteNotFound},
		{func(*Config) {}, "/openapi.json", codeRouteNotFound},
		{lost, "/docs", codeInternal},
	} {
		if rec := newWorld(t, row.config).get(row.path); problemOf(t, rec).Code != row.code {
			t.Errorf("%s: %d %s", row.path, rec.Code, rec.Body)
		}
	}
}
