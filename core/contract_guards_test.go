package core

import "testing"

// TestContractSection22 is contract §2.2: one activity has one current result. That both answer 201 is tested in the HTTP layer; that a commit is one in the log, and that the
// time is the log's clock, in eventstore.
func TestContractSection22(t *testing.T) {
	t.Run("one result", func(t *testing.T) { runContract(t, oneResult) })
	t.Run("streams", func(t *testing.T) { runContract(t, streams) })
	t.Run("guards", func(t *testing.T) { runContract(t, guards) })
	t.Run("times", func(t *testing.T) { runContract(t, times) })
	t.Run("override", func(t *testing.T) { runContract(t, override) })
	t.Run("terminal activity", func(t *testing.T) { runContract(t, terminalActivity) })
}

const replaces = "later accepted ones replace everything but `id` and `createdAt` (nothing is merged) and set `updatedAt`"

var oneResult = []contractRow{
	{says: "The first accepted submission creates it", given: `create a1`, when: `submit r1 activity=a1 status=PENDING`,
		then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`, leaves: `a1 TASK READY v1 of t1, result r1`},
	{says: replaces, given: `create a1
		submit r1 activity=a1 status=PENDING code=no_answer at=5`, when: `submit r2 activity=a1 status=PENDING code=other at=8`,
		then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1`, leaves: `r1 PENDING other v2 of a1, created @5, updated @8`,
		stores: []string{`"created_at":"2025-01-16T14:30:05.000Z"`}},
	{says: replaces, of: "nothing is merged", given: `submit r1 provider=p1 status=PENDING comment=first contact=INBOUND external_status=X future=99 operator=op-1`,
		when: `submit r2 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING STANDALONE of -`,
		stores: []string{`"status":"PENDING","result":"success"}` + "\n  metadata"}},
}

var streams = []contractRow{
	{says: "A result is a stream of its own (`ResultSubmitted`, `ResultLinked`), an activity another (`ActivityCreated`, `ActivityTransitioned`)",
		when: `submit r1 provider=p1
			create a1 provider=p1
			submit r2 activity=a1 override status=CANCELED`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1
			ResultSubmitted r1 v3 CANCELED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 COMPLETED to CANCELED by RESULT r1 overridden`},
	{says: "`version` is the result stream's", given: `create a1
		transition a1 READY UNRESOLVED X
		submit r1 activity=a1 status=PENDING`, when: `submit r2 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1`},
	{says: "Every ResultSubmitted that moves the activity is the causation of the ActivityTransitioned beside it.", given: `create a1`, when: `submit r1 activity=a1`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`,
		stores: []string{`"causation_id":"eeeeeeee-0000-7000-8000-000000000008"`}}, // the second command's first event
	{says: "Linking moves no stream.", given: `submit r1 provider=p1 status=PENDING`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1`, leaves: `a1 TASK READY v1 of t1, result r1`},
}

var guards = []contractRow{
	{says: "Order of the guards: temporal first, then state.", given: `submit r1 provider=p1`, when: `submit r2 provider=p1 occurred=1 status=CANCELED`,
		then: `refused stale_result, existing r1 COMPLETED @1`},
	{says: "Order of the guards: temporal first, then state.", of: "temporal under hard_override", given: `submit r1 provider=p1`,
		when: `submit r2 provider=p1 occurred=1 status=CANCELED override`, then: `refused stale_result, existing r1 COMPLETED @1`},
	{says: "Both answer `409` (`code` `stale_result` / `invalid_transition`) and carry `existing: {id, resultStatus, updatedAt}`", of: "stale_result",
		given: `create a1
			submit r1 activity=a1 status=PENDING at=7`, when: `submit r2 activity=a1 occurred=7`, then: `refused stale_result, existing r1 PENDING @7`},
	{says: "Both answer `409` (`code` `stale_result` / `invalid_transition`) and carry `existing: {id, resultStatus, updatedAt}`", of: "invalid_transition",
		given: `create a1
			submit r1 activity=a1 status=NOT_EXECUTED at=7`, when: `submit r2 activity=a1`, then: `refused invalid_transition, existing r1 NOT_EXECUTED @7`},
	{says: "an honest result that happened before an earlier one was *recorded* is refused too", given: `submit r1 provider=p1 status=PENDING occurred=1 at=60`,
		when: `submit r2 provider=p1 status=COMPLETED occurred=30 at=61`, then: `refused stale_result, existing r1 PENDING @60`},
	{says: "nothing is appended", given: `submit r1 provider=p1`, when: `submit r2 provider=p1`, then: `refused invalid_transition, existing r1 COMPLETED @1`,
		leaves: `r1 COMPLETED success v1 of -, created @1, updated @1
			log at 1, @1`},
	{says: "PENDING → PENDING is an accepted update.", given: `create a1
		submit r1 activity=a1 status=PENDING`, when: `submit r2 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1`},
	{says: "Terminal → anything, the same status included, is refused without `hard_override`.", of: "the same status", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1`, then: `refused invalid_transition, existing r1 COMPLETED @2`},
	{says: "Terminal → anything, the same status included, is refused without `hard_override`.", of: "one that asks the same of the activity", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 status=TRANSFERRED`, then: `refused invalid_transition, existing r1 COMPLETED @2`},
	{says: "Terminal → anything, the same status included, is refused without `hard_override`.", of: "PENDING", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 status=PENDING`, then: `refused invalid_transition, existing r1 COMPLETED @2`},
}

var times = []contractRow{
	{says: "`updatedAt` is the time the service recorded the last accepted submission, in milliseconds.", given: `submit r1 provider=p1 status=PENDING at=1`,
		when:   `submit r2 provider=p1 status=PENDING occurred=2.5 at=3.25`,
		then:   `ResultSubmitted r1 v2 PENDING STANDALONE of -`,
		leaves: `r1 PENDING success v2 of -, created @1, updated @3.25`},
	{says: "`createdAt` = the first one's.", given: `submit r1 provider=p1 status=PENDING at=1
		submit r2 provider=p1 status=PENDING at=2`, when: `submit r3 provider=p1 at=3`, then: `ResultSubmitted r1 v3 COMPLETED STANDALONE of -`,
		leaves: `r1 COMPLETED success v3 of -, created @1, updated @3`},
	{says: "The time of a record is taken when it is decided", when: `submit r1 provider=p1 occurred=1 at=20`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`,
		leaves: `r1 COMPLETED success v1 of -, created @20, updated @20`},
	{says: "never decreases along the log", of: "when the clock jumps back", given: `submit r1 provider=p1 status=PENDING at=20`, when: `submit r2 provider=p2 at=5`,
		then:   `ResultSubmitted r2 v1 COMPLETED STANDALONE of -`,
		leaves: `r2 COMPLETED success v1 of -, created @20, updated @20`, stores: []string{`at 2025-01-16T14:30:20.000Z`}},
	{says: "Times compare at millisecond precision, after conversion to UTC; finer digits are cut off.", of: "finer digits", given: `submit r1 provider=p1 status=PENDING at=2025-01-16T14:30:07.123Z`,
		when: `submit r2 provider=p1 occurred=2025-01-16T14:30:07.1239999Z`, then: `refused stale_result, existing r1 PENDING @7.123`},
	{says: "Times compare at millisecond precision, after conversion to UTC; finer digits are cut off.", of: "a millisecond more", given: `submit r1 provider=p1 status=PENDING at=2025-01-16T14:30:07.123Z`,
		when: `submit r2 provider=p1 occurred=2025-01-16T14:30:07.124Z`, then: `ResultSubmitted r1 v2 COMPLETED STANDALONE of -`},
	{says: "Times compare at millisecond precision, after conversion to UTC; finer digits are cut off.", of: "offsets", given: `submit r1 provider=p1 status=PENDING at=2025-01-16T14:30:07Z`,
		when: `submit r2 provider=p1 occurred=2025-01-16T20:00:07.000+05:30
			submit r2 provider=p1 occurred=2025-01-16T09:30:07.001-05:00`,
		then: `refused stale_result, existing r1 PENDING @7
			ResultSubmitted r1 v2 COMPLETED STANDALONE of -`},
	{says: "Equal means rejected.", given: `submit r1 provider=p1 status=PENDING at=7`, when: `submit r2 provider=p1 occurred=7 at=8`, then: `refused stale_result, existing r1 PENDING @7`},
}

const (
	lifts   = "`hard_override` lifts only the state guard, on the result and on its activity alike (an admin's cancel included)."
	follows = "The activity then follows the new status by the table above (a new PENDING leaves it alone)."
	records = "The event records that the guard was overridden, and by whom."
)

var override = []contractRow{
	{says: lifts, of: "on both", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 status=NOT_EXECUTED override`,
		then: `ResultSubmitted r1 v2 NOT_EXECUTED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 COMPLETED to FAILED by RESULT r1 overridden`},
	{says: lifts, of: "an admin's cancel", given: `create a1
		cancel a1`, when: `submit r1 activity=a1 override`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 CANCELED to COMPLETED by RESULT r1 overridden`},
	{says: lifts, of: "an admin's cancel, of an activity with a PENDING result", given: `create a1
		submit r1 activity=a1 status=PENDING
		cancel a1`, when: `submit r2 activity=a1 status=NOT_EXECUTED override actor=maria role=ADMIN`,
		then: `ResultSubmitted r1 v2 NOT_EXECUTED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 CANCELED to FAILED by RESULT r1 overridden`, stores: []string{`"overridden":true`, `"subject":"maria"`}},
	{says: lifts, of: "not the temporal guard", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 occurred=2 override`, then: `refused stale_result, existing r1 COMPLETED @2`},
	{says: lifts, of: "not the catalogue", when: `submit r1 code=nonsense override`, then: `refused validation_failed`},
	{says: lifts, of: "the same status again", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 override`, then: `ResultSubmitted r1 v2 COMPLETED RETEN_ACTIVITY of a1 overridden`},
	{says: follows, of: "to another end", given: `create a1
		submit r1 activity=a1 status=NOT_EXECUTED`, when: `submit r2 activity=a1 status=TRANSFERRED override`,
		then: `ResultSubmitted r1 v2 TRANSFERRED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 FAILED to COMPLETED by RESULT r1 overridden`},
	{says: follows, of: "PENDING", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 status=PENDING override`,
		then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1 overridden`, leaves: `a1 TASK COMPLETED v2 of t1, result r1`},
	{says: follows, of: "to where it is", given: `create a1
		submit r1 activity=a1 status=TRANSFERRED`, when: `submit r2 activity=a1 status=COMPLETED override`,
		then: `ResultSubmitted r1 v2 COMPLETED RETEN_ACTIVITY of a1 overridden`},
	{says: records, given: `submit r1 provider=p1`, when: `submit r2 provider=p1 override actor=maria role=ADMIN`,
		then: `ResultSubmitted r1 v2 COMPLETED STANDALONE of - overridden`, stores: []string{`"overridden":true`, `"actor":{"subject":"maria","role":"ADMIN"}`}},
	{says: records, of: "not one that was sent and not needed", given: `submit r1 provider=p1 status=PENDING`, when: `submit r2 provider=p1 override`,
		then: `ResultSubmitted r1 v2 COMPLETED STANDALONE of -`, stores: []string{`"hard_override":true`}},
}

const (
	elsewhere = "if the activity is already terminal (cancelled by an admin, say), a submission that would move it elsewhere is `invalid_transition` unless overridden"
	asksSame  = "one that asks for the state it is in, or for no change, is accepted and appends no ActivityTransitioned."
)

var terminalActivity = []contractRow{
	{says: elsewhere, of: "no result yet", given: `create a1
		cancel a1`, when: `submit r1 activity=a1`, then: `refused invalid_transition`},
	{says: elsewhere, of: "a PENDING result", given: `create a1
		submit r1 activity=a1 status=PENDING
		cancel a1`, when: `submit r2 activity=a1`, then: `refused invalid_transition, existing r1 PENDING @2`},
	{says: elsewhere, of: "cancelled in the same batch", given: `create a1`, when: `cancel a1
		submit r1 activity=a1 status=TRANSFERRED
		submit r2 activity=a1 status=CANCELED`,
		then: `ActivityTransitioned a1 v2 READY to CANCELED by CANCELED -
			refused invalid_transition
			ResultSubmitted r2 v1 CANCELED RETEN_ACTIVITY of a1`},
	{says: elsewhere, of: "cancelled after its dispatch, found by the provider id that this set", given: `create a1
		dispatch a1 provider=p1
		cancel a1`, when: `submit r1 provider=p1 status=NOT_EXECUTED`, then: `refused invalid_transition`},
	{says: elsewhere, of: "overridden", given: `create a1
		submit r1 activity=a1 status=PENDING
		cancel a1`, when: `submit r2 activity=a1 override`,
		then: `ResultSubmitted r1 v2 COMPLETED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 CANCELED to COMPLETED by RESULT r1 overridden`},
	{says: elsewhere, of: "after an overriding PENDING", given: `create a1
		submit r1 activity=a1
		submit r2 activity=a1 status=PENDING override`, when: `submit r3 activity=a1 status=NOT_EXECUTED`, then: `refused invalid_transition, existing r1 PENDING @3`},
	{says: asksSame, of: "the state it is in", given: `create a1
		cancel a1`, when: `submit r1 activity=a1 status=CANCELED`, then: `ResultSubmitted r1 v1 CANCELED RETEN_ACTIVITY of a1`},
	{says: asksSame, of: "no change", given: `create a1
		cancel a1`, when: `submit r1 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: asksSame, of: "after an overriding PENDING", given: `create a1
		submit r1 activity=a1
		submit r2 activity=a1 status=PENDING override`, when: `submit r3 activity=a1 status=TRANSFERRED`, then: `ResultSubmitted r1 v3 TRANSFERRED RETEN_ACTIVITY of a1`},
	{says: "Cancelling an activity leaves its PENDING result PENDING.", given: `create a1
		submit r1 activity=a1 status=PENDING`, when: `cancel a1`, then: `ActivityTransitioned a1 v2 READY to CANCELED by CANCELED r1`,
		leaves: `r1 PENDING success v1 of a1, created @2, updated @2
			a1 TASK CANCELED v2 of t1, result r1`},
	{says: "Cancelling an activity leaves its PENDING result PENDING.", of: "and open to updates that ask for no change", given: `create a1
		submit r1 activity=a1 status=PENDING
		cancel a1`, when: `submit r2 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1`,
		leaves: `a1 TASK CANCELED v2 of t1, result r1`},
	{says: "An overridden move appends ActivityTransitioned with `overridden: true`.", given: `create a1
		submit r1 activity=a1`, when: `submit r2 activity=a1 status=CANCELED override`,
		then: `ResultSubmitted r1 v2 CANCELED RETEN_ACTIVITY of a1 overridden
			ActivityTransitioned a1 v3 COMPLETED to CANCELED by RESULT r1 overridden`, stores: []string{`"overridden":true`}},
}
