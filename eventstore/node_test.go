package eventstore_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/memory"
	"resultlog/eventstore/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Stopping{M: m}) }

var tenantA = core.ID{15: 0xA}

// mint gives a fresh id, as the edge does; its lowest bits are free, so that it is that of the first event too.
func mint() core.ID {
	id := core.ID(uuid.Must(uuid.NewV7()))
	id[15] &^= 3
	return id
}

// standalone is a submission that is always accepted: of a result of its own, unless provider was named before.
func standalone(provider string) core.Command {
	return core.Command{Tenant: tenantA, EventID: mint(), Intent: core.SubmitResult{ResultID: mint(), Submission: core.Submission{
		ProviderActivityID: provider, CommerceExternalID: "store-001", OccurredAt: 1, Status: core.ResultCompleted, Result: "success",
	}}}
}

// node is a sequencer that runs on a log.
type node struct {
	*eventstore.Sequencer
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // what Run returned, once ended is closed
}

// tb is what testing.T and rapid.T have in common.
type tb interface {
	Helper()
	Cleanup(func())
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

func start(t tb, log eventstore.Log) *node { return startLooking(t, log, nil) }

// startLooking starts a node that finds what it has forgotten by lookUp.
func startLooking(t tb, log eventstore.Log, lookUp eventstore.LookUpKey) *node {
	return startWith(t, eventstore.SequencerConfig{Log: log, LookUpKey: lookUp})
}

// startWith starts a node of a configuration, of which it fills in what no test cares about.
func startWith(t tb, cfg eventstore.SequencerConfig) *node {
	cfg.Logger, cfg.RetryDelay = slog.New(slog.DiscardHandler), time.Millisecond
	if cfg.Appended == nil {
		cfg.Appended = func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{Sequencer: eventstore.NewSequencer(cfg), cancel: cancel, ended: make(chan struct{})}
	go func() {
		n.err = n.Run(ctx)
		close(n.ended)
	}()
	t.Cleanup(func() { _ = n.stop() })
	return n
}

// stop ends the node and gives what Run returned.
func (n *node) stop() error {
	n.cancel()
	<-n.ended
	return n.err
}

func newMemory() *memory.Log { return memory.New(time.Now) }

// codeOf is an error's code; empty for none.
func codeOf(err error) core.Code {
	var e *core.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return core.Code(err.Error())
	}
	return ""
}

// outcome is what one submitter was told.
type outcome struct {
	command core.Command
	receipt core.Receipt
	err     error
}

// submitAll sends all commands at once and waits for all answers.
func submitAll(ctx context.Context, n *node, commands ...core.Command) []outcome {
	outcomes := make([]outcome, len(commands))
	var wg sync.WaitGroup
	for i, c := range commands {
		wg.Go(func() {
			r, err := n.Submit(ctx, c)
			outcomes[i] = outcome{c, r, err}
		})
	}
	wg.Wait()
	return outcomes
}

// checkLog asserts what must hold whatever failed: the log replays, every acknowledged command is in it once and exactly as its receipt says,
// no command that was told «nothing was written» is in it, and nothing is in it twice.
func checkLog(t tb, log eventstore.Log, outcomes []outcome) {
	t.Helper()
	count, at := map[core.ID]int{}, map[core.ID]core.Recorded{}
	err := eventstore.Replay(context.Background(), log, core.NewMachine(), func(r core.Recorded) { count[r.EventID]++; at[r.EventID] = r })
	if err != nil {
		t.Fatalf("the log does not replay: %v", err)
	}
	for id, n := range count {
		if n != 1 {
			t.Errorf("event %s is in the log %d times", id, n)
		}
	}
	for _, o := range outcomes {
		switch codeOf(o.err) {
		case "":
			for _, r := range o.receipt.Events {
				if got := at[r.EventID]; got.Position != r.Position || got.Stream != r.Stream || got.RecordedAt != r.RecordedAt {
					t.Errorf("acknowledged event %s at position %d; the log has %d", r.EventID, r.Position, got.Position)
				}
			}
		case core.CodeUnavailable, core.CodeQueueFull:
			if r, ok := at[o.command.EventID]; ok {
				t.Errorf("a command that was told %q is in the log at %d", codeOf(o.err), r.Position)
			}
		}
	}
}

// waitFor waits until a condition holds, which it does in microseconds; only a broken build waits for the deadline.
func waitFor(t testing.TB, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come to hold")
		}
	}
}
