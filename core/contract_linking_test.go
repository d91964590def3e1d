package core

const (
	lateLink = "When a TASK becomes known under a provider id that a standalone result carries, and has no result of its own yet, the same commit links them"
	linkKeep = "the result becomes RETEN_ACTIVITY with the activity's id, keeps its own id and its updatedAt"
	linkMove = "the activity takes the result's transition (after DISPATCHED, if that is what made it known; none for PENDING)"
	linkSent = "Events `ResultLinked` and, if it moves, `ActivityTransitioned`."
	linkNone = "If the activity already has a result, nothing links."
)

var lateLinking = []contractRow{
	{says: "a result can arrive before the creation or dispatch that names its provider id is recorded", when: `submit r1 provider=p1
		create a1 provider=p1`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`},
	{says: "a result can arrive before the creation or dispatch that names its provider id is recorded", of: "the dispatch", given: `create a1`, when: `submit r1 provider=p1
		dispatch a1 provider=p1`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by LINKED r1`},
	{says: lateLink, given: `submit r1 provider=p1`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`},
	{says: lateLink, of: "carried by an earlier submission of it", given: `submit r1 provider=p1 activity=u1 status=PENDING
		submit r2 activity=u1 status=PENDING`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v3 to a1 as p1`},
	{says: lateLink, of: "a MESSAGE is no TASK", given: `submit r1 provider=p1`, when: `create a1 provider=p1 type=MESSAGE`, then: `ActivityCreated a1 v1 MESSAGE`},
	{says: lateLink, of: "another provider id", given: `submit r1 provider=p1`, when: `create a1 provider=p2
		create a2`,
		then: `ActivityCreated a1 v1 TASK
			ActivityCreated a2 v1 TASK`},
	{says: lateLink, of: "another tenant's result", given: `submit r1 provider=p1 tenant=t2`, when: `create a1 provider=p1`, then: `ActivityCreated a1 v1 TASK`},
	{says: lateLink, of: "an activity_id is not a provider id", given: `submit r1 activity=u1`, when: `create a1 provider=dddddddd-0000-7000-8000-000000000001`,
		then: `ActivityCreated a1 v1 TASK`},
	{says: lateLink, of: "a result that is linked already is standalone no more", given: `submit r1 activity=u1 provider=p1 status=PENDING
		submit r2 activity=u1 provider=p2 status=PENDING
		create a1 provider=p1`, when: `create a2 provider=p2`, then: `ActivityCreated a2 v1 TASK`, leaves: `r1 PENDING success v3 of a1, created @1, updated @2`},
	{says: lateLink, of: "a refused creation links nothing", given: `submit r1 provider=p1
		create a1 key=k1`, when: `create a2 key=k1 provider=p1`, then: `refused activity_exists, existing a1`, leaves: `r1 COMPLETED success v1 of -, created @1, updated @1`},
	{says: linkKeep, given: `submit r1 provider=p1 at=5`, when: `create a1 provider=p1 at=9`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`,
		leaves: `r1 COMPLETED success v2 of a1, created @5, updated @5
			a1 TASK COMPLETED v2 of t1, result r1`},
	{says: linkKeep, of: "the next submission updates it there, and may have occurred before the link", given: `submit r1 provider=p1 status=PENDING at=5
		create a1 provider=p1 at=9`, when: `submit r2 provider=p1 occurred=6 at=10`,
		then: `ResultSubmitted r1 v3 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`,
		leaves: `r1 COMPLETED success v3 of a1, created @5, updated @10`},
	{says: linkKeep, of: "and is named by all that named it before", given: `submit r1 activity=u1 provider=p1 status=PENDING
		create a1 provider=p1`, when: `submit r2 activity=u1`,
		then: `ResultSubmitted r1 v3 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`},
	{says: linkMove, of: "NOT_EXECUTED", given: `submit r1 provider=p1 status=NOT_EXECUTED code=is_closed`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to FAILED by LINKED r1`, stores: []string{`"result":"is_closed"`}},
	{says: linkMove, of: "CANCELED", given: `submit r1 provider=p1 status=CANCELED`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to CANCELED by LINKED r1`},
	{says: linkMove, of: "TRANSFERRED", given: `submit r1 provider=p1 status=TRANSFERRED`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`},
	{says: linkMove, of: "none for PENDING", given: `submit r1 provider=p1 status=PENDING`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1`, leaves: `a1 TASK READY v1 of t1, result r1`},
	{says: linkSent, given: `submit r1 provider=p1`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`,
		stores: []string{`"reason":"LINKED","result_id":"bbbbbbbb-0000-7000-8000-000000000001","result":"success"`, `"causation_id":"eeeeeeee-0000-7000-8000-000000000009"`}},
}

// linkingAtDispatch is the same, where the dispatch makes the provider id known.
var linkingAtDispatch = []contractRow{
	{says: lateLink, given: `create a1
		submit r1 provider=p1`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by LINKED r1`,
		leaves: `a1 TASK COMPLETED v3 of t1, result r1`},
	{says: lateLink, of: "carried by an earlier submission of it", given: `create a1
		submit r1 provider=p1 activity=u1 status=PENDING
		submit r2 activity=u1 status=PENDING`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v3 to a1 as p1`},
	{says: lateLink, of: "a MESSAGE is no TASK", given: `create a1 type=MESSAGE
		submit r1 provider=p1`, when: `dispatch a1 provider=p1`, then: `refused activity_not_task`, leaves: `r1 COMPLETED success v1 of -, created @2, updated @2`},
	{says: lateLink, of: "another provider id, or none", given: `create a1
		create a2
		submit r1 provider=p1`, when: `dispatch a1 provider=p2
		dispatch a2`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p2
			ActivityTransitioned a2 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: lateLink, of: "another tenant's result", given: `create a1
		submit r1 provider=p1 tenant=t2`, when: `dispatch a1 provider=p1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1`},
	{says: lateLink, of: "a result that is linked already is standalone no more", given: `create a2
		submit r1 activity=u1 provider=p1 status=PENDING
		submit r2 activity=u1 provider=p2 status=PENDING
		create a1 provider=p1`, when: `dispatch a2 provider=p2`, then: `ActivityTransitioned a2 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p2`,
		leaves: `r1 PENDING success v3 of a1, created @2, updated @3`},
	{says: lateLink, of: "a refused dispatch links nothing", given: `create a1
		submit r1 provider=p1
		cancel a1`, when: `dispatch a1 provider=p1
		create a2 provider=p1`,
		then: `refused activity_not_ready
			ActivityCreated a2 v1 TASK
			ResultLinked r1 v2 to a2 as p1
			ActivityTransitioned a2 v2 READY to COMPLETED by LINKED r1`},
	{says: linkKeep, given: `create a1
		submit r1 provider=p1 at=5`, when: `dispatch a1 provider=p1 at=9`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by LINKED r1`, leaves: `r1 COMPLETED success v2 of a1, created @5, updated @5`},
	{says: linkKeep, of: "the next submission updates it there, and may have occurred before the link", given: `create a1
		submit r1 provider=p1 status=PENDING at=5
		dispatch a1 provider=p1 at=9`, when: `submit r2 activity=a1 occurred=6 at=10`,
		then: `ResultSubmitted r1 v3 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by RESULT r1`},
	{says: linkMove, of: "NOT_EXECUTED", given: `create a1
		submit r1 provider=p1 status=NOT_EXECUTED code=is_closed`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to FAILED by LINKED r1`, stores: []string{`"result":"is_closed"`}},
	{says: linkMove, of: "CANCELED", given: `create a1
		submit r1 provider=p1 status=CANCELED`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to CANCELED by LINKED r1`},
	{says: linkMove, of: "none for PENDING", given: `create a1
		submit r1 provider=p1 status=PENDING`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1`, leaves: `a1 TASK DISPATCHED v2 of t1, result r1`},
	{says: linkSent, of: "each the cause of the next", given: `create a1
		submit r1 provider=p1`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by LINKED r1`,
		stores: []string{`"reason":"LINKED","result_id":"bbbbbbbb-0000-7000-8000-000000000001","result":"success"`, `"causation_id":"eeeeeeee-0000-7000-8000-00000000000d"`}},
	{says: linkNone, given: `create a1
		submit r1 activity=a1 status=PENDING
		submit r2 provider=p1`, when: `dispatch a1 provider=p1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS r1 as p1`,
		leaves: `a1 TASK DISPATCHED v2 of t1, result r1
			r2 COMPLETED success v1 of -, created @3, updated @3`},
	{says: linkNone, of: "and from then on the provider id names the activity's own", given: `create a1
		submit r1 activity=a1 status=PENDING
		submit r2 provider=p1 activity=u1 status=PENDING
		dispatch a1 provider=p1`, when: `submit r3 provider=p1 status=PENDING
		submit r4 activity=u1 status=PENDING`,
		then: `ResultSubmitted r1 v2 PENDING RETEN_ACTIVITY of a1
			ResultSubmitted r2 v2 PENDING STANDALONE of -`},
	{says: linkNone, of: "in the same batch", given: `create a1`, when: `submit r2 provider=p1
		submit r1 activity=a1 status=PENDING
		dispatch a1 provider=p1`,
		then: `ResultSubmitted r2 v1 COMPLETED STANDALONE of -
			ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS r1 as p1`},
}

const (
	setOnce   = "A provider id is set once, at creation or dispatch, and belongs to one activity of the tenant for ever."
	sameAgain = "The same again is accepted"
	conflicts = "another, or one that is taken → `409` `provider_id_conflict`."
)

var providerIDs = []contractRow{
	{says: setOnce, given: `create a1 provider=p1
		cancel a1`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, given: `create a1 provider=p1`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "by a MESSAGE", given: `create a1 provider=p1 type=MESSAGE`, when: `create a2 provider=p1`,
		then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "no provider id is never taken", given: `create a1`, when: `create a2`, then: `ActivityCreated a2 v1 TASK`},
	{says: conflicts, of: "in the same batch", when: `create a1 provider=p1
		create a2 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			refused provider_id_conflict, existing a1`},
	{says: setOnce, of: "at dispatch", given: `create a1
		dispatch a1 provider=p1`, when: `submit r1 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: setOnce, of: "at dispatch, for ever", given: `create a1
		create a2
		dispatch a1 provider=p1
		cancel a1`, when: `dispatch a2 provider=p1
		create a3 provider=p1`,
		then: `refused provider_id_conflict, existing a1
			refused provider_id_conflict, existing a1`},
	{says: setOnce, of: "stored with the dispatch that set it", given: `create a1`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1`, stores: []string{`"reason":"DISPATCH_SUCCESS","provider_activity_id":"p1"}`}},
	{says: setOnce, of: "of the tenant", given: `create a1 tenant=t1
		create a2 tenant=t2 provider=p1`, when: `dispatch a1 provider=p1 tenant=t1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1`},
	{says: sameAgain, given: `create a1 provider=p1`, when: `dispatch a1 provider=p1`, then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: sameAgain, of: "as is none", given: `create a1 provider=p1`, when: `dispatch a1
		submit r1 provider=p1 status=PENDING`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -
			ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: sameAgain, of: "in the batch that set it", when: `create a1 provider=p1
		dispatch a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: conflicts, of: "another, at dispatch", given: `create a1 provider=p1`, when: `dispatch a1 provider=p2
		submit r1 provider=p2 status=PENDING`,
		then: `refused provider_id_conflict, existing a1
			ResultSubmitted r1 v1 PENDING STANDALONE of -`, leaves: `a1 TASK READY v1 of t1, result -`},
	{says: conflicts, of: "another, that a standalone result waits for", given: `submit r1 provider=p2
		create a1 provider=p1`, when: `dispatch a1 provider=p2`, then: `refused provider_id_conflict, existing a1`,
		leaves: `r1 COMPLETED success v1 of -, created @1, updated @1`},
	{says: conflicts, of: "one that is taken, at dispatch", given: `create a1 provider=p1
		create a2`, when: `dispatch a2 provider=p1`, then: `refused provider_id_conflict, existing a1`, leaves: `a2 TASK READY v1 of t1, result -`},
	{says: conflicts, of: "one that is taken, by a MESSAGE, at dispatch", given: `create a1 provider=p1 type=MESSAGE
		create a2`, when: `dispatch a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "one that is taken, by an activity that has one itself", given: `create a1 provider=p1
		create a2 provider=p2`, when: `dispatch a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "one that is taken, by a dispatch in the same batch", given: `create a1
		create a2`, when: `dispatch a1 provider=p1
		dispatch a2 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "none that a refused dispatch named is taken", given: `create a1
		create a2
		cancel a1`, when: `dispatch a1 provider=p1
		dispatch a2 provider=p1`,
		then: `refused activity_not_ready
			ActivityTransitioned a2 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1`},
	{says: conflicts, of: "after a restart, too", given: `create a1
		create a2
		dispatch a1 provider=p1
		restart`, when: `dispatch a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: conflicts, of: "another, after a restart", given: `create a1 provider=p1
		restart`, when: `dispatch a1 provider=p2`, then: `refused provider_id_conflict, existing a1`},
}
