package core

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplayRefuses: an event that is not the next one changes nothing.
func TestReplayRefuses(t *testing.T) {
	p := newPlay()
	for _, text := range []string{"create a1 provider=p1", "submit r1 provider=p1 status=PENDING", "submit r2 provider=p1"} {
		if _, refusal, err := p.command(text); err != nil || refusal != nil {
			t.Fatal(refusal, err)
		}
	}
	p.commit()
	last := p.log[3]
	if _, ok := last.Event.(ActivityTransitioned); !ok {
		t.Fatalf("the last is %s", brief(last))
	}
	for name, change := range map[string]func(*Recorded){
		"a gap in the log":       func(r *Recorded) { r.Position++ },
		"a repeat":               func(r *Recorded) { r.Position-- },
		"position 0":             func(r *Recorded) { r.Position = 0 },
		"a gap in the tenant":    func(r *Recorded) { r.TenantPosition++ },
		"a repeat in the tenant": func(r *Recorded) { r.TenantPosition-- },
		"a tenant that is new":   func(r *Recorded) { r.Stream.Tenant = fixedID('t', 9) },
		"a gap in the stream":    func(r *Recorded) { r.Version++ },
		"a repeat in the stream": func(r *Recorded) { r.Version-- },
		"another stream":         func(r *Recorded) { r.Stream.ID = fixedID('a', 9) },
		"a stream that is new": func(r *Recorded) {
			r.Stream.ID = fixedID('a', 9)
			r.Event = ActivityTransitioned{ActivityID: fixedID('a', 9), From: ActivityReady, To: ActivityFailed}
		},
		"recorded before the last one": func(r *Recorded) { r.RecordedAt = p.log[2].RecordedAt - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			m := mustReplay(t, p.log[:3])
			before := snapshotOf(m.base)
			r := last
			change(&r)
			if err := m.Replay(r); !errors.Is(err, ErrOutOfOrder) {
				t.Errorf("replayed: %v", err)
			}
			if diff := cmp.Diff(before, snapshotOf(m.overlay), cmp.AllowUnexported(ResultTypes{})); diff != "" {
				t.Errorf("refused, and yet:\n%s", diff)
			}
			if err := m.Replay(last); err != nil {
				t.Errorf("the next one after it: %v", err)
			}
		})
	}
}

// TestReplayNeedsNothingPending: what is decided but not durable rests on a log that ends before it.
func TestReplayNeedsNothingPending(t *testing.T) {
	p := newPlay()
	if _, _, err := p.command("create a1"); err != nil {
		t.Fatal(err)
	}
	pending := p.machine.Pending()[0]
	if err := p.machine.Replay(pending); err == nil {
		t.Error("replayed under a pending event")
	}
	p.machine.Rollback()
	if err := p.machine.Replay(pending); err != nil || p.machine.Head() != 1 {
		t.Errorf("after the rollback: %v", err)
	}
}

// TestReceipts: a receipt keeps what it shows, whatever is decided, kept or dropped after it.
func TestReceipts(t *testing.T) {
	p := newPlay()
	first, _, err := p.command("submit r1 provider=p1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{brief(first.Events[0])}
	kept := append([]Recorded{}, first.Events...)
	second, _, err := p.command("create a1 provider=p1")
	if err != nil || len(second.Events) != MaxEvents || second.Events[0].Position != 2 {
		t.Fatalf("%v %v", second, err)
	}
	pending := p.machine.Pending()
	if len(pending) != 4 || p.machine.Head() != 0 {
		t.Fatalf("%d pending at %d", len(pending), p.machine.Head())
	}
	p.machine.Commit()
	if p.machine.Head() != 4 || len(p.machine.Pending()) != 0 {
		t.Errorf("committed, and yet %d pending at %d", len(p.machine.Pending()), p.machine.Head())
	}
	if _, _, err := p.command("submit r9"); err != nil {
		t.Fatal(err)
	}
	p.machine.Rollback()
	if diff := cmp.Diff(kept, first.Events); diff != "" || brief(pending[0]) != want[0] || pending[3].Position != 4 {
		t.Errorf("the receipt has changed:\n%s", diff)
	}
}

// TestReceiptsAreApart: who appends to a receipt does not write into the machine.
func TestReceiptsAreApart(t *testing.T) {
	p := newPlay()
	for n := range 20 { // at some of them there is room behind the receipt
		receipt, _, err := p.command("submit r1 provider=p1 status=PENDING")
		if err != nil || len(receipt.Events) != 1 {
			t.Fatal(receipt, err)
		}
		if cap(receipt.Events) != 1 {
			t.Fatalf("after %d submissions, appending to a receipt would write into what is pending", n+1)
		}
	}
}

// TestCausation: each event of a commit is caused by the one before it, and all by the same request. The idempotency key stands on the first one alone.
func TestCausation(t *testing.T) {
	p := newPlay()
	if _, _, err := p.command("submit r1 provider=p1"); err != nil {
		t.Fatal(err)
	}
	receipt, _, err := p.command("create a1 provider=p1 idempotency=key-1")
	if err != nil || len(receipt.Events) != MaxEvents {
		t.Fatal(receipt, err)
	}
	var cause ID
	sent := Idempotency{Key: "key-1", Endpoint: "POST /api/activities", Body: sha256.Sum256([]byte("{}"))}
	for i, r := range receipt.Events {
		m := r.Metadata
		if m.CausationID != cause || m.RequestID != "req-2" || m.Idempotency != sent || m.Actor.Subject != "integration" {
			t.Errorf("event %d, %s: %+v", i, brief(r), m)
		}
		cause, sent = r.EventID, Idempotency{}
	}
}

// TestDecideRefusesNoStatus: hard_override lifts the state guard, not the need for a status.
func TestDecideRefusesNoStatus(t *testing.T) {
	for _, override := range []bool{false, true} {
		events, err := Decide(NewLifecycle(), State{}, Command{At: start, Intent: SubmitResult{ResultID: fixedID('r', 1), Submission: Submission{Result: "success", HardOverride: override}}})
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != CodeInvalid || events != nil {
			t.Errorf("override %v: %v %v", override, events, err)
		}
	}
}

func TestDecideRefusesUnknownCommand(t *testing.T) {
	m := NewMachine()
	_, err := m.Step(Command{Tenant: fixedID('t', 1), At: start})
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != CodeInvalid || len(m.Pending()) != 0 {
		t.Errorf("%v", err)
	}
}

// TestDecideIsPure: the same state and command give the same events, and Decide keeps nothing.
func TestDecideIsPure(t *testing.T) {
	law := NewLifecycle()
	s := State{ActivityID: fixedID('a', 1), Activity: Activity{Tenant: fixedID('t', 1), Version: 1, Status: ActivityReady, Type: Task}}
	c := Command{Tenant: fixedID('t', 1), At: start, Intent: SubmitResult{ResultID: fixedID('r', 1), Submission: Submission{Status: ResultCompleted, Result: "success"}}}
	first, err := Decide(law, s, c)
	if err != nil || len(first) != 2 {
		t.Fatalf("%v %v", first, err)
	}
	for range 3 {
		if again, err := Decide(law, s, c); err != nil || !cmp.Equal(first, again) {
			t.Errorf("%v %v", again, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("disk full")
	e := &Error{Code: CodeUnavailable, Message: "try again", Err: cause}
	if e.Error() != "unavailable: try again: disk full" || !errors.Is(e, cause) {
		t.Errorf("%v", e)
	}
	if e := refuse(CodeStaleResult, "at %d", 5); e.Error() != "stale_result: at 5" || e.Unwrap() != nil {
		t.Errorf("%v", e)
	}
}
