package eventstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

const endpoint = "POST /api/activity-results/tasks"

// keyed gives a command an idempotency key, and ids of its own: as a retry comes from the edge.
func keyed(c core.Command, key string) core.Command {
	c.EventID = mint()
	c.Metadata.Idempotency = core.Idempotency{Key: key, Endpoint: endpoint, Body: sha256.Sum256([]byte("body"))}
	return c
}

// taskOf creates an activity that is known by a provider id.
func taskOf(provider string) core.Command {
	return core.Command{Tenant: tenantA, EventID: mint(), Intent: core.CreateActivity{
		ActivityID: mint(), ActivityDetails: core.ActivityDetails{ActivityType: core.Task, IdempotencyKey: "of " + provider, ProviderActivityID: provider},
	}}
}

// submitOne is submitAll of one command.
func submitOne(t testing.TB, n *node, c core.Command) outcome {
	t.Helper()
	return submitAll(context.Background(), n, c)[0]
}

// mustAccept submits what must be accepted.
func mustAccept(t testing.TB, n *node, c core.Command) outcome {
	t.Helper()
	o := submitOne(t, n, c)
	if o.err != nil {
		t.Fatalf("refused: %v", o.err)
	}
	return o
}

// mustReplay fails the test unless what a retry was told is the first receipt, down to the bytes that are stored.
func mustReplay(t tb, first, again outcome) {
	t.Helper()
	if again.err != nil {
		t.Fatalf("the retry was refused: %v", again.err)
	}
	if want := first.receipt.Events[0].Position; again.receipt.Replayed != want {
		t.Errorf("replays position %d, want %d", again.receipt.Replayed, want)
	}
	if diff := cmp.Diff(rowsOf(first.receipt.Events), rowsOf(again.receipt.Events)); diff != "" {
		t.Errorf("-first receipt +replayed:\n%s", diff)
	}
}

func rowsOf(events []core.Recorded) (rows []eventstore.Row) {
	for _, r := range events {
		rows = append(rows, eventstore.ToRow(r))
	}
	return rows
}

// keysIn gives the keys that a log holds, and at which positions.
func keysIn(t tb, log eventstore.Log) map[string][]core.Position {
	t.Helper()
	keys := map[string][]core.Position{}
	for r, err := range log.ReadAll(context.Background(), 0) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if r.Metadata.Key != "" {
			keys[r.Metadata.Key] = append(keys[r.Metadata.Key], r.Position)
		}
	}
	return keys
}

// A retry has the receipt of the first time, all of it and no more, whatever has happened since; nothing is recorded twice.
func TestReplayAnswersTheFirstReceipt(t *testing.T) {
	log := newMemory()
	n := start(t, log)
	mustAccept(t, n, standalone("p"))
	for events, c := range map[int]core.Command{1: standalone("alone"), 3: taskOf("p")} { // the creation, the link, and the transition
		key := fmt.Sprint("k", events)
		first := mustAccept(t, n, keyed(c, key))
		if got := len(first.receipt.Events); got != events || first.receipt.Replayed != 0 {
			t.Fatalf("%d events, replayed %d; want %d at first", got, first.receipt.Replayed, events)
		}
		mustAccept(t, n, keyed(standalone(""), key+" of another")) // which follows it in the log
		head, _ := log.Head(t.Context())
		for range 2 {
			mustReplay(t, first, submitOne(t, n, keyed(c, key)))
		}
		if after, _ := log.Head(t.Context()); after != head {
			t.Errorf("a retry recorded %d events", after-head)
		}
	}
	if got := counted(t, n, "resultlog_idempotent_replays_total"); got != 4 {
		t.Errorf("%v replays were counted, want 4", got)
	}
}

// counted is what a counter, or a gauge, of the node says.
func counted(t *testing.T, n *node, name string) float64 {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(n.Metrics().Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			one := f.GetMetric()[0]
			return one.GetCounter().GetValue() + one.GetGauge().GetValue() // the one that it is not says 0
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// A retry that is queued together with the first is answered from it, and not before it is durable.
func TestRetryInTheBatchOfTheFirst(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	atDisk, leaveDisk := log.Hold()
	n := start(t, log)
	before := make(chan outcome, 1)
	go func() { before <- submitAll(context.Background(), n, standalone("before"))[0] }()
	<-atDisk

	entered, release := log.Hold()
	both := make(chan []outcome, 1)
	go func() {
		both <- submitAll(context.Background(), n, keyed(standalone("p"), "k"), keyed(standalone("p"), "k"))
	}()
	waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 2 })
	leaveDisk()
	select {
	case <-entered:
	case outcomes := <-both:
		t.Fatalf("told %v and %v without a commit", outcomes[0].err, outcomes[1].err)
	}
	if len(both) > 0 {
		t.Error("answered before the commit")
	}
	release()
	outcomes := <-both
	first, again := outcomes[0], outcomes[1]
	if first.receipt.Replayed > 0 {
		first, again = again, first
	}
	if first.receipt.Replayed != 0 {
		t.Fatal("both are told that they are retries")
	}
	mustReplay(t, first, again)
	checkLog(t, log, []outcome{<-before, first})
	if got := log.Appends(); got != 3 && got != 2 {
		t.Errorf("%d appends", got)
	}
}

// A key that one node has accepted is replayed by the other, and of many at once one is decided.
func TestKeysOfTwoNodes(t *testing.T) {
	log := newMemory()
	nodes := []*node{start(t, log), start(t, log)}
	first := mustAccept(t, nodes[0], keyed(standalone("p"), "k"))
	mustReplay(t, first, submitOne(t, nodes[1], keyed(standalone("p"), "k")))

	var wg sync.WaitGroup
	outcomes := make([]outcome, 64)
	for i := range outcomes {
		wg.Go(func() { outcomes[i] = submitAll(context.Background(), nodes[i%2], keyed(standalone("q"), "l"))[0] })
	}
	wg.Wait()
	decided := 0
	for _, o := range outcomes {
		if o.err != nil {
			t.Fatal(o.err)
		}
		if o.receipt.Replayed == 0 {
			decided, first = decided+1, o
		}
	}
	if decided != 1 {
		t.Fatalf("%d of 64 were decided", decided)
	}
	for _, o := range outcomes {
		if o.receipt.Replayed != 0 {
			mustReplay(t, first, o)
		}
	}
	checkLog(t, log, outcomes)
}

// A key survives a restart.
func TestKeySurvivesARestart(t *testing.T) {
	log := newMemory()
	n := start(t, log)
	mustAccept(t, n, standalone("p"))
	first := mustAccept(t, n, keyed(taskOf("p"), "k"))
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	mustReplay(t, first, submitOne(t, start(t, log), keyed(taskOf("p"), "k")))
}

// The same key with another body is refused, and says what to do; at another endpoint, or of another tenant, it is another key.
func TestKeyReused(t *testing.T) {
	log := newMemory()
	n := start(t, log)
	first := mustAccept(t, n, keyed(standalone("p"), "k"))
	other := keyed(standalone("p"), "k")
	other.Metadata.Body[0]++
	o := submitOne(t, n, other)
	var e *core.Error
	if codeOf(o.err) != core.CodeKeyReused || !errors.As(o.err, &e) || !strings.Contains(e.Message, "send the same body to have the first answer again, or a new key") {
		t.Errorf("told %v", o.err)
	}
	if got := gathered(t, n)["resultlog_guard_refusals_total idempotency"]; got != 1 {
		t.Errorf("%v refusals were counted", got)
	}
	mustReplay(t, first, submitOne(t, n, keyed(standalone("p"), "k")))
	if got := keysIn(t, log)["k"]; len(got) != 1 {
		t.Errorf("the key is in the log at %v", got)
	}

	elsewhere := keyed(standalone("q"), "k")
	elsewhere.Metadata.Endpoint = "POST /elsewhere"
	elsewhere.Metadata.Body[0]++
	foreign := keyed(standalone("p"), "k")
	foreign.Tenant = core.ID{15: 0xB}
	foreign.Metadata.Body[0]++
	for _, c := range []core.Command{elsewhere, foreign} {
		if o := mustAccept(t, n, c); o.receipt.Replayed != 0 {
			t.Errorf("replays position %d of %+v", o.receipt.Replayed, c.Metadata.Idempotency)
		}
	}
}

// If the log cannot be read, nobody is told that the retry was recorded, nor answered something else.
func TestReplayThatCannotBeRead(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	n := start(t, log)
	first := mustAccept(t, n, keyed(standalone("p"), "k"))
	log.FailReads(1)
	if o := submitOne(t, n, keyed(standalone("p"), "k")); codeOf(o.err) != core.CodeOutcomeUnknown || !errors.Is(o.err, eventstoretest.ErrInjected) {
		t.Errorf("told %v", o.err)
	}
	mustReplay(t, first, submitOne(t, n, keyed(standalone("p"), "k")))
}
