package httpapi

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"resultlog/core"
)

// FuzzDecodeActivity does for the bodies of creations, dispatches and cancellations what FuzzDecodeSubmission does for those of submissions: whatever comes, nothing panics, and what is
// accepted keeps the contract's own limits and can be read back from the log.
func FuzzDecodeActivity(f *testing.F) {
	whole := []string{"commerce_external_id", `"s"`, "provider_activity_id", `"\u00e9"`, "suggested_execution_time", `"09:00"`, "user_status", `"u"`, "score", `-1.5e3`, "assignment_reason", `"a"`}
	for _, body := range []string{
		created(), created(whole...), created("type", `"MESSAGE"`), task(), task(whole...), task("type", `null`), `{"provider_activity_id":"p"}`, `{"provider_activity_id":null}`,
		`{}`, `null`, `{`, "\xff", `{"type":"TASK","type":"TASK"}`, `{"score":1e400}`, `{"provider_activity_id":"\ud800"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, fields := range [][]field[creation]{creationFields, taskFields} {
			r := creation{said: core.ActivityDetails{ActivityType: core.Task}}
			if decodeAny(t, body, fields, &r) {
				checkCreation(t, r.said)
			}
		}
		var d dispatch
		if decodeAny(t, body, dispatchFields, &d) {
			if problem := judgeText(d.provider, 0, maxID); problem != "" || !utf8.ValidString(d.provider) {
				t.Errorf("provider_activity_id %s: %q", problem, d.provider)
			}
		}
		var members map[string]json.RawMessage
		if decodeAny(t, body, noFields, new(struct{})) && (json.Unmarshal(body, &members) != nil || len(members) > 0) {
			t.Errorf("a cancellation said %q", body)
		}
	})
}

// decodeAny decodes a copy of the body and reports whether it was accepted.
func decodeAny[R any](t *testing.T, body []byte, fields []field[R], into *R) bool {
	b := borrow()
	defer b.giveBack()
	b.in.Write(body)
	if err := decode(b, fields, into, core.InstantOf(noon)); err != nil {
		if e, ok := err.(*core.Error); !ok || len(e.Fields) == 0 || e.Message == "" {
			t.Fatalf("refused without saying where: %v", err)
		}
		return false
	}
	if !utf8.Valid(body) || !json.Valid(body) || tooDeep(body) >= 0 {
		t.Fatalf("accepted what is not JSON in UTF-8, at most %d deep", MaxNesting)
	}
	return true
}

// checkCreation holds what was accepted against the contract's limits.
func checkCreation(t *testing.T, said core.ActivityDetails) {
	for name, text := range map[string]struct {
		value       string
		least, most int
	}{
		"reason": {said.Reason, 1, maxComment}, "idempotency_key": {said.IdempotencyKey, 1, maxID}, "commerce_external_id": {said.CommerceExternalID, 0, maxID},
		"provider_activity_id": {said.ProviderActivityID, 0, maxID}, "suggested_execution_time": {said.SuggestedExecutionTime, 0, maxID},
		"user_status": {said.UserStatus, 0, maxID}, "assignment_reason": {said.AssignmentReason, 0, maxComment},
	} {
		if problem := judgeText(text.value, text.least, text.most); problem != "" || !utf8.ValidString(text.value) {
			t.Errorf("%s %s: %q", name, problem, text.value)
		}
	}
	if said.ActivityType == core.NoType || said.CommerceID.IsZero() || !slices.Contains(core.Channels, said.Channel) || said.AssignedRouteID.IsZero() != said.AssignedOperatorID.IsZero() {
		t.Errorf("accepted %+v", said)
	}
	if said.Score != nil && (math.IsInf(*said.Score, 0) || math.IsNaN(*said.Score)) {
		t.Errorf("score %v", *said.Score)
	}
	event := core.ActivityCreated{ActivityID: core.ID{1}, ActivityDetails: said}
	if _, err := core.Decode(core.Encode(event)); err != nil {
		t.Errorf("what was accepted cannot be read back: %v", err)
	}
}
