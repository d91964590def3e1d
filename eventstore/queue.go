package eventstore

import (
	"slices"
	"sync"

	"resultlog/core"
)

const (
	// QueueLimit is how many commands may wait: some eight full batches, which a disk that syncs in 10 ms works off in a tenth of a second. More waiting would only be more latency.
	QueueLimit = 4096

	// TenantQueueLimit is how many of them may be one tenant's: half, so that a flood never closes the door on the others.
	TenantQueueLimit = QueueLimit / 2

	// QueueBytes is how much memory the waiting commands may hold: 8 batches of the largest body (16 MiB) and of the most commands (500), or 500 single submissions of the largest. Batches
	// hold it anyway while they wait, and must not be refused because of each other.
	QueueBytes = 144 << 20

	// TenantQueueBytes is how much of it may be one tenant's; half, for the same reason.
	TenantQueueBytes = QueueBytes / 2

	// CommandBytes is what a command takes beside its long texts, about: its ids, times, and metadata.
	CommandBytes = 2 << 10
)

// waiter is a command on its way through the sequencer, and the one who waits for what comes of it.
type waiter struct {
	command core.Command
	size    int  // bytes that it holds in the queue
	taken   bool // it is in a batch: it can no longer be withdrawn. Guarded by queue.mu
	done    chan struct{}
	receipt core.Receipt // valid once done is closed
	err     error        // likewise

	withdrawn bool // it was taken back, and surely nothing came of it. For the one who waits
}

func newWaiter(c core.Command) *waiter {
	return &waiter{command: c, size: CommandBytes + textBytes(c.Intent), done: make(chan struct{})}
}

// textBytes is how long the texts are that a client has sent.
func textBytes(intent core.Intent) int {
	switch in := intent.(type) {
	case core.SubmitResult:
		return len(in.Personal.Bytes) + len(in.ProviderActivityID) + len(in.CommerceExternalID) + len(in.ExternalStatus) + len(in.Result)
	case core.CreateActivity:
		return len(in.Reason) + len(in.AssignmentReason) + len(in.IdempotencyKey) + len(in.CommerceExternalID) + len(in.ProviderActivityID) +
			len(in.SuggestedExecutionTime) + len(in.UserStatus)
	case core.IssueAPIKey:
		return len(in.Name)
	default:
		return 0
	}
}

// answer ends the wait.
func (w *waiter) answer(err error) {
	if err != nil {
		w.err = err
	}
	close(w.done)
}

// queue holds the commands that wait, bounded, and serves the tenants in turn: each of them first come, first served, and none of them before all the others had theirs.
type queue struct {
	mu     sync.Mutex
	lanes  map[core.ID]*lane // the tenants that have something waiting
	turns  []*lane           // the same, in the order in which they are served
	length int
	bytes  int
	closed error         // why nothing more is let in
	filled chan struct{} // holds a token while something may be waiting
}

// lane is one tenant's part of the queue.
type lane struct {
	tenant  core.ID
	waiting []*waiter
	bytes   int
}

func newQueue() *queue {
	return &queue{lanes: make(map[core.ID]*lane), filled: make(chan struct{}, 1)}
}

// add lets commands of one tenant, at least one, in, all of them in their order, or says why none of them: a bound is reached, or the queue is closed.
func (q *queue) add(ws ...*waiter) error {
	size := 0
	for _, w := range ws {
		size += w.size
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return q.closed
	}
	l := q.lanes[ws[0].command.Tenant]
	if l == nil {
		l = &lane{tenant: ws[0].command.Tenant}
	}
	switch {
	case q.length+len(ws) > QueueLimit || q.bytes+size > QueueBytes:
		return queueFull("the service has as much waiting as it can hold")
	case len(l.waiting)+len(ws) > TenantQueueLimit || l.bytes+size > TenantQueueBytes:
		return queueFull("this tenant has as much waiting as one tenant may")
	case len(l.waiting) == 0:
		q.lanes[l.tenant] = l
		q.turns = append(q.turns, l)
	}
	l.waiting = append(l.waiting, ws...)
	l.bytes += size
	q.length += len(ws)
	q.bytes += size
	q.signal()
	return nil
}

// take moves up to max commands and up to maxBytes, but at least one if any waits, from the queue into batch: one of each tenant in turn.
func (q *queue) take(batch []*waiter, max, maxBytes int) []*waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	for size := 0; q.length > 0 && len(batch) < max; {
		l := q.turns[0]
		w := l.waiting[0]
		if size += w.size; size > maxBytes && len(batch) > 0 {
			break
		}
		w.taken = true
		batch = append(batch, w)
		q.turns = append(q.turns[1:], l)
		q.remove(l, 0)
	}
	if q.length > 0 {
		q.signal()
	}
	return batch
}

// withdraw takes back those of the commands that still wait, all at once: none is decided when one that stood before it is gone.
func (q *queue) withdraw(ws ...*waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range ws {
		if w.taken {
			continue
		}
		l := q.lanes[w.command.Tenant]
		q.remove(l, slices.Index(l.waiting, w))
		w.taken, w.withdrawn = true, true
	}
}

// close lets nothing more in: add answers with the reason. What waits can still be taken.
func (q *queue) close(reason error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = reason
}

// depth is how many commands wait.
func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

// remove takes the i-th command out of a lane, and the lane out of the queue when it is empty.
func (q *queue) remove(l *lane, i int) {
	w := l.waiting[i]
	if i == 0 {
		l.waiting[0] = nil // the slice moves on over it, but its array stays
		l.waiting = l.waiting[1:]
	} else {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	l.bytes -= w.size
	q.length--
	q.bytes -= w.size
	if len(l.waiting) == 0 {
		delete(q.lanes, l.tenant)
		i := slices.Index(q.turns, l)
		q.turns = slices.Delete(q.turns, i, i+1)
	}
}

func (q *queue) signal() {
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

func queueFull(why string) error {
	return &core.Error{Code: core.CodeQueueFull, Message: why + "; nothing was written: retry a little later, with the same Idempotency-Key if you sent one"}
}
