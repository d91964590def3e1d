package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"resultlog/core"
)

// MaxWait is how long a read waits for the read tables to reach the log's head (contract §2.6).
const MaxWait = 2 * time.Second

// BarrierConfig is what a Barrier is made of.
type BarrierConfig struct {
	Head       func(context.Context) (core.Position, error) // the position of the log's last durable event
	Checkpoint *Checkpoint
	Hurry      func()                                                     // has the subscription poll at once, and must not block. May be nil
	RecordedAt func(context.Context, core.Position) (core.Instant, error) // when the log's event at a position was recorded; for Lag alone
	MaxWait    time.Duration                                              // 0: MaxWait
	Now        func() time.Time                                           // nil: time.Now; for Lag alone
}

// Barrier lets a read see every write that was acknowledged before it (contract §2.6). One query for the head is under way at a time, on behalf of all who wait: whoever
// arrives meanwhile needs the next one, since the head that is being read may be older than the write it must see. Safe for concurrent use.
type Barrier struct {
	BarrierConfig
	mu      sync.Mutex
	running bool
	next    *round // asked for, and not yet begun; nil if nobody asked
}

// round is one look at the head and at the checkpoint.
type round struct {
	done     chan struct{} // closed when the others are set
	head     core.Position
	position core.Position // of the checkpoint, looked up after the head
	err      error
}

// NewBarrier makes a barrier.
func NewBarrier(cfg BarrierConfig) *Barrier {
	if cfg.MaxWait == 0 {
		cfg.MaxWait = MaxWait
	}
	if cfg.Hurry == nil {
		cfg.Hurry = func() {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Barrier{BarrierConfig: cfg}
}

// Wait returns when the read tables hold everything that was durable when it was called, with the position up to which that is. It returns a *core.Error of CodeReadsBehind
// if that takes longer than MaxWait or cannot be known, and ctx's own error if ctx ends first.
func (b *Barrier) Wait(ctx context.Context) (core.Position, error) {
	patience, cancel := context.WithTimeout(ctx, b.MaxWait)
	defer cancel()
	head, _, err := b.look(patience)
	if err == nil {
		err = b.Checkpoint.reach(patience, head)
	}
	switch {
	case err == nil:
		return head, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case head == 0: // not that the log is empty: then nothing would have had to be waited for
		return 0, &core.Error{
			Code:    core.CodeReadsBehind,
			Message: "how far the log has come cannot be told right now: retry a little later, or read with ?consistency=eventual",
			Err:     err,
		}
	}
	return 0, behind(b.Checkpoint.Announced(), head, err)
}

// behind is the error of tables that have not come as far as a read needs them. Its message does not tell positions, which count what other tenants do.
func behind(position, needed core.Position, cause error) *core.Error {
	return &core.Error{
		Code:    core.CodeReadsBehind,
		Message: "the read tables are behind the log: retry a little later, or read with ?consistency=eventual",
		Err:     errors.Join(fmt.Errorf("the read tables are at position %d, the log at %d", position, needed), cause),
	}
}

// look joins the next round, and starts it if none is under way.
func (b *Barrier) look(ctx context.Context) (head, position core.Position, err error) {
	r := b.join()
	select {
	case <-r.done:
		return r.head, r.position, r.err
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
}

func (b *Barrier) join() *round {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = &round{done: make(chan struct{})}
	}
	if !b.running {
		b.running = true
		go b.run()
	}
	return b.next
}

// run holds one round after the other until nobody asks for one.
func (b *Barrier) run() {
	for {
		b.mu.Lock()
		r := b.next
		b.next = nil
		b.running = r != nil
		b.mu.Unlock()
		if r == nil {
			return
		}
		b.hold(r)
	}
}

// hold looks up the head and then the checkpoint. The latter is nearly always announced already; but another process may be rebuilding the tables, and this node's
// subscription would notice only at its next poll that they are not what they were.
func (b *Barrier) hold(r *round) {
	defer close(r.done)
	ctx, cancel := context.WithTimeout(context.Background(), b.MaxWait) // nobody waits longer for it
	defer cancel()
	if r.head, r.err = b.Head(ctx); r.err != nil {
		return
	}
	position, err := b.Checkpoint.read(ctx)
	if err == nil && position > r.head { // it may have moved on since; or the log is not the one that the tables were made of
		err = b.ahead(ctx, position)
	}
	if r.position, r.err = position, err; err == nil && position < r.head {
		b.Hurry()
	}
}

// ahead asks the log once more whether it has come as far as the tables say.
func (b *Barrier) ahead(ctx context.Context, position core.Position) error {
	head, err := b.Head(ctx)
	if err == nil && position > head {
		err = fmt.Errorf("%w: at %d of %d; restart this node, which makes them again", errAhead, position, head)
	}
	return err
}

// errAhead means that the log was replaced by a shorter one, by an older copy most likely: what the read tables say did not happen.
var errAhead = errors.New("the read tables are ahead of the log")
