package core

import (
	"errors"
	"slices"
	"strings"
)

// A trace is a history to try: commands, and transitions that no command makes yet, over so few tenants, ids, keys and seconds that they keep meeting each other.
type trace []tracePart

// tracePart is one command, or one transition that no command makes yet. What ends a batch stands behind it.
type tracePart struct {
	Command    Command
	Transition ActivityTransitioned // if Command.Intent is nil; From is left open. It is a batch of its own.
	Ends       bool                 // a commit follows
	Drops      bool                 // or a rollback does
}

// traceMoves is contract §2.7, but for what commands and results do.
var traceMoves = map[ActivityStatus][]ActivityStatus{
	ActivityReady:      {ActivityUnresolved, ActivityFailed},
	ActivityUnresolved: {ActivityReady, ActivityFailed},
	ActivityDispatched: {ActivityFailed},
}

// live is a machine in use, with the log that it fills.
type live struct {
	*Machine
	log []Recorded
}

func newLive() *live { return &live{Machine: NewMachine()} }

func (v *live) commit() {
	v.log = append(v.log, v.Pending()...)
	v.Commit()
}

// do takes one part, but does not end its batch. It gives what a sender would hear.
func (v *live) do(p tracePart) (oracleAnswer, *Error) {
	if p.Command.Intent == nil {
		v.commit()
		v.transition(p)
		return oracleAnswer{}, nil
	}
	receipt, err := v.Step(p.Command)
	var refusal *Error
	if errors.As(err, &refusal) {
		return oracleAnswer{refusal: refusal.briefly()}, refusal
	}
	a := oracleAnswer{replayed: int(receipt.Replayed)}
	for _, r := range receipt.Events {
		a.events = append(a.events, brief(r))
	}
	return a, nil
}

// transition replays an event that no command appends yet, if the lifecycle allows it.
func (v *live) transition(p tracePart) bool {
	s := snapshotOf(v.base)
	e := p.Transition
	a, known := s.Activities[e.ActivityID]
	e.ResultID = a.ResultID
	if e.From = a.Status; !known || !slices.Contains(traceMoves[a.Status], e.To) {
		return false
	}
	r := Recorded{
		Position: s.Head + 1, TenantPosition: s.Tenants[a.Tenant].Head + 1, Stream: Stream{Tenant: a.Tenant, ID: e.ActivityID}, Version: a.Version + 1,
		EventID: p.Command.EventID, RecordedAt: max(s.At, p.Command.At), Event: e,
	}
	if err := v.Replay(r); err != nil {
		panic(err) // the test has made it
	}
	v.log = append(v.log, r)
	return true
}

// play runs a trace to its end, in its own batches; what is dropped is dropped.
func (tr trace) play() *live {
	v := newLive()
	for _, p := range tr {
		v.do(p)
		switch {
		case p.Drops:
			v.Rollback()
		case p.Ends:
			v.commit()
		}
	}
	v.commit()
	return v
}

// kept is the trace without what it drops, and without its commits.
func (tr trace) kept() trace {
	var all, batch trace
	for _, p := range tr {
		if p.Command.Intent == nil {
			all, batch = append(all, batch...), nil // a transition commits what is before it
		}
		ends, drops := p.Ends || p.Command.Intent == nil, p.Drops && p.Command.Intent != nil
		p.Ends, p.Drops = false, false
		batch = append(batch, p)
		switch {
		case drops:
			batch = nil
		case ends:
			all, batch = append(all, batch...), nil
		}
	}
	return append(all, batch...)
}

// outcome names what came of a command, for counting.
func (a oracleAnswer) outcome() []string {
	switch {
	case a.refusal != "":
		return []string{strings.TrimSuffix(strings.Fields(a.refusal)[1], ",")}
	case a.replayed > 0:
		return []string{"replayed"}
	}
	var names []string
	for _, e := range a.events {
		words := strings.Fields(e)
		name := words[0]
		if i := slices.Index(words, "by"); i > 0 {
			name += " by " + words[i+1]
		}
		if strings.HasSuffix(e, "overridden") {
			name += " overridden"
		}
		if name == "ResultLinked" {
			name += " after " + names[0]
		}
		names = append(names, name)
	}
	return names
}
