package httpapi

import (
	"context"
	"net/http"
	"testing"

	"resultlog/core"
)

// TestContractAsOf is reading how things were, as seen over HTTP. That it is what was read then is tested in projections and in cmd/resultlog.
func TestContractAsOf(t *testing.T) { runContract(t, asOfRows) }

const (
	asOf          = "`GET /api/activities/:id?as_of=TIME|POSITION`, `GET /api/activity-results/:id?as_of=…`: the state then, by folding; equal to what a read at that moment would have answered."
	isPosition    = "POSITION is tenantPosition"
	isInclusive   = "TIME is inclusive"
	future        = "future → `400`"
	beforeCreated = "before creation → `404`"
	eitherOf      = "as_of is a position or a time"

	showR1 = results + "/{r1}"
)

// story is of one activity, dispatched, with a result that is PENDING at first, and of how the tenant holds its code: positions 1 to 7, of which the last two are one command's; a second between
// two of them, from 14:30:05 on.
var story = []string{
	postTask + task("provider_activity_id", `"p"`),
	"@2025-01-16T14:30:06Z " + dispatchA1,
	"@2025-01-16T14:30:07Z " + postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`, "task_result.comment", `"wait"`),
	"@2025-01-16T14:30:08Z " + successIsPositive,
	"@2025-01-16T14:30:09Z " + successIsNegative,
	"@2025-01-16T14:30:10Z " + postResult + sent("provider_activity_id", `"p"`, "occurred_at", `"2025-01-16T14:30:08Z"`),
}

// lateLink is of a result that stands alone, and of an activity that it is linked to at position 4; others happen before it in the log.
var lateLink = []string{
	"SUPER_ADMIN X-Tenant-Id={other} " + postTask + task(),
	"SUPER_ADMIN X-Tenant-Id={other} " + postResult + minimal,
	postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`),
	"@2025-01-16T14:30:06Z " + postResult + sent("provider_activity_id", `"p"`, "status", `"PENDING"`, "occurred_at", `"2025-01-16T14:30:06Z"`),
	"@2025-01-16T14:30:07Z " + postTask + task("idempotency_key", `"k-9"`),
	"@2025-01-16T14:30:08Z " + "POST " + tasksPath + `/{a2}/dispatch {"provider_activity_id":"p"}`,
}

// reached is what is wrong while the tables have come to a position and no further.
func reached(p core.Position) func(*world) { return func(w *world) { w.reached = p } }

var asOfRows = []contractRow{
	{says: asOf, of: "an activity", given: story, when: "VIEWER GET " + showA1 + "?as_of=1", then: "200", shows: []string{`"status":"READY"`, `"updatedAt":"2025-01-16T14:30:05.000Z","version":1,"lastPosition":1}`}, lacks: []string{"resultId"}},
	{says: asOf, of: "an activity, by a PENDING result, which stands in no event of its own stream", given: story, when: "GET " + showA1 + "?as_of=3", then: "200",
		shows: []string{`"status":"DISPATCHED"`, `"resultId":"{r1}"`, `"updatedAt":"2025-01-16T14:30:07.000Z","version":2,"lastPosition":3}`}},
	{says: asOf, of: "an activity, where only others moved since", given: story, when: "GET " + showA1 + "?as_of=5", then: "200", shows: []string{`"updatedAt":"2025-01-16T14:30:07.000Z","version":2,"lastPosition":3}`}},
	{says: asOf, of: "a result", given: story, when: "VIEWER GET " + showR1 + "?as_of=3", then: "200",
		shows: []string{`"resultStatus":"PENDING"`, `"comment":"wait"`, `"updatedAt":"2025-01-16T14:30:07.000Z"`, `"classification":null,"version":1,"lastPosition":3}`}},
	{says: asOf, of: "a result, with the classification of then", given: story, when: "GET " + showR1 + "?as_of=4", then: "200", shows: []string{`"classification":"POSITIVE","version":1,"lastPosition":3}`}},
	{says: asOf, of: "the head is now", given: story, when: "GET " + showR1 + "?as_of=7", then: "200", shows: []string{`"resultStatus":"COMPLETED"`, `"classification":"NEGATIVE","version":2,"lastPosition":6}`}},
	{says: asOf, of: "before a late link the result stood alone", given: lateLink, when: "GET " + results + "/{r2}?as_of=3", then: "200", shows: []string{`"activityId":null,"source":"STANDALONE"`, `"version":2,"lastPosition":2}`}},
	{says: asOf, of: "and after it not; updatedAt stays", given: lateLink, when: "GET " + results + "/{r2}?as_of=5", then: "200",
		shows: []string{`"activityId":"{a2}","source":"RETEN_ACTIVITY"`, `"updatedAt":"2025-01-16T14:30:06.000Z"`, `"version":3,"lastPosition":5}`}},
	{says: asOf, of: "before a late link the activity had no result", given: lateLink, when: "GET " + createPath + "/{a2}?as_of=3", then: "200", shows: []string{`"status":"READY"`, `"version":1,"lastPosition":3}`}, lacks: []string{"resultId", "providerActivityId"}},
	{says: asOf, of: "and after it, it has", given: lateLink, when: "GET " + createPath + "/{a2}?as_of=5", then: "200", shows: []string{`"resultId":"{r2}"`, `"version":2,"lastPosition":5}`}},
	{says: asOf, of: "a result does not wait for the read tables: the log has all that was acknowledged", given: story, while: behind, when: "GET " + showR1 + "?as_of=7", then: "200", shows: []string{`"lastPosition":6}`}},
	{says: asOf, of: "an activity waits for them, as any read", given: story, while: behind, when: "GET " + showA1 + "?as_of=1", then: "503 reads_behind"},
	{says: asOf, of: "eventual does not wait, where they have come as far as the moment", given: story, while: reached(3), when: "GET " + showA1 + "?as_of=3&consistency=eventual", then: "200", shows: []string{`"resultId":"{r1}"`}},
	{says: asOf, of: "and is refused rather than wrong, where they have not", given: story, while: reached(2), when: "GET " + showA1 + "?as_of=3&consistency=eventual", then: "503 reads_behind",
		shows: []string{"have not come as far as that moment", "leave consistency=eventual out"}},
	{says: asOf, of: "how far is told by the whole log", given: lateLink, while: reached(6), when: "GET " + createPath + "/{a2}?as_of=5&consistency=eventual", then: "503 reads_behind"},
	{says: asOf, of: "eventual makes no difference to a result", given: story, while: reached(2), when: "GET " + showR1 + "?consistency=eventual&as_of=3", then: "200"},
	{says: asOf, of: "status events have none", given: story, when: "GET " + showA1 + "/status-events?as_of=1", then: "400 invalid_query"},

	{says: isPosition, of: "what happens to others does not move it", given: lateLink, when: "GET " + results + "/{r2}?as_of=1", then: "200", shows: []string{`"version":1,"lastPosition":1}`}},
	{says: isInclusive, of: "the very millisecond", given: story, when: "GET " + showA1 + "?as_of=2025-01-16T14:30:06.000Z", then: "200", shows: []string{`"status":"DISPATCHED"`}},
	{says: isInclusive, of: "a millisecond before", given: story, when: "GET " + showA1 + "?as_of=2025-01-16T14:30:05.999Z", then: "200", shows: []string{`"status":"READY"`}},
	{says: isInclusive, of: "all that a command has caused", given: story, when: "GET " + showA1 + "?as_of=2025-01-16T14:30:10Z", then: "200", shows: []string{`"status":"COMPLETED"`, `"lastPosition":7}`}},
	{says: isInclusive, of: "finer digits are cut off", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T14:30:07.0009Z", then: "200", shows: []string{`"lastPosition":3}`}},
	{says: isInclusive, of: "with an offset", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T11:30:08-03:00", then: "200", shows: []string{`"classification":"POSITIVE"`}},
	{says: isInclusive, of: "the service's own millisecond has come", given: story, when: "@2025-01-16T14:40:00Z GET " + showR1 + "?as_of=2025-01-16T14:40:00.000Z", then: "200"},

	{says: future, of: "a position", given: story, when: "GET " + showR1 + "?as_of=8", then: "400 as_of_in_future", shows: []string{"the tenant position 8 is not taken yet: this tenant's last is 7"}},
	{says: future, of: "a position, of an activity", given: story, when: "GET " + showA1 + "?as_of=8&consistency=eventual", then: "400 as_of_in_future"},
	{says: future, of: "a position that others have reached", given: lateLink, when: "GET " + results + "/{r2}?as_of=6", then: "400 as_of_in_future"},
	{says: future, of: "a position beyond all numbers", given: story, when: "GET " + showR1 + "?as_of=99999999999999999999", then: "400 as_of_in_future"},
	{says: future, of: "a time", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T14:30:10.001Z", then: "400 as_of_in_future", shows: []string{"the time 2025-01-16T14:30:10.001Z lies in the future: it must not be after 2025-01-16T14:30:10.000Z"}},
	{says: future, of: "a time that an event has is none, whatever the clock says", given: story, when: "@2025-01-16T14:30:00Z GET " + showA1 + "?as_of=2025-01-16T14:30:10.000Z", then: "200", shows: []string{`"lastPosition":7}`}},
	{says: future, of: "of what there is not, too: the request is judged first", when: "GET " + results + "/" + tenant.String() + "?as_of=1", then: "400 as_of_in_future"},

	{says: beforeCreated, of: "a result", given: story, when: "GET " + showR1 + "?as_of=2", then: "404 not_found"},
	{says: beforeCreated, of: "a result, by a time", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T14:30:06.999Z", then: "404 not_found"},
	{says: beforeCreated, of: "an activity", given: story, when: "GET " + showA1 + "?as_of=0", then: "404 not_found"},
	{says: beforeCreated, of: "an activity, by a time long ago", given: story, when: "GET " + showA1 + "?as_of=0000-01-01T00:00:00Z", then: "404 not_found"},
	{says: beforeCreated, of: "another tenant's is never there", given: story, when: "SUPER_ADMIN X-Tenant-Id={other} GET " + showR1 + "?as_of=0", then: "404 not_found"},
	{says: beforeCreated, of: "an id that is none", given: story, when: "GET " + results + "/x?as_of=1", then: "404 not_found"},
	{says: beforeCreated, of: "an id that is none, of an activity", given: story, when: "GET " + createPath + "/x?as_of=1", then: "404 not_found"},

	{says: eitherOf, of: "empty", given: story, when: "GET " + showR1 + "?as_of=", then: "400 invalid_query", shows: []string{"as_of must be a tenant position, like 42, or an RFC 3339 time with an offset or Z"}},
	{says: eitherOf, of: "a negative number", given: story, when: "GET " + showA1 + "?as_of=-1", then: "400 invalid_query"},
	{says: eitherOf, of: "a sign", given: story, when: "GET " + showR1 + "?as_of=%2B1", then: "400 invalid_query"},
	{says: eitherOf, of: "a number with a point", given: story, when: "GET " + showR1 + "?as_of=1.0", then: "400 invalid_query"},
	{says: eitherOf, of: "a time without an offset", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T14:30:07", then: "400 invalid_query"},
	{says: eitherOf, of: "a time that there is not", given: story, when: "GET " + showR1 + "?as_of=2025-02-30T14:30:07Z", then: "400 invalid_query", shows: []string{"as_of is no time that there is"}},
	{says: eitherOf, of: "an offset whose + became a space", given: story, when: "GET " + showR1 + "?as_of=2025-01-16T14:30:07+00:00", then: "400 invalid_query", shows: []string{"the + of an offset is %2B"}},
	{says: eitherOf, of: "twice", given: story, when: "GET " + showR1 + "?as_of=1&as_of=1", then: "400 invalid_query"},
	{says: eitherOf, of: "beside another consistency", given: story, when: "GET " + showR1 + "?as_of=3&consistency=strong", then: "400 invalid_query"},
}

// TestAsOfNeedsNoMore: whoever may read how it is may read how it was, and nobody else.
func TestAsOfNeedsNoMore(t *testing.T) {
	w := newWorld(t)
	for _, line := range story {
		w.accept(t, line)
	}
	viewer, _ := w.keyFor(tenant, core.ViewActivities, nil)
	writer, _ := w.keyFor(tenant, core.AllPermissions&^core.ViewActivities, nil)
	for _, path := range []string{showA1, showR1} {
		for key, then := range map[string]string{viewer: "200", writer: "403 permission_denied"} {
			rec := w.do(byKey(w.parse("GET "+path+"?as_of=3"), key))
			if got := briefly(t, rec); got != then {
				t.Errorf("%s: %s, want %s", path, got, then)
			}
		}
	}
}

// TestAsOfIsJudgedAgain: a key that is revoked while the read waits for the read tables sees nothing.
func TestAsOfIsJudgedAgain(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Barrier = revoking{t, c.Barrier.(*world)} })
	for _, line := range story {
		w.accept(t, line)
	}
	key, _ := w.keyFor(tenant, core.ViewActivities, nil)
	rec := w.do(byKey(w.parse("GET "+showA1+"?as_of=3"), key))
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("%s", showAnswer(rec))
	}
}

// revoking is a barrier at which a key is revoked in the meantime.
type revoking struct {
	t *testing.T
	*world
}

// Wait implements Barrier.
func (r revoking) Wait(ctx context.Context) (core.Position, error) {
	r.accept(r.t, "POST /api/api-keys/{k1}/revoke")
	return r.world.Wait(ctx)
}

// TestReadAsOfWaitsAgain: an activity that is read as of a moment finds the tables emptied, and waits again instead of missing its row.
func TestReadAsOfWaitsAgain(t *testing.T) {
	w := newWorld(t)
	for _, line := range story {
		w.accept(t, line)
	}
	w.emptied = 2
	if rec := w.ask("GET " + showA1 + "?as_of=3"); rec.Code != http.StatusOK || w.waited != 3 {
		t.Errorf("waited %d times: %s", w.waited, showAnswer(rec))
	}
}
