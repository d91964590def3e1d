package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	requestsPerActivity = 12               // at the most; then come other activities: most of what can go wrong is in the beginning of a life
	mostTries           = 50               // of one request with the same key, before the test gives up
	checkLimit          = 10 * time.Second // of one life: judging takes exponentially long in the number of those who gave up, and nearly always milliseconds
	mostUndecided       = 10               // one life in so many may be left undecided, on a slow machine
)

// TestLinearizable: whatever several clients ask of several nodes at once, and however many give up waiting, the answers are those of a service that does one thing at a
// time: decisions are made once, in one order, on the true state; a read sees every write that was acknowledged before it, by whatever node; a retry with the same key is
// decided once (contract §2.2, §2.5, §2.6). Each activity is checked by itself; that is the same as all together, since a history is linearizable if its parts are.
func TestLinearizable(t *testing.T) {
	dir := t.TempDir()
	nodes := []*server{serveOn(t, dir), serveOn(t, dir)}
	h := &history{t: t, node: func(r *rand.Rand) *server { return nodes[r.IntN(len(nodes))] }, clients: 16, requestsEach: 60, activitiesAtOnce: 4, hasty: 20}
	h.ask()
	kinds := h.judge()
	for _, kind := range []string{
		"create 201", "create 409 provider_id_conflict", "submit 201", "submit 409 stale_result", "submit 409 invalid_transition", "submit no answer",
		"dispatch 204", "dispatch 400 activity_not_ready", "cancel 200", "cancel 409 invalid_transition", "get activity 200", "get result 200", "create 201 links",
	} {
		if kinds[kind] == 0 {
			t.Errorf("of %s there was none, so that nothing is proven of it", kind)
		}
	}
}

// history is what was asked and told.
type history struct {
	t                *testing.T
	node             func(*rand.Rand) *server // whom a client asks next
	clients          int                      // at once
	requestsEach     int                      // enough that every kind of answer comes many times
	activitiesAtOnce int                      // few, so that clients meet
	hasty            int                      // in percent, of writes whose client hangs up as soon as it has asked
	killed           bool                     // nodes are killed meanwhile: that there is no answer is no fault

	began time.Time // by ask, as the seed
	seed  uint64
	asked atomic.Int64

	mu    sync.Mutex
	lives []*life

	keeping sync.Mutex
	answers map[string]answered // by the key of a write, of those that were decided once and for all
}

// answered is a write and its answer.
type answered struct {
	in  asked
	out told
}

// keep remembers what a write was told.
func (h *history) keep(key string, isWrite bool, in asked, out told) {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if isWrite {
		h.answers[key] = answered{in, out}
	}
}

// ask lets all clients ask what they have to ask.
func (h *history) ask() {
	h.began, h.seed, h.answers = time.Now(), rand.Uint64(), make(map[string]answered)
	var asking sync.WaitGroup
	for id := range h.clients {
		asking.Go(func() {
			c := &client{history: h, id: id, random: rand.New(rand.NewPCG(h.seed, uint64(id)))}
			for range h.requestsEach {
				c.ask(h.life(int(h.asked.Add(1))/(requestsPerActivity*h.activitiesAtOnce)*h.activitiesAtOnce + c.random.IntN(h.activitiesAtOnce)))
			}
		})
	}
	asking.Wait()
}

// judge checks each life by itself, and counts the answers by their kind.
func (h *history) judge() (kinds map[string]int) {
	h.t.Helper()
	kinds = make(map[string]int)
	undecided := 0
	for _, l := range h.lives {
		if !l.check(h.t, kinds) {
			undecided++
		}
	}
	if undecided > len(h.lives)/mostUndecided {
		h.t.Errorf("%d of %d lives could not be judged within %s each", undecided, len(h.lives), checkLimit)
	}
	h.t.Log(kinds)
	return kinds
}

// life is one activity with the results around it: what the clients know of it, and what was asked and told.
type life struct {
	provider   string
	dispatched bool // it is created without the provider id, which a dispatch names

	mu         sync.Mutex
	activity   string   // its id
	results    []string // their ids
	times      []string // when they were recorded
	operations []porcupine.Operation
}

// life gives the n-th activity.
func (h *history) life(n int) *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.lives) <= n {
		l := &life{provider: fmt.Sprint("ext-", len(h.lives)), dispatched: len(h.lives)%2 == 1}
		if l.dispatched {
			first := &client{history: h, id: h.clients, random: rand.New(rand.NewPCG(h.seed, uint64(n)))}
			first.tell(l, asked{verb: creates})
		}
		h.lives = append(h.lives, l)
	}
	return h.lives[n]
}

func (h *history) now() int64 { return time.Since(h.began).Nanoseconds() }

// client asks one thing after the other.
type client struct {
	*history
	id     int
	random *rand.Rand
}

func (c *client) percent(n int) bool { return c.random.IntN(100) < n }

// draw makes up a request about an activity of which this is known.
func (c *client) draw(l *life) asked {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := c.random.IntN(100)
	switch {
	case n < 10 && !l.dispatched:
		return asked{verb: creates, names: true}
	case l.activity == "" || n < 40:
		return c.drawSubmission(l)
	case n < 55:
		return asked{verb: dispatches, names: l.dispatched && c.percent(80)}
	case n < 68:
		return asked{verb: cancels}
	case n < 85 || len(l.results) == 0:
		return asked{verb: getsActivity}
	default:
		return asked{verb: getsResult, result: l.results[c.random.IntN(len(l.results))]}
	}
}

func (c *client) drawSubmission(l *life) asked {
	statuses := []string{"PENDING", "PENDING", "PENDING", "PENDING", "PENDING", "PENDING", "COMPLETED", "NOT_EXECUTED", "CANCELED", "TRANSFERRED"}
	in := asked{verb: submits, names: l.activity == "" || c.percent(60), status: statuses[c.random.IntN(len(statuses))], occurredAt: wellAfter, override: c.percent(25)}
	switch {
	case c.percent(10):
		in.occurredAt = longBefore
	case c.percent(20) && len(l.times) > 0 && !c.killed: // else nobody could say what came of it
		in.occurredAt = l.times[len(l.times)-1] // equal is not after
	}
	return in
}

func (c *client) ask(l *life) { c.tell(l, c.draw(l)) }

// tell asks, and notes what was told. Some clients give up as soon as they have asked; some of those come back with the same key, and then it is one request that took longer.
func (c *client) tell(l *life, in asked) {
	method, path, body, isWrite := c.request(l, in)
	began := c.now()
	key := fmt.Sprintf("%d-%d", c.id, began) // stands in the nodes' logs too, as the beginning of X-Request-Id
	givesUp := isWrite && !in.isClose() && c.percent(c.hasty)
	out, tries, again := c.send(method, path, body, key, givesUp), 1, began
	for ; out.none() && isWrite && !(givesUp && c.percent(30)) && c.patient(tries, began); tries++ {
		givesUp, again = false, c.now()
		out = c.send(method, path, body, key, false)
	}
	switch {
	case !out.none() && (tries == 1 || out.status < 400):
		c.keep(key, isWrite, in, out)
		l.note(c.id, in, began, out, c.now())
	case !out.none(): // a refusal is not kept under the key: the try that was given up may still be on its way, and be accepted yet
		in.key = key
		l.note(c.id, in, began, told{}, math.MaxInt64)
		l.note(c.id, in, again, out, c.now())
	case isWrite: // a read that has told nothing has done nothing
		l.note(c.id, in, began, told{}, math.MaxInt64)
	}
}

// patient reports whether a client tries once more, that has tried so often and first did so at a moment. While nodes are killed it has to wait until they are there again.
func (c *client) patient(tries int, began int64) bool {
	if !c.killed {
		return tries < mostTries
	}
	time.Sleep(askAgain)
	return c.now()-began < startLimit.Nanoseconds()
}

// isClose reports whether the answer depends on the millisecond: without it, nobody could say what came of the request.
func (in asked) isClose() bool {
	return in.verb == submits && in.occurredAt != wellAfter && in.occurredAt != longBefore
}

// note remembers a request and its answer, and what can be asked from now on.
func (l *life) note(client int, in asked, from int64, out told, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.operations = append(l.operations, porcupine.Operation{ClientId: client, Input: in, Call: from, Output: out, Return: to})
	switch in.verb {
	case creates:
		l.activity = cmp.Or(out.ID, l.activity)
	case submits:
		if out.status == http.StatusCreated {
			l.times = append(l.times, out.UpdatedAt)
			if !slices.Contains(l.results, out.ID) {
				l.results = append(l.results, out.ID)
			}
		}
	}
}

// request puts in HTTP what is asked.
func (c *client) request(l *life, in asked) (method, path, body string, isWrite bool) {
	l.mu.Lock()
	activity := l.activity
	l.mu.Unlock()
	named := ""
	if in.names {
		named = fmt.Sprintf(`"provider_activity_id":%q`, l.provider)
	}
	switch in.verb {
	case creates:
		return http.MethodPost, "/api/activities", creation(fmt.Sprint(c.id, "-", c.now()), named), true
	case submits:
		if !in.names {
			named = fmt.Sprintf(`"activity_id":%q`, activity)
		}
		at := in.occurredAt
		if at == wellAfter {
			at = c.began.Add(time.Hour).UTC().Format(time.RFC3339)
		}
		return http.MethodPost, "/api/activity-results/tasks", submission(named, in.status, at, in.override), true
	case dispatches:
		return http.MethodPost, "/api/activities/tasks/" + activity + "/dispatch", "{" + named + "}", true
	case cancels:
		return http.MethodPatch, "/api/activities/" + activity + "/cancel", "", true
	case getsActivity:
		return http.MethodGet, "/api/activities/" + activity, "", false
	default:
		return http.MethodGet, "/api/activity-results/" + in.result, "", false
	}
}

// send asks one of the nodes, once. Who gives up hangs up when the request has been written. A 503 says nothing for certain, like no answer at all.
func (c *client) send(method, path, body, key string, givesUp bool) (out told) {
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	if givesUp {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { hangUp() }})
	}
	header := http.Header{"X-Request-Id": {fmt.Sprintf("%s-%d", key, c.now())}}
	if method != http.MethodGet {
		header.Set("Idempotency-Key", key)
	}
	status, answer, err := c.node(c.random).call(ctx, method, path, body, header)
	switch {
	case err != nil && !givesUp && !c.killed:
		c.t.Errorf("%s %s: %v", method, path, err)
		return told{}
	case err != nil || status == http.StatusServiceUnavailable:
		return told{}
	case status >= 400:
		err = json.Unmarshal(answer, &out.refusal)
	case len(answer) > 0:
		err = json.Unmarshal(answer, &out.shown)
	}
	if err != nil {
		c.t.Errorf("%s %s: %d %s: %v", method, path, status, answer, err)
	}
	out.status = status
	return out
}

// check fails the test unless there is an order in which the model gives these answers, and reports whether that could be decided; it counts them by their kind.
func (l *life) check(t *testing.T, kinds map[string]int) (decided bool) {
	t.Helper()
	for _, op := range l.operations {
		in, out := op.Input.(asked), op.Output.(told)
		kind := fmt.Sprintf("%s %d %s", in.verb, out.status, out.Code)
		switch {
		case out.none():
			kind = fmt.Sprintf("%s no answer", in.verb)
		case in.verb == creates && out.ResultID != "":
			kinds["create 201 links"]++
		}
		kinds[strings.TrimSpace(kind)]++
	}
	result := porcupine.CheckOperationsTimeout(contract, l.operations, checkLimit)
	if result == porcupine.Illegal {
		slices.SortFunc(l.operations, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
		var lines strings.Builder
		for _, op := range l.operations {
			fmt.Fprintf(&lines, "%d-%d to %d: %s\n", op.ClientId, op.Call, op.Return, contract.DescribeOperation(op.Input, op.Output))
		}
		t.Errorf("%s: linearizable: %s\n%s", l.provider, result, lines.String())
	}
	return result != porcupine.Unknown
}
