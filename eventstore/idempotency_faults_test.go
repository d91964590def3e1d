package eventstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// keyFaults is the table of what can go wrong with a commit; stored: its events are in the log all the same.
var keyFaults = []struct {
	name   string
	faults []eventstoretest.Fault
	code   core.Code
	stored bool
}{
	{"definite, before anything was decided", []eventstoretest.Fault{eventstoretest.FailsBeforeDecide}, core.CodeUnavailable, false},
	{"definite, rolled back", []eventstoretest.Fault{eventstoretest.FailsBeforeCommit}, core.CodeUnavailable, false},
	{"indefinite, did not persist", []eventstoretest.Fault{eventstoretest.LosesUnwritten}, core.CodeUnavailable, false},
	{"indefinite, did persist", []eventstoretest.Fault{eventstoretest.LosesWritten}, "", true},
	{"indefinite, did not persist, and the log cannot be asked at first", []eventstoretest.Fault{eventstoretest.LosesUnwritten, eventstoretest.FailsBeforeDecide}, core.CodeUnavailable, false},
	{"indefinite, did persist, and the log cannot be asked at first", []eventstoretest.Fault{eventstoretest.LosesWritten, eventstoretest.FailsBeforeDecide}, "", true},
}

// A commit that failed forgets the key, so that the retry is decided; one whose answer was lost, and which is in the log, does not.
func TestKeyOfAFailedCommit(t *testing.T) {
	for _, row := range keyFaults {
		t.Run(row.name, func(t *testing.T) {
			log := eventstoretest.NewFaulty(newMemory())
			n := start(t, log)
			mustAccept(t, n, standalone("before"))
			log.Next(row.faults...)

			hit := submitOne(t, n, keyed(standalone("p"), "k"))
			if got := codeOf(hit.err); got != row.code {
				t.Fatalf("told %q, want %q", got, row.code)
			}
			retry := mustAccept(t, n, keyed(standalone("p"), "k"))
			if row.stored {
				mustReplay(t, hit, retry)
			} else if retry.receipt.Replayed != 0 {
				t.Errorf("replays position %d of what never happened", retry.receipt.Replayed)
			}
			mustReplay(t, outcome{receipt: retry.receipt}, submitOne(t, n, keyed(standalone("p"), "k")))
			if got := keysIn(t, log)["k"]; len(got) != 1 {
				t.Errorf("the key is in the log at %v", got)
			}
			if log.Left() != 0 {
				t.Errorf("%d faults of the script were not met", log.Left())
			}
		})
	}
}

// The same, of a first and its retry in one batch: both are told the same truth.
func TestRetryInAFailedBatch(t *testing.T) {
	for _, row := range keyFaults {
		t.Run(row.name, func(t *testing.T) {
			log := eventstoretest.NewFaulty(newMemory())
			atDisk, leaveDisk := log.Hold()
			n := start(t, log)
			before := make(chan outcome, 1)
			go func() { before <- submitAll(context.Background(), n, standalone("before"))[0] }()
			<-atDisk
			log.Next(row.faults...)
			both := make(chan []outcome, 1)
			go func() {
				both <- submitAll(context.Background(), n, keyed(standalone("p"), "k"), keyed(standalone("p"), "k"))
			}()
			waitFor(t, func() bool { return eventstore.QueueDepth(n.Sequencer) == 2 })
			leaveDisk()
			outcomes := <-both
			for _, o := range outcomes {
				if got := codeOf(o.err); got != row.code {
					t.Errorf("told %q, want %q", got, row.code)
				}
			}
			if row.stored && (outcomes[0].receipt.Replayed == 0) == (outcomes[1].receipt.Replayed == 0) {
				t.Errorf("replayed %d and %d", outcomes[0].receipt.Replayed, outcomes[1].receipt.Replayed)
			}
			checkLog(t, log, append(outcomes, <-before))
			if got := keysIn(t, log)["k"]; (len(got) == 1) != row.stored || len(got) > 1 {
				t.Errorf("the key is in the log at %v", got)
			}
		})
	}
}

// Whatever fails, and however retries are spread over two nodes: a key is in the log once at most, and everybody who was answered has the same receipt.
func TestKeysUnderRandomFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newMemory()
		var nodes []*node
		for i := range 2 {
			faulty := eventstoretest.NewFaulty(log)
			faulty.Next(rapid.SliceOfN(rapid.SampledFrom([]eventstoretest.Fault{
				eventstoretest.NoFault, eventstoretest.FailsBeforeDecide, eventstoretest.FailsBeforeCommit, eventstoretest.LosesUnwritten, eventstoretest.LosesWritten,
			}), 0, 6).Draw(t, fmt.Sprint("script ", i))...)
			nodes = append(nodes, start(t, faulty))
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		told := map[string][]outcome{}
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			key, n := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), nodes[rapid.IntRange(0, 1).Draw(t, "node")]
			wg.Go(func() {
				o := submitAll(context.Background(), n, keyed(standalone(""), key))[0]
				mu.Lock()
				defer mu.Unlock()
				told[key] = append(told[key], o)
			})
		}
		wg.Wait()
		keys := keysIn(t, log)
		for key, outcomes := range told {
			var first *outcome
			for _, o := range outcomes {
				switch {
				case o.err == nil && o.receipt.Replayed == 0 && first != nil:
					t.Fatalf("key %s was accepted twice", key)
				case o.err == nil && o.receipt.Replayed == 0:
					first = &o
				case o.err != nil && codeOf(o.err) != core.CodeUnavailable:
					t.Fatalf("told %v", o.err)
				}
			}
			for _, o := range outcomes {
				if o.err == nil && (len(keys[key]) != 1 || o.receipt.Events[0].Position != keys[key][0]) {
					t.Fatalf("key %s is in the log at %v, and answered from %d", key, keys[key], o.receipt.Events[0].Position)
				}
			}
			if len(keys[key]) > 1 || first == nil && len(keys[key]) == 1 {
				t.Fatalf("key %s is in the log at %v; accepted as new: %v", key, keys[key], first != nil)
			}
		}
	})
}
