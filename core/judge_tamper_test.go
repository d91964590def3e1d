package core

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// tamper changes a history at one place, as somebody might who can write to where it is stored.
type tamper struct {
	name  string
	event func(t *rapid.T, r *Recorded, log []Recorded) bool // changes the event; false if it has nothing there to change
	log   func(t *rapid.T, log []Recorded, i int) []Recorded // or the log at the event i; nil if it cannot
	told  told
}

// told is where it can be told that a history was tampered with.
type told int

const (
	here        told = iota // at the event
	next                    // at the event that comes after it, if there is one
	bySomething             // wherever the oracle says, if at all: what is false may be true as well, and only what follows shows it
	never                   // no rule can judge it; the proofs over the bytes can
)

// on is a tamper of the events of one type.
func on[E Event](name string, told told, change func(t *rapid.T, e *E, log []Recorded)) tamper {
	var e E
	return tamper{name: e.Type() + " " + name, told: told, event: func(t *rapid.T, r *Recorded, log []Recorded) bool {
		e, ok := r.Event.(E)
		if !ok {
			return false
		}
		change(t, &e, log)
		r.Event = e
		return true
	}}
}

// anywhere is a tamper of an event of any type.
func anywhere(name string, told told, change func(t *rapid.T, r *Recorded, log []Recorded)) tamper {
	return tamper{name: name, told: told, event: func(t *rapid.T, r *Recorded, log []Recorded) bool { change(t, r, log); return true }}
}

// rest is a tamper of the whole log.
func rest(name string, told told, change func(t *rapid.T, log []Recorded, i int) []Recorded) tamper {
	return tamper{name: name, told: told, log: change}
}

var stranger = fixedID('u', 99)

// another draws one of some values that is not the one there is.
func another[T comparable](t *rapid.T, is T, others ...T) T {
	return pick(t, "another", slices.DeleteFunc(others, func(v T) bool { return v == is }))
}

// anID draws an id that there is somewhere in the log, or one that there is not.
func anID(t *rapid.T, log []Recorded, is ID) ID {
	id := pick(t, "of", log).Stream.ID
	if id == is || dice(t, "stranger", 3) == 0 {
		return stranger
	}
	return id
}

// TestPropertyTampering: whatever single thing is changed in a history is reported, at the first position where it can be told, and named by it; and what no rule can judge is not.
// Where a change may as well be the truth, the oracle says where it is told, if it is. Every kind of change was tried on an event that it fits, and, if it can be told at all, was told.
func TestPropertyTampering(t *testing.T) {
	tried := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 { // what must meet for the rarest case does so seldom
			log := drawHistory(t, false)
			if dice(t, "part", 4) == 0 {
				log = partOf(log, fixedID('t', 1))
			}
			for range min(20, len(log)) {
				tamperWith(t, log, pick(t, "tamper", pick(t, "of", tampers)), tried)
			}
		}
	})
	var outcomes []string
	for _, tm := range slices.Concat(tampers...) {
		outcomes = append(outcomes, map[told]string{here: "told ", next: "told ", bySomething: "told ", never: "passed "}[tm.told]+tm.name)
	}
	checkSeen(t, tried, outcomes)
}

// change gives a log that is changed at the i-th event, or at the first one after it that fits, and which it was; nil if none fits.
func (tm tamper) change(t *rapid.T, log []Recorded, i int) ([]Recorded, int) {
	for range log {
		changed := slices.Clone(log)
		if tm.log != nil {
			changed = tm.log(t, changed, i)
		} else if !tm.event(t, &changed[i], log) {
			changed = nil
		}
		if changed != nil {
			return changed, i
		}
		i = (i + 1) % len(log)
	}
	return nil, 0
}

func tamperWith(t *rapid.T, log []Recorded, tm tamper, tried map[string]int) {
	changed, i := tm.change(t, log, dice(t, "at", len(log)))
	if changed == nil {
		return
	}
	found := verdicts(changed)
	got, want := first(found), log[i].Position
	switch tm.told {
	case next:
		want++
		if i == len(log)-1 && tm.event != nil {
			want = 0
		}
	case bySomething:
		want = oracleVerdict(changed)
	case never:
		want = 0
	}
	if tm.name == "dropped" || tm.name == "swapped" { // the first that is seen is the one that comes too early
		want++
	}
	if tm.name != "position" && got != want || tm.name == "position" && got != changed[i].Position {
		t.Fatalf("%s at %d is told at %d, want %d: %v", tm.name, log[i].Position, got, want, found)
	}
	for _, err := range found {
		if !errors.Is(err, ErrUnlawful) && !errors.Is(err, ErrOutOfOrder) {
			t.Fatalf("%s: %v", tm.name, err)
		}
	}
	if got == 0 {
		tried["passed "+tm.name]++
	} else {
		tried["told "+tm.name]++
	}
}
