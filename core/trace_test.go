package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// A trace is a history to try: commands, and what other commands would append, over so few tenants, ids and seconds that they keep meeting each other.
type trace []tracePart

// tracePart is one command, or one transition by a command that is not in this package yet. What ends a batch stands behind it.
type tracePart struct {
	Command    Command
	Transition ActivityTransitioned // if Command.Intent is nil; From is left open. It is a batch of its own.
	Ends       bool                 // a commit follows
	Drops      bool                 // or a rollback does
}

const (
	traceParts     = 50 // at most: enough for several batches to meet, and shrinks to a few
	traceKeys      = 12 // idempotency keys of activities: so few that some are used twice
	traceProviders = 4
)

var (
	traceTenants = []ID{fixedID('t', 1), fixedID('t', 1), fixedID('t', 1), fixedID('t', 2)}
	traceCodes   = []string{"success", "success", "success", "success", "success", "success", "success", "other", "not_home", "nonsense"}
	traceMoves   = map[ActivityStatus][]ActivityStatus{ // contract §2.7, but for what results do
		ActivityReady:      {ActivityDispatched, ActivityUnresolved, ActivityCanceled, ActivityFailed},
		ActivityUnresolved: {ActivityReady, ActivityCanceled, ActivityFailed},
		ActivityDispatched: {ActivityCanceled, ActivityFailed},
	}
)

// drawTrace makes a trace. The n-th part mints the ids a(n), r(n) and e(4n).
func drawTrace(t *rapid.T) trace {
	tr := make(trace, traceParts-rapid.IntRange(0, traceParts-1).Draw(t, "parts less")) // rapid likes small numbers, the test long traces
	clock := start
	var minted []ID // for activities, whether or not their creation is accepted
	for i := range tr {
		clock += Instant(dice(t, "seconds", 8)-2) * 1000 // sometimes backwards
		tr[i] = drawPart(t, i+1, clock, minted)
		if create, ok := tr[i].Command.Intent.(CreateActivity); ok {
			minted = append(minted, create.ActivityID)
		}
		switch dice(t, "end", 8) {
		case 0, 1, 2:
			tr[i].Ends = true
		case 3:
			tr[i].Drops = true
		}
	}
	return tr
}

// dice gives 0 to sides-1, each about as often; rapid's own ranges prefer what is small.
func dice(t *rapid.T, label string, sides int) int {
	n := 0
	for range 6 {
		n *= 2
		if rapid.Bool().Draw(t, label) {
			n++
		}
	}
	return n % sides
}

func pick[T any](t *rapid.T, label string, from []T) T { return from[dice(t, label, len(from))] }

func drawPart(t *rapid.T, n int, at Instant, minted []ID) tracePart {
	c := Command{
		Tenant: pick(t, "tenant", traceTenants), At: at, EventID: fixedID('e', n*eventIDs),
		Metadata: Metadata{Actor: Actor{Subject: "integration", Role: "FDE"}, RequestID: fmt.Sprint("req-", n)},
	}
	switch kind := dice(t, "kind", 10); {
	case kind == 0 && n > 1:
		to := pick(t, "to", []ActivityStatus{ActivityCanceled, ActivityDispatched, ActivityUnresolved, ActivityFailed, ActivityReady})
		return tracePart{Command: Command{At: at, EventID: c.EventID}, Transition: ActivityTransitioned{ActivityID: drawActivity(t, minted), To: to, Reason: "CANCELED"}}
	case kind <= 3:
		c.Intent = CreateActivity{ActivityID: fixedID('a', n), ActivityDetails: ActivityDetails{
			ActivityType: pick(t, "type", []ActivityType{Task, Task, Task, Message}), Reason: "visit", Channel: "PUSH", CommerceID: fixedID('c', 1),
			IdempotencyKey: fmt.Sprint("key-", dice(t, "key", traceKeys)), ProviderActivityID: drawProvider(t), ScheduledAt: at,
		}}
	default:
		c.Intent = SubmitResult{ResultID: fixedID('r', n), Submission: Submission{
			SentActivityID: drawActivity(t, minted), ProviderActivityID: drawProvider(t), CommerceExternalID: "store-001",
			OccurredAt: at + Instant(dice(t, "occurred", 13)-8)*500, Status: ResultStatus(1 + dice(t, "status", 5)),
			HardOverride: dice(t, "override", 4) == 0, Result: pick(t, "code", traceCodes),
			Personal: Personal{Comment: pick(t, "comment", []string{"", "no <answer> \u2028 é"})}.Seal(),
		}}
	}
	return tracePart{Command: c}
}

// drawActivity gives no id, one of the last that were minted for an activity, or one that never was.
func drawActivity(t *rapid.T, minted []ID) ID {
	switch kind := dice(t, "activity", 6); {
	case kind <= 1:
		return ID{}
	case kind == 2 || len(minted) == 0:
		return fixedID('u', 1+dice(t, "unknown", 2))
	default:
		return minted[len(minted)-1-dice(t, "known", min(len(minted), 6))]
	}
}

func drawProvider(t *rapid.T) string {
	if n := dice(t, "provider", traceProviders+3); n > 0 && n <= traceProviders {
		return fmt.Sprint("p", n)
	}
	return ""
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
	var a oracleAnswer
	for _, r := range receipt.Events {
		a.events = append(a.events, brief(r))
	}
	return a, nil
}

// transition replays the event that another command would have appended, if the lifecycle allows it.
func (v *live) transition(p tracePart) bool {
	s := snapshotOf(v.base)
	e := p.Transition
	a, known := s.Activities[e.ActivityID]
	if e.From = a.Status; !known || !slices.Contains(traceMoves[a.Status], e.To) {
		return false
	}
	r := Recorded{
		Position: s.Head + 1, TenantPosition: s.Tenants[a.Tenant] + 1, Stream: Stream{Tenant: a.Tenant, ID: e.ActivityID}, Version: a.Version + 1,
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
	if a.refusal != "" {
		return []string{strings.TrimSuffix(strings.Fields(a.refusal)[1], ",")}
	}
	var names []string
	for _, e := range a.events {
		name := strings.Fields(e)[0]
		if strings.HasSuffix(e, "overridden") {
			name += " overridden"
		}
		names = append(names, name)
	}
	return names
}
