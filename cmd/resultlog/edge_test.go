package main

import (
	"net/http"
	"testing"
)

// TestEdgeIsConfigured: what the environment says of rate limits and origins reaches the server.
func TestEdgeIsConfigured(t *testing.T) {
	t.Setenv("RESULTLOG_RATE_LIMIT", "0.001")
	t.Setenv("RESULTLOG_RATE_BURST", "2")
	t.Setenv("RESULTLOG_CORS_ORIGIN", "https://app.example,http://localhost:5173")
	s := serveOn(t, t.TempDir())
	for i, origin := range []string{"https://app.example", "http://localhost:5173", "https://elsewhere.example"} {
		request, err := http.NewRequest(http.MethodGet, s.base+"/api/activities", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {"Bearer " + s.token}, "X-Tenant-Id": {testTenant}, "Origin": {origin}}
		response, err := s.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		h := response.Header
		if refused := response.StatusCode == http.StatusTooManyRequests; refused != (i == 2) || h.Get("RateLimit-Policy") != `"credential";q=2;w=2000` {
			t.Errorf("request %d: status %d, %v", i, response.StatusCode, h)
		}
		if known := h.Get("Access-Control-Allow-Origin") == origin; known != (i < 2) {
			t.Errorf("of %s: %v", origin, h)
		}
	}
}
