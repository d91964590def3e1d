package httpapi

import (
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractSection26 is contract §2.6 as seen over HTTP: reading your own write. What the barrier waits for is tested in projections, what a query may say in TestQueries.
func TestContractSection26(t *testing.T) { runContract(t, readingRows) }

const (
	seesIt     = "A read that follows an acknowledged write, from any client, through any node, sees it."
	past2s     = "past that, `503` with `Retry-After`"
	neverWaits = "`?consistency=eventual` never waits"
	positions  = "Every answer of a write carries `Resultlog-Position` (the tenant's position of its first event)"
	lastRow    = "every row read carries `lastPosition`"
)

// behind is a barrier that nobody gets past.
func behind(w *world) { w.barrierFails = &core.Error{Code: core.CodeReadsBehind} }

var readingRows = []contractRow{
	{says: seesIt, of: "a dispatch, read by a VIEWER", given: []string{postTask + task(), dispatchA1}, when: "VIEWER GET " + showA1, then: "200", shows: []string{`"status":"DISPATCHED"`}},
	{says: seesIt, of: "a cancellation", given: []string{postTask + task(), cancelA1}, when: "VIEWER GET " + showA1, then: "200", shows: []string{`"status":"CANCELED"`}},
	{says: past2s, of: "an activity", given: []string{postTask + task()}, while: behind, when: "GET " + showA1, then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: past2s, of: "a result", given: []string{postResult + minimal}, while: behind, when: "GET /api/activity-results/{r1}", then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: past2s, of: "but a write never waits for reads, not even to show the activity", given: []string{postTask + task()}, while: behind, when: cancelA1, then: "200", shows: []string{`"status":"CANCELED"`}},
	{says: neverWaits, of: "an activity", given: []string{postTask + task()}, while: behind, when: "GET " + showA1 + "?consistency=eventual", then: "200", shows: []string{`"id":"{a1}"`}},
	{says: neverWaits, of: "a result", given: []string{postResult + minimal}, while: behind, when: "GET /api/activity-results/{r1}?consistency=eventual", then: "200"},
	{says: positions, of: "of a creation that links: its first event's", given: []string{postResult + sent("provider_activity_id", `"p"`)}, when: postTask + task("provider_activity_id", `"p"`), then: "201",
		shows: []string{"Resultlog-Position: 2\n"}, leaves: []string{showA1 + ` "lastPosition":4}`}},
	{says: positions, of: "of a dispatch that links: its first event's", given: []string{postResult + sent("provider_activity_id", `"p"`), postTask + task()}, when: dispatchA1 + ` {"provider_activity_id":"p"}`, then: "204",
		shows: []string{"Resultlog-Position: 3\n"}, leaves: []string{showA1 + ` "lastPosition":5}`}},
	{says: positions, of: "a read is no write", given: []string{postTask + task()}, when: "GET " + showA1, then: "200", lacks: []string{"Resultlog-Position"}},
	{says: positions, of: "nor is a refusal", given: []string{postTask + task(), cancelA1}, when: cancelA1, then: "409 invalid_transition", lacks: []string{"Resultlog-Position"}},
	{says: lastRow, of: "of an activity: that of the last event that changed it", given: []string{postTask + task(), dispatchA1, postResult + minimal}, when: "GET " + showA1, then: "200",
		shows: []string{`"version":2,"lastPosition":2}`}},
	{says: lastRow, of: "of a result", given: []string{postTask + task(), postResult + minimal}, when: "GET /api/activity-results/{r1}", then: "200", shows: []string{`"version":1,"lastPosition":2}`}},
	{says: lastRow, of: "of a result that was linked", given: []string{postResult + sent("provider_activity_id", `"p"`), postTask + task("provider_activity_id", `"p"`)}, when: "GET /api/activity-results/{r1}", then: "200",
		shows: []string{`"version":2,"lastPosition":3}`}},
}

// TestEveryWriteSaysWhere: every answer of a write carries Resultlog-Position.
func TestEveryWriteSaysWhere(t *testing.T) {
	for _, write := range writes {
		w := newWorld(t)
		w.accept(t, "SUPER_ADMIN X-Tenant-Id={other} "+postTask+task()) // which moves the log on, and not the tenant's part of it
		w.accept(t, postTask+task())
		w.accept(t, postResult+minimal)
		w.keyFor(tenant, core.ViewEvents, nil)
		rec := w.ask(strings.ReplaceAll(write.line, "{a1}", "{a2}"))
		if got := briefly(t, rec); got != write.then || rec.Header().Get("Resultlog-Position") != "4" {
			t.Errorf("%s: %s at %q, want %s at 4: %s", write.name, got, rec.Header().Get("Resultlog-Position"), write.then, rec.Body)
		}
	}
}
