package core

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
)

// keyed is the n-th event of a log that costs little to read: an activity is created, and then goes to and fro for ever, each time with a key of its own. The n-th event has position n.
func keyed(n int) Recorded {
	activity := ID{15: 1}
	r := Recorded{
		Position: Position(n), TenantPosition: Position(n), Stream: Stream{Tenant: keyedTenant, ID: activity}, Version: Version(n), RecordedAt: start,
		Event: ActivityCreated{ActivityID: activity, ActivityDetails: ActivityDetails{ActivityType: Task}},
	}
	if n > 1 {
		e := ActivityTransitioned{ActivityID: activity, From: ActivityReady, To: ActivityUnresolved, Reason: "NO_ROUTE"}
		if n%2 == 1 {
			e.From, e.To = e.To, e.From
		}
		r.Event, r.Metadata.Idempotency = e, keyOf(n)
	}
	return r
}

var keyedTenant = fixedID('t', 1)

// keyOf is the key of the event at position n.
func keyOf(n int) Idempotency { return Idempotency{Key: strconv.Itoa(n), Endpoint: "POST /x"} }

// keyedMachine has read that log up to position n.
func keyedMachine(t *testing.T, n int) *Machine {
	t.Helper()
	m := NewMachine()
	for i := range n {
		if err := m.Replay(keyed(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// ask is a submission with a key, by somebody who has looked for it elsewhere up to asOf.
func ask(key Idempotency, asOf Position) Command {
	return Command{
		Tenant: keyedTenant, At: start, EventID: fixedID('e', 4), Metadata: Metadata{Idempotency: key}, KeysAsOf: asOf,
		Intent: SubmitResult{ResultID: fixedID('r', 1), Submission: Submission{Status: ResultPending, Result: "success"}},
	}
}

// full is how long the log is when the machine holds as many keys as it can.
const full = KeysHeld + 1

// mustReplayKey fails unless the machine says that the key was recorded at that position, whatever the asker knows.
func mustReplayKey(t *testing.T, m *Machine, n int, at Position) {
	t.Helper()
	pending := len(m.Pending())
	for _, asOf := range []Position{0, m.Head()} {
		if receipt, err := m.Step(ask(keyOf(n), asOf)); err != nil || receipt.Replayed != at || receipt.Events != nil || len(m.Pending()) != pending {
			t.Errorf("the key of position %d, looked up to %d: %+v %v; want position %d", n, asOf, receipt, err, at)
		}
	}
}

// mustDecide fails unless the machine decides the command, and gives the position of what it recorded. The caller commits, or does not.
func mustDecide(t *testing.T, m *Machine, c Command) Position {
	t.Helper()
	receipt, err := m.Step(c)
	if err != nil || len(receipt.Events) != 1 || receipt.Replayed != 0 {
		t.Fatalf("%+v, looked up to %d: %+v %v; want it decided", c.Metadata.Idempotency, c.KeysAsOf, receipt, err)
	}
	return receipt.Events[0].Position
}

// mustNotTell fails unless the machine refuses to decide, and says that nothing was written.
func mustNotTell(t *testing.T, m *Machine, c Command) {
	t.Helper()
	pending := len(m.Pending())
	_, err := m.Step(c)
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != CodeUnavailable || len(m.Pending()) != pending {
		t.Errorf("%+v, looked up to %d: %v, and %d events more; want %s", c.Metadata.Idempotency, c.KeysAsOf, err, len(m.Pending())-pending, CodeUnavailable)
	}
}

// TestKeysFloor: the machine holds KeysHeld keys. With one more it forgets the oldest, and then decides a key that it does not hold only for those who have looked elsewhere.
func TestKeysFloor(t *testing.T) {
	m := keyedMachine(t, full)
	mustReplayKey(t, m, 2, 2) // the oldest: the creation has none
	mustReplayKey(t, m, full, full)

	before := snapshotOf(m.base)
	mustDecide(t, m, ask(Idempotency{Key: "new"}, 0)) // nothing has been forgotten: who has looked nowhere is served
	mustReplayKey(t, m, 2, 2)                         // nothing is forgotten for what is not durable
	m.Rollback()
	if m.KeysFloor() != 0 || differ(before, snapshotOf(m.overlay)) != "" {
		t.Errorf("after a rollback the floor is %d, and something has changed", m.KeysFloor())
	}
	mustReplayKey(t, m, 2, 2)

	mustDecide(t, m, ask(Idempotency{Key: "new"}, 0))
	m.Commit()
	if m.KeysFloor() != 2 {
		t.Errorf("the floor is %d, want 2, the position of the one key that was forgotten", m.KeysFloor())
	}
	mustReplayKey(t, m, 3, 3)
	mustNotTell(t, m, ask(keyOf(2), 1))                  // forgotten
	mustNotTell(t, m, ask(Idempotency{Key: "newer"}, 1)) // never there, but who can tell
	mustNotTell(t, m, ask(keyOf(2), 0))
	mustDecide(t, m, ask(Idempotency{}, 0)) // without a key nobody needs to look
	mustDecide(t, m, ask(Idempotency{Key: "newer"}, m.KeysFloor()))
	mustDecide(t, m, ask(Idempotency{Key: "newest"}, m.Head()))
}

// TestKeysForgotten: after KeysHeld+n keys the oldest n are forgotten, whatever the batches; and a machine that reads the log forgets the same.
func TestKeysForgotten(t *testing.T) {
	const n = 5
	m := keyedMachine(t, full)
	var log []Recorded
	for i := range n {
		mustDecide(t, m, ask(Idempotency{Key: fmt.Sprint("new ", i)}, m.KeysFloor()))
		if i%2 == 0 { // one, two, two
			log = append(log, m.Pending()...)
			m.Commit()
		}
	}
	if want := Position(1 + n); m.KeysFloor() != want {
		t.Errorf("the floor is %d, want %d", m.KeysFloor(), want)
	}
	for i := range n {
		mustNotTell(t, m, ask(keyOf(2+i), m.KeysFloor()-1))
	}
	mustReplayKey(t, m, 2+n, 2+n)
	if s := snapshotOf(m.base); len(s.Keys) != KeysHeld || len(s.KeyOrder) != KeysHeld || s.KeyOrder[0] != 2+n || s.KeyOrder[KeysHeld-1] != full+n {
		t.Errorf("%d keys are held, %d in order, want %d, from position %d to %d", len(s.Keys), len(s.KeyOrder), KeysHeld, 2+n, full+n)
	}

	again := keyedMachine(t, full)
	for _, r := range log {
		if err := again.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	if differ(snapshotOf(m.base), snapshotOf(again.base)) != "" {
		t.Error("a machine that has read the log holds other keys")
	}
}

// TestKeysRecordedAnew: a key that is recorded again is known by its new position, for as long as that is held; its older entry goes alone. It goes round the ring once.
func TestKeysRecordedAnew(t *testing.T) {
	m := keyedMachine(t, full)
	next := func(n int, key Idempotency) {
		t.Helper()
		r := keyed(n)
		r.Metadata.Idempotency = key
		if err := m.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	next(full+1, keyOf(3)) // both are held: another node, which had forgotten it, has recorded it again
	mustReplayKey(t, m, 3, full+1)
	next(full+2, keyOf(2)) // had been forgotten; and now the older entry of 3 is
	if m.KeysFloor() != 3 {
		t.Fatalf("the floor is %d, want 3", m.KeysFloor())
	}
	mustReplayKey(t, m, 3, full+1)
	mustReplayKey(t, m, 2, full+2)
	for n := full + 3; n <= full+KeysHeld; n++ {
		next(n, keyOf(n))
	}
	mustReplayKey(t, m, 3, full+1) // the oldest that is held
	mustReplayKey(t, m, 2, full+2)
	next(full+KeysHeld+1, keyOf(1))
	mustNotTell(t, m, ask(keyOf(3), full))
	mustReplayKey(t, m, 2, full+2)
	held := snapshotOf(m.base) // the ring has gone round
	if m.KeysFloor() != full+1 || len(held.Keys) != KeysHeld || len(held.KeyOrder) != KeysHeld {
		t.Errorf("the floor is %d, %d keys are held, %d in order; want %d and %d", m.KeysFloor(), len(held.Keys), len(held.KeyOrder), full+1, KeysHeld)
	}
	for i, position := range held.KeyOrder {
		if want := m.KeysFloor() + 1 + Position(i); position != want {
			t.Fatalf("in place %d is the key of position %d, want %d", i, position, want)
		}
	}
}
