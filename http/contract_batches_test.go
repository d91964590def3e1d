package httpapi

import (
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractSection28Batches is the row of contract §2.8 about batches. What is a matter of bounds is in TestBatchLimits, and of input in TestItemsAsAlone.
func TestContractSection28Batches(t *testing.T) { runContract(t, batchRows) }

const (
	upTo500    = "up to 500 submissions, a JSON array or `application/x-ndjson`, 16 MiB, read whole before anything is decided"
	multi      = "`207` and an array of `{index, status, body}` in order"
	asAlone    = "each as it would have been alone"
	failsNone  = "one bad item or line fails nobody else"
	ownKeys    = "an item may carry `idempotency_key` (the header → `400`)"
	brokenOnes = "over 500 or a broken array → `400`"

	postBatch = "POST " + batchPath + " "
	postLines = "Content-Type=application/x-ndjson " + postBatch
)

// ofP is a submission about the provider's p.
func ofP(changes ...string) string {
	return sent(append([]string{"provider_activity_id", `"p"`}, changes...)...)
}

// withItemKey is a submission with a key.
func withItemKey(changes ...string) string {
	return sent(append([]string{"idempotency_key", `"k"`}, changes...)...)
}

const later = `"2025-01-16T14:30:06Z"`

var batchRows = []contractRow{
	{says: upTo500, of: "lines end with LF or CRLF, and empty ones are none", when: postLines + "\r\n" + minimal + "\r\n\n \t\n" + minimal, then: "207",
		shows: []string{`[{"index":0,"line":2,"status":201,`, `,{"index":1,"line":5,"status":201,`}},
	{says: upTo500, of: "a body that breaks the rules at its end leaves nothing", when: postBatch + "[" + ofP() + ",x]", then: "400 invalid_json", lacks: []string{"Resultlog-Position"},
		leaves: []string{results + ` "total":0`}},
	{says: multi, when: postBatch + array(minimal, "{}", minimal), then: "207", shows: []string{`[{"index":0,"status":201,"headers":{"Resultlog-Position":"1"},"body":{"id":"{r1}",`,
		`{"index":1,"status":400,"body":{"statusCode":400,`, `{"index":2,"status":201,"headers":{"Resultlog-Position":"2"},"body":{"id":"{r2}",`, "Content-Type: application/json\n"}},
	{says: multi, of: "the position of the whole is that of the first in the log", given: []string{postBatch + array(withItemKey())}, when: postBatch + array(minimal, "{}", withItemKey()), then: "207",
		shows: []string{"Resultlog-Position: 1\n", `"headers":{"Resultlog-Position":"2"}`, `"headers":{"Resultlog-Position":"1","Idempotent-Replayed":"true"}`}, lacks: []string{"Idempotent-Replayed: "}},
	{says: multi, of: "none was accepted", when: postBatch + array("{}", "null", "7"), then: "207", lacks: []string{"Resultlog-Position", `"headers"`}},

	{says: asAlone, of: "an activity is moved", given: []string{postTask + task("provider_activity_id", `"p"`)}, when: postBatch + array(ofP()), then: "207",
		shows: []string{`"activityId":"{a1}","source":"RETEN_ACTIVITY"`}, leaves: []string{showA1 + ` "status":"COMPLETED"`}},
	{says: asAlone, of: "in their order: the second meets the first", when: postBatch + array(ofP("status", pending), ofP("occurred_at", later), ofP()), then: "207",
		shows: []string{`"resultStatus":"PENDING"`, `"index":1,"status":201`, `"index":2,"status":409,"body":{"statusCode":409`, `"code":"stale_result"`}, leaves: []string{"/api/activity-results/{r1} \"version\":2"}},
	{says: asAlone, of: "the state guard, with what stands in the way", given: []string{postResult + ofP()}, when: postBatch + array(ofP("occurred_at", later)), then: "207",
		shows: []string{`"status":409`, `"code":"invalid_transition"`, `"existing":{"id":"{r1}","resultStatus":"COMPLETED","updatedAt":`}},
	{says: asAlone, of: "the ids are ambiguous", given: []string{postTask + task("provider_activity_id", `"p"`), postTask + task("provider_activity_id", `"q"`, "idempotency_key", `"k2"`)},
		when: postBatch + array(sent("activity_id", `"{a2}"`, "provider_activity_id", `"p"`), ofP()), then: "207", shows: []string{`"index":0,"status":400`, `"code":"ambiguous_ids"`, `"index":1,"status":201`}},
	{says: asAlone, of: "a MESSAGE", given: []string{postActivity + created("provider_activity_id", `"p"`, "type", `"MESSAGE"`)}, when: postBatch + array(ofP()), then: "207", shows: []string{`"code":"activity_not_task"`}},
	{says: asAlone, of: "a result code that is not in the catalogue", when: postBatch + array(sent("task_result.result", `"sold"`)), then: "207", shows: []string{`"errors":[{"pointer":"/task_result/result",`}},
	{says: asAlone, of: "with the request's id", when: "X-Request-Id=r-1 " + postBatch + array("{}", minimal), then: "207", shows: []string{`"requestId":"r-1"`, "X-Request-Id: r-1"}},
	{says: asAlone, of: "503, and when to come back", while: func(w *world) { w.submitFails = &core.Error{Code: core.CodeOutcomeUnknown} }, when: postBatch + array(minimal, "{}"), then: "207",
		shows: []string{`{"index":0,"status":503,"headers":{"Retry-After":"1"},"body":{"statusCode":503,`, `{"index":1,"status":400,"body":`}, lacks: []string{"Retry-After: "}},
	{says: asAlone, of: "another tenant's activity", given: []string{postTask + task()}, when: "SUPER_ADMIN X-Tenant-Id={other} " + postBatch + array(sent("activity_id", `"{a1}"`)), then: "207",
		shows: []string{`"source":"STANDALONE"`}, leaves: []string{showA1 + ` "status":"READY"`}},

	{says: failsNone, of: "a line that is no JSON", when: postLines + lines(minimal, "{", "\xff", minimal), then: "207",
		shows: []string{`"index":1,"line":2,"status":400`, `"index":2,"line":3,"status":400`, `"index":3,"line":4,"status":201`}},
	{says: failsNone, of: "what is no object", when: postBatch + array("[]", `"x"`, minimal), then: "207", shows: []string{`"index":0,"status":400`, `"index":1,"status":400`, `"index":2,"status":201`, "the body must be an object, not an array"}},
	{says: failsNone, of: "what is not UTF-8 within a string", when: postBatch + array(sent("external_status", "\"\xff\""), minimal), then: "207", shows: []string{`"errors":[{"pointer":"/external_status"`, `"index":1,"status":201`}},

	{says: ownKeys, of: "the header", when: withKey + postBatch + array(minimal), then: "400 invalid_header", shows: []string{"give each submission an idempotency_key of its own"}, leaves: []string{results + ` "total":0`}},
	{says: ownKeys, of: "a retry has the first answer again", given: []string{postBatch + array(withItemKey("provider_activity_id", `"p"`))}, when: postBatch + array(minimal, withItemKey("provider_activity_id", `"p"`)), then: "207",
		shows: []string{`{"index":1,"status":201,"headers":{"Resultlog-Position":"1","Idempotent-Replayed":"true"},"body":{"id":"{r1}"`}, leaves: []string{results + ` "total":2`}},
	{says: ownKeys, of: "another body", given: []string{postBatch + array(withItemKey())}, when: postBatch + array(withItemKey("status", pending), minimal), then: "207",
		shows: []string{`"index":0,"status":422`, `"code":"idempotency_key_reused"`, `"index":1,"status":201`}},
	{says: ownKeys, of: "the second of a batch is the retry of the first", when: postBatch + array(withItemKey(), withItemKey(), withItemKey("status", pending)), then: "207",
		shows: []string{`"index":1,"status":201,"headers":{"Resultlog-Position":"1","Idempotent-Replayed":"true"}`, `"index":2,"status":422`}, leaves: []string{results + ` "total":1`}},
	{says: ownKeys, of: "white space around an item is not of it", given: []string{postBatch + array(withItemKey())}, when: postLines + "  " + withItemKey() + " \r\n", then: "207", shows: []string{`"Idempotent-Replayed":"true"`}},
	{says: ownKeys, of: "within it, it is", given: []string{postBatch + array(withItemKey())}, when: postBatch + array(strings.Replace(withItemKey(), "{", "{ ", 1)), then: "207", shows: []string{`"status":422`}},
	{says: ownKeys, of: "at the single endpoint it is another key", given: []string{withKey + postResult + minimal}, when: postBatch + array(withItemKey()), then: "207", lacks: []string{"Idempotent-Replayed"}},
	{says: ownKeys, of: "what was refused is not stored", given: []string{postBatch + array(withItemKey("task_result.result", `"sold"`))}, when: postBatch + array(withItemKey()), then: "207", shows: []string{`"status":201`},
		lacks: []string{"Idempotent-Replayed"}},

	{says: brokenOnes, of: "a broken array", when: postBatch + "[" + minimal, then: "400 invalid_json", shows: []string{"ends too early, at byte "}},
	{says: brokenOnes, of: "an object", when: postBatch + minimal, then: "400 invalid_json", shows: []string{"the body must be an array, not an object"}},
	{says: brokenOnes, of: "no items", when: postBatch + "[]", then: "400 invalid_json", shows: []string{"holds no submission"}},

	{says: asAlone, of: "what is wrong in itself is that, even if nothing is let in", when: postBatch + array("{}"), while: func(w *world) { w.shut = full }, then: "207", shows: []string{`"status":400`}},
	{says: "a queue that cannot hold all of them", when: postBatch + array(minimal, "{}"), while: func(w *world) { w.shut = full }, then: "503 queue_full", shows: []string{"Retry-After: 1"}},
}
