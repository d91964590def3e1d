package core

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPropertyOracle: the machine answers as the oracle does, and knows the same afterwards. Over the run, everything that can come of a command has come of one.
func TestPropertyOracle(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 6 { // what must meet for the rarest case does so once in some hundred traces
			compareWithOracle(t, drawTrace(t), seen)
		}
	})
	checkSeen(t, seen, outcomes)
}

func compareWithOracle(t *rapid.T, tr trace, seen map[string]int) {
	v, o := newLive(), oracle{}
	durable := o.copied()
	for _, p := range tr {
		answerBoth(t, v, &o, p, seen)
		switch {
		case p.Command.Intent == nil || p.Ends:
			v.commit()
			durable = o.copied()
		case p.Drops:
			v.Rollback()
			o = durable.copied()
		}
		got := lines(snapshotOf(v.overlay).describe())
		slices.Sort(got)
		if diff := differ(o.describe(), strings.Join(got, "\n")); diff != "" {
			t.Fatalf("what is known (-oracle +machine):\n%s", diff)
		}
	}
}

// answerBoth gives a part to the machine and to the oracle, and compares what a sender hears.
func answerBoth(t *rapid.T, v *live, o *oracle, p tracePart, seen map[string]int) {
	if p.Command.Intent == nil {
		v.commit()
		if v.transition(p) {
			o.transition(p.Transition.ActivityID, p.Transition.To.String(), v.log[len(v.log)-1].RecordedAt)
		}
		return
	}
	got, _ := v.do(p)
	want := o.decide(p.Command)
	if diff := differ(want, got); diff != "" {
		t.Fatalf("%+v\nanswer (-oracle +machine):\n%s", p.Command, diff)
	}
	v.count(p.Command, got, seen)
	for _, what := range o.met {
		seen[what]++
	}
}

// count counts what came of a command that was decided last.
func (v *live) count(c Command, a oracleAnswer, seen map[string]int) {
	for _, name := range a.outcome() {
		if a.refusal != "" {
			name = strings.TrimPrefix(fmt.Sprintf("%T ", c.Intent), "core.") + name
		}
		seen[name]++
	}
	if a.replayed > int(v.Head()) {
		seen["replayed, in the batch of its first"]++
	}
	batch := v.Pending()
	if slices.ContainsFunc(batch, func(r Recorded) bool {
		e, ok := r.Event.(APIKeyRevoked)
		return ok && a.refusal != "" && e.KeyID == c.APIKey
	}) {
		seen["unauthenticated in the batch of the revocation"]++
	}
	for _, r := range batch[len(batch)-len(a.events):] {
		if r.Event.Type() == "PersonalErased" && slices.ContainsFunc(batch, func(s Recorded) bool {
			return s.Stream == r.Stream && s.Version == r.Version-1 && s.Event.Type() == "ResultSubmitted"
		}) {
			seen["erased in the batch of its submission"]++
		}
		if r.Event.Type() == "ResultLinked" && slices.ContainsFunc(batch, func(s Recorded) bool { return s.Stream == r.Stream && s.Version == 1 }) {
			seen["linked by "+strings.Fields(a.events[0])[0]+" in the batch of its submission"]++
		}
	}
}

// outcomes are all that can come of a command.
var outcomes = []string{
	"SubmitResult validation_failed", "SubmitResult ambiguous_ids", "SubmitResult activity_not_task", "SubmitResult stale_result", "SubmitResult invalid_transition",
	"CreateActivity activity_exists", "CreateActivity provider_id_conflict",
	"DispatchActivity not_found", "DispatchActivity activity_not_task", "DispatchActivity activity_not_ready", "DispatchActivity provider_id_conflict",
	"CancelActivity not_found", "CancelActivity invalid_transition",
	"ActivityCreated", "ResultSubmitted", "ResultSubmitted overridden",
	"ActivityTransitioned by RESULT", "ActivityTransitioned by RESULT overridden", "ActivityTransitioned by LINKED", "ActivityTransitioned by DISPATCH_SUCCESS", "ActivityTransitioned by CANCELED",
	"ResultLinked after ActivityCreated", "linked by ActivityCreated in the batch of its submission",
	"ResultLinked after ActivityTransitioned by DISPATCH_SUCCESS", "linked by ActivityTransitioned in the batch of its submission",
	"replayed", "replayed, in the batch of its first",
	"PersonalErased", "ErasePersonal not_found", "ErasePersonal already_erased", "erased in the batch of its submission", "linked after it was erased", "submitted after it was erased",
	"ResultTypeConfigured", "APIKeyIssued", "APIKeyRevoked", "ConfigureResultType not_found", "RevokeAPIKey not_found", "RevokeAPIKey api_key_revoked",
	"a code that there is not", "a code that is switched off", "a code that is switched off, and on the result",
	"an API key that is valid", "an API key that is unknown", "an API key that is another tenant's", "an API key that is expired", "an API key that is revoked",
	"unauthenticated in the batch of the revocation", "a retry with an API key that is revoked",
	"SubmitResult unauthenticated", "CreateActivity unauthenticated", "DispatchActivity unauthenticated", "CancelActivity unauthenticated", "ErasePersonal unauthenticated",
	"ConfigureResultType unauthenticated", "IssueAPIKey unauthenticated", "RevokeAPIKey unauthenticated",
}

// checkSeen fails if one of some outcomes was not seen: the generator has become too tame. With a few checks only, as when a failure is reproduced, or where tests are to be short, it says nothing.
func checkSeen(t *testing.T, seen map[string]int, outcomes []string) {
	if n, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String()); err != nil || n < 100 || testing.Short() || t.Failed() {
		return
	}
	for _, name := range outcomes {
		if seen[name] == 0 {
			t.Errorf("no command came to %s: %v", name, seen)
		}
	}
	t.Log(seen)
}
