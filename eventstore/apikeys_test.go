package eventstore_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// issue asks for a key whose text is given, and gives the key's id too.
func issue(text string) (core.Command, core.ID) {
	id := mint()
	return core.Command{Tenant: tenantA, EventID: mint(), Intent: core.IssueAPIKey{KeyID: id, APIKeyDetails: core.APIKeyDetails{
		Name: text, Prefix: text, Digest: sha256.Sum256([]byte(text)), Permissions: core.CreateActivities,
	}}}, id
}

func revoke(id core.ID) core.Command {
	return core.Command{Tenant: tenantA, EventID: mint(), Intent: core.RevokeAPIKey{KeyID: id}}
}

// by is a submission that comes with an API key.
func by(id core.ID) core.Command {
	c := standalone("")
	c.APIKey = id
	return c
}

// must submits what must be accepted.
func (n *node) must(t testing.TB, c core.Command) {
	t.Helper()
	if _, err := n.Submit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// judged is what a node says of a key: nothing if it is valid.
func (n *node) judged(t testing.TB, text string) core.Code {
	t.Helper()
	_, key, err := n.APIKey(t.Context(), sha256.Sum256([]byte(text)))
	if err != nil {
		return codeOf(err)
	}
	return codeOf(key.Judge(core.InstantOf(time.Now())))
}

// startStale starts a node that goes on for ever with what it knows of keys, or asks the log each time.
func startStale(t tb, log eventstore.Log, staleness time.Duration) *node {
	return startWith(t, eventstore.SequencerConfig{Log: log, KeyStaleness: staleness})
}

// TestAPIKeysOfOtherNodes: issue holds on every node at once; a revocation holds for writes at once, for reads as soon as what a node knows is too old.
func TestAPIKeysOfOtherNodes(t *testing.T) {
	log := newMemory()
	a, idle, prompt := start(t, log), startStale(t, log, time.Hour), startStale(t, log, time.Nanosecond)
	command, id := issue("key")
	if code := idle.judged(t, "key"); code != core.CodeUnauthenticated {
		t.Errorf("a key that nobody issued: %q", code)
	}
	a.must(t, command)
	for name, n := range map[string]*node{"the same": a, "idle": idle, "prompt": prompt} {
		if code := n.judged(t, "key"); code != "" {
			t.Errorf("issued; the %s node says %q", name, code)
		}
		n.must(t, by(id))
	}
	a.must(t, revoke(id))
	for name, n := range map[string]*node{"the same": a, "prompt": prompt} {
		if code := n.judged(t, "key"); code != core.CodeUnauthenticated {
			t.Errorf("revoked; the %s node says %q", name, code)
		}
	}
	if code := idle.judged(t, "key"); code != "" {
		t.Errorf("a node that may go on with what it knows says %q", code)
	}
	if _, err := idle.Submit(t.Context(), by(id)); codeOf(err) != core.CodeUnauthenticated {
		t.Errorf("revoked, and a write on a node that does not know it: %v", err)
	}
	if code := idle.judged(t, "key"); code != core.CodeUnauthenticated {
		t.Errorf("a node that has met the revocation when it wrote says %q", code)
	}
}

// TestAPIKeysAreKnownAfterARestart: state in memory is rebuilt from the log.
func TestAPIKeysAreKnownAfterARestart(t *testing.T) {
	log := newMemory()
	a := start(t, log)
	first, id := issue("first")
	second, _ := issue("second")
	a.must(t, first)
	a.must(t, second)
	a.must(t, revoke(id))
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	b := start(t, log)
	if code := b.judged(t, "first"); code != core.CodeUnauthenticated {
		t.Errorf("revoked: %q", code)
	}
	if code := b.judged(t, "second"); code != "" {
		t.Errorf("valid: %q", code)
	}
}

// TestAPIKeyOfAnotherDigest: half of a digest opens nothing.
func TestAPIKeyOfAnotherDigest(t *testing.T) {
	n := start(t, newMemory())
	command, _ := issue("key")
	n.must(t, command)
	digest := core.Digest(sha256.Sum256([]byte("key")))
	digest[31] ^= 1
	if id, _, err := n.APIKey(t.Context(), digest); !id.IsZero() || err != nil {
		t.Errorf("found %s, %v", id, err)
	}
}

// gate is a log whose reading waits until the gate is open, and is counted.
type gate struct {
	eventstore.Log
	reads atomic.Int32
	open  atomic.Pointer[chan struct{}] // nil: it is
}

func (g *gate) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	g.reads.Add(1)
	if open := g.open.Load(); open != nil {
		select {
		case <-*open:
		case <-ctx.Done():
			return func(yield func(core.Recorded, error) bool) { yield(core.Recorded{}, ctx.Err()) }
		}
	}
	return g.Log.ReadSlim(ctx, after)
}

// shut closes the gate, and gives what opens it.
func (g *gate) shut() (open func()) {
	shut := make(chan struct{})
	g.open.Store(&shut)
	return sync.OnceFunc(func() { g.open.Store(nil); close(shut) })
}

// TestKeysThatThereAreNotAreLookedForTogether: a flood of keys that nobody issued costs the log one reading after the other, and not one each.
func TestKeysThatThereAreNotAreLookedForTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &gate{Log: newMemory()}
		n := start(t, log)
		n.must(t, standalone("first"))
		before := log.reads.Load()
		open := log.shut()
		var asking sync.WaitGroup
		for i := range 100 {
			asking.Go(func() {
				if code := n.judged(t, fmt.Sprint("guess ", i)); code != core.CodeUnauthenticated {
					t.Errorf("a guess: %q", code)
				}
			})
		}
		synctest.Wait() // one is under way, and the others wait for the next; or all wait for it, if it began late
		open()
		asking.Wait()
		if reads := log.reads.Load() - before; reads < 1 || reads > 2 {
			t.Errorf("100 guesses cost %d readings of the log, want 2 at the most", reads)
		}
		_ = n.stop()
	})
}

// TestAPIKeysWhileTheSequencerWaits: whom to let in does not wait for the write lock, nor for the disk, and what others have revoked meanwhile is known.
func TestAPIKeysWhileTheSequencerWaits(t *testing.T) {
	inner := newMemory()
	log := eventstoretest.NewFaulty(inner)
	n := startStale(t, log, time.Nanosecond)
	command, id := issue("key")
	n.must(t, command)
	busy := &refusing{Log: inner}
	other := start(t, inner)
	stuck := startStale(t, busy, time.Nanosecond)
	if code := stuck.judged(t, "key"); code != "" {
		t.Errorf("issued by another node: %q", code)
	}
	busy.wait.Store(true)
	waiting, leave := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := stuck.Submit(waiting, standalone("waits")); done <- err }()
	waitFor(t, busy.waits.Load)
	other.must(t, revoke(id))
	if code := stuck.judged(t, "key"); code != core.CodeUnauthenticated {
		t.Errorf("revoked by another node, while this one cannot write: %q", code)
	}
	leave()
	<-done
	busy.wait.Store(false)
}

// refusing is a log whose write lock another program holds.
type refusing struct {
	eventstore.Log
	wait, waits atomic.Bool
}

func (r *refusing) Append(ctx context.Context, after core.Position, decide func(time.Time, []core.Recorded) ([]core.Recorded, error)) error {
	for r.wait.Load() {
		r.waits.Store(true)
		time.Sleep(time.Millisecond) // as the lock's own wait does
	}
	return r.Log.Append(ctx, after, decide)
}

// TestAValidKeyIsNeverSaidToBeUnknown, however long a look took: 401 makes a client throw its key away.
func TestAValidKeyIsNeverSaidToBeUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &gate{Log: newMemory()}
		n := startStale(t, log, time.Nanosecond)
		command, _ := issue("key")
		n.must(t, command)
		for _, took := range []time.Duration{eventstore.LookTimeout - 1, eventstore.LookTimeout, eventstore.LookTimeout + 1} {
			open := log.shut()
			time.AfterFunc(took, open)
			if code := n.judged(t, "key"); code != "" && code != core.CodeKeysUnavailable {
				t.Errorf("a look of %s: %q", took, code)
			}
			open()
			synctest.Wait()
		}
		_ = n.stop()
	})
}

// TestAPIKeysWhileTheLogCannotBeRead: what cannot be told is not told.
func TestAPIKeysWhileTheLogCannotBeRead(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	n := startStale(t, log, time.Nanosecond)
	command, _ := issue("key")
	n.must(t, command)
	log.FailReads(1)
	if code := n.judged(t, "key"); code != core.CodeKeysUnavailable {
		t.Errorf("the log cannot be read: %q", code)
	}
	if code := n.judged(t, "key"); code != "" {
		t.Errorf("it can again: %q", code)
	}
}

// TestAPIKeysOfALogThatIsNotReplayedYet: nobody is told that a key is not valid because the node has not read of it yet.
func TestAPIKeysOfALogThatIsNotReplayedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := eventstore.NewSequencer(eventstore.SequencerConfig{Log: newMemory()}) // and it does not run
		begin := time.Now()
		_, _, err := n.APIKey(t.Context(), core.Digest{1})
		if codeOf(err) != core.CodeKeysUnavailable || time.Since(begin) != eventstore.LookTimeout {
			t.Errorf("told %v after %s", err, time.Since(begin))
		}
	})
}

// TestARevocationIsKnownBeforeItIsAnswered, on the node that recorded it, whatever becomes of the commit's answer.
func TestARevocationIsKnownBeforeItIsAnswered(t *testing.T) {
	for name, fault := range map[string]eventstoretest.Fault{"no fault": eventstoretest.NoFault, "the answer is lost": eventstoretest.LosesWritten} {
		t.Run(name, func(t *testing.T) {
			log := eventstoretest.NewFaulty(newMemory())
			n := startStale(t, log, time.Hour)
			command, id := issue("key")
			n.must(t, command)
			log.Next(fault)
			n.must(t, revoke(id))
			if code := n.judged(t, "key"); code != core.CodeUnauthenticated {
				t.Errorf("revoked: %q", code)
			}
		})
	}
}

// TestARevocationThatWasNotWrittenHoldsForNobody.
func TestARevocationThatWasNotWrittenHoldsForNobody(t *testing.T) {
	for _, fault := range []eventstoretest.Fault{eventstoretest.FailsBeforeCommit, eventstoretest.LosesUnwritten} {
		log := eventstoretest.NewFaulty(newMemory())
		n := startStale(t, log, time.Hour)
		command, id := issue("key")
		n.must(t, command)
		log.Next(fault)
		if _, err := n.Submit(t.Context(), revoke(id)); codeOf(err) != core.CodeUnavailable {
			t.Fatal(err)
		}
		if code := n.judged(t, "key"); code != "" {
			t.Errorf("fault %d: %q", fault, code)
		}
		n.must(t, by(id))
	}
}
