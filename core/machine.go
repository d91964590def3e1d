package core

import (
	"errors"
	"fmt"
	"maps"
)

// ErrOutOfOrder means that an event given to Replay is not the next one: the log has a gap, a repeat, or was written by other rules.
var ErrOutOfOrder = errors.New("event is out of order")

// Machine is the state of all activities, results, API keys and tenants, rebuilt from the log. It decides commands speculatively: Step after Step on an overlay,
// then Commit once the log says that Pending is durable, or Rollback if it is not. It is not safe for concurrent use.
type Machine struct {
	law     *Lifecycle
	durable *compact // what base knows
	base    *layer
	overlay *layer
	pending []Recorded
}

// NewMachine gives the machine of an empty log.
func NewMachine() *Machine {
	durable := newCompact()
	base := newBase(durable)
	return &Machine{law: NewLifecycle(), durable: durable, base: base, overlay: newOverlay(base)}
}

// Head is the position of the last event that is durable.
func (m *Machine) Head() Position { return m.base.head }

// KeysFloor is the position up to which the machine may have forgotten idempotency keys: whoever sends a command with a key must have looked elsewhere up to
// there (Command.KeysAsOf). It is 0 as long as the machine has forgotten none.
func (m *Machine) KeysFloor() Position { return m.base.keys.floor }

// Step decides a command on everything decided before it, durable or not, and adds what follows to Pending. A refusal is an *Error, and changes nothing.
// The receipt may be shown to nobody before Commit; and a refusal neither, since it may rest on an event that is not durable.
func (m *Machine) Step(c Command) (Receipt, error) {
	c.At = max(c.At, m.overlay.at) // the time of a record never decreases along the log, whatever the clock does
	if err := m.overlay.judgeKey(c); err != nil {
		return Receipt{}, err
	}
	if receipt, err := m.overlay.keys.recall(c); err != nil || receipt.Replayed != 0 {
		return receipt, err
	}
	s, err := m.overlay.resolve(c)
	if err != nil {
		return Receipt{}, err
	}
	events, err := Decide(m.law, s, c)
	if err != nil {
		return Receipt{}, err
	}
	if len(events) > MaxEvents {
		panic("a command gave more events than it has ids for")
	}
	first := len(m.pending)
	for i, e := range events {
		before := m.overlay.before(c.Tenant, e)
		m.pending = append(m.pending, m.record(c, i, e, &before))
		m.overlay.apply(&before, &m.pending[len(m.pending)-1])
	}
	return Receipt{Events: m.pending[first:len(m.pending):len(m.pending)]}, nil
}

// record gives the n-th event of a command its place: next in the log, in its tenant, and in its stream. Each event is caused by the one before it in the commit.
func (m *Machine) record(c Command, n int, e Event, before *prior) Recorded {
	r := Recorded{
		Position: m.overlay.head + 1, TenantPosition: before.Tenant.Head + 1,
		Stream: Stream{Tenant: c.Tenant, ID: e.StreamID()}, Version: before.version(e) + 1,
		EventID: c.EventID.event(n), RecordedAt: c.At, Metadata: c.Metadata, Event: e,
	}
	if n > 0 {
		r.Metadata.Idempotency = Idempotency{}
		r.Metadata.CausationID = c.EventID.event(n - 1)
	}
	return r
}

// Pending is what has been decided since the last Commit or Rollback, in order. It stays valid after Commit: receipts point into it.
func (m *Machine) Pending() []Recorded { return m.pending }

// Commit keeps what is pending: the log holds it.
func (m *Machine) Commit() {
	m.overlay.sink()
	m.pending = nil
}

// Rollback forgets what is pending: the log does not hold it, or nobody knows. It leaves no trace.
func (m *Machine) Rollback() {
	m.overlay.drop()
	m.pending = nil
}

// Replay folds in an event that is durable already. It must be the next one in the log, in its tenant and in its stream (else ErrOutOfOrder), and nothing may be pending.
func (m *Machine) Replay(r Recorded) error {
	if len(m.pending) > 0 {
		return fmt.Errorf("replay of position %d with %d events pending", r.Position, len(m.pending))
	}
	before := m.base.before(r.Stream.Tenant, r.Event)
	if err := m.outOfOrder(&before, &r); err != nil {
		return err
	}
	m.fold(&before, &r)
	return nil
}

// outOfOrder reports why an event cannot be the next one that is durable; nil if it can.
func (m *Machine) outOfOrder(before *prior, r *Recorded) error {
	switch {
	case r.Position != m.base.head+1:
		return fmt.Errorf("%w: position %d after %d", ErrOutOfOrder, r.Position, m.base.head)
	case r.TenantPosition != before.Tenant.Head+1:
		return fmt.Errorf("%w: position %d: tenant position %d after %d", ErrOutOfOrder, r.Position, r.TenantPosition, before.Tenant.Head)
	case r.Stream.ID != r.Event.StreamID():
		return fmt.Errorf("%w: position %d: stream %s holds an event of stream %s", ErrOutOfOrder, r.Position, r.Stream.ID, r.Event.StreamID())
	case r.Version != before.version(r.Event)+1:
		return fmt.Errorf("%w: position %d: version %d after %d", ErrOutOfOrder, r.Position, r.Version, before.version(r.Event))
	case before.foreign(r.Stream.Tenant, r.Event):
		return fmt.Errorf("%w: position %d: what it is about belongs to another tenant than its stream", ErrOutOfOrder, r.Position)
	case before.strayed(r.Event):
		return fmt.Errorf("%w: position %d: its API key was issued before, or was not, or is revoked; or its result is not there, or was erased before", ErrOutOfOrder, r.Position)
	case r.RecordedAt < m.base.at:
		return fmt.Errorf("%w: position %d: recorded at %s, before %s", ErrOutOfOrder, r.Position, r.RecordedAt, m.base.at)
	}
	return nil
}

// fold takes in an event that is durable, and the next one.
func (m *Machine) fold(before *prior, r *Recorded) {
	m.base.apply(before, r)
	m.overlay.head, m.overlay.at = m.base.head, m.base.at
}

// SameAs reports whether two machines know the same of what is durable, down to the last name and key: for whoever must know that one is what a replay of the log makes.
func (m *Machine) SameAs(other *Machine) bool {
	a, b := m.base, other.base
	return a.head == b.head && a.at == b.at && m.durable.sameAs(other.durable) && a.keys.floor == b.keys.floor && maps.Equal(a.keys.positions, b.keys.positions)
}

// Holding is how many of each there are in a machine's memory, of what is durable, and what that takes.
type Holding struct {
	Activities, Results, Names, Tenants, APIKeys int
	Keys                                         int // idempotency keys, KeysHeld at most
	Bytes                                        int // of all that, with the room that it has to grow
}

// Holding counts what the machine holds. It costs next to nothing.
func (m *Machine) Holding() Holding {
	c, keys := m.durable, m.base.keys
	return Holding{
		Activities: int(c.activities.last), Results: int(c.results.last), Names: int(c.activityNames.last) + int(c.resultNames.last), Tenants: int(c.tenants.last), APIKeys: int(c.apiKeys.last),
		Keys: len(keys.positions), Bytes: c.bytes() + keys.bytes(),
	}
}
