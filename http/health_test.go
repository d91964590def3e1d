package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// TestReadyzReads: green with its lag while reads are answered, red with its lag when they are not, red without one when it cannot be told; and nothing else is affected.
func TestReadyzReads(t *testing.T) {
	var lag ReadLag
	var fails error
	w := newWorld(t, func(c *Config) { c.ReadsReady = func(context.Context) (ReadLag, error) { return lag, fails } })
	get := func() *httptest.ResponseRecorder {
		return w.do(httptest.NewRequest(http.MethodGet, "/readyz/reads", nil))
	}
	for _, row := range []struct {
		lag   ReadLag
		fails error
		then  int
		shows []string
	}{
		{then: 200, shows: []string{`{"status":"ready","lagEvents":0,"lagSeconds":0}`}},
		{lag: ReadLag{Events: 12, Time: 1234567 * time.Microsecond}, then: 200, shows: []string{`{"status":"ready","lagEvents":12,"lagSeconds":1.235}`}},
		{lag: ReadLag{Events: 34, Time: 5678 * time.Millisecond, TooLong: true}, then: 503, shows: []string{"34 events", "5.678 s", "consistency=eventual"}},
		{fails: errors.New("disk of /var/secret"), then: 503, shows: []string{"cannot be told"}},
	} {
		lag, fails = row.lag, row.fails
		rec := get()
		if rec.Code != row.then || strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("%+v: %d %s", row, rec.Code, rec.Body)
		}
		if rec.Code == 503 && (problemOf(t, rec).Code != codeNotReady || rec.Header().Get("Retry-After") == "") {
			t.Errorf("%+v: %s", row, rec.Body)
		}
		for _, want := range row.shows {
			if !strings.Contains(rec.Body.String(), want) {
				t.Errorf("%+v shows no %s: %s", row, want, rec.Body)
			}
		}
	}
	if rec := w.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != 200 {
		t.Errorf("/readyz while the lag cannot be told: %d", rec.Code)
	}
	fails = nil
	w.server.StopReady()
	if rec := get(); rec.Code != 503 {
		t.Errorf("after StopReady: %d", rec.Code)
	}
	if rec := newWorld(t).do(httptest.NewRequest(http.MethodGet, "/readyz/reads", nil)); rec.Code != 200 {
		t.Errorf("with nobody to ask: %d", rec.Code)
	}
}

// TestParked: who reads what is parked is told so, and to come back later than for what passes by itself; a wait for the read tables would not help.
func TestParked(t *testing.T) {
	for _, path := range []string{"/api/activity-results/", "/api/activities/"} {
		for _, query := range []string{"", "?consistency=eventual"} {
			w := newWorld(t)
			w.readFails = &core.Error{Code: core.CodeParked}
			rec := w.do(w.request(http.MethodGet, path+tenant.String()+query, ""))
			if p := problemOf(t, rec); rec.Code != 503 || p.Code != core.CodeParked || !strings.Contains(p.Message, "resultlog deadletters") {
				t.Errorf("%s%s: %d %s", path, query, rec.Code, rec.Body)
			}
			if after := rec.Header().Get("Retry-After"); after != "60" {
				t.Errorf("%s%s: Retry-After %s", path, query, after)
			}
			if w.waited > 1 {
				t.Errorf("%s%s: waited %d times", path, query, w.waited)
			}
		}
	}
}
