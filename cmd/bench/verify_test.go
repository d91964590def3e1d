package main

import (
	"errors"
	"iter"
	"testing"

	"resultlog/core"
)

// decided is what a machine decided about some activities and a result for each; it gives the events and the results' ids.
func decided(t *testing.T, results int, known bool) ([]core.Recorded, []core.ID) {
	t.Helper()
	machine, ids := core.NewMachine(), []core.ID(nil)
	step := func(n int, intent core.Intent) {
		if _, err := machine.Step(core.Command{Tenant: core.ID{5}, At: 1000, EventID: core.ID{9, byte(n)}, Intent: intent}); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n <= results; n++ {
		provider := string(rune('a' + n))
		if known {
			step(2*n, core.CreateActivity{ActivityID: core.ID{1, byte(n)}, ActivityDetails: core.ActivityDetails{ActivityType: core.Task, IdempotencyKey: provider, ProviderActivityID: provider}})
		}
		ids = append(ids, core.ID{2, byte(n)})
		step(2*n+1, core.SubmitResult{ResultID: core.ID{2, byte(n)}, Submission: core.Submission{
			ProviderActivityID: provider, CommerceExternalID: "store", OccurredAt: 1, Status: core.ResultCompleted, Result: "success",
		}})
	}
	return machine.Pending(), ids
}

func each(events []core.Recorded) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestVerifyLog(t *testing.T) {
	known, ids := decided(t, 3, true)
	standalone, _ := decided(t, 3, false)
	updated, _ := decided(t, 1, false)
	again := updated[0]
	again.Position, again.TenantPosition, again.Version = 2, 2, 2
	updated = append(updated, again)
	repeated := append(ids[:3:3], ids[0])
	for name, row := range map[string]struct {
		events       []core.Recorded
		acknowledged []core.ID
		moving       bool
		ok           bool
	}{
		"all is there":                          {known, ids, true, true},
		"all is there, standalone":              {standalone, ids, false, true},
		"nothing happened":                      {nil, nil, true, true},
		"one was acknowledged and is not there": {known, append(ids[:3:3], core.ID{7}), true, false},
		"one is there and was not acknowledged": {known, ids[:2], true, false},
		"one was acknowledged twice":            {known, repeated, true, false},
		"nothing moved":                         {standalone, ids, true, false},
		"one standalone is not there":           {standalone, append(ids[:3:3], core.ID{7}), false, false},
		"something moved":                       {known, ids, false, false},
		"the last event is lost":                {known[:len(known)-1], ids, true, false},
		"an event within is lost":               {append(known[:3:3], known[4:]...), ids, true, false},
		"an event stands twice":                 {append(known[:4:4], known[3:]...), ids, true, false},
		"a result was submitted twice":          {updated, ids[:1], false, false},
	} {
		if err := verifyLog(each(row.events), row.acknowledged, row.moving); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The end of a log is not replayed: a move may stand in it without its result.
func TestVerifyTail(t *testing.T) {
	known, ids := decided(t, 3, true) // three events each: created, submitted, moved
	broken := errors.New("broken")
	for name, row := range map[string]struct {
		events       iter.Seq2[core.Recorded, error]
		acknowledged []core.ID
		ok           bool
	}{
		"the last two":                       {each(known[3:]), ids[1:], true},
		"a move that nobody was told of":     {each(append(known[:7:7], known[8])), ids[:2], false},
		"what cannot be read":                {func(yield func(core.Recorded, error) bool) { yield(core.Recorded{}, broken) }, nil, false},
		"a result that stands there no more": {each(known[3:]), ids, false},
	} {
		if err := verifyTail(row.events, row.acknowledged, true); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
