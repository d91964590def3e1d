package httpapi

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"resultlog/core"
)

// TestTail: "live tail as `text/event-stream`": what is there, then what comes, each event when it is durable.
func TestTail(t *testing.T) {
	w := newWorld(t)
	w.server.streams.heartbeat = time.Hour // nothing is found by looking again
	for _, line := range fourEvents {
		w.accept(t, line)
	}
	url, _ := w.serve(t)
	tail := w.open(t, url, tailEvents)
	h := tail.Header
	if tail.StatusCode != http.StatusOK || h.Get("Content-Type") != mediaEvents || h.Get("Resultlog-Head") != "4" || h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-store" || h.Get("Vary") != "Accept" {
		t.Errorf("%s %v", tail.Status, h)
	}
	tail.mustBe(t, w, 1, 2, 3, 4)
	for at := core.Position(5); at < 10; at++ {
		w.accept(t, postResult+minimal)
		w.accept(t, superOther+postResult+minimal) // nobody is told of it
		tail.mustBe(t, w, at)
	}
	later := w.open(t, url, tailEvents+"?after=8")
	later.mustBe(t, w, 9)
	w.accept(t, postResult+minimal)
	later.mustBe(t, w, 10)
	tail.mustBe(t, w, 10)
}

// TestTailGoesOn: "with `Last-Event-ID`, no gap and no repeat across reconnects". It goes before after, since who comes back asks as at first.
func TestTailGoesOn(t *testing.T) {
	w := newWorld(t)
	for _, line := range fourEvents {
		w.accept(t, line)
	}
	url, _ := w.serve(t)
	w.open(t, url, "Last-Event-ID=2 "+tailEvents).mustBe(t, w, 3, 4)
	w.open(t, url, "Last-Event-ID=3 "+tailEvents+"?after=1").mustBe(t, w, 4)
	w.open(t, url, "Last-Event-ID=0 "+tailEvents+"?after=3").mustBe(t, w, 1, 2)
	live := w.open(t, url, "Last-Event-ID=4 "+tailEvents)
	w.accept(t, postResult+minimal)
	live.mustBe(t, w, 5)
}

// TestTailsAreFiltered: a tail shows what fits; of the rest it says at the next sign of life how far it was.
func TestTailsAreFiltered(t *testing.T) {
	w := newWorld(t)
	w.server.streams.heartbeat = 5 * time.Millisecond
	w.accept(t, postTask+task("provider_activity_id", `"p"`)) // 1
	url, _ := w.serve(t)
	moves, ofActivity := w.open(t, url, tailEvents+"?type=ActivityTransitioned"), w.open(t, url, tailEvents+"?activity_id={a1}")
	both := w.open(t, url, tailEvents+"?activity_id={a1}&result_id=770e8400-e29b-41d4-a716-446655440000")
	ofActivity.mustBe(t, w, 1)
	w.accept(t, postResult+minimal)                                                                                               // 2
	w.accept(t, postResult+sent("provider_activity_id", `"p"`, "status", `"PENDING"`))                                            // 3: its result becomes known
	w.accept(t, "@2025-01-16T14:40:00Z "+postResult+sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:35:00Z"`)) // 4 and 5: and moves it
	w.accept(t, postResult+minimal)                                                                                               // 6
	ofActivity.mustBe(t, w, 3, 4, 5)
	moves.mustBe(t, w, 5)
	for _, tail := range []*streamReader{moves, ofActivity, both} {
		for b := (tailed{}); b.id != 6; {
			var err error
			if b, err = tail.next(); err != nil || b.data != "" {
				t.Fatalf("%v %+v", err, b)
			}
		}
	}
	w.open(t, url, tailEvents+"?from=2025-01-16T14:31:00Z&type=ResultSubmitted").mustBe(t, w, 4, 6)
	w.open(t, url, tailEvents+"?activity_id={a1}&after=1").mustBe(t, w, 3, 4, 5)
}

// TestTailsOutliveTimeOuts: a tail goes on long after every time-out of a request, with signs of life when there is nothing else.
func TestTailsOutliveTimeOuts(t *testing.T) {
	w := newWorld(t)
	w.server.streams.heartbeat = 10 * time.Millisecond
	w.server.http.ReadTimeout, w.server.http.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	url, _ := w.serve(t)
	tail := w.open(t, url, tailEvents)
	for range 20 { // 200 ms
		if b, err := tail.next(); err != nil || b != (tailed{sign: "heartbeat"}) {
			t.Fatalf("%v %+v", err, b)
		}
	}
	w.accept(t, postResult+minimal)
	tail.mustBe(t, w, 1)
}

// TestTailsEndWithTheirCredential: revoked, expired, or with a role that is no longer one, a tail ends; who comes back is told why.
func TestTailsEndWithTheirCredential(t *testing.T) {
	for _, row := range []struct {
		sentence, credential string
		end                  func(*world)
	}{
		{"an API key that was revoked", by1, func(w *world) { w.accept(t, revokeK1) }},
		{"an API key that expired", by2, func(w *world) { w.setClock(noon.Add(time.Hour)) }},
		{"a token that expired", "", func(w *world) { w.setClock(noon.Add(time.Hour + 2*tokenLeeway)) }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			w.server.streams.heartbeat = 5 * time.Millisecond
			w.keyFor(tenant, core.ViewEvents, nil)
			w.keyFor(tenant, core.ViewEvents, &hour)
			url, _ := w.serve(t)
			tail := w.open(t, url, row.credential+tailEvents)
			tail.mustBe(t, w, 1, 2)
			row.end(w)
			head := core.Position(len(w.log))
			if last := tail.ends(); last.id > head {
				t.Errorf("it went on to %d", last.id)
			}
			if again := w.open(t, url, row.credential+tailEvents); again.StatusCode != http.StatusUnauthorized {
				t.Errorf("who comes back is answered %s", again.Status)
			}
		})
	}
}

// TestAnEndedCredentialReadsNoEvent: what is recorded after the end of a credential is not shown, even before the next sign of life.
func TestAnEndedCredentialReadsNoEvent(t *testing.T) {
	w := newWorld(t)
	w.keyFor(tenant, core.ViewEvents, nil)
	url, _ := w.serve(t)
	tail := w.open(t, url, by1+tailEvents)
	tail.mustBe(t, w, 1)
	w.accept(t, revokeK1) // it is an event too, which wakes the tail
	if last := tail.ends(); last.data != "" {
		t.Errorf("it was shown %s", last.data)
	}
}

// TestTailsEndWithTheServer: from StopReady on there are none, and Shutdown waits for none, not even for one whose reader does not read.
func TestTailsEndWithTheServer(t *testing.T) {
	w := newWorld(t)
	url, _ := w.serve(t)
	idle := w.open(t, url, tailEvents)
	w.fill(t, 20_000)
	deaf := w.open(t, url, tailEvents)
	looks, since := 0, time.Now()
	w.waitFor(t, func() bool { // until it waits for the deaf one to read: then it looks at the log no more
		if now := w.timesWalked(); now != looks {
			looks, since = now, time.Now()
		}
		return w.streamsOpen(tailKind) == 2 && time.Since(since) > 200*time.Millisecond
	})
	w.server.StopReady()
	idle.ends()
	if late := w.open(t, url, tailEvents); late.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a tail of a server that stops is answered %s", late.Status)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // a third of what a slow reader may take
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown waited: %v", err)
	}
	deaf.ends()
}

// TestSlowReadersAreCut: "slow readers cut off and resumable". What they have seen is the beginning of the log, and the rest comes when they come back.
func TestSlowReadersAreCut(t *testing.T) {
	w := newWorld(t)
	w.server.streams.writeTimeout = 50 * time.Millisecond
	const events = 20_000
	w.fill(t, events)
	url, _ := w.serve(t)
	slow := w.open(t, url, tailEvents)
	w.waitFor(t, func() bool { return w.streamsOpen(tailKind) == 1 })
	w.waitFor(t, func() bool { return w.streamsOpen(tailKind) == 0 }) // it has not read a byte
	at := core.Position(0)
	for {
		b, err := slow.next()
		if err != nil {
			break
		}
		if b.id != at+1 {
			t.Fatalf("event %d came after %d", b.id, at)
		}
		at = b.id
	}
	if at == 0 || at == events {
		t.Errorf("it was cut off after %d events", at)
	}
	again := w.open(t, url, fmt.Sprintf("Last-Event-ID=%d %s", at, tailEvents))
	for ; at < events; at++ {
		if b := again.event(t); b.id != at+1 {
			t.Fatalf("event %d came after %d", b.id, at)
		}
	}
}

// TestTwentyReaders: "20 readers disconnecting at random under load; each ends with exactly the tenant's log".
func TestTwentyReaders(t *testing.T) {
	const readers, events = 20, 250
	w := newWorld(t)
	url, _ := w.serve(t)
	seen := make([][]string, readers)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for len(seen[i]) < events {
				tail := w.open(t, url, fmt.Sprintf("Last-Event-ID=%d %s", len(seen[i]), tailEvents))
				for range 1 + r.IntN(80) {
					b, err := tail.next()
					if err != nil {
						t.Errorf("a tail ended by itself: %v", err)
						return
					}
					if seen[i] = append(seen[i], b.data); len(seen[i]) == events {
						break
					}
				}
				tail.stop()
			}
		})
	}
	for range events {
		w.accept(t, postResult+minimal)
	}
	wg.Wait()
	want := strings.TrimSuffix(w.accept(t, ndjson+getEvents).Body.String(), "\n")
	for i, lines := range seen {
		if strings.Join(lines, "\n") != want {
			t.Errorf("reader %d has another log, of %d events", i, len(lines))
		}
	}
}

// TestTooManyStreams: so many tails and exports go on at once, half of them of one tenant; one more is told to come back.
func TestTooManyStreams(t *testing.T) {
	for line, places := range map[string]func(*streams) (*places, int){
		tailEvents:         func(s *streams) (*places, int) { return s.tails, maxTails },
		ndjson + getEvents: func(s *streams) (*places, int) { return s.exports, maxExports },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			p, count := places(&w.server.streams)
			for range count / 2 {
				mustTake(t, p, tenant)
			}
			if rec := w.ask(line); briefly(t, rec) != "503 streams_busy" || rec.Header().Get("Retry-After") != "1" {
				t.Errorf("%s: %s", line, showAnswer(rec))
			}
			r := w.parse(superOther + line)
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			if rec := w.do(r.WithContext(ctx)); rec.Code != http.StatusOK {
				t.Errorf("%s of another tenant: %s", line, showAnswer(rec))
			}
			p.giveBack(tenant)
			r = w.parse(line)
			if rec := w.do(r.WithContext(ctx)); rec.Code != http.StatusOK {
				t.Errorf("%s when there is a place again: %s", line, showAnswer(rec))
			}
		})
	}
}
