package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// TestMetrics: durations by route pattern, method and class, submissions by status and source, refusals by code, requests in flight; as /metrics shows them.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(c *Config) {
		c.Metrics, c.Gatherer = NewMetrics(), registry
		registry.MustRegister(c.Metrics.Collectors()...)
	})
	w.post(createPath, created("provider_activity_id", `"p"`))
	w.post(submitPath, minimal)
	w.post(submitPath, sent("provider_activity_id", `"p"`, "status", `"PENDING"`))
	w.post(submitPath, sent("provider_activity_id", `"p"`))
	w.post(submitPath, `{`)
	w.post(submitPath, `{`)
	for _, target := range []string{"/a", "/b", "/api/activities/x/y"} {
		w.do(httptest.NewRequest("BREW", target, nil))
	}
	w.do(w.request(http.MethodGet, "/api/activities/"+w.log[0].Stream.ID.String(), ""))
	w.submitFails = errors.New("disk")
	w.post(submitPath, minimal)

	page := w.do(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
	for _, line := range []string{
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activities",status="2xx"} 1`,
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activity-results/tasks",status="2xx"} 2`,
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activity-results/tasks",status="4xx"} 3`,
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activity-results/tasks",status="5xx"} 1`,
		`resultlog_http_request_duration_seconds_count{method="GET",route="/api/activities/:id",status="2xx"} 1`,
		`resultlog_http_request_duration_seconds_count{method="any",route="unmatched",status="4xx"} 3`,
		`resultlog_http_requests_in_flight 1`,
		`resultlog_submissions_total{source="STANDALONE",status="COMPLETED"} 1`,
		`resultlog_submissions_total{source="RETEN_ACTIVITY",status="PENDING"} 1`,
		`resultlog_refusals_total{code="invalid_json"} 2`,
		`resultlog_refusals_total{code="stale_result"} 1`,
		`resultlog_refusals_total{code="route_not_found"} 3`,
		`resultlog_refusals_total{code="internal"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	if strings.Contains(page, "BREW") || strings.Contains(page, w.log[0].Stream.ID.String()) {
		t.Error("what a client sent became a label")
	}
	if t.Failed() {
		t.Log(page)
	}
}

// TestNoMetrics: a server that shows none has no such page.
func TestNoMetrics(t *testing.T) {
	if rec := newWorld(t).do(httptest.NewRequest(http.MethodGet, "/metrics", nil)); rec.Code != 404 {
		t.Errorf("status %d", rec.Code)
	}
}

// TestLogLine: one line per request, with what is needed to find it, and neither credential nor payload.
func TestLogLine(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	last := func() map[string]any {
		t.Helper()
		defer log.Reset()
		if n := bytes.Count(log.Bytes(), []byte{'\n'}); n != 1 {
			t.Fatalf("%d lines: %s", n, &log)
		}
		for _, secret := range []string{"Bearer", w.token("FDE"), "private", "store-001"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log shows %q: %s", secret, &log)
			}
		}
		var line map[string]any
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	}
	expect := func(want map[string]any) {
		t.Helper()
		got := last()
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s is %v, want %v in %v", k, got[k], v, got)
			}
		}
		if _, ok := got["duration_seconds"]; !ok {
			t.Error("no duration")
		}
	}
	r := w.request(http.MethodPost, submitPath, sent("task_result.comment", `"private"`, "raw_payload", `{"a":"private"}`))
	r.Header.Set("X-Request-Id", "r-1")
	w.do(r)
	expect(map[string]any{"level": "INFO", "request_id": "r-1", "method": "POST", "route": submitPath, "status": 201.0, "position": 1.0, "tenant": tenant.String(), "error": nil, "code": nil})
	r = w.request(http.MethodGet, "/api/events", "")
	r.Header.Set("Authorization", "Bearer "+w.token("ADMIN"))
	w.do(r)
	expect(map[string]any{"level": "INFO", "method": "GET", "route": "/api/events", "status": 200.0, "position": 1.0, "error": nil})
	w.post(submitPath, sent("private", `1`))
	expect(map[string]any{"level": "INFO", "status": 400.0, "code": "invalid_json", "position": nil, "error": nil})
	w.do(httptest.NewRequest(http.MethodGet, "/private", nil))
	expect(map[string]any{"level": "INFO", "route": "unmatched", "status": 404.0})
	w.submitFails = &core.Error{Code: core.CodeUnavailable, Err: errors.New("disk full")}
	w.post(submitPath, minimal)
	expect(map[string]any{"level": "WARN", "status": 503.0, "error": "unavailable: disk full"})
	w.submitFails = errors.New("what nobody foresaw")
	w.post(submitPath, minimal)
	expect(map[string]any{"level": "ERROR", "status": 500.0, "code": "internal", "error": "what nobody foresaw"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.submitFails = context.Canceled
	w.do(w.request(http.MethodPost, submitPath, minimal).WithContext(ctx))
	expect(map[string]any{"level": "INFO", "status": 499.0, "code": "client_gone"})
	w.do(httptest.NewRequest(http.MethodGet, "/livez", nil))
	if log.Len() > 0 {
		t.Errorf("a probe is logged: %s", &log)
	}
}

// TestMetricsByTenant: whose submissions they are is counted if that is wanted, of as many tenants as there may be series for.
func TestMetricsByTenant(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := NewMetricsByTenant()
	registry.MustRegister(m.Collectors()...)
	of := func(n int) core.ID { return core.ID{0: 1, 14: byte(n >> 8), 15: byte(n)} }
	for n := range MaxTenantLabels + 2 {
		for range 2 {
			m.submitted(core.Recorded{Stream: core.Stream{Tenant: of(n)}, Event: core.ResultSubmitted{Source: core.Standalone, Submission: core.Submission{Status: core.ResultPending}}})
		}
	}
	counts := map[string]float64{}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, one := range f.Metric {
			if f.GetName() == "resultlog_submissions_total" {
				for _, label := range one.Label {
					if label.GetName() == "tenant" {
						counts[label.GetValue()] += one.Counter.GetValue()
					}
				}
			}
		}
	}
	if len(counts) != MaxTenantLabels+1 || counts[of(0).String()] != 2 || counts[of(MaxTenantLabels-1).String()] != 2 || counts[otherTenants] != 4 {
		t.Errorf("%d labels, of which the first counts %v, and the others %v", len(counts), counts[of(0).String()], counts[otherTenants])
	}
}
