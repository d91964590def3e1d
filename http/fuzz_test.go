package httpapi

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"resultlog/core"
)

// FuzzDecodeSubmission: whatever comes, the decoder does not panic; what it accepts keeps the contract's own limits, and its payloads stand in the body, byte for byte.
func FuzzDecodeSubmission(f *testing.F) {
	for _, body := range []string{
		minimal, documentedExample, `{`, `null`, "\xff", `{"status":"PENDING","status":1}`, `{"raw_payload":{"a":"\ud800","a":{}}}`,
		sent("activity_id", `"770E8400-e29b-41d4-A716-446655440000"`, "provider_activity_id", `"é\u00e9"`, "external_status", `null`, "hard_override", `true`, "raw_payload", `{"a" :[1e9]}`,
			"task_result.comment", `"\ud83d\ude00"`, "task_result.contact_type", `"INBOUND"`, "task_result.operator_external_id", `"o"`,
			"task_result.future_scheduled_at", `"2025-01-16T14:30:00.5+01:00"`, "task_result.payload", `{}`),
	} {
		f.Add([]byte(body))
	}
	latest := core.InstantOf(noon)
	f.Fuzz(func(t *testing.T, body []byte) {
		b := borrow()
		defer b.giveBack()
		b.in.Write(body)
		var r submission
		if err := decode(b, submissionFields, &r, latest); err != nil {
			if e, ok := err.(*core.Error); !ok || len(e.Fields) == 0 || e.Message == "" {
				t.Fatalf("refused without saying where: %v", err)
			}
			return
		}
		if !utf8.Valid(body) || !json.Valid(body) || tooDeep(body) >= 0 {
			t.Fatalf("accepted what is not JSON in UTF-8, at most %d deep", MaxNesting)
		}
		for name, text := range map[string]struct {
			value       string
			least, most int
		}{
			"provider_activity_id": {r.said.ProviderActivityID, 0, maxID}, "commerce_external_id": {r.said.CommerceExternalID, 1, maxID},
			"external_status": {r.said.ExternalStatus, 0, maxID}, "result": {r.said.Result, 1, maxID}, "comment": {r.personal.Comment, 0, maxComment},
			"operator_external_id": {r.personal.OperatorExternalID, 0, maxID}, "contact_type": {string(r.said.ContactType), 0, len("OUTBOUND")},
		} {
			if problem := judgeText(text.value, text.least, text.most); problem != "" || !utf8.ValidString(text.value) {
				t.Errorf("%s %s: %q", name, problem, text.value)
			}
		}
		if r.said.Status == core.NoResult || r.said.OccurredAt > latest {
			t.Errorf("status %s, occurred_at %s", r.said.Status, r.said.OccurredAt)
		}
		var seen struct {
			RawPayload json.RawMessage `json:"raw_payload"`
			TaskResult struct {
				Payload json.RawMessage `json:"payload"`
			} `json:"task_result"`
		}
		if err := json.Unmarshal(body, &seen); err != nil {
			t.Fatal(err)
		}
		same := func(got []byte, sent json.RawMessage) bool {
			return got == nil && (sent == nil || string(sent) == "null") || bytes.Equal(got, sent) && bytes.Contains(body, got)
		}
		if !same(r.personal.RawPayload, seen.RawPayload) || !same(r.personal.Payload, seen.TaskResult.Payload) {
			t.Errorf("payloads %q and %q, sent %q and %q", r.personal.RawPayload, r.personal.Payload, seen.RawPayload, seen.TaskResult.Payload)
		}
		event := core.ResultSubmitted{ResultID: core.ID{1}, Source: core.Standalone, Submission: r.intent(core.ID{1}).Submission}
		if _, err := core.Decode(core.Encode(event)); err != nil {
			t.Errorf("what was accepted cannot be read back: %v", err)
		}
	})
}
