package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// slice is a log that neither encodes nor decodes, so that it is quick to replay a long one.
type slice struct {
	mu     sync.Mutex
	events []core.Recorded
}

func (l *slice) Append(_ context.Context, after core.Position, decide func(time.Time, []core.Recorded) ([]core.Recorded, error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	events, err := decide(time.Now(), l.events[after:])
	l.events = append(l.events, events...)
	return err
}

func (l *slice) ReadAll(_ context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events[min(int(after), len(l.events)):]
	return func(yield func(core.Recorded, error) bool) {
		for _, r := range events {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *slice) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.ReadAll(ctx, after)
}

func (l *slice) Head(context.Context) (core.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return core.Position(len(l.events)), nil
}

func (l *slice) ReadStream(context.Context, core.Stream, core.Version) iter.Seq2[core.Recorded, error] {
	return func(func(core.Recorded, error) bool) {}
}

func (l *slice) Close() error { return nil }

var _ eventstore.Log = (*slice)(nil)

// asMany are as many keyed events as a machine remembers keys of: updates of one PENDING result. The n-th has the key old-n.
var asMany = sync.OnceValue(func() []core.Recorded {
	result := mint()
	events := make([]core.Recorded, core.KeysHeld)
	for i := range events {
		p := core.Position(i + 1)
		events[i] = core.Recorded{
			Position: p, TenantPosition: p, Stream: core.Stream{Tenant: tenantA, ID: result}, Version: core.Version(p), EventID: mint(), RecordedAt: core.Instant(p),
			Metadata: keyed(core.Command{}, fmt.Sprint("old-", p)).Metadata,
			Event: core.ResultSubmitted{ResultID: result, Source: core.Standalone, CreatedAt: 1, Submission: core.Submission{
				CommerceExternalID: "s", OccurredAt: core.Instant(p), Status: core.ResultPending, Result: "other",
			}},
		}
	}
	return events
})

// lookups are the read tables of a node: what they say, and how often they were asked.
type lookups struct {
	mu       sync.Mutex
	asked    []core.KeyName
	tenant   core.ID
	position core.Position
	asOf     core.Position
	err      error
}

func (l *lookups) lookUp(_ context.Context, tenant core.ID, name core.KeyName) (position, asOf core.Position, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked, l.tenant = append(l.asked, name), tenant
	return l.position, l.asOf, l.err
}

func (l *lookups) say(position, asOf core.Position, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked, l.position, l.asOf, l.err = nil, position, asOf, err
}

func (l *lookups) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// forgetful starts a node on a log of as many keys as it remembers, and of some more: those that it has forgotten then. Nothing in the read tables is of use yet.
func forgetful(t *testing.T, more int) (*slice, *node, *lookups) {
	log, tables := &slice{events: slices.Clone(asMany())}, &lookups{}
	n := startLooking(t, log, tables.lookUp)
	waitFor(t, func() bool { return n.Ready() == nil })
	for i := range more {
		mustAccept(t, n, keyed(standalone(""), fmt.Sprint("more-", i)))
		tables.say(0, core.KeysHeld, nil) // from now on it needs them
	}
	return log, n, tables
}

// Nobody looks a key up as long as the machine holds all there are; from then on it is done for every command with a key, and for no other.
func TestKeysAreLookedUpOnceSomeAreForgotten(t *testing.T) {
	log, n, tables := forgetful(t, 0)
	tables.say(0, 0, errors.New("nobody may ask"))
	mustAccept(t, n, standalone(""))
	first := outcome{receipt: core.Receipt{Events: log.events[:1]}}
	mustReplay(t, first, submitOne(t, n, keyed(standalone(""), "old-1")))
	mustAccept(t, n, keyed(standalone(""), "new")) // which makes it forget old-1
	if got := tables.count(); got != 0 {
		t.Fatalf("asked %d times, with all keys at hand", got)
	}

	head, _ := log.Head(t.Context())
	tables.say(0, head, nil)
	mustAccept(t, n, standalone(""))
	if got := tables.count(); got != 0 {
		t.Errorf("asked %d times about a command without a key", got)
	}
	c := keyed(standalone(""), "newer")
	mustAccept(t, n, c)
	if tables.count() != 1 || tables.asked[0] != c.Metadata.Name(tenantA) || tables.tenant != tenantA {
		t.Errorf("asked about %x of %s, want %x", tables.asked, tables.tenant, c.Metadata.Name(tenantA))
	}
}

// A key that the machine has forgotten is found in the read tables, and answered from the log; its body counts there too.
func TestForgottenKeyIsAnsweredFromTheLog(t *testing.T) {
	log, n, tables := forgetful(t, 1)
	head, _ := log.Head(t.Context())
	tables.say(1, head, nil)
	mustReplay(t, outcome{receipt: core.Receipt{Events: log.events[:1]}}, submitOne(t, n, keyed(standalone(""), "old-1")))
	other := keyed(standalone(""), "old-1")
	other.Metadata.Body[0]++
	if o := submitOne(t, n, other); codeOf(o.err) != core.CodeKeyReused {
		t.Errorf("with another body: told %v", o.err)
	}
	if after, _ := log.Head(t.Context()); after != head {
		t.Errorf("%d events were recorded by retries", after-head)
	}
}

// What the read tables do not have yet, the machine still has: between the two, nothing is missed. If there is a gap between them, nobody guesses.
func TestKeysBetweenTablesAndMachine(t *testing.T) {
	for _, row := range []struct {
		name string
		asOf core.Position
		code core.Code
	}{
		{"the tables reach the floor", 3, ""},
		{"the tables are beyond the floor", core.KeysHeld, ""},
		{"the tables are one event below the floor", 2, core.CodeUnavailable},
		{"the tables are empty", 0, core.CodeUnavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			log, n, tables := forgetful(t, 3) // old-1 to old-3 are forgotten: the floor is 3
			tables.say(0, row.asOf, nil)
			head, _ := log.Head(t.Context())
			mustReplay(t, outcome{receipt: core.Receipt{Events: log.events[head-1:]}}, submitOne(t, n, keyed(standalone(""), "more-2")))
			o := submitOne(t, n, keyed(standalone(""), "new"))
			if codeOf(o.err) != row.code {
				t.Fatalf("told %v, want %q", o.err, row.code)
			}
			if after, _ := log.Head(t.Context()); (after == head) != (row.code != "") {
				t.Errorf("%d events were recorded", after-head)
			}
			mustAccept(t, n, standalone("")) // commands without a key do not care
		})
	}
}

// A key that was forgotten for long enough may be used again, and then the latest use counts: whatever the read tables find, which are being made again, say.
func TestLatestUseOfAKeyCounts(t *testing.T) {
	_, n, tables := forgetful(t, 1)
	second := mustAccept(t, n, keyed(standalone("x"), "old-1")) // purged from the tables as well
	tables.say(1, core.KeysHeld, nil)
	mustReplay(t, second, submitOne(t, n, keyed(standalone("x"), "old-1")))
}

// A lookup that fails is no answer: nothing is written, and the cause is for the log alone.
func TestKeyThatCannotBeLookedUp(t *testing.T) {
	log, n, tables := forgetful(t, 1)
	head, _ := log.Head(t.Context())
	broken := errors.New("disk I/O error")
	tables.say(0, head, broken)
	o := submitOne(t, n, keyed(standalone(""), "new"))
	var e *core.Error
	if !errors.As(o.err, &e) || e.Code != core.CodeUnavailable || !errors.Is(o.err, broken) || e.Message == "" {
		t.Errorf("told %v", o.err)
	}
	if after, _ := log.Head(t.Context()); after != head {
		t.Errorf("%d events were recorded", after-head)
	}
	mustAccept(t, n, standalone(""))
}

// Whatever hangs, the answer comes within AnswerTimeout: here the lookup, since nobody else's time is up.
func TestLookupThatHangs(t *testing.T) {
	log := &slice{events: slices.Clone(asMany())}
	last := log.events[core.KeysHeld-1]
	last.Position, last.TenantPosition, last.Version, last.EventID = last.Position+1, last.TenantPosition+1, last.Version+1, mint()
	last.Metadata = keyed(core.Command{}, "one more").Metadata
	log.events = append(log.events, last)
	hangs := func(ctx context.Context, _ core.ID, _ core.KeyName) (_, _ core.Position, err error) {
		<-ctx.Done()
		return 0, 0, ctx.Err()
	}
	n := startWith(t, eventstore.SequencerConfig{Log: log, LookUpKey: hangs, AnswerTimeout: time.Millisecond})
	waitFor(t, func() bool { return n.Ready() == nil })
	if o := submitOne(t, n, keyed(standalone(""), "new")); codeOf(o.err) != core.CodeUnavailable || !errors.Is(o.err, context.DeadlineExceeded) {
		t.Errorf("told %v", o.err)
	}
}

// A key that leads to an event which was not recorded with it, as if the read tables were of another log, is answered by nobody's receipt.
func TestStrayKey(t *testing.T) {
	log, n, tables := forgetful(t, 1)
	mustAccept(t, n, standalone("p"))
	mustAccept(t, n, keyed(taskOf("p"), "of three events"))
	foreign := keyed(standalone(""), "old-1")
	foreign.Tenant = core.ID{15: 0xB}
	elsewhere := keyed(standalone(""), "old-1")
	elsewhere.Metadata.Endpoint = "POST /elsewhere"
	head, _ := log.Head(t.Context())
	for name, row := range map[string]struct {
		command core.Command
		at      core.Position
	}{
		"of another key":      {keyed(standalone(""), "old-1"), 2},
		"of no key":           {keyed(standalone(""), "old-1"), head - 3},
		"of another endpoint": {elsewhere, 1},
		"of another tenant":   {foreign, 1},
		"beyond the head":     {keyed(standalone(""), "old-1"), head + 1},
		"far beyond the head": {keyed(standalone(""), "old-1"), 1 << 40},
	} {
		tables.say(row.at, head, nil)
		if o := submitOne(t, n, row.command); codeOf(o.err) != core.CodeOutcomeUnknown || len(o.receipt.Events) > 0 {
			t.Errorf("%s: told %v, with %d events", name, o.err, len(o.receipt.Events))
		}
	}
	if after, _ := log.Head(t.Context()); after != head {
		t.Errorf("%d events were recorded", after-head)
	}
}
