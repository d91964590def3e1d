package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// Fault is what a Faulty does to one Append. What decide answers itself comes first: its error, or its having nothing to append, is
// handed on as the inner log does, since there is no commit that could go wrong.
type Fault int

// The faults. The first two are definite errors, the next two are both indefinite: their caller cannot tell them apart but by reading the log.
const (
	NoFault           Fault = iota // the inner log's own answer
	FailsBeforeDecide              // ErrInjected, as if the write lock could not be had: decide is not called
	FailsBeforeCommit              // ErrInjected, as if an insert failed: decide is called, and nothing is written
	LosesUnwritten                 // ErrIndefinite and ErrInjected, as if the commit failed: decide is called, and nothing is written
	LosesWritten                   // ErrIndefinite and ErrInjected, as if only the commit's answer was lost: the events are in the log

	holds // blocks; see Hold
)

// ErrInjected is in every error that a Faulty makes up.
var ErrInjected = errors.New("injected fault")

// Faulty is a Log with a script of faults in front of an inner one. Every call of Append takes the next fault off the script; when the script is
// at its end, Append is the inner log's. All methods may be called concurrently.
type Faulty struct {
	eventstore.Log // the inner log: what it holds is what is durable

	mu       sync.Mutex
	script   []step
	appends  int
	badReads int
}

type step struct {
	fault    Fault
	entered  chan struct{}
	released chan struct{}
}

// NewFaulty gives a Faulty without faults. Closing it closes the inner log.
func NewFaulty(inner eventstore.Log) *Faulty { return &Faulty{Log: inner} }

// Next adds faults to the end of the script, one for each Append to come.
func (f *Faulty) Next(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.script = append(f.script, step{fault: fault})
	}
}

// Hold adds an Append to the script that stands still after decide and before the commit, under the inner log's write lock, as if the disk were slow, until release is
// called; then it goes on without a fault. Entered is closed when it stands. It does not watch its context: a commit does not either. Release may be called more than once.
func (f *Faulty) Hold() (entered <-chan struct{}, release func()) {
	s := step{fault: holds, entered: make(chan struct{}), released: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, s)
	return s.entered, sync.OnceFunc(func() { close(s.released) })
}

// FailReads makes the next n calls of ReadAll or ReadSlim yield ErrInjected and end. It replaces what an earlier call left over.
func (f *Faulty) FailReads(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.badReads = n
}

// Appends is how often Append has been called, however it went.
func (f *Faulty) Appends() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.appends
}

// Left is how many steps of the script no Append has taken yet.
func (f *Faulty) Left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.script)
}

// Append implements eventstore.Log, with the script's next fault.
func (f *Faulty) Append(ctx context.Context, after core.Position, decide func(now time.Time, missed []core.Recorded) ([]core.Recorded, error)) error {
	s := f.take()
	if s.fault == FailsBeforeDecide {
		return fmt.Errorf("before decide: %w", ErrInjected)
	}
	wrote := false
	err := f.Log.Append(ctx, after, func(now time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		events, err := decide(now, missed)
		if err != nil || len(events) == 0 {
			return events, err
		}
		wrote = true
		return events, s.beforeCommit()
	})
	if err == nil && wrote && s.fault == LosesWritten {
		return fmt.Errorf("%w: after the commit: %w", eventstore.ErrIndefinite, ErrInjected)
	}
	return err
}

// ReadAll implements eventstore.Log; see FailReads.
func (f *Faulty) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return f.unlessBad(after, f.Log.ReadAll(ctx, after))
}

// ReadSlim implements eventstore.Log; see FailReads.
func (f *Faulty) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return f.unlessBad(after, f.Log.ReadSlim(ctx, after))
}

func (f *Faulty) unlessBad(after core.Position, events iter.Seq2[core.Recorded, error]) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		if f.takeBadRead() {
			yield(core.Recorded{}, fmt.Errorf("read after %d: %w", after, ErrInjected))
			return
		}
		events(yield)
	}
}

// beforeCommit is the error that ends the inner log's turn without a commit, if the fault is one that writes nothing.
func (s step) beforeCommit() error {
	switch s.fault {
	case holds:
		close(s.entered)
		<-s.released
		return nil
	case FailsBeforeCommit:
		return fmt.Errorf("before the commit: %w", ErrInjected)
	case LosesUnwritten:
		return fmt.Errorf("%w: at the commit: %w", eventstore.ErrIndefinite, ErrInjected)
	default:
		return nil
	}
}

func (f *Faulty) take() step {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.appends++
	if len(f.script) == 0 {
		return step{}
	}
	s := f.script[0]
	f.script = f.script[1:]
	return s
}

func (f *Faulty) takeBadRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.badReads == 0 {
		return false
	}
	f.badReads--
	return true
}
