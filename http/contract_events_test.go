package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractEvents is what auditors were promised of the history over HTTP: pages and exports. Tails are in events_tail_test.go.
func TestContractEvents(t *testing.T) { runContract(t, eventContract) }

const (
	saysHistory  = "`GET /api/events?after=&limit=&type=&activity_id=&result_id=&from=&to=` in `tenant_position` order"
	saysWhole    = "the whole tenant as `application/x-ndjson`"
	saysOfOne    = "`GET /api/activities/:id/events`, `GET /api/activity-results/:id/events`"
	saysShown    = "An event shows type, schema, version, tenantPosition, recordedAt, actor, requestId, data (exact bytes), leaf hash"
	saysAuditor  = "an API key with only VIEW_EVENTS is an auditor"
	saysAccepted = "the client says by Accept which form it wants"

	getEvents = "GET " + eventsPath
	ndjson    = "Accept=application/x-ndjson "
)

// fourEvents are 1, the creation of {a1} at 14:30:05; 2 and 3, its result {r1} and the move of the activity at 14:31:00; 4, {r2} at 14:31:01, which stands alone.
var fourEvents = twoResults

// shows are the tenant positions that must stand in an answer, and those of 1 to 4 that are not listed must not.
func positionsOf(row contractRow, positions ...int) contractRow {
	row.given = fourEvents
	row.then = "200"
	for at := range 4 {
		member := fmt.Sprintf(`"tenantPosition":%d,`, at+1)
		if slices.Contains(positions, at+1) {
			row.shows = append(row.shows, member)
		} else {
			row.lacks = append(row.lacks, member)
		}
	}
	return row
}

// eventPage is the row of a page of the history.
func eventPage(query, meta string, positions ...int) contractRow {
	return positionsOf(contractRow{says: saysHistory, of: query, when: getEvents + query, shows: []string{`"meta":` + meta + `}`}}, positions...)
}

// eventExport likewise of an export.
func eventExport(query string, positions ...int) contractRow {
	return positionsOf(contractRow{says: saysWhole, of: query, when: ndjson + getEvents + query, shows: []string{"Content-Type: application/x-ndjson\n", "Resultlog-Head: 4\n"}, lacks: []string{`"meta":`}}, positions...)
}

var eventContract = []contractRow{
	eventPage("", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 1, 2, 3, 4),
	eventPage("?limit=2", `{"limit":2,"head":4,"nextAfter":2,"hasMore":true}`, 1, 2),
	eventPage("?limit=2&after=2", `{"limit":2,"head":4,"nextAfter":4,"hasMore":false}`, 3, 4),
	eventPage("?limit=4", `{"limit":4,"head":4,"nextAfter":4,"hasMore":false}`, 1, 2, 3, 4),
	eventPage("?after=0", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 1, 2, 3, 4),
	eventPage("?after=3&limit=1000", `{"limit":1000,"head":4,"nextAfter":4,"hasMore":false}`, 4),
	eventPage("?after=4", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?type=ResultSubmitted", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 2, 4),
	eventPage("?type=ResultSubmitted&limit=1", `{"limit":1,"head":4,"nextAfter":2,"hasMore":true}`, 2),
	eventPage("?type=APIKeyIssued", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?activity_id={a1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 1, 2, 3),
	eventPage("?activity_id={A1}&after=1&limit=1", `{"limit":1,"head":4,"nextAfter":2,"hasMore":true}`, 2),
	eventPage("?activity_id={a1}&type=ActivityTransitioned", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 3),
	eventPage("?result_id={r2}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 4),
	eventPage("?result_id={r1}&activity_id={a1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 2),
	eventPage("?result_id={r2}&activity_id={a1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?activity_id={r1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?result_id={a1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?activity_id=770e8400-e29b-41d4-a716-446655440000", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?from=2025-01-16T14:31:00Z", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 2, 3, 4),
	eventPage("?from=2025-01-16T14:31:00.001Z", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 4),
	eventPage("?from=2025-01-16T11:31:00-03:00&to=2025-01-16T14:31:00Z", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 2, 3),
	eventPage("?to=2025-01-16T14:30:59.999Z", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 1),
	eventPage("?from=2025-01-17T00:00:00Z", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`),
	eventPage("?from=2025-01-16T14:31:00Z&after=2&activity_id={a1}", `{"limit":20,"head":4,"nextAfter":4,"hasMore":false}`, 3),
	{says: saysHistory, of: "of a tenant of whom nothing was recorded", given: fourEvents, when: superOther + getEvents, then: "200", shows: []string{`{"data":[],"meta":{"limit":20,"head":0,"nextAfter":0,"hasMore":false}}`, "Resultlog-Head: 0\n"}},
	{says: saysHistory, of: "an activity of another tenant", given: fourEvents, when: superOther + getEvents + "?activity_id={a1}", then: "200", shows: []string{`{"data":[],`}},
	{says: saysHistory, of: "after the last event", given: fourEvents, when: getEvents + "?after=5", then: "400 invalid_query", shows: []string{"5 lies beyond the last event of this tenant, which is 4"}},
	{says: saysHistory, of: "all that is wrong", when: getEvents + "?after=-1&limit=1001&type=ResultDeleted&activity_id=x&from=y&page=2", then: "400 invalid_query", shows: []string{"after must be a whole number from 0 to",
		"limit must be a whole number from 1 to 1000", "type must be one of APIKeyIssued, APIKeyRevoked, ActivityCreated, ActivityTransitioned, PersonalErased, ResultLinked, ResultSubmitted, ResultTypeConfigured", "activity_id must be a UUID",
		"from must be an RFC 3339 time", `there is no query parameter \"page\" here`}},
	{says: saysHistory, of: "a type twice", when: getEvents + "?type=ResultSubmitted&type=ResultLinked", then: "400 invalid_query", shows: []string{"type must come once"}},
	{says: saysHistory, of: "a span that ends before it begins", when: getEvents + "?from=2025-01-16T14:31:00Z&to=2025-01-16T14:30:00Z", then: "400 invalid_query"},
	{says: saysHistory, of: "the log is slow", given: fourEvents, while: func(w *world) { w.historyFails = &core.Error{Code: codeHistoryUnavailable} }, when: getEvents, then: "503 history_unavailable", shows: []string{"Retry-After: 1\n"}},

	eventExport("", 1, 2, 3, 4),
	eventExport("?after=2", 3, 4),
	eventExport("?after=1&limit=2", 2, 3),
	eventExport("?type=ResultSubmitted&from=2025-01-16T14:31:01Z", 4),
	eventExport("?activity_id={a1}&to=2025-01-16T14:30:05Z", 1),
	{says: saysWhole, of: "beyond its end", given: fourEvents, when: ndjson + getEvents + "?after=5", then: "400 invalid_query"},

	{says: saysOfOne, given: fourEvents, when: "GET " + showA1 + "/events", then: "200", shows: []string{`"tenantPosition":1,`, `"tenantPosition":2,`, `"tenantPosition":3,`, `"meta":{"limit":20,"head":4,"nextAfter":4,"hasMore":false}}`}, lacks: []string{`"tenantPosition":4,`, "{r2}"}},
	{says: saysOfOne, of: "of a result", given: fourEvents, when: "GET " + results + "/{r2}/events", then: "200", shows: []string{`"tenantPosition":4,`}, lacks: []string{"{r1}", "{a1}"}},
	{says: saysOfOne, of: "from somewhere on", given: fourEvents, when: "GET " + showA1 + "/events?after=1&limit=1", then: "200", shows: []string{`"tenantPosition":2,`, `"nextAfter":2,"hasMore":true`}, lacks: []string{`"tenantPosition":1,`, `"tenantPosition":3,`}},
	{says: saysOfOne, of: "all of it", given: fourEvents, when: ndjson + "GET " + showA1 + "/events", then: "200", shows: []string{"\n" + `{"tenantId":"` + tenant.String() + `","tenantPosition":1,`}, lacks: []string{`"tenantPosition":4,`}},
	{says: saysOfOne, of: "a PENDING result, which has moved nothing", given: []string{postTask + task(), postResult + sent("activity_id", `"{a1}"`, "status", `"PENDING"`)}, when: "GET " + showA1 + "/events", then: "200",
		shows: []string{`"tenantPosition":2,"streamId":"{r1}"`}},
	{says: saysOfOne, of: "a result that was there before its activity", given: []string{postResult + sent("provider_activity_id", `"p"`), postTask + task("provider_activity_id", `"p"`)}, when: "GET " + showA1 + "/events", then: "200",
		shows: []string{`"tenantPosition":1,"streamId":"{r1}"`, `"type":"ResultLinked"`, `"tenantPosition":4,`}},
	{says: saysOfOne, of: "without a result", given: []string{postTask + task()}, when: "GET " + showA1 + "/events", then: "200", shows: []string{`"tenantPosition":1,`, `"head":1`}},
	{says: saysOfOne, of: "while the read tables are behind, when they need not be asked", given: fourEvents, while: behind, when: "GET " + showA1 + "/events", then: "200"},
	{says: saysOfOne, of: "while the read tables are behind, when they must be asked", given: []string{postTask + task()}, while: behind, when: "GET " + showA1 + "/events", then: "503 reads_behind"},
	{says: saysOfOne, of: "unknown", given: fourEvents, when: "GET " + createPath + "/770e8400-e29b-41d4-a716-446655440000/events", then: "404 not_found"},
	{says: saysOfOne, of: "an unknown result, all of it", given: fourEvents, when: ndjson + "GET " + results + "/770e8400-e29b-41d4-a716-446655440000/events", then: "404 not_found"},
	{says: saysOfOne, of: "no UUID", when: "GET " + createPath + "/x/events", then: "404 not_found"},
	{says: saysOfOne, of: "a result is no activity", given: fourEvents, when: "GET " + createPath + "/{r1}/events", then: "404 not_found"},
	{says: saysOfOne, of: "an activity is no result", given: fourEvents, when: "GET " + results + "/{a1}/events", then: "404 not_found"},
	{says: saysOfOne, of: "a tenant is neither", given: []string{"PUT /api/task-result-types/other {\"is_active\":true}"}, when: "GET " + results + "/" + tenant.String() + "/events", then: "404 not_found"},
	{says: saysOfOne, of: "of another tenant", given: fourEvents, when: superOther + "GET " + showA1 + "/events", then: "404 not_found"},
	{says: saysOfOne, of: "filters are for the whole", given: fourEvents, when: "GET " + showA1 + "/events?type=ResultSubmitted", then: "400 invalid_query"},

	{says: saysShown, given: []string{"X-Request-Id=r-1 " + postTask + task("reason", `"a\u0020visit"`)}, when: getEvents, then: "200", shows: []string{
		`{"data":[{"tenantId":"` + tenant.String() + `","tenantPosition":1,"streamId":"{a1}","version":1,"eventId":"`, `"type":"ActivityCreated","schema":1,"recordedAt":"2025-01-16T14:30:05.000Z","actor":{"subject":"someone","role":"ADMIN"},` +
			`"requestId":"r-1","metadata":{"actor":{"subject":"someone","role":"ADMIN"},"request_id":"r-1"},"data":{"activity_id":"{a1}","type":"TASK","reason":"a visit",`, `"leaf":"`}},
	{says: saysShown, of: "and nothing personal", given: []string{postResult + sent("task_result.comment", `"a private matter"`)}, when: getEvents, then: "200", shows: []string{`"personal_sha256":"`}, lacks: []string{"private", `"personal"`, `"position"`}},

	{says: saysAuditor, given: []string{postTask + task(), postKey + newKey("permissions", `["VIEW_EVENTS"]`)}, when: by1 + getEvents, then: "200", shows: []string{`"tenantPosition":2,`}},
	{says: saysAuditor, of: "an export", given: []string{postTask + task(), postKey + newKey("permissions", `["VIEW_EVENTS"]`)}, when: by1 + ndjson + getEvents, then: "200"},
	{says: saysAuditor, of: "of one thing", given: []string{postTask + task(), postKey + newKey("permissions", `["VIEW_EVENTS"]`)}, when: by1 + "GET " + showA1 + "/events", then: "200"},
	{says: saysAuditor, of: "and reads nothing else", given: []string{postTask + task(), postKey + newKey("permissions", `["VIEW_EVENTS"]`)}, when: by1 + "GET " + showA1, then: "403 permission_denied"},
	{says: saysAuditor, of: "revoked", given: []string{postKey + newKey("permissions", `["VIEW_EVENTS"]`), revokeK1}, when: by1 + getEvents, then: "401 unauthenticated"},
	{says: saysAuditor, of: "whoever holds everything else is none", given: []string{postKey + newKey("permissions", `["VIEW_ACTIVITIES","CREATE_ACTIVITY","DISPATCH_ACTIVITY","CANCEL_ACTIVITY","MANAGE_ACTIVITY_CONFIG","MANAGE_API_KEYS"]`)},
		when: by1 + getEvents, then: "403 permission_denied", shows: []string{"VIEW_EVENTS"}},
	{says: saysAuditor, of: "an FDE is none", when: "FDE " + getEvents, then: "403 permission_denied"},

	{says: saysAccepted, of: "anything", when: "Accept=*/* " + getEvents, then: "200", shows: []string{"Content-Type: application/json\n", "Vary: Accept\n"}},
	{says: saysAccepted, of: "what it likes best", given: fourEvents, when: "Accept=application/json;q=0.5,application/x-ndjson " + getEvents, then: "200", shows: []string{"Content-Type: application/x-ndjson\n"}},
	{says: saysAccepted, of: "what there is not", when: "Accept=text/csv " + getEvents, then: "406 not_acceptable", shows: []string{"application/json, application/x-ndjson, text/event-stream"}},
	{says: saysAccepted, of: "there is no tail of one thing", given: fourEvents, when: "Accept=text/event-stream GET " + showA1 + "/events", then: "406 not_acceptable", shows: []string{"send one of application/json, application/x-ndjson, or"}},
	{says: saysAccepted, of: "after the permission and before the query", when: "Accept=text/csv " + getEvents + "?limit=0", then: "406 not_acceptable"},
	{says: saysAccepted, of: "a tail has no limit", when: "Accept=text/event-stream " + getEvents + "?limit=1", then: "400 invalid_query"},
	{says: saysAccepted, of: "a tail has no end", when: "Accept=text/event-stream " + getEvents + "?to=2025-01-16T14:31:00Z", then: "400 invalid_query"},
	{says: saysAccepted, of: "a tail begins where there is something", when: "Accept=text/event-stream Last-Event-ID=1 " + getEvents, then: "400 invalid_query"},
	{says: saysAccepted, of: "a tail begins at a number", when: "Accept=text/event-stream Last-Event-ID=x " + getEvents, then: "400 invalid_header"},
}

// TestNegotiation is RFC 9110 §12.5.1, as far as this service needs it.
func TestNegotiation(t *testing.T) {
	for accept, want := range map[string]string{
		"":                               mediaJSON,
		" ":                              mediaJSON,
		"*/*":                            mediaJSON,
		"application/*":                  mediaJSON,
		"text/*":                         mediaEvents,
		"application/x-ndjson":           mediaNDJSON,
		"APPLICATION/X-NDJSON;q=0.1":     mediaNDJSON,
		"text/html, */*;q=0.1":           mediaJSON,
		"text/event-stream, */*":         mediaJSON,
		"*/*;q=0.1,text/event-stream":    mediaEvents,
		"application/json;q=0, */*":      mediaNDJSON,
		"application/json;charset=utf-8": mediaJSON,
		"application/problem+json, application/json": mediaJSON,
		"text/html":                  "",
		"application/json;q=0":       "",
		"application/json;q=2":       "",
		"application/json;q=x":       "",
		",;,application/x-ndjson":    mediaNDJSON,
		"application":                "",
		"application/*;q=0.5,text/*": mediaEvents,
	} {
		h := http.Header{}
		if accept != "" {
			h.Set("Accept", accept)
		}
		if got := negotiate(h, mediaJSON, mediaNDJSON, mediaEvents); got != want {
			t.Errorf("Accept: %s gives %q, want %q", accept, got, want)
		}
	}
	h := http.Header{"Accept": {"text/html", "application/x-ndjson"}}
	if got := negotiate(h, mediaJSON, mediaNDJSON); got != mediaNDJSON {
		t.Errorf("of two headers: %q", got)
	}
}

// TestPollingWalksTheHistory: whoever sends nextAfter as after sees every event once, whatever the filters, also those that come later.
func TestPollingWalksTheHistory(t *testing.T) {
	w := newWorld(t)
	for range 7 {
		w.accept(t, postResult+minimal)
	}
	for _, query := range []string{"limit=3", "limit=1", "limit=1000", "limit=2&type=ResultSubmitted", "limit=3&from=2025-01-16T14:30:05Z"} {
		var seen []core.Position
		for after, late := core.Position(0), 2; late >= 0; {
			var page struct {
				Data []struct{ TenantPosition core.Position }
				Meta struct {
					NextAfter core.Position
					HasMore   bool
				}
			}
			body := w.accept(t, fmt.Sprintf("%s?%s&after=%d", getEvents, query, after)).Body.Bytes()
			if err := json.Unmarshal(body, &page); err != nil || page.Meta.NextAfter < after {
				t.Fatalf("%v: %s", err, body)
			}
			for _, e := range page.Data {
				seen = append(seen, e.TenantPosition)
			}
			after = page.Meta.NextAfter
			if !page.Meta.HasMore {
				late--
				w.accept(t, postResult+minimal)
			}
		}
		for i, at := range seen {
			if at != core.Position(i+1) {
				t.Errorf("%s: saw %v", query, seen)
				break
			}
		}
		if len(seen) < len(w.log)-1 {
			t.Errorf("%s: saw %d of %d", query, len(seen), len(w.log))
		}
	}
}

// TestExportIsTheLog: every line is what the log holds, byte for byte, in every form.
func TestExportIsTheLog(t *testing.T) {
	w := newWorld(t)
	for _, line := range fourEvents {
		w.accept(t, line)
	}
	var want []string
	for _, r := range w.log {
		line, err := core.NewEntry(r).AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(line))
	}
	if got := w.accept(t, ndjson+getEvents).Body.String(); got != strings.Join(want, "\n")+"\n" {
		t.Errorf("the export is\n%s", got)
	}
	if got := w.accept(t, getEvents).Body.String(); !strings.HasPrefix(got, `{"data":[`+strings.Join(want, ",")+`],"meta":`) {
		t.Errorf("the page is\n%s", got)
	}
}

// TestPagesAreBounded: a page whose filter fits nothing ends after so many events, and says where to go on.
func TestPagesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postResult+minimal)
	for len(w.log) < maxPageRows+5 {
		r := w.log[len(w.log)-1]
		r.TenantPosition++
		w.log = append(w.log, r)
	}
	got := w.accept(t, getEvents+"?type=APIKeyIssued").Body.String()
	if want := fmt.Sprintf(`{"data":[],"meta":{"limit":20,"head":%d,"nextAfter":%d,"hasMore":true}}`, maxPageRows+5, maxPageRows); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
