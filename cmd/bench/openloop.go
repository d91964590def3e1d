package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"resultlog/core"
)

// schedule says when requests are due, whatever becomes of those before them: a rate for a time, then the next.
type schedule []phase

// phase is a part of a schedule.
type phase struct {
	rate   float64 // requests a second, evenly spaced; infinite: all that there are at once
	burst  int64   // how many those are
	length time.Duration
}

// at gives when the n-th request is due, from 0, since the schedule's beginning, and in which phase; ok is false behind its end.
func (s schedule) at(n int64) (due time.Duration, in int, ok bool) {
	for i, p := range s {
		if n < p.requests() {
			return due + time.Duration(float64(n)/p.rate*float64(time.Second)), i, true
		}
		n -= p.requests()
		due += p.length
	}
	return 0, 0, false
}

// requests is how many are due in a phase.
func (p phase) requests() int64 {
	if math.IsInf(p.rate, 1) {
		return p.burst
	}
	return int64(p.rate * p.length.Seconds())
}

// requests is how many are due in all.
func (s schedule) requests() (all int64) {
	for _, p := range s {
		all += p.requests()
	}
	return all
}

// openLoop sends requests when they are due, unlike a closed loop, which sends none while it waits for an answer: a server that stalls for a second makes all wait that would have come in it, and
// their latencies count from when they were due. A request that finds every connection busy is sent late.
type openLoop struct {
	schedule
	request  template
	next     func() (int64, bool) // numbers the requests
	patience time.Duration        // a request that cannot be sent so long after it was due is not sent; 0: it is, however late
	clock    clock
}

// clock is what an open loop knows of the time.
type clock struct {
	now   func() time.Time
	until func(time.Time) // returns then, or at once if that is past
}

// wallClock is the real one. It may be a millisecond late, where the machine idles.
var wallClock = clock{now: time.Now, until: func(t time.Time) { time.Sleep(time.Until(t)) }}

// shot is one request of an open loop. Its times are since the schedule's beginning.
type shot struct {
	phase    int
	due      time.Duration
	sent     time.Duration
	answered time.Duration // 0: it was not sent
	status   int
}

// fromDue is how long who wanted the answer waited for it; fromSent how long the server took, with what waits in the kernel.
func fromDue(s shot) time.Duration  { return s.answered - s.due }
func fromSent(s shot) time.Duration { return s.answered - s.sent }
func late(s shot) time.Duration     { return s.sent - s.due }

// shots are what came of an open loop, in no particular order.
type shots []shot

func dueAt(s shot) time.Duration      { return s.due }
func answeredAt(s shot) time.Duration { return s.answered }

// created and refused tell shots apart by their answers.
func created(s shot) bool { return s.status == 201 }
func refused(s shot) bool { return s.status == 503 }
func unsent(s shot) bool  { return s.status == 0 }
func sent(s shot) bool    { return s.status != 0 }
func anyShot(shot) bool   { return true }

// in is the shots of a phase that something is true of.
func (ss shots) in(phase int, is func(shot) bool) (some shots) {
	for _, s := range ss {
		if s.phase == phase && is(s) {
			some = append(some, s)
		}
	}
	return some
}

// times are the sorted times of shots.
func (ss shots) times(of func(shot) time.Duration) []time.Duration {
	all := make([]time.Duration, len(ss))
	for i, s := range ss {
		all[i] = of(s)
	}
	slices.Sort(all)
	return all
}

// headStart is how long after its workers an open loop begins: all of them wait when the first request is due.
const headStart = 10 * time.Millisecond

// worker is one connection of an open loop, and what came of its requests.
type worker struct {
	*openLoop
	send  func(request []byte) (response, error)
	shots shots
	ids   []core.ID // of what was acknowledged
}

// run sends all that is due over a number of connections. The first answer other than 201 and 503, and the first broken connection, end it with an error.
func (o openLoop) run(clients load) (all shots, ids []core.ID, err error) {
	var taken atomic.Int64
	workers := make([]*worker, len(clients))
	begin := o.clock.now().Add(headStart)
	last, _, _ := o.at(o.requests() - 1)
	var failing sync.Once
	var running sync.WaitGroup
	for i, c := range clients {
		if err := c.conn.SetDeadline(begin.Add(last + answerGrace)); err != nil {
			return nil, nil, err
		}
		workers[i] = &worker{openLoop: &o, send: c.send}
		running.Go(func() {
			if why := workers[i].work(begin, &taken); why != nil {
				failing.Do(func() { err = why })
				taken.Store(math.MaxInt64 / 2) // behind the end, however many more are taken
			}
		})
	}
	running.Wait()
	for _, w := range workers {
		all, ids = append(all, w.shots...), append(ids, w.ids...)
	}
	return all, ids, err
}

// work takes one request after the other, waits until it is due, and sends it.
func (w *worker) work(begin time.Time, taken *atomic.Int64) error {
	request := w.request.clone()
	for {
		due, phase, ok := w.at(taken.Add(1) - 1)
		if !ok {
			return nil
		}
		n, ok := w.next()
		if !ok {
			return errors.New("the stock was used up: it is made for all that is due")
		}
		w.clock.until(begin.Add(due))
		s := shot{phase: phase, due: due, sent: w.clock.now().Sub(begin)}
		if w.patience == 0 || late(s) <= w.patience {
			answer, err := w.send(request.fill(n))
			if err == nil {
				s.answered, s.status = w.clock.now().Sub(begin), answer.status
				err = w.count(answer)
			}
			if err != nil {
				return fmt.Errorf("request %d: %w", n, err)
			}
		}
		w.shots = append(w.shots, s)
	}
}

// count keeps the id that was acknowledged.
func (w *worker) count(answer response) error {
	switch answer.status {
	case 201:
		if !answer.requestID {
			return errors.New("answered 201 without an X-Request-Id")
		}
		id, err := answer.resultID()
		w.ids = append(w.ids, id)
		return err
	case 503:
		return nil
	}
	return fmt.Errorf("answered %d, want 201 or 503: %s", answer.status, answer.body)
}
