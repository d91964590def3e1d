package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// TestBatchesAreCounted: submissions and refusals item by item, as if they had come alone; what is answered again was submitted once. The request itself is one.
func TestBatchesAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(c *Config) {
		c.Metrics, c.Gatherer = NewMetrics(), registry
		registry.MustRegister(c.Metrics.Collectors()...)
	})
	w.accept(t, postBatch+array(minimal, ofP("status", pending), "{}", "[]", ofP(), withItemKey(), withItemKey(), withItemKey("status", pending)))
	w.ask(postBatch + "[")
	page := w.accept(t, "GET /metrics").Body.String()
	for _, line := range []string{
		`resultlog_submissions_total{source="STANDALONE",status="COMPLETED"} 2`,
		`resultlog_submissions_total{source="STANDALONE",status="PENDING"} 1`,
		`resultlog_refusals_total{code="validation_failed"} 1`,
		`resultlog_refusals_total{code="invalid_json"} 2`,
		`resultlog_refusals_total{code="stale_result"} 1`,
		`resultlog_refusals_total{code="idempotency_key_reused"} 1`,
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activity-results/tasks/batch",status="2xx"} 1`,
		`resultlog_http_request_duration_seconds_count{method="POST",route="/api/activity-results/tasks/batch",status="4xx"} 1`,
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
}

// TestLogLineOfABatch: one line, with how many items there were and how many were accepted; a fault of ours in one of them makes it as grave as if that had come alone.
func TestLogLineOfABatch(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	for _, row := range []struct {
		fails error
		want  map[string]any
	}{
		{nil, map[string]any{"level": "INFO", "status": 207.0, "route": batchPath, "items": 3.0, "accepted": 2.0, "position": 1.0, "code": nil, "error": nil}},
		{&core.Error{Code: core.CodeUnavailable, Err: errors.New("disk full")}, map[string]any{"level": "WARN", "status": 207.0, "items": 3.0, "accepted": 0.0, "position": nil, "error": "unavailable: disk full"}},
		{errors.New("what nobody foresaw"), map[string]any{"level": "ERROR", "status": 207.0, "accepted": 0.0, "error": "what nobody foresaw"}},
	} {
		w.submitFails = row.fails
		log.Reset()
		w.accept(t, postBatch+array(minimal, sent("task_result.comment", `"private"`), `{"private":1}`))
		if n := bytes.Count(log.Bytes(), []byte{'\n'}); n != 1 || strings.Contains(log.String(), "private") {
			t.Errorf("%d lines: %s", n, &log)
		}
		var got map[string]any
		if err := json.Unmarshal(log.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range row.want {
			if got[k] != v {
				t.Errorf("%s is %v, want %v in %v", k, got[k], v, got)
			}
		}
	}
	log.Reset()
	w.ask(postBatch + "[")
	if strings.Contains(log.String(), `"items"`) {
		t.Errorf("nothing was decided: %s", &log)
	}
}

// TestMetadataOfItems: actor, request id and trace are the request's, the key is the item's, with the digest of the item's exact bytes; and each has fresh ids of its own.
func TestMetadataOfItems(t *testing.T) {
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	keyed := withItemKey("raw_payload", `{ "a" : 1 }`)
	for _, form := range batchForms {
		w := newWorld(t)
		r := w.batchRequest(form.media, form.join(minimal, " "+keyed+"\t", sent("idempotency_key", `"k\u002d2"`)))
		r.Header.Set("X-Request-Id", "r-1")
		r.Header.Set("Traceparent", trace)
		w.do(r)
		whole := core.Metadata{Actor: core.Actor{Subject: "someone", Role: "FDE"}, RequestID: "r-1", Traceparent: trace}
		first, second := whole, whole
		first.Idempotency = core.Idempotency{Key: "k", Endpoint: "POST " + batchPath, Body: sha256.Sum256([]byte(keyed))}
		second.Idempotency = core.Idempotency{Key: "k-2", Endpoint: "POST " + batchPath, Body: sha256.Sum256([]byte(sent("idempotency_key", `"k\u002d2"`)))}
		var got []core.Metadata
		seen := map[core.ID]bool{{}: true}
		for _, c := range w.commands {
			got = append(got, c.Metadata)
			for _, id := range []core.ID{c.EventID, c.Intent.(core.SubmitResult).ResultID} {
				if seen[id] {
					t.Errorf("id %s came twice, or is none", id)
				}
				seen[id] = true
			}
		}
		if diff := cmp.Diff([]core.Metadata{whole, first, second}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", form.media, diff)
		}
	}
}

// TestBatchWhoseClientHasGone: what the submitter did not say is unknown, item by item, and no failure of ours.
func TestBatchWhoseClientHasGone(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := newWorld(t)
	w.undescribed = true // nobody receives it
	w.submitFails = context.Canceled
	w.onSubmit = func(context.Context) { cancel() }
	if got := briefItems(t, w.do(w.batchRequest(mediaJSON, array(minimal, "{}")).WithContext(ctx))); got != "499 client_gone, 400 validation_failed" {
		t.Errorf("told %s", got)
	}
	w.submitFails = context.DeadlineExceeded
	over, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	w.onSubmit = nil
	if got := briefItems(t, w.do(w.batchRequest(mediaJSON, array(minimal, "{}")).WithContext(over))); got != "503 outcome_unknown, 400 validation_failed" {
		t.Errorf("told %s", got)
	}
}

// TestItemsDoNotMix: what was read for one item is not overwritten by the next, nor by the next batch.
func TestItemsDoNotMix(t *testing.T) {
	w := newWorld(t)
	for round := range 3 {
		var items []string
		for i := range 50 {
			items = append(items, sent("task_result.payload", fmt.Sprintf(`{"n":%d,"pad":%s}`, round*50+i, quoted((50-i)*100, "x")), "external_status", fmt.Sprintf(`"%d"`, round*50+i)))
		}
		for i, it := range itemsOf(t, w.do(w.batchRequest(mediaJSON, array(items...)))) {
			if want := fmt.Sprintf(`"payload":{"n":%d,`, round*50+i); it.Status != http.StatusCreated || !strings.Contains(string(it.Body), want) {
				t.Fatalf("item %d: %.300s", i, it.Body)
			}
		}
	}
	for i, c := range w.commands {
		in := c.Intent.(core.SubmitResult)
		personal, err := in.Personal.Open()
		if err != nil || in.ExternalStatus != fmt.Sprint(i) || !strings.HasPrefix(string(personal.Payload), fmt.Sprintf(`{"n":%d,`, i)) {
			t.Fatalf("command %d is now %s, %.40s (%v)", i, in.ExternalStatus, personal.Payload, err)
		}
	}
}

// TestItemThatCannotBeShown: an item that was accepted, and whose event is none of a submission, is a fault of ours, and its neighbours are not.
func TestItemThatCannotBeShown(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Submitter = strange{c.Submitter.(*world)} })
	rec := w.do(w.batchRequest(mediaJSON, array(minimal, minimal)))
	if got := briefItems(t, rec); got != "500 internal, 201" {
		t.Errorf("told %s", got)
	}
	if items := itemsOf(t, rec); len(items[0].Headers) > 0 || rec.Header().Get("Resultlog-Position") != "2" {
		t.Errorf("headers %v, and of the whole %v", items[0].Headers, rec.Header())
	}
}

// strange is a submitter whose first receipt is of something else.
type strange struct{ *world }

func (s strange) SubmitAll(ctx context.Context, commands []core.Command) ([]core.Outcome, error) {
	outcomes, err := s.world.SubmitAll(ctx, commands)
	outcomes[0].Receipt.Events = []core.Recorded{{TenantPosition: 1, Event: core.ResultLinked{}}}
	return outcomes, err
}

// decided is a Submitter that gives the outcomes that a test wants.
type decided struct {
	*world
	outcomes []core.Outcome
}

func (d decided) SubmitAll(context.Context, []core.Command) ([]core.Outcome, error) {
	return d.outcomes, nil
}

// TestTheGravestFaultIsLogged: a fault of this service is not lost behind what went wrong with a later item, whichever comes first.
func TestTheGravestFaultIsLogged(t *testing.T) {
	bug, disk := core.Outcome{Err: errors.New("what nobody foresaw")}, core.Outcome{Err: &core.Error{Code: core.CodeUnavailable, Err: errors.New("disk full")}}
	for _, outcomes := range [][]core.Outcome{{bug, disk}, {disk, bug}} {
		var log bytes.Buffer
		w := newWorld(t, func(c *Config) {
			c.Submitter = decided{c.Submitter.(*world), outcomes}
			c.Log = slog.New(slog.NewJSONHandler(&log, nil))
		})
		w.do(w.batchRequest(mediaJSON, array(minimal, minimal)))
		if !strings.Contains(log.String(), "what nobody foresaw") || !strings.Contains(log.String(), `"level":"ERROR"`) {
			t.Errorf("logged: %s", &log)
		}
	}
}

// TestABatchThatWasNotLetInIsNotPaidFor: it is to be sent again after Retry-After, and must not be refused then for what it did not get.
func TestABatchThatWasNotLetInIsNotPaidFor(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RateLimit, c.RateBurst = 10, 50 })
	items := array(slices.Repeat([]string{minimal}, 100)...)
	w.shut = full
	if got := w.do(w.batchRequest(mediaJSON, items)); got.Code != http.StatusServiceUnavailable {
		t.Fatal(got.Body)
	}
	w.shut = nil
	if got := w.do(w.batchRequest(mediaJSON, items)); got.Code != http.StatusMultiStatus || got.Header().Get("RateLimit") != `"credential";r=0;t=6` {
		t.Errorf("%d %s", got.Code, got.Header().Get("RateLimit"))
	}
}
