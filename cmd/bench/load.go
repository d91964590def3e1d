package main

import (
	"bufio"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"resultlog/core"
)

// answerGrace is how long after its run's end a client waits for its last answer: far beyond any pause of a healthy server, so that a hung one ends the bench.
const answerGrace = 30 * time.Second

// client is one keep-alive connection. It knows just enough HTTP to post and to count, since it shares its cores with the server that it measures.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

// send sends one request and reads its answer.
func (c *client) send(request []byte) (response, error) {
	if _, err := c.conn.Write(request); err != nil {
		return response{}, err
	}
	return readResponse(c.in)
}

// load is a number of clients, connected to the nodes of one contender.
type load []*client

// connect dials n clients, as many to each address.
func connect(n int, addrs ...string) (load, error) {
	clients := make(load, 0, n)
	for i := range n {
		conn, err := net.Dial("tcp", addrs[i%len(addrs)])
		if err != nil {
			clients.close()
			return nil, err
		}
		clients = append(clients, &client{conn: conn, in: bufio.NewReaderSize(conn, maxAnswer)})
	}
	return clients, nil
}

func (l load) close() {
	for _, c := range l {
		c.conn.Close()
	}
}

// tally is what came of one client's requests: every submission in them was answered 201.
type tally struct {
	latencies    []time.Duration
	acknowledged []core.ID
	last         core.ID
	lastAt       time.Time // when the last answer came; zero if there was none
}

// tallies are those of all clients.
type tallies []tally

// closedLoop lets every client post requests one after the other, numbered by next, until the time is over or next has no more; then it waits for the answers under way.
// The first submission that is not answered 201, and the first broken connection, end it with an error.
func (l load) closedLoop(request template, next func() (int64, bool), length time.Duration) (tallies, error) {
	started := time.Now()
	all, errs := make(tallies, len(l)), make([]error, len(l))
	var failed atomic.Bool
	var running sync.WaitGroup
	for i, c := range l {
		running.Go(func() {
			more := func() (int64, bool) {
				if failed.Load() {
					return 0, false
				}
				return next()
			}
			if all[i], errs[i] = c.loop(request.clone(), more, started.Add(length)); errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// loop is one client's part of closedLoop.
func (c *client) loop(request template, next func() (int64, bool), end time.Time) (tally, error) {
	if err := c.conn.SetDeadline(end.Add(answerGrace)); err != nil {
		return tally{}, err
	}
	var t tally
	for now := time.Now(); now.Before(end); now = t.lastAt {
		n, ok := next()
		if !ok {
			break
		}
		answer, err := c.send(request.fill(n))
		if err != nil {
			return t, fmt.Errorf("request %d: %w", n, err)
		}
		if err := t.count(answer, now, request.items); err != nil {
			return t, fmt.Errorf("request %d: %w", n, err)
		}
	}
	return t, nil
}

// count takes one answer in, to a request of so many submissions.
func (t *tally) count(answer response, sent time.Time, items int64) error {
	want := 201
	if items > 1 {
		want = 207
	}
	if answer.status != want || !answer.requestID {
		return fmt.Errorf("answered %d (X-Request-Id: %v), want %d with a request id: %s", answer.status, answer.requestID, want, answer.body)
	}
	ids, err := answer.resultIDs(items)
	if err != nil {
		return err
	}
	t.last, t.lastAt = ids[len(ids)-1], time.Now()
	t.latencies = append(t.latencies, t.lastAt.Sub(sent))
	t.acknowledged = append(t.acknowledged, ids...)
	return nil
}

// latest is the client's tally that ended last.
func (ts tallies) latest() tally {
	return slices.MaxFunc(ts, func(a, b tally) int { return a.lastAt.Compare(b.lastAt) })
}

// latencies are those of all clients, sorted.
func (ts tallies) latencies() []time.Duration {
	var all []time.Duration
	for _, t := range ts {
		all = append(all, t.latencies...)
	}
	slices.Sort(all)
	return all
}

// acknowledged are the ids that all clients were answered, in no particular order.
func (ts tallies) acknowledged() []core.ID {
	var all []core.ID
	for _, t := range ts {
		all = append(all, t.acknowledged...)
	}
	return all
}

// unlimited is a stock that no run uses up.
const unlimited = math.MaxInt64

// numbers counts from 1 to limit, for all clients together.
func numbers(limit int64) func() (int64, bool) { return numbersAfter(0, limit) }

// numbersAfter counts on from first, for so many numbers.
func numbersAfter(first, limit int64) func() (int64, bool) {
	var used atomic.Int64
	return func() (int64, bool) {
		n := used.Add(1)
		return first + n, n <= limit
	}
}

// numbersOf gives the numbers of a list, each once, for all clients together.
func numbersOf(list []int64) func() (int64, bool) {
	count := numbers(int64(len(list)))
	return func() (int64, bool) {
		n, ok := count()
		if !ok {
			return 0, false
		}
		return list[n-1], true
	}
}

// upTo gives so many numbers of next, and leaves the others.
func upTo(most int64, next func() (int64, bool)) func() (int64, bool) {
	count := numbers(most)
	return func() (int64, bool) {
		if _, ok := count(); !ok {
			return 0, false
		}
		return next()
	}
}
