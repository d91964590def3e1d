package eventstoretest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

func missed(t *testing.T, b *bench) {
	one, two := b.node(t), b.node(t)
	first := one.mustSubmit(t, one.submissions(tenant(1), 2)...)
	sameSlim(t, first.missed, nil)
	second := two.mustSubmit(t, two.submission(tenant(2)), two.submission(tenant(1)))
	sameSlim(t, second.missed, first.appended)
	sameSlim(t, two.mustSubmit(t).missed, nil)
	third := one.mustSubmit(t, one.oddities(tenant(1), `{}`))
	sameSlim(t, third.missed, second.appended)
	sameSlim(t, two.mustSubmit(t).missed, third.appended) // though it appends nothing
	mustHold(t, one.log, append(append(first.appended, second.appended...), third.appended...))
}

// concurrentAppenders has two nodes append to the same tenants as fast as they can. A machine that replays the log refuses any gap or repeat:
// in positions, in a tenant's, in a stream's.
func concurrentAppenders(t *testing.T, b *bench) {
	const turns, batch = 30, 3
	nodes := []*node{b.node(t), b.node(t)}
	var group sync.WaitGroup
	for _, n := range nodes {
		group.Go(func() {
			for i := range turns {
				if _, err := n.submit(t.Context(), n.submissions(tenant(byte(1+i%2)), batch)...); err != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	replayed := core.NewMachine()
	if err := eventstore.Replay(t.Context(), nodes[0].log, replayed, nil); err != nil {
		t.Error(err)
	}
	if want := core.Position(len(nodes) * turns * batch); replayed.Head() != want {
		t.Errorf("the log ends at %d, want %d", replayed.Head(), want)
	}
}

// readersSeePrefix reads while a writer appends batches of three: always whole batches, never a gap, and never less than before.
func readersSeePrefix(t *testing.T, b *bench) {
	const turns, batch = 40, 3
	n, reader := b.node(t), b.open(t)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < turns && err == nil; i++ {
			_, err = n.submit(t.Context(), n.submissions(tenant(1), batch)...)
		}
		done <- err
	}()
	watch := func() (core.Position, error) {
		head, err := reader.Head(t.Context())
		if err != nil {
			return 0, err
		}
		seen := core.NewMachine()
		if err := eventstore.Replay(t.Context(), reader, seen, nil); err != nil {
			return 0, err
		}
		if head%batch != 0 || seen.Head()%batch != 0 || seen.Head() < head {
			return 0, fmt.Errorf("head was %d, and then %d events were read, in batches of %d", head, seen.Head(), batch)
		}
		return seen.Head(), nil
	}
	for last := core.Position(0); last < turns*batch; {
		seen, err := watch()
		if err != nil || seen < last {
			t.Fatalf("read %d events after %d: %v", seen, last, err)
		}
		last = seen
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("append: %v", err)
			}
			done <- nil
		default:
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("append: %v", err)
	}
}

func closed(t *testing.T, b *bench) {
	n := b.node(t)
	n.mustSubmit(t, n.submission(tenant(1)))
	for range 2 { // closing twice is no error
		if err := n.log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		for method, err := range everything(t.Context(), n.log) {
			if !errors.Is(err, eventstore.ErrClosed) {
				t.Errorf("%s gives %v, want ErrClosed", method, err)
			}
		}
	}
}

func closeWaits(t *testing.T, b *bench) {
	n := b.node(t)
	closing := make(chan error, 1)
	err := n.log.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		go func() { closing <- n.log.Close() }()
		for range 100 { // the log stays open under the append, however often Close gets to run
			if _, err := n.log.Head(t.Context()); err != nil {
				return nil, err
			}
		}
		c := n.submission(tenant(1))
		c.At = core.InstantOf(now)
		if _, err := n.machine.Step(c); err != nil {
			return nil, err
		}
		return n.machine.Pending(), nil
	})
	if err != nil {
		t.Errorf("append: %v", err)
	}
	if err := <-closing; err != nil {
		t.Errorf("close: %v", err)
	}
	isError(t, n.log.Append(t.Context(), 0, unreachable), eventstore.ErrClosed)
	if b.Durable {
		mustHold(t, b.open(t), n.machine.Pending())
	}
}
