package eventstore_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// slowReads is a log whose reading stands still once it is told to, until it is released.
type slowReads struct {
	eventstore.Log
	slow     chan struct{} // closed: the next read stands
	entered  chan struct{}
	released chan struct{}
}

func (l *slowReads) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	select {
	case <-l.slow:
		return func(yield func(core.Recorded, error) bool) {
			close(l.entered)
			<-l.released
			l.Log.ReadSlim(ctx, after)(yield)
		}
	default:
		return l.Log.ReadSlim(ctx, after)
	}
}

// leaveBehind appends more than a node can miss and still catch up with under the write lock.
func leaveBehind(t *testing.T, ahead *node) {
	for appended := 0; appended <= eventstore.MaxMissed; appended += eventstore.MaxBatch {
		commands := make([]core.Command, eventstore.MaxBatch)
		for i := range commands {
			commands[i] = standalone("")
		}
		submitAll(t.Context(), ahead, commands...)
	}
}

// farBehind gives a node that others have left far behind, and that is catching up because of a submission.
func farBehind(t *testing.T) (l *slowReads, n *node, submitted <-chan outcome) {
	inner := newMemory()
	l = &slowReads{inner, make(chan struct{}), make(chan struct{}), make(chan struct{})}
	n = startWith(t, eventstore.SequencerConfig{Log: l, Follow: time.Hour}) // else it might have followed before anybody asks
	waitFor(t, func() bool { return n.Ready() == nil })
	other := start(t, inner)
	leaveBehind(t, other)
	close(l.slow)
	out := make(chan outcome, 1)
	go func() { out <- submitAll(context.Background(), n, standalone(""))[0] }()
	<-l.entered
	return l, n, out
}

func TestNotReadyWhileFarBehind(t *testing.T) {
	l, n, submitted := farBehind(t)
	if n.Ready() == nil {
		t.Error("a node that is catching up says that it is ready")
	}
	close(l.released)
	if o := <-submitted; o.err != nil {
		t.Error(o.err)
	}
	waitFor(t, func() bool { return n.Ready() == nil })
}

func TestStopWhileFarBehindFinishesWhatWasAccepted(t *testing.T) {
	l, n, submitted := farBehind(t)
	n.cancel()
	close(l.released)
	if o := <-submitted; o.err != nil {
		t.Errorf("accepted before the stop, and told %v", o.err)
	}
	if err := n.stop(); err != nil {
		t.Error(err)
	}
}

func TestStopWhileSettlingFinishesWhatWasAccepted(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	n := start(t, log)
	waitFor(t, func() bool { return n.Ready() == nil })
	log.Next(eventstoretest.LosesWritten)
	for range 20 { // the log cannot be asked for a while
		log.Next(eventstoretest.FailsBeforeDecide)
	}
	both := make(chan outcome, 2)
	go func() { both <- submitAll(context.Background(), n, standalone(""))[0] }()
	waitFor(t, func() bool { return n.Ready() != nil })
	go func() { both <- submitAll(context.Background(), n, standalone(""))[0] }()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 1 })
	n.cancel()
	outcomes := []outcome{<-both, <-both}
	for _, o := range outcomes {
		if o.err != nil {
			t.Errorf("accepted before the stop, and told %v", o.err)
		}
	}
	checkLog(t, log, outcomes)
}

// After a failure a node is not ready, and finds out by itself that the log is there again: nobody sends submissions to a node that is not ready.
func TestReadyAgainWithoutASubmission(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	n := start(t, log)
	waitFor(t, func() bool { return n.Ready() == nil })
	entered, release := log.Hold()
	first := make(chan outcome, 1)
	go func() { first <- submitAll(t.Context(), n, standalone(""))[0] }()
	<-entered
	log.Next(eventstoretest.FailsBeforeCommit, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeDecide)
	second := make(chan outcome, 1)
	go func() { second <- submitAll(t.Context(), n, standalone(""))[0] }()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 1 })
	release()
	if o := <-first; o.err != nil {
		t.Error(o.err)
	}
	if o := <-second; codeOf(o.err) != core.CodeUnavailable {
		t.Errorf("told %v", o.err)
	}
	waitFor(t, func() bool { return log.Left() == 0 && n.Ready() == nil }) // both probes that fail, and one that does not
}

// A node that is far behind and cannot read for a moment refuses for that moment, and goes on.
func TestCatchingUpSurvivesAFailedRead(t *testing.T) {
	inner := newMemory()
	log := eventstoretest.NewFaulty(inner)
	n := startWith(t, eventstore.SequencerConfig{Log: log, Follow: time.Hour})
	waitFor(t, func() bool { return n.Ready() == nil })
	other := start(t, inner)
	leaveBehind(t, other)
	log.FailReads(3)
	if o := submitAll(t.Context(), n, standalone(""))[0]; codeOf(o.err) != core.CodeUnavailable {
		t.Errorf("told %v", o.err)
	}
	waitFor(t, func() bool { return n.Ready() == nil })
	if o := submitAll(t.Context(), n, standalone(""))[0]; o.err != nil {
		t.Error(o.err)
	}
}
