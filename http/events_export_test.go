package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// fill adds submissions to the log, each like the first, without deciding them.
func (w *world) fill(t *testing.T, events int) {
	t.Helper()
	w.accept(t, postResult+minimal)
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.log) < events {
		r := w.log[len(w.log)-1]
		r.TenantPosition++
		w.log = append(w.log, r)
	}
}

// streamsOpen is how many streams of a kind go on.
func (w *world) streamsOpen(kind string) int {
	p, all := w.server.streams.exports, maxExports
	if kind == tailKind {
		p, all = w.server.streams.tails, maxTails
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return all - p.free
}

// waitFor waits until a condition holds, which it does in milliseconds; only a broken build waits for the deadline.
func (w *world) waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come to hold")
		}
	}
}

// endless is a history of so many events that nobody has in memory.
type endless struct {
	History
	events core.Position
	failed core.Position // where the log cannot be read; 0: nowhere
}

func (h endless) TenantHead(context.Context, core.ID) (core.Position, error) { return h.events, nil }

func (h endless) TenantEntries(_ context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	e := core.Entry{TenantID: tenant, StreamID: core.ID{1}, EventID: core.ID{2}, Type: "ResultSubmitted", SchemaVersion: 1, Metadata: []byte(`{}`)}
	return func(yield func(core.Entry, error) bool) {
		for at := after + 1; at <= h.events; at++ {
			e.TenantPosition, e.Data = at, fmt.Appendf(nil, `{"n":%d,"text":%q}`, at, strings.Repeat("x", 200))
			var err error
			if at == h.failed {
				err = errors.New("disk")
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// TestExportsAreBounded: "streamed with bounded memory": an export of fifty megabytes never has more than a few in memory, and every event is in it once.
func TestExportsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	const events, mostBytes = 100_000, 16 << 20
	w := newWorld(t, func(c *Config) { c.History = endless{events: events} })
	url, _ := w.serve(t)
	export := w.open(t, url, ndjson+getEvents)
	if export.Header.Get("Resultlog-Head") != fmt.Sprint(events) || export.Header.Get("Content-Length") != "" {
		t.Errorf("%v", export.Header)
	}
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, total, at := held(), 0, 0
	for {
		line, err := export.lines.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		total += len(line)
		if at++; !bytes.Contains(line, fmt.Appendf(nil, `"tenantPosition":%d,`, at)) {
			t.Fatalf("line %d is %s", at, line)
		}
		if at%(events/5) == 0 {
			if more := int64(held()) - int64(before); more > mostBytes {
				t.Fatalf("after %d events %d MB more are held", at, more>>20)
			}
		}
	}
	if at != events || total < 45<<20 {
		t.Errorf("%d lines, %d bytes", at, total)
	}
}

// TestAnExportThatFailsIsCut: nobody takes half an export for a whole one, and the log line says what failed.
func TestAnExportThatFailsIsCut(t *testing.T) {
	var log lockedBuffer
	w := newWorld(t, func(c *Config) {
		c.History, c.Log = endless{events: 5000, failed: 4000}, slog.New(slog.NewTextHandler(&log, nil))
	})
	url, _ := w.serve(t)
	export := w.open(t, url, ndjson+getEvents)
	body, err := io.ReadAll(export.Body)
	if lines := bytes.Count(body, []byte("\n")); err == nil || lines == 0 || lines >= 4000 {
		t.Errorf("%d lines came, and then %v", lines, err)
	}
	w.waitFor(t, func() bool { return strings.Contains(log.String(), "route=/api/events") })
	if line := log.String(); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "error=disk") || !strings.Contains(line, "events=39") || !strings.Contains(line, "status=200") {
		t.Errorf("logged: %s", line)
	}
}

// TestAnExportThatNobodyReads ends when its reader is too slow or goes, and gives its place back.
func TestAnExportThatNobodyReads(t *testing.T) {
	for sentence, leave := range map[string]func(*streamReader){"too slow": func(*streamReader) {}, "gone": func(r *streamReader) { r.stop() }} {
		w := newWorld(t, func(c *Config) { c.History = endless{events: 1_000_000} })
		w.server.streams.writeTimeout = 50 * time.Millisecond
		url, _ := w.serve(t)
		export := w.open(t, url, ndjson+getEvents)
		leave(export)
		w.waitFor(t, func() bool { return w.streamsOpen(exportKind) == 0 })
		if _, err := io.Copy(io.Discard, export.Body); err == nil {
			t.Errorf("%s: it seems to be whole", sentence)
		}
	}
}

// TestAnExportEndsWithItsCredential: what is longer than a credential lasts is cut.
func TestAnExportEndsWithItsCredential(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.History = endless{events: 1_000_000} })
	key, _ := w.keyFor(tenant, core.ViewEvents, &hour)
	url, _ := w.serve(t)
	_ = key
	export := w.open(t, url, by1+ndjson+getEvents)
	if export.StatusCode != http.StatusOK {
		t.Fatal(export.Status)
	}
	w.setClock(noon.Add(time.Hour))
	if n, err := io.Copy(io.Discard, export.Body); err == nil {
		t.Errorf("it seems to be whole, with %d bytes", n)
	}
}

// TestStreamsAreLoggedAndMeasured: one line when it ends, with how many events were sent; as its duration counts what passed until it began.
func TestStreamsAreLoggedAndMeasured(t *testing.T) {
	var log lockedBuffer
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(c *Config) {
		c.Log, c.Metrics, c.Gatherer = slog.New(slog.NewTextHandler(&log, nil)), NewMetrics(), registry
		registry.MustRegister(c.Metrics.Collectors()...)
	})
	w.server.streams.heartbeat = 5 * time.Millisecond
	w.fill(t, 3)
	url, _ := w.serve(t)
	metrics := func() string { return w.ask("GET /metrics").Body.String() }
	tail := w.open(t, url, tailEvents)
	tail.mustBe(t, w, 1, 2, 3)
	for range 40 { // 200 ms
		if _, err := tail.next(); err != nil {
			t.Fatal(err)
		}
	}
	if page := metrics(); !strings.Contains(page, `resultlog_event_streams{kind="tail"} 1`) || !strings.Contains(page, "resultlog_http_requests_in_flight 2\n") {
		t.Errorf("while it goes on:\n%s", page)
	}
	tail.stop()
	w.waitFor(t, func() bool { return strings.Contains(log.String(), "route=/api/events") })
	if line := log.String(); strings.Count(line, "route=/api/events") != 1 || !strings.Contains(line, "level=INFO") || !strings.Contains(line, "status=200") || !strings.Contains(line, "events=3\n") {
		t.Errorf("logged: %s", line)
	}
	if page := metrics(); !strings.Contains(page, `resultlog_event_streams{kind="tail"} 0`) || !strings.Contains(page, `resultlog_http_request_duration_seconds_bucket{method="GET",route="/api/events",status="2xx",le="0.1"} 1`) {
		t.Errorf("afterwards:\n%s", page)
	}
}

// stuck is a history whose disk does not answer.
type stuck struct{ History }

func (stuck) TenantHead(ctx context.Context, _ core.ID) (core.Position, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// TestHistoryThatIsSlow: a log that does not answer in time is 503, and not a fault of this service; one that cannot be read is a 500, which shows nothing of why.
func TestHistoryThatIsSlow(t *testing.T) {
	for _, line := range []string{getEvents, ndjson + getEvents, tailEvents} {
		w := newWorld(t, func(c *Config) { c.History = stuck{} })
		r := w.parse(line)
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Millisecond)
		if rec := w.do(r.WithContext(ctx)); briefly(t, rec) != "503 history_unavailable" {
			t.Errorf("%s: %s", line, rec.Body)
		}
		cancel()
		w = newWorld(t)
		w.historyFails = errors.New("disk")
		if rec := w.ask(line); briefly(t, rec) != "500 internal" || strings.Contains(rec.Body.String(), "disk") {
			t.Errorf("%s: %s", line, rec.Body)
		}
	}
}
