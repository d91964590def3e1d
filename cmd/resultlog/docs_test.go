package main

import (
	"bytes"
	"net/http"
	"regexp"
	"testing"

	"resultlog/docs"
)

// TestDocsAreServed: the program carries the description of its API, and the page that shows it.
func TestDocsAreServed(t *testing.T) {
	server := regexp.MustCompile(`http://[^/]+`).FindString(serveDev(t, t.TempDir()).curl)
	for path, want := range map[string][]byte{"/openapi.json": docs.OpenAPI, "/docs": []byte("docs/init.js"), "/docs/swagger-ui-bundle.js": []byte("SwaggerUIBundle")} {
		request, err := http.NewRequest(http.MethodGet, server+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := do(t, request); status != http.StatusOK || !bytes.Contains(body, want) {
			t.Errorf("%s: status %d, %d bytes", path, status, len(body))
		}
	}
}
