package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// TestSequencerFaults is the table of what can go wrong with a commit: definite or indefinite, persisted or not.
func TestSequencerFaults(t *testing.T) {
	for _, row := range []struct {
		name   string
		faults []eventstoretest.Fault
		code   core.Code // of the first batch
		stored bool
	}{
		{"no fault", nil, "", true},
		{"definite, before anything was decided", []eventstoretest.Fault{eventstoretest.FailsBeforeDecide}, core.CodeUnavailable, false},
		{"definite, rolled back", []eventstoretest.Fault{eventstoretest.FailsBeforeCommit}, core.CodeUnavailable, false},
		{"indefinite, not persisted", []eventstoretest.Fault{eventstoretest.LosesUnwritten}, core.CodeUnavailable, false},
		{"indefinite, persisted", []eventstoretest.Fault{eventstoretest.LosesWritten}, "", true},
		{"indefinite, persisted, and the log cannot be asked at first", []eventstoretest.Fault{
			eventstoretest.LosesWritten, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeDecide}, "", true},
		{"indefinite, not persisted, and the log cannot be asked at first", []eventstoretest.Fault{
			eventstoretest.LosesUnwritten, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeDecide}, core.CodeUnavailable, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := eventstoretest.NewFaulty(newMemory())
			n := start(t, log)
			outcomes := submitAll(t.Context(), n, standalone("before"))
			log.Next(row.faults...)

			hit := submitAll(t.Context(), n, standalone("hit"))
			if got := codeOf(hit[0].err); got != row.code {
				t.Errorf("the batch was told %q, want %q (%v)", got, row.code, hit[0].err)
			}
			// The next command names the same thing: it is judged on what is true, not on what was hoped for.
			next := submitAll(t.Context(), n, standalone("hit"))
			if want := map[bool]core.Code{true: core.CodeStaleResult, false: ""}[row.stored]; codeOf(next[0].err) != want {
				t.Errorf("the next submission was told %q, want %q", codeOf(next[0].err), want)
			}
			if err := n.Ready(); err != nil {
				t.Errorf("not ready again: %v", err)
			}
			if log.Left() != 0 {
				t.Errorf("%d faults of the script were not met", log.Left())
			}
			checkLog(t, log, append(append(outcomes, hit...), next...))
		})
	}
}

// TestSequencerRandomFaults: whatever the script of faults and however the submissions are spread, acknowledged ⊆ durable, and nothing twice.
func TestSequencerRandomFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := eventstoretest.NewFaulty(newMemory())
		log.Next(rapid.SliceOfN(rapid.SampledFrom([]eventstoretest.Fault{
			eventstoretest.NoFault, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeCommit, eventstoretest.LosesUnwritten, eventstoretest.LosesWritten,
		}), 0, 12).Draw(t, "script")...)
		n := start(t, log)
		var outcomes []outcome
		for range rapid.IntRange(1, 4).Draw(t, "waves") {
			var wave []core.Command
			for range rapid.IntRange(1, 8).Draw(t, "commands") {
				wave = append(wave, standalone(fmt.Sprint("p", rapid.IntRange(0, 9).Draw(t, "provider"))))
			}
			outcomes = append(outcomes, submitAll(context.Background(), n, wave...)...)
		}
		if err := n.stop(); err != nil {
			t.Fatalf("run: %v", err)
		}
		checkLog(t, log, outcomes)
	})
}

func TestSequencerCommitsInGroups(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	entered, release := log.Hold()
	n := start(t, log)
	first := make(chan outcome, 1)
	go func() { first <- submitAll(t.Context(), n, standalone("first"))[0] }()
	<-entered // batch 1 is at the disk; batch 2 gathers itself

	rest := make(chan []outcome, 1)
	go func() {
		var commands []core.Command
		for i := range 100 {
			commands = append(commands, standalone(fmt.Sprint("p", i)))
		}
		rest <- submitAll(t.Context(), n, commands...)
	}()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 100 })
	release()
	checkLog(t, log, append(<-rest, <-first))
	if got := log.Appends(); got != 2 {
		t.Errorf("101 submissions took %d commits, want 2", got)
	}
}

// Who is told how far the log is durable before each turn can let it wait; what waits meanwhile is in the same commit. At the end it lets nobody wait.
func TestSequencerIsHeldBackBeforeATurn(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	heads, release := make(chan core.Position), make(chan struct{})
	n := startWith(t, eventstore.SequencerConfig{Log: log, Hold: func(ctx context.Context, head core.Position) {
		select {
		case heads <- head:
		case <-ctx.Done():
			return
		}
		select {
		case <-release:
		case <-ctx.Done():
		}
	}})
	submit := func(names ...string) (answers chan []outcome) {
		answers = make(chan []outcome, 1)
		var commands []core.Command
		for _, name := range names {
			commands = append(commands, standalone(name))
		}
		go func() { answers <- submitAll(t.Context(), n, commands...) }()
		return answers
	}
	var all []outcome
	for turn, names := range [][]string{{"a"}, {"b"}} {
		first := submit(names...)
		if head := <-heads; head != core.Position(2*turn) {
			t.Errorf("turn %d was to begin behind %d", turn+1, head)
		}
		second := submit(names[0] + "2")
		waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 2 })
		if log.Appends() != turn {
			t.Errorf("%d commits, and turn %d has not been let begin", log.Appends(), turn+1)
		}
		release <- struct{}{}
		all = append(append(all, <-first...), <-second...)
	}
	checkLog(t, log, all)
	if got := log.Appends(); got != 2 {
		t.Errorf("two turns took %d commits", got)
	}
	last := submit("c")
	<-heads
	more := submit("d")
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 2 })
	n.cancel()
	all = append(append(all, <-last...), <-more...)
	checkLog(t, log, all)
	for _, o := range all {
		if o.err != nil {
			t.Errorf("it was in before the end, and was told: %v", o.err)
		}
	}
}

func TestSequencerAnswersRefusalsAfterTheCommitTheyRestOn(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	entered1, release1 := log.Hold()
	n := start(t, log)
	var answered atomic.Int32
	submit := func(provider string) chan outcome {
		out := make(chan outcome, 1)
		go func() {
			o := submitAll(t.Context(), n, standalone(provider))[0]
			answered.Add(1)
			out <- o
		}()
		return out
	}
	first := submit("first")
	<-entered1
	a := submit("same")
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 1 })
	b := submit("same") // will be refused, because of a
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 2 })
	log.Next(eventstoretest.FailsBeforeCommit) // and a will not become durable
	release1()

	checkLog(t, log, []outcome{<-first})
	for _, o := range []outcome{<-a, <-b} {
		if codeOf(o.err) != core.CodeUnavailable {
			t.Errorf("told %q, want %q: nobody may be refused because of what never happened", codeOf(o.err), core.CodeUnavailable)
		}
	}
}

func TestSubmitGivesUp(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	entered, release := log.Hold()
	n := start(t, log)
	atDisk, leaveDisk := context.WithCancel(t.Context())
	first := make(chan outcome, 1)
	go func() { first <- submitAll(atDisk, n, standalone("first"))[0] }()
	<-entered

	waiting, leaveQueue := context.WithCancel(t.Context())
	second := make(chan outcome, 1)
	go func() { second <- submitAll(waiting, n, standalone("second"))[0] }()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 1 })

	leaveQueue()
	o2 := <-second
	if codeOf(o2.err) != core.CodeUnavailable {
		t.Errorf("who leaves the queue is told %q, want %q", codeOf(o2.err), core.CodeUnavailable)
	}
	leaveDisk()
	o1 := <-first
	if codeOf(o1.err) != core.CodeOutcomeUnknown {
		t.Errorf("who leaves while the commit is under way is told %q, want %q", codeOf(o1.err), core.CodeOutcomeUnknown)
	}
	release()
	checkLog(t, log, append(submitAll(t.Context(), n, standalone("third")), o1, o2))
}

func TestSequencerFinishesWhatWasAccepted(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	entered, release := log.Hold()
	n := start(t, log)
	all := make(chan []outcome, 2)
	go func() { all <- submitAll(t.Context(), n, standalone("first")) }()
	<-entered
	var waiting []core.Command
	for i := range 3 * eventstore.MaxBatch { // several turns' worth
		waiting = append(waiting, standalone(fmt.Sprint("p", i)))
	}
	go func() { all <- submitAll(t.Context(), n, waiting...) }()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == len(waiting) })

	n.cancel()
	release()
	outcomes := append(<-all, <-all...)
	for _, o := range outcomes {
		if o.err != nil {
			t.Errorf("accepted before the stop, and told %v", o.err)
		}
	}
	if err := n.stop(); err != nil {
		t.Errorf("run: %v", err)
	}
	late := submitAll(t.Context(), n, standalone("late"))
	if codeOf(late[0].err) != core.CodeUnavailable || n.Ready() == nil {
		t.Errorf("after the stop: told %q, ready %v", codeOf(late[0].err), n.Ready())
	}
	checkLog(t, log, append(outcomes, late...))
}

func TestTwoNodesOnOneLog(t *testing.T) {
	log := newMemory()
	nodes := []*node{start(t, log), start(t, log)}
	activity := mint()
	created := submitAll(t.Context(), nodes[0], core.Command{Tenant: tenantA, EventID: mint(), Intent: core.CreateActivity{
		ActivityID: activity, ActivityDetails: core.ActivityDetails{ActivityType: core.Task, IdempotencyKey: "k", ProviderActivityID: "ext-123"},
	}})
	var wg sync.WaitGroup
	var mu sync.Mutex
	outcomes := created
	for i := range 64 {
		wg.Go(func() {
			o := submitAll(t.Context(), nodes[i%2], standalone("ext-123"))
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, o...)
		})
	}
	wg.Wait()
	accepted := 0
	for _, o := range outcomes[1:] {
		if o.err == nil {
			accepted++
		} else if codeOf(o.err) != core.CodeStaleResult {
			t.Errorf("told %v", o.err)
		}
	}
	if accepted != 1 {
		t.Errorf("%d of 64 conflicting submissions were accepted", accepted)
	}
	checkLog(t, log, outcomes)
}

func TestSequencerCatchesUpFromFarBehind(t *testing.T) {
	log := newMemory()
	n := start(t, log)
	outcomes := submitAll(t.Context(), n, standalone("first"))

	other := core.NewMachine() // another node, which appends more than Append hands out at once
	if err := eventstore.Replay(t.Context(), log, other, nil); err != nil {
		t.Fatal(err)
	}
	err := log.Append(t.Context(), other.Head(), func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		for i := range eventstore.MaxMissed + 1 {
			c := standalone(fmt.Sprint("other-", i))
			c.At = core.InstantOf(now)
			if _, err := other.Step(c); err != nil {
				return nil, err
			}
		}
		return other.Pending(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	behind := submitAll(t.Context(), n, standalone("other-7"))
	if codeOf(behind[0].err) != core.CodeStaleResult {
		t.Errorf("a node that was far behind told %q", codeOf(behind[0].err))
	}
	outcomes = append(append(outcomes, behind...), submitAll(t.Context(), n, standalone("last"))...)
	checkLog(t, log, outcomes)
}

// errUnknown is what reading gives when a newer program has written an event.
var errUnknown = fmt.Errorf("%w: %w", eventstore.ErrUnreadable, core.ErrUnknownEvent)

// newer is a log in which a newer program has written an event that this one does not know.
type newer struct{ eventstore.Log }

func (l newer) ReadSlim(context.Context, core.Position) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) { yield(core.Recorded{}, errUnknown) }
}

func (l newer) Append(context.Context, core.Position, func(time.Time, []core.Recorded) ([]core.Recorded, error)) error {
	return errUnknown
}

// newerLater holds the errUnknown event only in what others append.
type newerLater struct{ newer }

func (l newerLater) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.Log.ReadSlim(ctx, after)
}

func TestSequencerStopsAtAnEventItDoesNotKnow(t *testing.T) {
	for name, log := range map[string]eventstore.Log{
		"at start": newer{newMemory()}, "while running": newerLater{newer{newMemory()}},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, log)
			o := submitAll(t.Context(), n, standalone("x"))[0]
			if codeOf(o.err) != core.CodeUnavailable {
				t.Errorf("told %q, want %q", codeOf(o.err), core.CodeUnavailable)
			}
			waitFor(t, func() bool { return errors.Is(n.Ready(), core.ErrUnknownEvent) })
			<-n.ended
			if !errors.Is(n.err, core.ErrUnknownEvent) {
				t.Errorf("run ended with %v", n.err)
			}
		})
	}
}
