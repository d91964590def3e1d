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

// readCounter counts how often the log is read.
type readCounter struct {
	eventstore.Log
	reads atomic.Int32
}

func (c *readCounter) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	c.reads.Add(1)
	return c.Log.ReadAll(ctx, after)
}

// TestKeysThatThereAreNotAreLookedForTogether: a flood of keys that nobody issued costs a read of the log a turn, and not one each.
func TestKeysThatThereAreNotAreLookedForTogether(t *testing.T) {
	faulty := eventstoretest.NewFaulty(newMemory())
	log := &readCounter{Log: faulty}
	n := start(t, log)
	n.must(t, standalone("first"))
	entered, release := faulty.Hold()
	done := make(chan outcome, 1)
	go func() { done <- submitAll(t.Context(), n, standalone("second"))[0] }()
	<-entered // nothing can be looked for while a commit is under way
	before := log.reads.Load()
	var asking sync.WaitGroup
	for i := range 100 {
		asking.Go(func() {
			if code := n.judged(t, fmt.Sprint("guess ", i)); code != core.CodeUnauthenticated {
				t.Errorf("a guess: %q", code)
			}
		})
	}
	waitFor(t, func() bool { return eventstore.Asking(n.Sequencer) == 100 })
	release()
	asking.Wait()
	if reads := log.reads.Load() - before; reads != 1 {
		t.Errorf("100 guesses cost %d reads of the log, want 1", reads)
	}
	<-done
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
		if codeOf(err) != core.CodeKeysUnavailable || time.Since(begin) != eventstore.FollowTimeout {
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
