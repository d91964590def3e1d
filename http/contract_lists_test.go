package httpapi

import (
	"testing"
	"time"

	"resultlog/core"
)

// TestContractLists is what contract §2.6, §2.7 and §2.8 say of lists and status events, as seen over HTTP. What a query string may say is in TestParametersOfLists; that the lists are
// right for whatever is asked of them, and quick, is tested in projections.
func TestContractLists(t *testing.T) {
	t.Run("results", func(t *testing.T) { runContract(t, resultListContract) })
	t.Run("activities", func(t *testing.T) { runContract(t, activityListContract) })
	t.Run("pages", func(t *testing.T) { runContract(t, pageContract) })
	t.Run("status events", func(t *testing.T) { runContract(t, statusEventContract) })
}

const (
	resultFilters = "filters activity_id, provider_activity_id, commerce_external_id, operator_external_id, status, source, result, classification, contact_type, occurred_from/to, updated_from/to"
	resultOrder   = "sort updatedAt|occurredAt, asc|desc; default createdAt, then id, newest first"
	listFilters   = "filters status, type, channel, commerce_id, commerce_external_id, provider_activity_id, scheduled_from, scheduled_to, search (prefix of reason or of an external id); newest first"
	listShape     = "Lists: `{data, meta:{page, limit, total, totalPages, nextCursor}}`; `page` from 1, `limit` or `per_page`, default 20, at most 100"
	byCursor      = "`cursor` instead of `page` for walking everything in the default order, stable while rows are added."
	afterPosition = "every row read carries `lastPosition`, and lists filter by `after_position`, for incremental sync."
	statusEvents  = "bare array, oldest first: id, eventType, fromStatus|null, toStatus, errorCode|null, errorMessage|null, occurredAt."
	eventTypes    = "eventType: CREATED, DISPATCH_SUCCESS, RESULT, LINKED, CANCELED; on FAILED errorCode is the result code, errorMessage the comment"
	ownTenant     = "nothing ever crosses from one tenant to another"

	results = "/api/activity-results"
	none    = `{"data":[],"meta":{"page":1,"limit":20,"total":0,"totalPages":0,"nextCursor":null}}`
	one     = `"meta":{"page":1,"limit":20,"total":1,"totalPages":1,"nextCursor":null}}`
)

// twoResults are {r1}, of {a1}, and a second later {r2}, which stands alone and occurred before.
var twoResults = []string{
	postActivity + created("provider_activity_id", `"p"`),
	"@2025-01-16T14:31:00Z " + postResult + sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:30:00Z"`, "commerce_external_id", `"c-1"`, "task_result.operator_external_id", `"o-1"`,
		"task_result.contact_type", `"INBOUND"`),
	"@2025-01-16T14:31:01Z " + postResult + sent("provider_activity_id", `"q"`, "occurred_at", `"2025-01-16T14:20:00Z"`, "commerce_external_id", `"c-2"`, "status", `"PENDING"`, "task_result.result", `"other"`),
}

// firstOnly is the row of a filter that lets {r1} through and not {r2}.
func firstOnly(query string) contractRow {
	return contractRow{says: resultFilters, of: query, given: twoResults, when: "VIEWER GET " + results + "?" + query, then: "200", shows: []string{`{"data":[{"id":"{r1}"`, one}, lacks: []string{"{r2}"}}
}

var resultListContract = []contractRow{
	firstOnly("activity_id={a1}"),
	firstOnly("activity_id={A1}"),
	firstOnly("provider_activity_id=p"),
	firstOnly("commerce_external_id=c-1"),
	firstOnly("operator_external_id=o-1"),
	firstOnly("status=COMPLETED"),
	firstOnly("source=RETEN_ACTIVITY"),
	firstOnly("result=success"),
	firstOnly("contact_type=INBOUND"),
	firstOnly("occurred_from=2025-01-16T14:30:00Z"),
	firstOnly("occurred_from=2025-01-16T11:29:59.999-03:00&occurred_to=2025-01-16T14:30:00Z"),
	firstOnly("updated_to=2025-01-16T14:31:00Z"),
	firstOnly("updated_from=2025-01-16T14:31:00Z&updated_to=2025-01-16T14:31:00Z"),
	firstOnly("status=COMPLETED&source=RETEN_ACTIVITY&result=success&provider_activity_id=p"),
	{says: resultFilters, of: "all must fit", given: twoResults, when: "GET " + results + "?status=COMPLETED&source=STANDALONE", then: "200", shows: []string{none}},
	{says: resultFilters, of: "an id that there is not finds nothing", given: twoResults, when: "GET " + results + "?activity_id=11111111-1111-4111-8111-111111111111", then: "200", shows: []string{none}},
	{says: ownTenant, of: "results", given: twoResults, when: "SUPER_ADMIN X-Tenant-Id={other} GET " + results, then: "200", shows: []string{none}},
	{says: ownTenant, of: "activities", given: twoResults, when: "SUPER_ADMIN X-Tenant-Id={other} GET " + createPath, then: "200", shows: []string{none}},
	{says: ownTenant, of: "status events", given: twoResults, when: "SUPER_ADMIN X-Tenant-Id={other} GET " + showA1 + "/status-events", then: "404 not_found"},
	{says: resultOrder, of: "newest first", given: twoResults, when: "GET " + results + "?limit=1", then: "200", shows: []string{`"data":[{"id":"{r2}"`}},
	{says: resultOrder, of: "sort is descending", given: twoResults, when: "GET " + results + "?limit=1&sort=occurredAt", then: "200", shows: []string{`"data":[{"id":"{r1}"`, `"nextCursor":null`}},
	{says: resultOrder, of: "occurredAt, asc", given: twoResults, when: "GET " + results + "?limit=1&sort=occurredAt&order=asc", then: "200", shows: []string{`"data":[{"id":"{r2}"`, `"nextCursor":null`}},
	{says: resultOrder, of: "updatedAt, desc", given: twoResults, when: "GET " + results + "?limit=1&sort=updatedAt&order=desc", then: "200", shows: []string{`"data":[{"id":"{r2}"`}},
	{says: resultOrder, of: "updatedAt, asc", given: twoResults, when: "GET " + results + "?limit=1&order=asc&sort=updatedAt", then: "200", shows: []string{`"data":[{"id":"{r1}"`}},
	{says: "one, whole", of: "and so is a row", given: twoResults[:2], when: "GET " + results, then: "200",
		shows: []string{`"taskDetails":{"result":"success","contactType":"INBOUND","operatorExternalId":"o-1"}`, `"providerActivityId":"p"`, `"resultTypeLabel":"Exito","classification":null,"version":1,"lastPosition":2}],`}},
}

var twoActivities = []string{
	postActivity + created("provider_activity_id", `"p-1"`, "commerce_external_id", `"c-1"`, "reason", `"Visit 100%"`, "scheduled_at", `"2025-01-17T09:00:00Z"`),
	"@2025-01-16T14:31:00Z " + postActivity + created("idempotency_key", `"k-2"`, "type", `"MESSAGE"`, "channel", `"EMAIL"`, "commerce_id", `"22222222-2222-4222-8222-222222222222"`, "reason", `"visit 100"`,
		"provider_activity_id", `"P"`, "scheduled_at", `"2025-01-18T09:00:00Z"`),
	"PATCH " + createPath + "/{a2}/cancel",
}

// cursorAt is the cursor of a page that begins after a row of the time of {r2}.
func cursorAt(page int, id core.ID) string {
	return cursorText(&core.Cursor{Page: page, CreatedAt: core.InstantOf(time.Date(2025, 1, 16, 14, 31, 1, 0, time.UTC)), ID: id})
}

// onlyFirst is the row of a filter that lets {a1} through and not {a2}.
func onlyFirst(query string) contractRow {
	return contractRow{says: listFilters, of: query, given: twoActivities, when: "VIEWER GET " + createPath + "?" + query, then: "200", shows: []string{`{"data":[{"id":"{a1}"`, one}, lacks: []string{"{a2}"}}
}

var activityListContract = []contractRow{
	onlyFirst("status=READY"),
	onlyFirst("type=TASK"),
	onlyFirst("channel=SMS"),
	onlyFirst("commerce_id=11111111-1111-4111-8111-111111111111"),
	onlyFirst("commerce_external_id=c-1"),
	onlyFirst("provider_activity_id=p-1"),
	onlyFirst("scheduled_from=2025-01-17T09:00:00Z&scheduled_to=2025-01-17T09:00:00Z"),
	onlyFirst("scheduled_to=2025-01-18T08:59:59.999Z"),
	onlyFirst("search=Visit"),
	onlyFirst("search=Visit+100%25"),
	onlyFirst("search=c"),
	onlyFirst("search=p-"),
	{says: listFilters, of: "search tells cases apart", given: twoActivities, when: "GET " + createPath + "?search=VISIT", then: "200", shows: []string{none}},
	{says: listFilters, of: "% means itself", given: twoActivities, when: "GET " + createPath + "?search=%25", then: "200", shows: []string{none}},
	{says: listFilters, of: "_ means itself", given: twoActivities, when: "GET " + createPath + "?search=_", then: "200", shows: []string{none}},
	{says: listFilters, of: "newest first", given: twoActivities, when: "GET " + createPath + "?limit=1", then: "200", shows: []string{`"data":[{"id":"{a2}"`}},
}

var pageContract = []contractRow{
	{says: listShape, of: "an empty list", when: "GET " + results, then: "200", shows: []string{none}},
	{says: listShape, of: "page 2", given: twoResults, when: "GET " + results + "?page=2&limit=1", then: "200", shows: []string{`"data":[{"id":"{r1}"`, `"meta":{"page":2,"limit":1,"total":2,"totalPages":2,"nextCursor":null}}`}},
	{says: listShape, of: "per_page", given: twoResults, when: "GET " + results + "?per_page=2", then: "200", shows: []string{`"meta":{"page":1,"limit":2,"total":2,"totalPages":1,"nextCursor":null}}`}},
	{says: listShape, of: "a page after the last is empty", given: twoResults, when: "GET " + results + "?page=3&limit=1", then: "200", shows: []string{`{"data":[],"meta":{"page":3,"limit":1,"total":2,"totalPages":2,"nextCursor":null}}`}},
	{says: listShape, of: "at most 100", when: "GET " + results + "?limit=100", then: "200", shows: []string{`"limit":100`}},
	{says: byCursor, of: "nextCursor, if there is more", given: twoResults, when: "GET " + results + "?limit=1", then: "200", shows: []string{`"meta":{"page":1,"limit":1,"total":2,"totalPages":2,"nextCursor":"AWMAAAAC`}},
	{says: byCursor, of: "before a row of the same time", given: twoResults, when: "GET " + results + "?limit=1&cursor=" + cursorAt(2, core.ID{0: 0xff}), then: "200",
		shows: []string{`"data":[{"id":"{r2}"`, `"meta":{"page":2,"limit":1,"total":2,"totalPages":2,"nextCursor":"AWMAAAAD`}},
	{says: byCursor, of: "after it", given: twoResults, when: "GET " + results + "?limit=1&cursor=" + cursorAt(9, core.ID{15: 1}), then: "200",
		shows: []string{`"data":[{"id":"{r1}"`, `"meta":{"page":9,"limit":1,"total":2,"totalPages":2,"nextCursor":null}}`}},
	{says: afterPosition, given: twoResults, when: "GET " + results + "?after_position=3", then: "200", shows: []string{`"data":[{"id":"{r2}"`, one}, lacks: []string{"{r1}"}},
	{says: afterPosition, of: "0 is before the first; the earliest change comes first", given: twoResults, when: "GET " + results + "?after_position=0&limit=1", then: "200",
		shows: []string{`"data":[{"id":"{r1}"`, `"total":2,"totalPages":2,"nextCursor":"AXAAAAACAAAAAAAAAAI"`}},
	{says: afterPosition, of: "its cursor", given: twoResults, when: "GET " + results + "?after_position=0&limit=1&cursor=AXAAAAACAAAAAAAAAAI", then: "200",
		shows: []string{`"data":[{"id":"{r2}"`, `"meta":{"page":2,"limit":1,"total":2,"totalPages":2,"nextCursor":null}}`}},
	{says: afterPosition, of: "with a sort: that order", given: twoResults, when: "GET " + results + "?after_position=0&sort=updatedAt&limit=1", then: "200", shows: []string{`"data":[{"id":"{r2}"`, `"nextCursor":null`}},
	{says: afterPosition, of: "of activities: what changed last is last", given: append(twoActivities, dispatchA1), when: "GET " + createPath + "?after_position=2", then: "200",
		shows: []string{`"data":[{"id":"{a2}"`, `"lastPosition":3},{"id":"{a1}"`, `"lastPosition":4}],`}},
	{says: past2s, of: "a list of results", while: behind, when: "GET " + results, then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: past2s, of: "a list of activities", while: behind, when: "GET " + createPath, then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: past2s, of: "status events", given: twoActivities, while: behind, when: "GET " + showA1 + "/status-events", then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: neverWaits, of: "a list of results", while: behind, when: "GET " + results + "?consistency=eventual", then: "200"},
	{says: neverWaits, of: "a list of activities", while: behind, when: "GET " + createPath + "?consistency=eventual&limit=1", then: "200"},
	{says: neverWaits, of: "status events", given: twoActivities, while: behind, when: "GET " + showA1 + "/status-events?consistency=eventual", then: "200"},
}

var statusEventContract = []contractRow{
	{says: statusEvents, of: "of a creation", given: []string{postActivity + created()}, when: "VIEWER GET " + showA1 + "/status-events", then: "200",
		shows: []string{`[{"id":"`, `","eventType":"CREATED","fromStatus":null,"toStatus":"READY","errorCode":null,"errorMessage":null,"occurredAt":"2025-01-16T14:30:05.000Z"}]`}},
	{says: eventTypes, of: "DISPATCH_SUCCESS, RESULT", given: []string{postTask + task(), dispatchA1, postResult + sent("activity_id", `"{a1}"`)}, when: "GET " + showA1 + "/status-events", then: "200",
		shows: []string{`"eventType":"DISPATCH_SUCCESS","fromStatus":"READY","toStatus":"DISPATCHED","errorCode":null,"errorMessage":null`,
			`"eventType":"RESULT","fromStatus":"DISPATCHED","toStatus":"COMPLETED","errorCode":null,"errorMessage":null`}},
	{says: eventTypes, of: "CANCELED", given: []string{postTask + task(), cancelA1}, when: "GET " + showA1 + "/status-events", then: "200",
		shows: []string{`"eventType":"CANCELED","fromStatus":"READY","toStatus":"CANCELED","errorCode":null,"errorMessage":null`}},
	{says: eventTypes, of: "FAILED by a RESULT", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"NOT_EXECUTED"`, "task_result.result", `"not_home"`, "task_result.comment", `"Nobody"`)},
		when: "GET " + showA1 + "/status-events", then: "200", shows: []string{`"eventType":"RESULT","fromStatus":"READY","toStatus":"FAILED","errorCode":"not_home","errorMessage":"Nobody"`}},
	{says: eventTypes, of: "FAILED by a LINKED result without a comment", given: []string{postResult + sent("provider_activity_id", `"p"`, "status", `"NOT_EXECUTED"`, "task_result.result", `"not_home"`),
		postTask + task("provider_activity_id", `"p"`)}, when: "GET " + showA1 + "/status-events", then: "200", shows: []string{`"eventType":"LINKED","fromStatus":"READY","toStatus":"FAILED","errorCode":"not_home","errorMessage":null`}},
	{says: in404, of: "status events", when: "GET " + createPath + "/x/status-events", then: "404 not_found"},
	{says: "`404` unknown id on reads", of: "status events", when: "GET " + createPath + "/11111111-1111-4111-8111-111111111111/status-events", then: "404 not_found"},
	{says: "`404` unknown id on reads", of: "a result has no status events", given: twoResults, when: "GET " + createPath + "/{r1}/status-events", then: "404 not_found"},
}
