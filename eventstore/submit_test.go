package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// together hands all commands in at once, by SubmitAll; they must be let in.
func together(ctx context.Context, t tb, n *node, commands ...core.Command) []outcome {
	t.Helper()
	all, err := n.SubmitAll(ctx, commands)
	if err != nil || len(all) != len(commands) {
		t.Fatalf("%d outcomes of %d commands: %v", len(all), len(commands), err)
	}
	outcomes := make([]outcome, len(all))
	for i, o := range all {
		outcomes[i] = outcome{commands[i], o.Receipt, o.Err}
	}
	return outcomes
}

// many gives so many submissions of results of their own, with so many bytes each.
func many(count, bytes int) []core.Command {
	commands := make([]core.Command, count)
	for i := range commands {
		in := standalone("").Intent.(core.SubmitResult)
		if bytes > 0 {
			in.Personal = core.Personal{Comment: string(slices.Repeat([]byte{'x'}, bytes))}.Seal()
		}
		commands[i] = core.Command{Tenant: tenantA, EventID: mint(), Intent: in}
	}
	return commands
}

func codesOf(outcomes []outcome) (codes []core.Code) {
	for _, o := range outcomes {
		codes = append(codes, codeOf(o.err))
	}
	return codes
}

// Each is told what it would have been told alone, at its own place, and they are decided in their order.
func TestSubmitAllTellsEachItsOwn(t *testing.T) {
	pending := standalone("p")
	in := pending.Intent.(core.SubmitResult)
	in.Status = core.ResultPending
	pending.Intent = in
	unknown := standalone("")
	in = unknown.Intent.(core.SubmitResult)
	in.Result = "sold"
	unknown.Intent = in
	commands := []core.Command{standalone(""), pending, unknown, standalone("p"), taskOf("p"), standalone("q"), standalone("")}
	want := []core.Code{"", "", core.CodeInvalid, core.CodeStaleResult, "", "", ""}

	log := newMemory()
	n := start(t, log)
	outcomes := together(t.Context(), t, n, commands...)
	if diff := cmp.Diff(want, codesOf(outcomes)); diff != "" {
		t.Errorf("-want +told:\n%s", diff)
	}
	last := core.Position(0)
	for i, o := range outcomes {
		if o.err != nil {
			continue
		}
		if o.receipt.Events[0].EventID != commands[i].EventID || o.receipt.Events[0].Position <= last {
			t.Errorf("outcome %d is of another command, or was decided before the one above it: %+v", i, o.receipt.Events[0])
		}
		last = o.receipt.Events[0].Position
	}
	checkLog(t, log, outcomes)
	if o := together(t.Context(), t, n); len(o) != 0 {
		t.Errorf("%d outcomes of nothing", len(o))
	}
}

// A few commits, and not five hundred.
func TestSubmitAllInFewCommits(t *testing.T) {
	for _, row := range []struct{ bytes, commits int }{{0, 1}, {16<<20/500 - 1, 3}} {
		log := eventstoretest.NewFaulty(newMemory())
		n := start(t, log)
		outcomes := together(t.Context(), t, n, many(500, row.bytes)...)
		for _, o := range outcomes {
			if o.err != nil {
				t.Fatal(o.err)
			}
		}
		if got := log.Appends(); got > row.commits {
			t.Errorf("500 commands of %d bytes took %d commits, want %d", row.bytes, got, row.commits)
		}
		checkLog(t, log, outcomes)
	}
}

// If the queue cannot hold all of them, or takes nothing any more, none of them is let in.
func TestSubmitAllOrNone(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	entered, release := log.Hold()
	n := start(t, log)
	first := make(chan []outcome, 2)
	go func() { first <- together(context.Background(), t, n, standalone("first")) }()
	<-entered
	go func() { first <- together(context.Background(), t, n, many(eventstore.TenantQueueLimit-10, 0)...) }()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == eventstore.TenantQueueLimit-10 })

	commands := many(11, 0)
	if outcomes, err := n.SubmitAll(t.Context(), commands); codeOf(err) != core.CodeQueueFull || outcomes != nil {
		t.Errorf("told %v and %d outcomes", err, len(outcomes))
	}
	release()
	outcomes := append(<-first, <-first...)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	if outcomes, err := n.SubmitAll(t.Context(), commands); codeOf(err) != core.CodeUnavailable || outcomes != nil {
		t.Errorf("after the stop: told %v and %d outcomes", err, len(outcomes))
	}
	for _, c := range commands {
		outcomes = append(outcomes, outcome{c, core.Receipt{}, &core.Error{Code: core.CodeQueueFull}})
	}
	checkLog(t, log, outcomes)
}

// A fault hits those whose commit it is, and nobody else in the request.
func TestSubmitAllFaults(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault eventstoretest.Fault
		code  core.Code // of those in the second of three commits
	}{
		{"no fault", eventstoretest.NoFault, ""},
		{"definite, before anything was decided", eventstoretest.FailsBeforeDecide, core.CodeUnavailable},
		{"definite, rolled back", eventstoretest.FailsBeforeCommit, core.CodeUnavailable},
		{"indefinite, not persisted", eventstoretest.LosesUnwritten, core.CodeUnavailable},
		{"indefinite, persisted", eventstoretest.LosesWritten, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := eventstoretest.NewFaulty(newMemory())
			log.Next(eventstoretest.NoFault, row.fault)
			n := start(t, log)
			outcomes := together(t.Context(), t, n, many(2*eventstore.MaxBatch+10, 0)...)
			for i, o := range outcomes {
				want := core.Code("")
				if i/eventstore.MaxBatch == 1 {
					want = row.code
				}
				if codeOf(o.err) != want {
					t.Fatalf("command %d was told %q, want %q", i, codeOf(o.err), want)
				}
			}
			if log.Left() != 0 {
				t.Error("the fault was not met")
			}
			checkLog(t, log, outcomes)
		})
	}
}

// Who gives up takes back what still waits; of what is at the disk nobody knows, and what was answered stays answered.
func TestSubmitAllGivesUp(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	log.Next(eventstoretest.NoFault)
	entered, release := log.Hold()
	n := start(t, log)
	ctx, giveUp := context.WithCancel(t.Context())
	all := make(chan []outcome, 1)
	go func() { all <- together(ctx, t, n, many(2*eventstore.MaxBatch+10, 0)...) }()
	<-entered
	giveUp()
	outcomes := <-all
	if depth := eventstore.QueueDepth(n.Sequencer); depth != 0 {
		t.Errorf("%d commands still wait", depth)
	}
	release()
	want := []core.Code{"", core.CodeOutcomeUnknown, core.CodeUnavailable}
	for i, o := range outcomes {
		if got := codeOf(o.err); got != want[i/eventstore.MaxBatch] {
			t.Fatalf("command %d was told %q, want %q", i, got, want[i/eventstore.MaxBatch])
		}
		if o.err != nil && !errors.Is(o.err, context.Canceled) {
			t.Fatalf("command %d: %v does not say why", i, o.err)
		}
	}
	checkLog(t, log, append(outcomes, submitOne(t, n, standalone("after"))))
}

// Within a request and across requests, the second with a key is the retry of the first: it has its receipt, or is refused because of another body.
func TestSubmitAllWithKeys(t *testing.T) {
	log := newMemory()
	n := start(t, log)
	other := keyed(standalone("x"), "k")
	other.Metadata.Body[0]++
	outcomes := together(t.Context(), t, n, keyed(standalone("p"), "k"), standalone(""), keyed(standalone("p"), "k"), other, keyed(standalone("q"), "l"))
	if diff := cmp.Diff([]core.Code{"", "", "", core.CodeKeyReused, ""}, codesOf(outcomes)); diff != "" {
		t.Fatalf("-want +told:\n%s", diff)
	}
	mustReplay(t, outcomes[0], outcomes[2])
	again := together(t.Context(), t, n, keyed(standalone("q"), "l"), keyed(standalone("p"), "k"), keyed(standalone("r"), "new"))
	mustReplay(t, outcomes[4], again[0])
	mustReplay(t, outcomes[0], again[1])
	if again[2].err != nil || again[2].receipt.Replayed != 0 {
		t.Errorf("a new key: told %v, replays %d", again[2].err, again[2].receipt.Replayed)
	}
	mustReplay(t, outcomes[0], submitOne(t, n, keyed(standalone("p"), "k")))
	if got := keysIn(t, log)["k"]; len(got) != 1 {
		t.Errorf("the key is in the log at %v", got)
	}
	checkLog(t, log, append(outcomes, again...))
}

// A key that cannot be looked up is its command's own misfortune; one that is found is answered from the log.
func TestSubmitAllLooksForgottenKeysUp(t *testing.T) {
	broken, old := errors.New("disk I/O error"), keyed(standalone(""), "old-1")
	failing := keyed(standalone(""), "failing")
	log, tables := &slice{events: slices.Clone(asMany())}, &lookups{}
	n := startLooking(t, log, func(ctx context.Context, of core.ID, name core.KeyName) (core.Position, core.Position, error) {
		switch name {
		case failing.Metadata.Name(tenantA):
			return 0, 0, broken
		case old.Metadata.Name(tenantA):
			return 1, core.KeysHeld, nil
		}
		return tables.lookUp(ctx, of, name)
	})
	waitFor(t, func() bool { return n.Ready() == nil })
	mustAccept(t, n, keyed(standalone(""), "one more")) // which makes it forget old-1
	tables.say(0, core.KeysHeld, nil)

	outcomes := together(t.Context(), t, n, keyed(standalone(""), "new"), failing, old, standalone(""), keyed(standalone(""), "newer"))
	if diff := cmp.Diff([]core.Code{"", core.CodeUnavailable, "", "", ""}, codesOf(outcomes)); diff != "" {
		t.Fatalf("-want +told:\n%s", diff)
	}
	if !errors.Is(outcomes[1].err, broken) {
		t.Errorf("told %v", outcomes[1].err)
	}
	mustReplay(t, outcome{receipt: core.Receipt{Events: log.events[:1]}}, outcomes[2])
	if got := tables.count(); got != 2 {
		t.Errorf("asked %d times about two other keys", got)
	}
	if outcomes := together(t.Context(), t, n, failing); codeOf(outcomes[0].err) != core.CodeUnavailable {
		t.Errorf("alone: told %v", outcomes[0].err)
	}
}

// What cannot be read again is that retry's misfortune, and nobody else's.
func TestSubmitAllReplayThatCannotBeRead(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	n := start(t, log)
	var keys []core.Command
	for i := range 3 {
		keys = append(keys, keyed(standalone(""), fmt.Sprint("k", i)))
	}
	first := together(t.Context(), t, n, keys...)
	log.FailReads(1)
	again := together(t.Context(), t, n, keys...)
	if codeOf(again[0].err) != core.CodeOutcomeUnknown {
		t.Errorf("told %v", again[0].err)
	}
	mustReplay(t, first[1], again[1])
	mustReplay(t, first[2], again[2])
}

// A submitter that gives up touches nothing that the sequencer still works on: the race detector would tell.
func TestSubmitAllGivesUpByItself(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	_, release := log.Hold()
	n := start(t, log)
	waitFor(t, func() bool { return n.Ready() == nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // while the batch is at the disk
	defer cancel()
	commands := many(3, 0)
	outcomes := together(ctx, t, n, commands...)
	release()
	for i, code := range codesOf(outcomes) {
		if code != core.CodeOutcomeUnknown {
			t.Errorf("command %d: %q", i, code)
		}
	}
}
