package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sameEvent reports whether two events are the same at first sight. If it says no, differences has the last word: pointers to the same value are no difference.
func sameEvent(a, b Event) bool {
	x, ok := a.(ResultSubmitted)
	if !ok {
		_, other := b.(ResultSubmitted)
		return !other && a == b
	}
	y, ok := b.(ResultSubmitted)
	return ok && x.ResultID == y.ResultID && x.Source == y.Source && x.ActivityID == y.ActivityID && x.CreatedAt == y.CreatedAt && x.Overridden == y.Overridden &&
		x.Submission.same(y.Submission)
}

// same compares submissions; what is personal by its digest, since that stays when it is erased.
func (s Submission) same(o Submission) bool {
	return s.SentActivityID == o.SentActivityID && s.ProviderActivityID == o.ProviderActivityID && s.CommerceExternalID == o.CommerceExternalID &&
		s.OccurredAt == o.OccurredAt && s.Status == o.Status && s.ExternalStatus == o.ExternalStatus && s.HardOverride == o.HardOverride &&
		s.Result == o.Result && s.ContactType == o.ContactType && s.FutureScheduledAt == o.FutureScheduledAt && s.Personal.SHA256 == o.Personal.SHA256
}

// differences lists in what a recorded event, in its place, is another than the one that the rules give; empty if in nothing.
func differences(got, want Recorded) string {
	var list []string
	note := func(what string, got, want any) {
		if got != want {
			list = append(list, fmt.Sprintf("%s is %v, the rules give %v", what, got, want))
		}
	}
	note("event_id", got.EventID, want.EventID)
	note("recorded_at", got.RecordedAt, want.RecordedAt)
	noteMembers(note, "metadata ", EncodeMetadata(got.Metadata), EncodeMetadata(want.Metadata))
	if recorded, given := Encode(got.Event), Encode(want.Event); recorded.Type != given.Type {
		note("the event", recorded.Type, given.Type+" "+string(given.Data))
	} else {
		noteMembers(note, "", recorded.Data, given.Data)
	}
	return strings.Join(list, "; ")
}

// noteMembers notes the members in which two JSON objects differ.
func noteMembers(note func(what string, got, want any), of string, got, want []byte) {
	if bytes.Equal(got, want) {
		return
	}
	recorded, given := membersOf(got), membersOf(want)
	all := maps.Clone(recorded)
	maps.Copy(all, given)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		note(of+name, orAbsent(recorded[name]), orAbsent(given[name]))
	}
}

// membersOf gives the members of an object that this package has written.
func membersOf(data []byte) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		panic("an encoded object is JSON: " + err.Error())
	}
	return members
}

func orAbsent(value json.RawMessage) string {
	if value == nil {
		return "absent"
	}
	return string(value)
}
