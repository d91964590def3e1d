package eventstore_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// replaceable is a log in whose place another one may be put, as when an older copy is restored, or a failover takes back what was not replicated.
type replaceable struct {
	now  atomic.Pointer[eventstore.Log]
	next atomic.Pointer[eventstore.Log] // takes its place right after the next commit
}

func newReplaceable(first eventstore.Log) *replaceable {
	l := &replaceable{}
	l.now.Store(&first)
	return l
}

func (l *replaceable) by(other eventstore.Log) { l.now.Store(&other) }

func (l *replaceable) inner() eventstore.Log { return *l.now.Load() }

func (l *replaceable) Append(ctx context.Context, after core.Position, decide func(time.Time, []core.Recorded) ([]core.Recorded, error)) error {
	err := l.inner().Append(ctx, after, decide)
	if next := l.next.Swap(nil); next != nil {
		l.now.Store(next)
	}
	return err
}

func (l *replaceable) Head(ctx context.Context) (core.Position, error) { return l.inner().Head(ctx) }

func (l *replaceable) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.inner().ReadAll(ctx, after)
}

func (l *replaceable) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.inner().ReadSlim(ctx, after)
}

func (l *replaceable) ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
	return l.inner().ReadStream(ctx, stream, after)
}

func (l *replaceable) Close() error { return l.inner().Close() }

// holding gives a log with a result under each of these names.
func holding(t *testing.T, names ...string) eventstore.Log {
	t.Helper()
	log := newMemory()
	n := start(t, log)
	for _, name := range names {
		n.must(t, standalone(name))
	}
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	return log
}

// mustDecideOn fails the test unless a node decides on this log, with nothing in mind of another: what is in it is in the way, and what is not is not.
func mustDecideOn(t *testing.T, n *node, log eventstore.Log, there, gone string) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o := submitOne(t, n, standalone(there)); codeOf(o.err) != core.CodeStaleResult {
		t.Errorf("of %s, which the log holds: %v", there, o.err)
	}
	anew := submitOne(t, n, standalone(gone))
	if anew.err != nil || anew.receipt.Events[0].Position != head+1 {
		t.Errorf("of %s, which the log does not hold and whose next is %d: %+v, %v", gone, head+1, anew.receipt, anew.err)
	}
	if err := n.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	checkLog(t, log, []outcome{anew})
	mustRemember(t, n, log)
}

// mustRemember ends a node, and fails the test unless it knows what a replay of the log makes known, whole or slim.
func mustRemember(t *testing.T, n *node, log eventstore.Log) {
	t.Helper()
	if err := n.stop(); err != nil {
		t.Fatalf("run: %v", err)
	}
	for name, read := range map[string]iter.Seq2[core.Recorded, error]{"ReadAll": log.ReadAll(t.Context(), 0), "ReadSlim": log.ReadSlim(t.Context(), 0)} {
		replayed := core.NewMachine()
		for r, err := range read {
			if err == nil {
				err = replayed.Replay(r)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if remembered := eventstore.Machine(n.Sequencer); !remembered.SameAs(replayed) {
			t.Errorf("a node at position %d differs from a replay by %s, at %d", remembered.Head(), name, replayed.Head())
		}
	}
}

// TestAReplacedLogIsReplayed: what a node was told by a log that is no longer there counts for nothing.
func TestAReplacedLogIsReplayed(t *testing.T) {
	log := newReplaceable(newMemory())
	n := start(t, log)
	for i := range 4 {
		n.must(t, standalone(fmt.Sprint("lost ", i)))
	}
	issued, _ := issue("lost key")
	n.must(t, issued)
	other := holding(t, "there")
	log.by(other)
	mustDecideOn(t, n, other, "there", "lost 0")
	if code := n.judged(t, "lost key"); code != core.CodeUnauthenticated {
		t.Errorf("a key that is no longer issued: %q", code)
	}
}

// TestALogIsReplacedByAnEmptyOne is what comes of dropping a database under a node.
func TestALogIsReplacedByAnEmptyOne(t *testing.T) {
	log := newReplaceable(newMemory())
	n := start(t, log)
	n.must(t, standalone("lost"))
	empty := newMemory()
	log.by(empty)
	if o := submitOne(t, n, standalone("lost")); o.err != nil || o.receipt.Events[0].Position != 1 {
		t.Errorf("%+v, %v", o.receipt, o.err)
	}
	mustRemember(t, n, empty)
}

// TestALogIsReplacedWhileACommitIsLookedUp: the commit whose answer was lost went with the log. Nobody is told that it is recorded.
func TestALogIsReplacedWhileACommitIsLookedUp(t *testing.T) {
	for name, faults := range map[string][]eventstoretest.Fault{
		"at once":                            {eventstoretest.LosesWritten},
		"after the log could not be had":     {eventstoretest.LosesWritten, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeDecide},
		"of a commit that was never written": {eventstoretest.LosesUnwritten},
	} {
		t.Run(name, func(t *testing.T) {
			inner := newReplaceable(newMemory())
			log := eventstoretest.NewFaulty(inner)
			n := start(t, log)
			n.must(t, standalone("lost"))
			n.must(t, standalone("lost too"))
			other := holding(t, "there")
			inner.next.Store(&other)
			log.Next(faults...)
			lost := standalone("at the disk")
			if o := submitOne(t, n, lost); codeOf(o.err) != core.CodeUnavailable {
				t.Errorf("told %v", o.err)
			}
			if err := n.Ready(); err != nil {
				t.Errorf("not ready: %v", err)
			}
			mustDecideOn(t, n, other, "there", "at the disk")
		})
	}
}

// TestALogIsReplacedWhileNothingCanBeRead: the node has forgotten, and cannot replay at first. Meanwhile it refuses; then it goes on by what there is.
func TestALogIsReplacedWhileNothingCanBeRead(t *testing.T) {
	inner := newReplaceable(newMemory())
	log := eventstoretest.NewFaulty(inner)
	n := startWith(t, eventstore.SequencerConfig{Log: log, Follow: time.Hour})
	n.must(t, standalone("lost"))
	n.must(t, standalone("lost too"))
	other := holding(t, "there")
	inner.by(other)
	log.FailReads(1)
	if o := submitOne(t, n, standalone("lost")); codeOf(o.err) != core.CodeUnavailable {
		t.Errorf("told %v", o.err)
	}
	waitFor(t, func() bool { return n.Ready() == nil })
	mustDecideOn(t, n, other, "there", "lost")
}
