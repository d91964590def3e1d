package core

import (
	"errors"
	"strings"
	"testing"
)

// day is how long an Idempotency-Key is kept (contract §2.5).
const day = 24 * 60 * 60

// lastOf changes the last event of a log.
func lastOf(log []Recorded, change func(r *Recorded)) []Recorded {
	change(&log[len(log)-1])
	return log
}

// eventOf changes what happened in an event.
func eventOf[E Event](r *Recorded, change func(e *E)) {
	e := r.Event.(E)
	change(&e)
	r.Event = e
}

// TestJudgeSays: what is wrong with a log, each with the position and with what the rules give.
func TestJudgeSays(t *testing.T) {
	for _, row := range []struct {
		name   string
		lines  []string
		change func(log []Recorded) []Recorded
		says   []string // of the first error; nil: the log is lawful
	}{
		{"a log that a machine made", []string{"submit r1 provider=p1", "create a1 provider=p1"}, nil, nil},
		{"an empty log", nil, nil, nil},
		{"a result of another status than its activity shows", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.Status = ResultNotExecuted })
			return log
		}, []string{"position 3: ActivityTransitioned of stream " + fixedID('a', 1).String(), `to is "COMPLETED", the rules give "FAILED"`}},
		{"a status that moves nothing, and yet something moved", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.Status = ResultPending })
			return log
		}, []string{"position 3", "no more than 1 for the command that begins at position 2"}},
		{"an override that nothing called for", []string{"submit r1 override"}, func(log []Recorded) []Recorded {
			eventOf(&log[0], func(e *ResultSubmitted) { e.Overridden = true })
			return log
		}, []string{"position 1", "overridden is true, the rules give absent"}},
		{"an override that is hushed up", []string{"submit r1 provider=p1", "submit r2 provider=p1 override"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.Overridden = false })
			return log
		}, []string{"position 2", "overridden is absent, the rules give true"}},
		{"an update that was not sent with hard_override", []string{"submit r1 provider=p1", "submit r2 provider=p1 override"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.HardOverride = false })
			return log
		}, []string{"position 2", "the rules refuse it: invalid_transition"}},
		{"an update that occurred too early", []string{"submit r1 provider=p1 status=PENDING", "submit r2 provider=p1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.OccurredAt = log[0].RecordedAt })
			return log
		}, []string{"position 2", "the rules refuse it: stale_result"}},
		{"an update that is said to be of another result", []string{"submit r1 provider=p1 status=PENDING", "submit r2 provider=p1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.ResultID = fixedID('r', 2) })
			log[1].Stream.ID, log[1].Version = fixedID('r', 2), 1
			return log
		}, []string{"position 2", `result_id is "` + fixedID('r', 2).String() + `", the rules give "` + fixedID('r', 1).String()}},
		{"a code that is switched off", []string{"configure other off", "submit r1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ResultSubmitted) { e.Submission.Result = "other" })
			return log
		}, []string{"position 2", "is switched off in this tenant"}},
		{"a link that was left out", []string{"submit r1 provider=p1 status=PENDING", "create a1 provider=p1"}, func(log []Recorded) []Recorded { return log[:2] },
			[]string{"position 3", "the command that begins at position 2 ends before it", "ResultLinked {"}},
		{"a link that was left out in the middle of the log", []string{"submit r1 provider=p1 status=PENDING", "create a1 provider=p1", "submit r3"},
			func(log []Recorded) []Recorded { return renumbered(append(log[:2:2], log[3])) }, []string{"position 3: the command that begins at position 2 ends before it"}},
		{"a consequence without its cause", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.CausationID = ID{} })
		}, []string{"position 3: the command that begins at position 2 ends", "position 3: ActivityTransitioned", "no command begins with it"}},
		{"a consequence of something else", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.CausationID = log[0].EventID })
		}, []string{"position 3: the command that begins at position 2 ends", "its causation_id is " + fixedID('e', 4).String()}},
		{"another actor of the consequence", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.Actor.Subject = "mallory" })
		}, []string{"position 3", `metadata actor is {"subject":"mallory","role":"FDE"}, the rules give {"subject":"integration","role":"FDE"}`}},
		{"an activity that is created twice", []string{"create a1", "create a2"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ActivityCreated) { e.ActivityID = fixedID('a', 1) })
			log[1].Stream = log[0].Stream
			return renumbered(log)
		}, []string{"position 2", "was minted before"}},
		{"an activity with the id of a result", []string{"submit r1", "create a1"}, func(log []Recorded) []Recorded {
			eventOf(&log[1], func(e *ActivityCreated) { e.ActivityID = fixedID('r', 1) })
			log[1].Stream = log[0].Stream
			log[1].Version = 1
			return log
		}, []string{"position 2", "was minted before"}},
		{"a write with a revoked API key", []string{"issue k1", "submit r1 apikey=k1", "revoke k1", "submit r2"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.Actor = Actor{Key: fixedID('k', 1).String()} })
		}, []string{"position 4", "the rules refuse it: unauthenticated: the API key has been revoked"}},
		{"a write with an API key when it had expired", []string{"issue k1 expires=60", "submit r1 apikey=k1 at=59.999", "submit r2 at=60"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.Actor = Actor{Key: fixedID('k', 1).String()} })
		}, []string{"position 3", "the API key expired at"}},
		{"a write with an API key that nobody issued", []string{"submit r1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.Actor = Actor{Key: fixedID('k', 1).String()} })
		}, []string{"position 1", "is not one that this service has issued"}},
		{"an actor's key that is no id", []string{"submit r1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Metadata.Actor = Actor{Key: "rtn_sk_ab"} })
		}, nil},
		{"a consequence in another tenant, in whose part it would be the next", []string{"create a1", "submit r1 activity=a1"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.Stream.Tenant, r.TenantPosition = fixedID('t', 2), 1 })
		}, []string{"out of order", "position 3: what it is about belongs to another tenant"}},
		{"a gap", []string{"submit r1", "submit r2"}, func(log []Recorded) []Recorded { return log[1:] }, []string{"out of order", "position 2 after 0"}},
		{"time going back", []string{"submit r1", "submit r2"}, func(log []Recorded) []Recorded {
			return lastOf(log, func(r *Recorded) { r.RecordedAt = log[0].RecordedAt - 1 })
		}, []string{"out of order", "position 2: recorded at"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := recordedBy(t, row.lines...)
			if row.change != nil {
				log = row.change(log)
			}
			found := verdicts(log)
			if row.says == nil != (found == nil) {
				t.Fatalf("found %v", found)
			}
			for _, text := range row.says {
				if !strings.Contains(found[0].Error(), text) {
					t.Errorf("found: %v\nwant in it: %s", found[0], text)
				}
			}
		})
	}
}

// TestJudgeOfReusedKeys: a key is kept for 24 h, per tenant and endpoint; under it nothing is recorded again in that time, and later it may be.
func TestJudgeOfReusedKeys(t *testing.T) {
	key := func(log []Recorded, i int, text string) { log[i].Metadata.Key = text }
	for _, row := range []struct {
		name   string
		lines  []string
		change func(log []Recorded)
		at     Position
	}{
		{"at once", []string{"submit r1 idempotency=k", "submit r2 idempotency=other"}, func(log []Recorded) { key(log, 1, "k") }, 2},
		{"a millisecond before it may be forgotten", []string{"submit r1 idempotency=k at=0", "submit r2 idempotency=other at=86399.999"}, func(log []Recorded) { key(log, 1, "k") }, 2},
		{"when it may be forgotten", []string{"submit r1 idempotency=k at=0", "submit r2 idempotency=other at=86400"}, func(log []Recorded) { key(log, 1, "k") }, 0},
		{"again, a day after the first use but not after the latest", []string{"submit r1 idempotency=k at=0", "submit r2 idempotency=other at=86400", "submit r3 idempotency=more at=100000"},
			func(log []Recorded) { key(log, 1, "k"); key(log, 2, "k") }, 3},
		{"in another tenant", []string{"submit r1 idempotency=k", "submit r2 idempotency=k tenant=t2"}, nil, 0},
		{"at another endpoint", []string{"submit r1 idempotency=k", "submit r2 idempotency=k endpoint=other"}, nil, 0},
		{"with other consequences between", []string{"create a1", "submit r1 activity=a1 idempotency=k", "submit r2 idempotency=other"}, func(log []Recorded) { key(log, 3, "k") }, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := recordedBy(t, row.lines...)
			if row.change != nil {
				row.change(log)
			}
			found := verdicts(log)
			if got := first(found); got != row.at {
				t.Fatalf("found at %d, want %d: %v", got, row.at, found)
			}
			if row.at > 0 && !strings.Contains(found[0].Error(), `Idempotency-Key "k" of "POST /api/activity-results/tasks" was used at position`) {
				t.Errorf("found %v", found)
			}
		})
	}
	if keyKept != day*1000 {
		t.Errorf("a key is kept for %d ms", keyKept)
	}
}

// TestJudgeRemembersSoManyKeys: beyond a number it forgets the oldest, and only those.
func TestJudgeRemembersSoManyKeys(t *testing.T) {
	k := newKeyUses()
	k.most = 100
	var recorded Position
	use := func(n int) error {
		recorded++
		return k.use(Recorded{Position: recorded, RecordedAt: start, Event: ResultSubmitted{}, Metadata: Metadata{Idempotency: keyOf(n)}})
	}
	for n := range 1000 {
		if err := use(n); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.latest) != 100 || len(k.order) > 201 {
		t.Errorf("it remembers %d keys, in a list of %d", len(k.latest), len(k.order))
	}
	if err := use(901); err == nil {
		t.Error("the 99th is forgotten")
	}
	if err := use(899); err != nil {
		t.Errorf("the 102nd is not forgotten: %v", err)
	}
	if use(901) == nil {
		t.Error("the latest use is forgotten with the one before")
	}
}

// TestJudgeGoesOn: after a false event it goes on from what is recorded, says nothing more of the same command, and finds what else is false.
func TestJudgeGoesOn(t *testing.T) {
	log := recordedBy(t, "submit r1 provider=p1 status=PENDING", "create a1 provider=p1", "submit r2 provider=p1", "submit r3", "submit r4")
	eventOf(&log[1], func(e *ActivityCreated) { e.ActivityType = Message }) // nothing would be linked to it
	eventOf(&log[len(log)-1], func(e *ResultSubmitted) { e.Overridden = true })
	found := verdicts(log)
	got := places(found)
	if len(got) != 3 || got[0] != 3 || got[1] != 4 || got[2] != log[len(log)-1].Position {
		t.Errorf("found at %v: %v", got, found)
	}
	for _, err := range found {
		if !errors.Is(err, ErrUnlawful) || errors.Is(err, ErrOutOfOrder) {
			t.Errorf("%v", err)
		}
	}
}

// TestJudgeSaysOneThingOfACommand: whatever is false with it, and with what rests on that.
func TestJudgeSaysOneThingOfACommand(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(log []Recorded)
		at     Position
	}{
		{"refused", func(log []Recorded) { eventOf(&log[4], func(e *ResultSubmitted) { e.Submission.Result = "nonsense" }) }, 5},
		{"another event than the rules give, and another after it", func(log []Recorded) {
			eventOf(&log[4], func(e *ResultSubmitted) { e.Overridden = false })
			eventOf(&log[5], func(e *ActivityTransitioned) { e.Overridden = false })
		}, 5},
		{"its key used before", func(log []Recorded) { log[4].Metadata.Idempotency = log[1].Metadata.Idempotency }, 5},
		{"two events more than the rules give", func(log []Recorded) { eventOf(&log[1], func(e *ActivityCreated) { e.ActivityType = Message }) }, 3},
		{"no command begins with it", func(log []Recorded) { log[1].Metadata.CausationID = stranger }, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := recordedBy(t, "submit r1 provider=p1", "create a1 provider=p1 idempotency=k", "submit r2 activity=a1 override status=NOT_EXECUTED code=other idempotency=m", "submit r3")
			row.change(log)
			found := verdicts(log)
			if row.at == 3 { // the submission rests on the activity, too
				found = found[:len(found)-1]
			}
			if got := places(found); len(got) != 1 || got[0] != row.at {
				t.Errorf("found %v, want one error, at %d", found, row.at)
			}
		})
	}
}

// TestJudgeEnds: when the order is lost nothing can be judged any more, and every answer says so; the last command is judged by the end, once.
func TestJudgeEnds(t *testing.T) {
	log := recordedBy(t, "create a1", "submit r1 activity=a1", "submit r2")
	j := NewJudge()
	if err := j.Next(log[0]); err != nil {
		t.Fatal(err)
	}
	lost := j.Next(log[0])
	if !errors.Is(lost, ErrOutOfOrder) || errors.Is(lost, ErrUnlawful) {
		t.Errorf("repeated: %v", lost)
	}
	if err := j.Next(log[1]); err != lost {
		t.Errorf("after that: %v", err)
	}
	if err := j.End(); err != lost {
		t.Errorf("in the end: %v", err)
	}
	j = NewJudge()
	for _, r := range log[:2] {
		if err := j.Next(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.End(); !errors.Is(err, ErrUnlawful) || !strings.Contains(err.Error(), "position 3") {
		t.Errorf("in the middle of a command: %v", err)
	}
	if err := j.End(); err != nil {
		t.Errorf("told twice: %v", err)
	}
}

// TestJudgeOfOldSchemas: a log that was written before the newest schema is lawful: what it lacked, no command of its day could say.
func TestJudgeOfOldSchemas(t *testing.T) {
	log := recordedBy(t, "create a1 provider=p1", "submit r1 provider=p1", "create a2", "submit r2 activity=a2 status=PENDING", "cancel a2",
		"submit r3 provider=p3 status=CANCELED", "create a3 provider=p3", "submit r4 activity=a2 status=NOT_EXECUTED code=not_home override", "create a4", "dispatch a4", "cancel a4")
	old := 0
	for i, r := range log {
		enc := Encode(r.Event)
		if enc.Type == "ActivityTransitioned" {
			enc.Schema = 1
			old++
		}
		var err error
		if log[i].Event, err = Decode(enc); err != nil {
			t.Fatal(err)
		}
	}
	if found := verdicts(log); found != nil || old < 6 {
		t.Errorf("%d old transitions: %v", old, found)
	}
}

// TestDifferencesLast: what only looks different is no difference, whatever sameEvent says.
func TestDifferencesLast(t *testing.T) {
	for _, f := range fixtures() {
		again, err := Decode(Encode(f.event)) // other pointers
		if err != nil {
			t.Fatal(err)
		}
		r := Recorded{Event: f.event}
		if got := differences(r, Recorded{Event: again}); got != "" {
			t.Errorf("%s: %s", f.name, got)
		}
		if !sameEvent(f.event, f.event) {
			t.Errorf("%s is not the same as itself", f.name)
		}
		for _, other := range fixtures() {
			if other.name != f.name && (sameEvent(f.event, other.event) || differences(r, Recorded{Event: other.event}) == "") {
				t.Errorf("%s is the same as %s", f.name, other.name)
			}
		}
	}
}
