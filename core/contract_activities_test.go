package core

import "testing"

// TestContractSection27 is contract §2.7: activities. Its methods and paths, permissions and fields, and what they answer, are tested in the HTTP layer; its lists and the status
// events, with the read tables.
func TestContractSection27(t *testing.T) {
	t.Run("statuses", func(t *testing.T) { runContract(t, statusRows) })
	t.Run("creation", func(t *testing.T) { runContract(t, creationRows) })
	t.Run("dispatch", func(t *testing.T) { runContract(t, dispatchRows) })
	t.Run("cancel", func(t *testing.T) { runContract(t, cancelRows) })
	t.Run("status events", func(t *testing.T) { runContract(t, eventRows) })
}

const (
	fromReady      = "READY → DISPATCHED | UNRESOLVED | CANCELED | FAILED"
	fromUnresolved = "UNRESOLVED → READY | CANCELED | FAILED"
	fromDispatched = "DISPATCHED → COMPLETED | FAILED | CANCELED"
	moved          = "a result moves READY, UNRESOLVED or DISPATCHED to the state of §1"
	lastThree      = "The last three are terminal."
)

var statusRows = []contractRow{
	{says: fromReady, of: "DISPATCHED", given: `create a1`, when: `dispatch a1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: fromReady, of: "CANCELED", given: `create a1`, when: `cancel a1`, then: `ActivityTransitioned a1 v2 READY to CANCELED by CANCELED -`},
	{says: fromUnresolved, of: "READY, and on from there", given: `create a1
		transition a1 READY UNRESOLVED X
		transition a1 UNRESOLVED READY X`, when: `dispatch a1`, then: `ActivityTransitioned a1 v4 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: fromUnresolved, of: "CANCELED", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `cancel a1`, then: `ActivityTransitioned a1 v3 UNRESOLVED to CANCELED by CANCELED -`},
	{says: fromUnresolved, of: "not DISPATCHED", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `dispatch a1`, then: `refused activity_not_ready`},
	{says: fromDispatched, of: "CANCELED", given: `create a1
		dispatch a1`, when: `cancel a1`, then: `ActivityTransitioned a1 v3 DISPATCHED to CANCELED by CANCELED -`},
	{says: moved, of: "READY", given: `create a1`, when: `submit r1 activity=a1 status=CANCELED`,
		then: `ResultSubmitted r1 v1 CANCELED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to CANCELED by RESULT r1`},
	{says: moved, of: "UNRESOLVED", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `submit r1 activity=a1 status=NOT_EXECUTED`,
		then: `ResultSubmitted r1 v1 NOT_EXECUTED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v3 UNRESOLVED to FAILED by RESULT r1`},
	{says: moved, of: "DISPATCHED", given: `create a1
		dispatch a1`, when: `submit r1 activity=a1 status=TRANSFERRED`,
		then: `ResultSubmitted r1 v1 TRANSFERRED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by RESULT r1`},
	{says: moved, of: "DISPATCHED, and not by PENDING", given: `create a1
		dispatch a1`, when: `submit r1 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`, leaves: `a1 TASK DISPATCHED v2 of t1, result r1`},
	{says: lastThree, of: "FAILED", given: `create a1
		transition a1 READY FAILED X`, when: `submit r1 activity=a1`, then: `refused invalid_transition`},
	{says: lastThree, of: "CANCELED", given: `create a1
		cancel a1`, when: `submit r1 activity=a1`, then: `refused invalid_transition`},
	{says: lastThree, of: "COMPLETED", given: `create a1
		submit r1 activity=a1`, when: `cancel a1`, then: `refused invalid_transition`},
}

var creationRows = []contractRow{
	{says: "a used idempotency_key → `409` carrying the existing id", given: `create a1 key=k1`, when: `create a2 key=k1`, then: `refused activity_exists, existing a1`},
	{says: "a used idempotency_key → `409` carrying the existing id", of: "before a provider id that is taken", given: `create a1 key=k1
		create a2 key=k2 provider=p2`, when: `create a3 key=k1 provider=p2`, then: `refused activity_exists, existing a1`},
	{says: "a provider id already in use → `409`", given: `create a1 provider=p1`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: "a provider id already in use → `409`", of: "since a dispatch", given: `create a1
		dispatch a1 provider=p1`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: "assigned_route_id and assigned_operator_id (UUIDs, required)", of: "are kept", when: `create a1 route=o1 operator=o2`, then: `ActivityCreated a1 v1 TASK`,
		stores: []string{`"assigned_route_id":"00000000-0000-7000-8000-000000000001","assigned_operator_id":"00000000-0000-7000-8000-000000000002"`}},
}

const notReady = "`400` naming the current status if not READY, or not a TASK; `404`"

var dispatchRows = []contractRow{
	{says: "body optional: `{\"provider_activity_id\": \"…\"}`", of: "with it", given: `create a1`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1`, stores: []string{`"provider_activity_id":"p1"}`}},
	{says: "body optional: `{\"provider_activity_id\": \"…\"}`", of: "without it", given: `create a1`, when: `dispatch a1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`, stores: []string{`"reason":"DISPATCH_SUCCESS"}`}},
	{says: "READY → DISPATCHED → `204`", given: `create a1`, when: `dispatch a1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`,
		leaves: `a1 TASK DISPATCHED v2 of t1, result -`},
	{says: "READY → DISPATCHED → `204`", of: "though it has a PENDING result", given: `create a1
		submit r1 activity=a1 status=PENDING`, when: `dispatch a1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS r1`,
		leaves: `a1 TASK DISPATCHED v2 of t1, result r1`},
	{says: notReady, of: "DISPATCHED", given: `create a1
		dispatch a1 provider=p1`, when: `dispatch a1 provider=p1`, then: `refused activity_not_ready`, hears: "is DISPATCHED"},
	{says: notReady, of: "UNRESOLVED", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `dispatch a1`, then: `refused activity_not_ready`, hears: "is UNRESOLVED"},
	{says: notReady, of: "COMPLETED", given: `create a1
		submit r1 activity=a1`, when: `dispatch a1`, then: `refused activity_not_ready`, hears: "is COMPLETED"},
	{says: notReady, of: "CANCELED", given: `create a1
		cancel a1`, when: `dispatch a1`, then: `refused activity_not_ready`, hears: "is CANCELED"},
	{says: notReady, of: "FAILED", given: `create a1
		submit r1 activity=a1 status=NOT_EXECUTED`, when: `dispatch a1`, then: `refused activity_not_ready`, hears: "is FAILED"},
	{says: notReady, of: "since the same batch", given: `create a1`, when: `dispatch a1
		dispatch a1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -
			refused activity_not_ready`},
	{says: notReady, of: "a MESSAGE", given: `create a1 type=MESSAGE`, when: `dispatch a1`, then: `refused activity_not_task`, hears: "is a MESSAGE", leaves: `a1 MESSAGE READY v1 of t1, result -`},
	{says: notReady, of: "404", when: `dispatch a1`, then: `refused not_found`},
	{says: notReady, of: "404, another tenant's", given: `create a1 tenant=t2`, when: `dispatch a1 provider=p1`, then: `refused not_found`, leaves: `a1 TASK READY v1 of t2, result -`},
	{says: notReady, of: "404, the id of a result", given: `submit r1 activity=u1`, when: `dispatch r1
		dispatch u1`,
		then: `refused not_found
			refused not_found`},
}

const cancels = "any non-terminal → CANCELED → `200`; `409` if terminal"

var cancelRows = []contractRow{
	{says: cancels, of: "READY", given: `create a1`, when: `cancel a1 actor=maria role=ADMIN`, then: `ActivityTransitioned a1 v2 READY to CANCELED by CANCELED -`,
		leaves: `a1 TASK CANCELED v2 of t1, result -`, stores: []string{`"to":"CANCELED","reason":"CANCELED"}`, `"actor":{"subject":"maria","role":"ADMIN"}`}},
	{says: cancels, of: "a MESSAGE", given: `create a1 type=MESSAGE`, when: `cancel a1`, then: `ActivityTransitioned a1 v2 READY to CANCELED by CANCELED -`},
	{says: cancels, of: "UNRESOLVED", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `cancel a1`, then: `ActivityTransitioned a1 v3 UNRESOLVED to CANCELED by CANCELED -`},
	{says: cancels, of: "DISPATCHED, with a PENDING result", given: `create a1
		dispatch a1
		submit r1 activity=a1 status=PENDING`, when: `cancel a1`, then: `ActivityTransitioned a1 v3 DISPATCHED to CANCELED by CANCELED r1`,
		stores: []string{`"reason":"CANCELED","result_id":"bbbbbbbb-0000-7000-8000-000000000001"}`}},
	{says: cancels, of: "COMPLETED", given: `create a1
		submit r1 activity=a1`, when: `cancel a1`, then: `refused invalid_transition`, hears: "is COMPLETED"},
	{says: cancels, of: "FAILED", given: `create a1
		submit r1 activity=a1 status=NOT_EXECUTED`, when: `cancel a1`, then: `refused invalid_transition`, hears: "is FAILED"},
	{says: cancels, of: "CANCELED", given: `create a1
		cancel a1`, when: `cancel a1`, then: `refused invalid_transition`, hears: "is CANCELED"},
	{says: cancels, of: "terminal, though its result is PENDING again", given: `create a1
		submit r1 activity=a1
		submit r2 activity=a1 status=PENDING override`, when: `cancel a1`, then: `refused invalid_transition`, hears: "is COMPLETED"},
	{says: cancels, of: "one that is not there", when: `cancel a1`, then: `refused not_found`},
	{says: cancels, of: "another tenant's", given: `create a1 tenant=t2`, when: `cancel a1`, then: `refused not_found`, leaves: `a1 TASK READY v1 of t2, result -`},
}

const eventTypes = "eventType: CREATED, DISPATCH_SUCCESS, RESULT, LINKED, CANCELED; on FAILED errorCode is the result code, errorMessage the comment"

// eventRows are what the read table of status events is made of.
var eventRows = []contractRow{
	{says: eventTypes, of: "FAILED by a result", given: `create a1
		dispatch a1`, when: `submit r1 activity=a1 status=NOT_EXECUTED code=not_home comment="closed"`,
		then: `ResultSubmitted r1 v1 NOT_EXECUTED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v3 DISPATCHED to FAILED by RESULT r1`, stores: []string{`"to":"FAILED","reason":"RESULT","result_id":"bbbbbbbb-0000-7000-8000-000000000001","result":"not_home"`}},
	{says: eventTypes, of: "FAILED by a link", given: `create a1
		submit r1 provider=p1 status=NOT_EXECUTED code=not_home`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to FAILED by LINKED r1`, stores: []string{`"to":"FAILED","reason":"LINKED","result_id":"bbbbbbbb-0000-7000-8000-000000000001","result":"not_home"`}},
	{says: eventTypes, of: "a whole life", when: `create a1
		dispatch a1
		submit r1 activity=a1
		submit r2 activity=a1 status=CANCELED override`,
		then: `ActivityCreated a1 v1 TASK
			ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -
			ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by RESULT r1
			ResultSubmitted r1 v2 CANCELED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v4 COMPLETED to CANCELED by RESULT r1 overridden`},
}
