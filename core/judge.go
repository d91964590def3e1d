package core

import (
	"errors"
	"fmt"
)

// ErrUnlawful means that a recorded history is none that the rules give: somebody has changed the log, or other rules have written it.
var ErrUnlawful = errors.New("the rules could not have recorded this")

// Judge decides a recorded history once more. From what is recorded it makes the commands that were decided, lets the rules decide each on the state that it met, and compares what they
// give with what the log holds, event by event. It takes the whole log, or all that is one tenant's with the tenant positions in place of the positions: no decision reads more than its
// tenant's part. The events must be whole, as Decode gives them, not slim.
//
// What a client may say as it likes, no rule can judge: who it was, ids and times that nothing else in the log refers to, the texts of a result. That these are as they were recorded is for
// proofs over the bytes. Nor is it judged what is judged where a request comes in: lengths, permissions, how far ahead of the clock a result may have occurred.
//
// It holds what a Machine holds, and the Idempotency-Keys of one day. It is not safe for concurrent use.
type Judge struct {
	machine *Machine // all that came so far, as it was recorded; nothing is ever pending
	keys    *keyUses

	// The command that the last event is of.
	command  Command
	began    Position // where it is
	given    []Event  // what the rules give for it; nil once it was found to be unlawful
	seen     int      // how many of its events have come
	last     ID       // the id of the last
	expected Metadata // of the next, but for its cause

	ended error // ErrOutOfOrder: nothing can be judged any more
}

// NewJudge gives the judge of a history that begins at position 1.
func NewJudge() *Judge { return &Judge{machine: NewMachine(), keys: newKeyUses()} }

// Next takes the next event. The error is an ErrUnlawful, which names the position and what the rules give there; the judge then goes on from what is recorded, without another word about the
// same command, so that more may be found: what follows from a false event is lawful, and what followed from the true one may be not. Or it is an ErrOutOfOrder, a gap or a repeat, after
// which nothing can be judged: it is the answer to every later call. If one event shows two errors, that what was to come before it is missing and that it is false itself, they are joined.
func (j *Judge) Next(r Recorded) error {
	if j.ended != nil {
		return j.ended
	}
	before := j.machine.base.before(r.Stream.Tenant, r.Event)
	if j.ended = j.machine.outOfOrder(&before, &r); j.ended != nil {
		return j.ended
	}
	var err error
	if cause := r.Metadata.CausationID; !cause.IsZero() && cause == j.last {
		err = j.follow(r)
	} else {
		err = errors.Join(j.lacking(), j.begin(r))
	}
	j.seen++
	j.last = r.EventID
	r.Metadata.Idempotency = Idempotency{} // j.keys has it, for longer than the machine would
	j.machine.fold(&before, &r)
	return err
}

// End says that the history ends here, at the end of a commit. The error is an ErrUnlawful if the last command lacks events.
func (j *Judge) End() error {
	if j.ended != nil {
		return j.ended
	}
	return j.lacking()
}

// begin judges the first event of a command, and with it whether there may have been that command at all.
func (j *Judge) begin(r Recorded) error {
	j.began, j.given, j.seen = r.Position, nil, 0
	reused := j.keys.use(r)
	c, err := commandOf(r)
	if err != nil {
		return err
	}
	if reused != nil {
		return reused
	}
	given, err := j.decide(c, r)
	if err != nil {
		return unlawful(r, "the rules refuse it: %w", err)
	}
	j.command, j.given, j.expected = c, given, r.Metadata
	return j.compare(r)
}

// decide does for a recorded command what Step did when it was new. Its ids were minted for it, and so name nothing that was there before.
func (j *Judge) decide(c Command, r Recorded) ([]Event, error) {
	l := j.machine.base
	if err := l.judgeKey(c); err != nil {
		return nil, err
	}
	s, err := l.resolve(c)
	if err != nil {
		return nil, err
	}
	given, err := Decide(j.machine.law, s, c)
	if err != nil {
		return nil, err
	}
	if id, begins := begun(given[0], s); begins && l.streamOf(id) {
		return nil, fmt.Errorf("the id %s was minted before, for something else", id)
	}
	return given, nil
}

// begun is the id of the stream that an event begins, if it begins one.
func begun(e Event, before State) (id ID, begins bool) {
	switch e := e.(type) {
	case ActivityCreated:
		return e.ActivityID, true
	case ResultSubmitted:
		return e.ResultID, before.ResultID.IsZero()
	}
	return ID{}, false
}

// streamOf reports whether an activity or a result has the id.
func (l *layer) streamOf(id ID) bool {
	_, activity := l.activities.get(id)
	_, result := l.results.get(id)
	return activity || result
}

// follow judges an event that the one before it has caused.
func (j *Judge) follow(r Recorded) error {
	switch {
	case j.given == nil: // the command has been found to be unlawful: whatever follows rests on that
		return nil
	case j.seen >= len(j.given):
		given := len(j.given)
		j.given = nil
		return unlawful(r, "the rules give no more than %d for the command that begins at position %d", given, j.began)
	}
	j.expected.Idempotency, j.expected.CausationID = Idempotency{}, j.last
	return j.compare(r)
}

// compare judges an event by the one that the rules give in its place. Whose it is, and its places in the log, in its tenant and in its stream, have been judged already.
func (j *Judge) compare(r Recorded) error {
	e, id := j.given[j.seen], j.command.EventID.event(j.seen)
	if r.EventID == id && r.RecordedAt == j.command.At && r.Metadata == j.expected && sameEvent(r.Event, e) {
		return nil
	}
	want := r
	want.EventID, want.RecordedAt, want.Metadata, want.Event = id, j.command.At, j.expected, e
	found := differences(r, want)
	if found == "" {
		return nil
	}
	j.given = nil
	return unlawful(r, "%s", found)
}

// lacking reports what the rules give for the last command beyond its events, if anything.
func (j *Judge) lacking() error {
	if j.seen >= len(j.given) {
		return nil
	}
	e := j.given[j.seen]
	j.given = nil
	return fmt.Errorf("%w: position %d: the command that begins at position %d ends before it, but the rules give for it, in this place, %s %s",
		ErrUnlawful, j.machine.Head()+1, j.began, e.Type(), Encode(e).Data)
}

// unlawful makes the error of an event.
func unlawful(r Recorded, format string, args ...any) error {
	return fmt.Errorf("%w: position %d: %s of stream %s is recorded: %w", ErrUnlawful, r.Position, r.Event.Type(), r.Stream.ID, fmt.Errorf(format, args...))
}
