package httpapi

import (
	"slices"
	"strings"

	"resultlog/core"
)

// inputRow is a sentence of the contract about what may be sent, and a body that it judges. No code: it is accepted.
type inputRow struct {
	sentence string
	body     string
	code     core.Code
	pointer  string
}

const (
	bad    = core.CodeInvalid
	broken = codeInvalidJSON
)

const (
	saysTimes   = "`occurred_at`, `future_scheduled_at`, `scheduled_at`: RFC 3339 with an offset or `Z`; a time without one is `400`."
	saysAhead   = "`occurred_at` more than 24 h ahead of the service's clock is `400` (configurable)."
	saysStrict  = "Unknown fields, duplicate keys, wrong case in a name, wrong types, `null` for a required field, an empty required string or id, NUL in a decoded string, invalid UTF-8, trailing data → `400` naming the place by JSON pointer"
	saysNull    = "`null` for an optional field means absent."
	saysUUID    = "UUIDs are the 36-character form, any case; malformed in a body or query → `400`"
	saysLength  = "Lengths count code points."
	saysLimit   = "strings: ids 255 characters, comment 4,000"
	saysOne     = "Request fields (snake_case)"
	saysCode    = "A result code that is not in the catalogue → `400`"
	saysPayload = "They must be objects; inside them only syntax, UTF-8, depth and size are checked."
	saysDeep    = "nesting 64 deep"
)

// under puts rows under the sentence of the contract of which they are cases.
func under(says string, cases []inputRow) []inputRow {
	for i := range cases {
		cases[i].sentence = says + " [" + cases[i].sentence + "]"
	}
	return cases
}

// submissionRows has the sentences of contract §2.3, and rows for each.
var submissionRows = slices.Concat(
	under(saysTimes, []inputRow{
		{"occurred_at: RFC 3339 with Z", sent("occurred_at", `"2025-01-16T14:30:00Z"`), "", ""},
		{"occurred_at: RFC 3339 with an offset", sent("occurred_at", `"2025-01-16T11:30:00.000-03:00"`), "", ""},
		{"finer digits are cut off", sent("occurred_at", `"2025-01-16T14:30:00.123456789123Z"`), "", ""},
		{"an unknown local offset, -00:00, is UTC", sent("occurred_at", `"2025-01-16T14:30:00-00:00"`), "", ""},
		{"a time without an offset is 400: occurred_at", sent("occurred_at", `"2025-01-16T14:30:00"`), bad, "/occurred_at"},
		{"a time without an offset is 400: future_scheduled_at", sent("task_result.future_scheduled_at", `"2025-01-16T14:30:00"`), bad, "/task_result/future_scheduled_at"},
		{"RFC 3339: a date alone is none", sent("occurred_at", `"2025-01-16"`), bad, "/occurred_at"},
		{"RFC 3339: T and Z stand in upper case here", sent("occurred_at", `"2025-01-16t14:30:00z"`), bad, "/occurred_at"},
		{"RFC 3339: a space for the T is none", sent("occurred_at", `"2025-01-16 14:30:00Z"`), bad, "/occurred_at"},
		{"RFC 3339: a comma before the fraction is none", sent("occurred_at", `"2025-01-16T14:30:00,000Z"`), bad, "/occurred_at"},
		{"RFC 3339: a dot without digits is none", sent("occurred_at", `"2025-01-16T14:30:00.Z"`), bad, "/occurred_at"},
		{"RFC 3339: an hour of one digit is none", sent("occurred_at", `"2025-01-16T4:30:00Z"`), bad, "/occurred_at"},
		{"RFC 3339: an offset without a colon is none", sent("occurred_at", `"2025-01-16T14:30:00-0300"`), bad, "/occurred_at"},
		{"RFC 3339: an offset of a day is none", sent("occurred_at", `"2025-01-16T14:30:00+24:00"`), bad, "/occurred_at"},
		{"RFC 3339: an offset of 60 minutes is none", sent("occurred_at", `"2025-01-16T14:30:00+01:60"`), bad, "/occurred_at"},
		{"RFC 3339: there is no 30 February", sent("occurred_at", `"2024-02-30T14:30:00Z"`), bad, "/occurred_at"},
		{"RFC 3339: there is no hour 24", sent("occurred_at", `"2025-01-15T24:00:00Z"`), bad, "/occurred_at"},
		{"RFC 3339: a year of five digits, once in UTC, could not be written again", sent("task_result.future_scheduled_at", `"9999-12-31T23:59:59-01:00"`), bad, "/task_result/future_scheduled_at"},
		{"RFC 3339: nor can most clients read the year 0000", sent("occurred_at", `"0000-12-31T23:59:59.999Z"`), bad, "/occurred_at"},
		{"RFC 3339: nor could a year before 0000", sent("occurred_at", `"0000-01-01T00:00:00+01:00"`), bad, "/occurred_at"},
	}),
	under(saysAhead, []inputRow{
		{"occurred_at 24 h ahead is accepted", sent("occurred_at", `"2025-01-17T14:30:05.000Z"`), "", ""},
		{"occurred_at more than 24 h ahead of the service's clock is 400", sent("occurred_at", `"2025-01-17T14:30:05.001Z"`), bad, "/occurred_at"},
		{"future_scheduled_at may lie further ahead", sent("task_result.future_scheduled_at", `"2035-01-01T00:00:00Z"`), "", ""},
	}),
	under(saysStrict, []inputRow{
		{"unknown field", sent("colour", `"red"`), broken, "/colour"},
		{"unknown field in task_result", sent("task_result.colour", `"red"`), broken, "/task_result/colour"},
		{"unknown field: the pointer is escaped", sent("a/b~c", `1`), broken, "/a~1b~0c"},
		{"unknown field: the empty name", sent("", `1`), broken, "/"},
		{"unknown field: an endless name is cut", sent(strings.Repeat("é", 5000), `1`), broken, "/" + strings.Repeat("é", maxShown) + "…"},
		{"duplicate key", `{"status":"PENDING","status":"PENDING"}`, broken, "/status"},
		{"duplicate key, one of them null", `{"activity_id":null,"activity_id":null}`, broken, "/activity_id"},
		{"duplicate key, one of them spelt with an escape", `{"status":"PENDING","st\u0061tus":"PENDING"}`, broken, "/status"},
		{"duplicate key in task_result", `{"task_result":{"result":"success","result":"other"}}`, broken, "/task_result/result"},
		{"a key may be spelt with an escape", strings.Replace(minimal, "status", `st\u0061tus`, 1), "", ""},
		{"wrong case in a name", sent("Status", `"COMPLETED"`), broken, "/Status"},
		{"wrong type: string for a number", sent("external_status", `7`), broken, "/external_status"},
		{"wrong type: boolean", sent("hard_override", `"true"`), broken, "/hard_override"},
		{"wrong type: UUID", sent("activity_id", `{}`), broken, "/activity_id"},
		{"wrong type: time", sent("occurred_at", `1737037800`), broken, "/occurred_at"},
		{"wrong type: status", sent("status", `["COMPLETED"]`), broken, "/status"},
		{"wrong type: contact_type", sent("task_result.contact_type", `true`), broken, "/task_result/contact_type"},
		{"wrong type: task_result", `{"task_result":"success"}`, broken, "/task_result"},
		{"wrong type: the body", `[]`, broken, ""},
		{"wrong type: the body is null", `null`, broken, ""},
		{"null for a required field", sent("status", `null`), bad, "/status"},
		{"null for a required field: task_result", `{"commerce_external_id":"s","occurred_at":"2025-01-16T14:30:00Z","status":"PENDING","task_result":null}`, bad, "/task_result"},
		{"null for a required field of task_result", sent("task_result.result", `null`), bad, "/task_result/result"},
		{"a required field that is missing", sent("commerce_external_id", ""), bad, "/commerce_external_id"},
		{"a required field of task_result that is missing", sent("task_result.result", ""), bad, "/task_result/result"},
		{"an empty required string", sent("commerce_external_id", `""`), bad, "/commerce_external_id"},
		{"an empty required string: result", sent("task_result.result", `""`), bad, "/task_result/result"},
		{"an empty id: activity_id", sent("activity_id", `""`), bad, "/activity_id"},
		{"an empty id: provider_activity_id", sent("provider_activity_id", `""`), bad, "/provider_activity_id"},
		{"an empty id: operator_external_id", sent("task_result.operator_external_id", `""`), bad, "/task_result/operator_external_id"},
		{"an empty optional string that is no id is absent", sent("external_status", `""`, "task_result.comment", `""`), "", ""},
		{"NUL in a decoded string", sent("task_result.comment", `"a\u0000b"`), bad, "/task_result/comment"},
		{"NUL in an id", sent("provider_activity_id", `"\u0000"`), bad, "/provider_activity_id"},
		{"invalid UTF-8 in a string", sent("external_status", "\"a\xffb\""), broken, "/external_status"},
		{"invalid UTF-8 in a name", "{\"a\xff\":1}", broken, ""},
		{"invalid UTF-8 after the body", minimal + "\xff", broken, ""},
		{"invalid UTF-8: an overlong form", sent("external_status", "\"\xc0\x80\""), broken, "/external_status"},
		{"invalid UTF-8: an encoded surrogate", sent("external_status", "\"\xed\xa0\x80\""), broken, "/external_status"},
		{"invalid UTF-8: half a surrogate pair as an escape", sent("external_status", `"\ud800"`), broken, "/external_status"},
		{"invalid UTF-8: half a surrogate pair in a name", `{"\udc00":1}`, broken, ""},
		{"a whole surrogate pair is a character", sent("external_status", `"\ud83d\ude00"`), "", ""},
		{"trailing data", minimal + "{}", broken, ""},
		{"trailing data that is not JSON", minimal + " x", broken, ""},
		{"white space around the body is none", " \r\n\t" + minimal + "\n ", "", ""},
		{"a byte order mark is not JSON", "\ufeff" + minimal, broken, ""},
		{"a body that ends too early", minimal[:len(minimal)-2], broken, "/task_result"},
		{"a body that ends within a string", `{"status":"COMP`, broken, "/status"},
		{"an empty body", " ", broken, ""},
		{"a comma too many", `{"status":"PENDING",}`, broken, ""},
		{"a literal that is none", sent("hard_override", `tru`), broken, "/hard_override"},
		{"no value at all", `{"status":}`, broken, "/status"},
	}),
	under(saysNull, []inputRow{
		{"null for an optional field means absent", sent("activity_id", `null`, "provider_activity_id", `null`, "external_status", `null`, "hard_override", `null`, "raw_payload", `null`,
			"task_result.comment", `null`, "task_result.contact_type", `null`, "task_result.operator_external_id", `null`, "task_result.future_scheduled_at", `null`, "task_result.payload", `null`), "", ""},
	}),
	under(saysUUID, []inputRow{
		{"UUIDs are the 36-character form, any case", sent("activity_id", `"770E8400-e29b-41d4-A716-446655440000"`), "", ""},
		{"UUIDs: 32 digits are malformed", sent("activity_id", `"770e8400e29b41d4a716446655440000"`), bad, "/activity_id"},
		{"UUIDs: braces are malformed", sent("activity_id", `"{770e8400-e29b-41d4-a716-44665544000}"`), bad, "/activity_id"},
		{"UUIDs: a letter that is no digit", sent("activity_id", `"770g8400-e29b-41d4-a716-446655440000"`), bad, "/activity_id"},
		{"UUIDs: the zero UUID names nothing", sent("activity_id", `"00000000-0000-0000-0000-000000000000"`), bad, "/activity_id"},
	}),
	under(saysLength, []inputRow{
		{"Lengths count code points: an id of 255 characters, 1020 bytes", sent("provider_activity_id", quoted(255, "😀")), "", ""},
		{"Lengths count code points, not escapes", sent("provider_activity_id", quoted(255, `\u00e9`)), "", ""},
	}),
	under(saysLimit, []inputRow{
		{"strings: ids 255 characters", sent("provider_activity_id", quoted(256, "a")), bad, "/provider_activity_id"},
		{"strings: ids 255 characters: commerce_external_id", sent("commerce_external_id", quoted(256, "é")), bad, "/commerce_external_id"},
		{"strings: ids 255 characters: operator_external_id", sent("task_result.operator_external_id", quoted(256, "a")), bad, "/task_result/operator_external_id"},
		{"strings: external_status 255 characters", sent("external_status", quoted(256, "a")), bad, "/external_status"},
		{"strings: result 255 characters", sent("task_result.result", quoted(256, "a")), bad, "/task_result/result"},
		{"strings: comment 4,000", sent("task_result.comment", quoted(4000, "ñ")), "", ""},
		{"strings: comment 4,000 and no more", sent("task_result.comment", quoted(4001, "ñ")), bad, "/task_result/comment"},
	}),
	under(saysOne, []inputRow{
		{"status is one of five", sent("status", `"DONE"`), bad, "/status"},
		{"status is written in upper case", sent("status", `"completed"`), bad, "/status"},
		{"status: NONE is not one", sent("status", `"NONE"`), bad, "/status"},
		{"contact_type is INBOUND or OUTBOUND", sent("task_result.contact_type", `"BOTH"`), bad, "/task_result/contact_type"},
	}),
	under(saysCode, []inputRow{
		{"a result code that is not in the catalogue", sent("task_result.result", `"sold"`), bad, "/task_result/result"},
	}),
	under(saysPayload, []inputRow{
		{"payloads must be objects: array", sent("raw_payload", `[]`), broken, "/raw_payload"},
		{"payloads must be objects: string", sent("task_result.payload", `"{}"`), broken, "/task_result/payload"},
		{"inside them syntax is checked", sent("raw_payload", `{"a":{"b":01}}`), broken, "/raw_payload/a"},
		{"inside them UTF-8 is checked", sent("raw_payload", "{\"a\":[\"\xff\"]}"), broken, "/raw_payload/a/0"},
		{"inside them nothing else is: duplicate keys", sent("raw_payload", `{"a":1,"a":2}`), "", ""},
		{"inside them nothing else is: NUL", sent("task_result.payload", `{"\u0000":"\u0000"}`), "", ""},
		{"inside them nothing else is: half a surrogate pair", sent("raw_payload", `{"a":"\ud800"}`), "", ""},
		{"inside them nothing else is: numbers beyond float64", sent("raw_payload", `{"a":1e999999,"b":-0,"c":1234567890123456789012345678901234567890}`), "", ""},
		{"inside them nothing else is: long strings", sent("raw_payload", `{"a":`+quoted(100000, "a")+`}`), "", ""},
	}),
	under(saysDeep, []inputRow{
		{"nesting 64 deep: the body is the first level", sent("raw_payload", deep(63)), "", ""},
		{"nesting 64 deep and no more", sent("raw_payload", deep(64)), broken, shorten("/raw_payload" + strings.Repeat("/a", 63))},
		{"nesting 64 deep, in task_result", sent("task_result.payload", deep(62)), "", ""},
		{"nesting 64 deep and no more, in task_result", sent("task_result.payload", deep(63)), broken, shorten("/task_result/payload" + strings.Repeat("/a", 62))},
		{"nesting 64 deep: brackets within strings do not count", sent("raw_payload", `{"a":`+quoted(1000, `[{\"`)+`}`), "", ""},
		{"nesting: beyond any stack", sent("raw_payload", `{"a":`+strings.Repeat("[", 200000)), broken, shorten("/raw_payload/a" + strings.Repeat("/0", 62))},
		{"nesting: what is wrong before goes first", sent("status", `[`+strings.Repeat("[", 200000)), broken, "/status"},
	}),
)

// creationRows has the fields of contract §2.7.
var creationRows = []inputRow{
	{"all fields", created("commerce_external_id", `"s"`, "provider_activity_id", `"p"`, "suggested_execution_time", `"09:00"`, "user_status", `"u"`, "score", `1.5`, "assignment_reason", `"a"`), "", ""},
	{"type TASK|MESSAGE", created("type", `"CALL"`), bad, "/type"},
	{"type is required", created("type", ""), bad, "/type"},
	{"reason is required", created("reason", ""), bad, "/reason"},
	{"reason must not be empty", created("reason", `""`), bad, "/reason"},
	{"reason 4,000", created("reason", quoted(4001, "a")), bad, "/reason"},
	{"channel is required", created("channel", `null`), bad, "/channel"},
	{"channel is one of six", created("channel", `"FAX"`), bad, "/channel"},
	{"commerce_id is required", created("commerce_id", ""), bad, "/commerce_id"},
	{"commerce_id UUID", created("commerce_id", `"store-1"`), bad, "/commerce_id"},
	{"idempotency_key is required", created("idempotency_key", ""), bad, "/idempotency_key"},
	{"idempotency_key is an id", created("idempotency_key", quoted(256, "a")), bad, "/idempotency_key"},
	{"scheduled_at is required", created("scheduled_at", ""), bad, "/scheduled_at"},
	{"a time without an offset is 400: scheduled_at", created("scheduled_at", `"2025-01-17T09:00:00"`), bad, "/scheduled_at"},
	{"score is a number", created("score", `"1"`), broken, "/score"},
	{"score fits a float64", created("score", `1e400`), bad, "/score"},
	{"the status is not for clients to set", created("status", `"READY"`), broken, "/status"},
	{"assigned_route_id is not for this endpoint", created("assigned_route_id", `"11111111-1111-4111-8111-111111111111"`), broken, "/assigned_route_id"},
	{"an empty id: provider_activity_id", created("provider_activity_id", `""`), bad, "/provider_activity_id"},
	{"user_status 255", created("user_status", quoted(256, "a")), bad, "/user_status"},
	{"suggested_execution_time 255", created("suggested_execution_time", quoted(256, "a")), bad, "/suggested_execution_time"},
	{"assignment_reason 4,000", created("assignment_reason", quoted(4001, "a")), bad, "/assignment_reason"},
}

// taskRows has what is different at POST /api/activities/tasks (contract §2.7).
var taskRows = under(theSame, []inputRow{
	{"all fields", task("commerce_external_id", `"s"`, "provider_activity_id", `"p"`, "suggested_execution_time", `"09:00"`, "user_status", `"u"`, "score", `1.5`, "assignment_reason", `"a"`), "", ""},
	{"type may be left out", task(), "", ""},
	{"type may be TASK", task("type", `"TASK"`), "", ""},
	{"type may be null", task("type", `null`), "", ""},
	{"type must not be MESSAGE", task("type", `"MESSAGE"`), bad, "/type"},
	{"type must not be what there is not", task("type", `"task"`), bad, "/type"},
	{"type is a string", task("type", `1`), broken, "/type"},
	{"assigned_route_id is required", task("assigned_route_id", ""), bad, "/assigned_route_id"},
	{"assigned_route_id must not be null", task("assigned_route_id", `null`), bad, "/assigned_route_id"},
	{"assigned_route_id UUID", task("assigned_route_id", `"route-1"`), bad, "/assigned_route_id"},
	{"assigned_operator_id is required", task("assigned_operator_id", ""), bad, "/assigned_operator_id"},
	{"assigned_operator_id must not be null", task("assigned_operator_id", `null`), bad, "/assigned_operator_id"},
	{"assigned_operator_id UUID", task("assigned_operator_id", `""`), bad, "/assigned_operator_id"},
	{"reason is required", task("reason", ""), bad, "/reason"},
	{"channel is one of six", task("channel", `"FAX"`), bad, "/channel"},
	{"commerce_id is required", task("commerce_id", `null`), bad, "/commerce_id"},
	{"idempotency_key is required", task("idempotency_key", ""), bad, "/idempotency_key"},
	{"scheduled_at is required", task("scheduled_at", ""), bad, "/scheduled_at"},
	{"a time without an offset is 400: scheduled_at", task("scheduled_at", `"2025-01-17T09:00:00"`), bad, "/scheduled_at"},
	{"an empty id: provider_activity_id", task("provider_activity_id", `""`), bad, "/provider_activity_id"},
	{"unknown field", task("assigned_route", `"x"`), broken, "/assigned_route"},
	{"wrong case in a name", task("Assigned_Route_Id", `"x"`), broken, "/Assigned_Route_Id"},
	{"duplicate key", strings.Replace(task(), "{", `{"type":"TASK","type":"TASK",`, 1), broken, "/type"},
})

// deep is an object that is nested so many levels deep.
func deep(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + `{}` + strings.Repeat(`}`, levels-1)
}
