package main

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	s := schedule{{rate: 10, length: time.Second}, {rate: 4, length: 500 * time.Millisecond}, {rate: math.Inf(1), burst: 3}}
	if n := s.requests(); n != 15 {
		t.Errorf("%d requests, want 10, 2 and 3", n)
	}
	for _, row := range []struct {
		n     int64
		due   time.Duration
		phase int
		ok    bool
	}{
		{0, 0, 0, true}, {1, 100 * time.Millisecond, 0, true}, {9, 900 * time.Millisecond, 0, true}, {10, time.Second, 1, true}, {11, 1250 * time.Millisecond, 1, true},
		{12, 1500 * time.Millisecond, 2, true}, {14, 1500 * time.Millisecond, 2, true}, {15, 0, 0, false}, {math.MaxInt64 / 2, 0, 0, false},
	} {
		if due, phase, ok := s.at(row.n); due != row.due || phase != row.phase || ok != row.ok {
			t.Errorf("request %d: due at %s in phase %d (%v), want %s in %d (%v)", row.n, due, phase, ok, row.due, row.phase, row.ok)
		}
	}
}

// handClock is a clock that a test moves: waiting moves it to the moment that is waited for.
type handClock struct{ at time.Time }

func (h *handClock) clock() clock {
	return clock{now: func() time.Time { return h.at }, until: func(t time.Time) {
		if t.After(h.at) {
			h.at = t
		}
	}}
}

// stalled is one connection to a server that takes a millisecond for each answer, but for the third one a second.
func stalled(hand *handClock, patience time.Duration) *worker {
	sent := 0
	return &worker{
		openLoop: &openLoop{schedule: schedule{{rate: 100, length: 200 * time.Millisecond}}, request: submission(testToken), next: numbers(unlimited), patience: patience, clock: hand.clock()},
		send: func([]byte) (response, error) {
			took := time.Millisecond
			if sent++; sent == 3 {
				took = time.Second
			}
			hand.at = hand.at.Add(took)
			return response{status: 201, requestID: true, body: []byte(`{"id":"770e8400-e29b-41d4-a716-446655440000"}`)}, nil
		},
	}
}

// A stall of a second makes all wait that were due in it: a closed loop would have told of one.
func TestOpenLoopCountsFromWhenRequestsWereDue(t *testing.T) {
	hand := &handClock{at: time.Unix(1000, 0)}
	w := stalled(hand, 0)
	if err := w.work(hand.at, new(atomic.Int64)); err != nil {
		t.Fatal(err)
	}
	if len(w.shots) != 20 || len(w.ids) != 20 {
		t.Fatalf("%d requests, %d ids, want 20", len(w.shots), len(w.ids))
	}
	for n, s := range w.shots {
		due := time.Duration(n) * 10 * time.Millisecond
		want := time.Millisecond
		if n >= 2 { // sent one after the other, from when the stall ended
			want = 20*time.Millisecond + time.Second + time.Duration(n-2)*time.Millisecond - due
		}
		if s.due != due || fromDue(s) != want {
			t.Errorf("request %d: due at %s, answered %s after that, want %s", n, s.due, fromDue(s), want)
		}
		if alone := fromSent(s); n != 2 && alone != time.Millisecond {
			t.Errorf("request %d: the server took %s for it", n, alone)
		}
	}
}

func TestOpenLoopGivesUpWhatIsTooLate(t *testing.T) {
	hand := &handClock{at: time.Unix(1000, 0)}
	w := stalled(hand, 900*time.Millisecond)
	if err := w.work(hand.at, new(atomic.Int64)); err != nil {
		t.Fatal(err)
	}
	given := w.shots.in(0, unsent)
	if len(given) == 0 || len(given) != 20-len(w.ids) || len(w.shots) != 20 {
		t.Fatalf("%d of 20 requests were not sent, %d were acknowledged", len(given), len(w.ids))
	}
	for _, s := range w.shots {
		if tooLate := late(s) > 900*time.Millisecond; tooLate != unsent(s) {
			t.Errorf("late by %s, answered %d", late(s), s.status)
		}
	}
}

func TestOpenLoopOnTheCeiling(t *testing.T) {
	clients := clientsOf(t, ceilingHandler(testToken), 3)
	o := openLoop{schedule: schedule{{rate: math.Inf(1), burst: 40}, {rate: 1000, length: 20 * time.Millisecond}}, request: submission(testToken), next: numbers(60), clock: wallClock}
	all, ids, err := o.run(clients)
	if err != nil || len(all.in(0, created)) != 40 || len(all.in(1, created)) != 20 || len(ids) != 60 {
		t.Fatalf("%d shots, %d ids, %v", len(all), len(ids), err)
	}
	for _, s := range all {
		if late(s) < 0 || fromSent(s) <= 0 {
			t.Errorf("sent before it was due, or answered before it was sent: %+v", s)
		}
	}
	if _, _, err := o.run(clients); err == nil || !strings.Contains(err.Error(), "stock") {
		t.Errorf("%v: there are no numbers left", err)
	}
}

// Being refused is an answer here, and nothing else is; the first that is none ends them all.
func TestOpenLoopTakesRefusals(t *testing.T) {
	run := func(status int) (shots, error) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		o := openLoop{schedule: schedule{{rate: math.Inf(1), burst: 50}}, request: submission(testToken), next: numbers(unlimited), clock: wallClock}
		all, _, err := o.run(clientsOf(t, handler, 2))
		return all, err
	}
	if all, err := run(http.StatusServiceUnavailable); err != nil || len(all.in(0, refused)) != 50 {
		t.Errorf("%d refusals, %v", len(all.in(0, refused)), err)
	}
	if _, err := run(http.StatusCreated); err == nil || !strings.Contains(err.Error(), "X-Request-Id") {
		t.Errorf("%v: a 201 has a request id", err)
	}
	if all, err := run(http.StatusConflict); err == nil || !strings.Contains(err.Error(), "409") || len(all) > 10 {
		t.Errorf("%v after %d requests", err, len(all))
	}
}

// The first wrong answer ends all connections, however much is due on the others.
func TestOpenLoopEndsWithTheFirstWrongAnswer(t *testing.T) {
	const due = 1_000_000 // far more than are answered before the first is looked at
	var asked atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusServiceUnavailable
		if asked.Add(1) == 1 {
			status = http.StatusConflict
		}
		w.WriteHeader(status)
	})
	o := openLoop{schedule: schedule{{rate: math.Inf(1), burst: due}}, request: submission(testToken), next: numbers(unlimited), clock: wallClock}
	if all, _, err := o.run(clientsOf(t, handler, 2)); err == nil || !strings.Contains(err.Error(), "409") || len(all) >= due-1 {
		t.Errorf("%v after %d requests", err, len(all))
	}
}

func TestOpenLoopEndsWithABrokenConnection(t *testing.T) {
	hand := &handClock{at: time.Unix(1000, 0)}
	w := stalled(hand, 0)
	w.send = func([]byte) (response, error) { return response{}, errors.New("gone") }
	if err := w.work(hand.at, new(atomic.Int64)); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v", err)
	}
}
