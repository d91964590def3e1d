package core

import "testing"

// TestContractSection21 is contract §2.1: which result a submission means. What the dispatch of an activity does to names (a provider id set at dispatch, "the same again is accepted",
// linking after DISPATCHED, "If the activity already has a result, nothing links.") is tested with the dispatch command; that a creation's 201 shows the status after linking, in the HTTP layer.
func TestContractSection21(t *testing.T) {
	t.Run("which activity", func(t *testing.T) { runContract(t, whichActivity) })
	t.Run("standalone", func(t *testing.T) { runContract(t, standalone) })
	t.Run("two meanings", func(t *testing.T) { runContract(t, twoMeanings) })
	t.Run("what is matched", func(t *testing.T) { runContract(t, whatIsMatched) })
	t.Run("late linking", func(t *testing.T) { runContract(t, lateLinking) })
	t.Run("provider ids", func(t *testing.T) { runContract(t, providerIDs) })
}

var whichActivity = []contractRow{
	{says: "`activity_id` given and it names an activity of this tenant → that activity.", given: `create a1`, when: `submit r1 activity=a1 status=PENDING`,
		then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "else `provider_activity_id` given and it is the provider id of an activity of this tenant → that activity.", given: `create a1 provider=p1`,
		when: `submit r1 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "else `provider_activity_id` given and it is the provider id of an activity of this tenant → that activity.", of: "an unknown activity_id beside it",
		given: `create a1 provider=p1`, when: `submit r1 activity=u1 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "else `provider_activity_id` given and it is the provider id of an activity of this tenant → that activity.", of: "a provider id is not an activity_id",
		given: `create a1 provider=aaaaaaaa-0000-7000-8000-000000000009`, when: `submit r1 activity=a9 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING STANDALONE of -`},
	{says: "else `provider_activity_id` given and it is the provider id of an activity of this tenant → that activity.", of: "as it was written",
		given: `create a1 provider=p1`, when: `submit r1 provider=P1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING STANDALONE of -`},
}

var standalone = []contractRow{
	{says: "else STANDALONE.", given: `create a1 provider=p1`, when: `submit r1 activity=u1 provider=p2`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "its activity_id",
		given: `submit r1 activity=u1 provider=p1 status=PENDING`, when: `submit r2 activity=u1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "its provider_activity_id",
		given: `submit r1 activity=u1 provider=p1 status=PENDING`, when: `submit r2 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "an update's too",
		given: `submit r1 provider=p1 status=PENDING
			submit r2 provider=p1 activity=u1 status=PENDING`, when: `submit r3 activity=u1 status=PENDING`, then: `ResultSubmitted r1 v3 PENDING STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "and stays one when a later submission does not carry it",
		given: `submit r1 activity=u1 provider=p1 status=PENDING
			submit r2 provider=p1 status=PENDING`, when: `submit r3 activity=u1 status=PENDING`, then: `ResultSubmitted r1 v3 PENDING STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "a refused one's does not",
		given: `submit r1 provider=p1`, when: `submit r2 provider=p1 activity=u1 status=PENDING
			submit r3 activity=u1 status=PENDING`,
		then: `refused invalid_transition, existing r1 COMPLETED @1
			ResultSubmitted r3 v1 PENDING STANDALONE of -`},
	{says: "Every id that an accepted standalone submission carried becomes a name of its result", of: "one that was matched to an activity names nothing new",
		given: `create a1
			submit r1 activity=a1 provider=p1 status=PENDING`, when: `submit r2 provider=p1 status=PENDING`, then: `ResultSubmitted r2 v1 PENDING STANDALONE of -`},
	{says: "a later submission that names it by activity_id, else by provider_activity_id, updates it, under the same guards", of: "the temporal guard",
		given: `submit r1 activity=u1 status=PENDING`, when: `submit r2 activity=u1 occurred=1`, then: `refused stale_result, existing r1 PENDING @1`},
	{says: "a later submission that names it by activity_id, else by provider_activity_id, updates it, under the same guards", of: "the state guard",
		given: `submit r1 provider=p1`, when: `submit r2 provider=p1`, then: `refused invalid_transition, existing r1 COMPLETED @1`},
	{says: "With no id at all it is a new result every time.", when: `submit r1
		submit r2`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ResultSubmitted r2 v1 COMPLETED STANDALONE of -`},
}

var twoMeanings = []contractRow{
	{says: "The ids sent name two different activities, or two different standalone results → `400`.", of: "activities", given: `create a1 provider=p1
		create a2 provider=p2`, when: `submit r1 activity=a1 provider=p2`, then: `refused ambiguous_ids`},
	{says: "The ids sent name two different activities, or two different standalone results → `400`.", of: "standalone results", given: `submit r1 activity=u1 status=PENDING
		submit r2 provider=p1 status=PENDING`, when: `submit r3 activity=u1 provider=p1`, then: `refused ambiguous_ids`},
	{says: "The ids sent name two different activities, or two different standalone results → `400`.", of: "before any guard, and hard_override lifts it not",
		given: `submit r1 activity=u1
			submit r2 provider=p1`, when: `submit r3 activity=u1 provider=p1 occurred=0 override`, then: `refused ambiguous_ids`},
	{says: "The ids sent name two different activities, or two different standalone results → `400`.", of: "a linked result stands for its activity",
		given: `submit r1 activity=u1 provider=p1 status=PENDING
			create a1 provider=p1
			create a2 provider=p2`, when: `submit r2 activity=u1 provider=p2`, then: `refused ambiguous_ids`},
	{says: "The ids sent name two different activities, or two different standalone results → `400`.", of: "not if they name the same", given: `create a1 provider=p1`,
		when: `submit r1 activity=a1 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "One names something, the other nothing → what is named.", of: "an activity, by activity_id", given: `create a1`, when: `submit r1 activity=a1 provider=p9 status=PENDING`,
		then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "One names something, the other nothing → what is named.", of: "a result, by activity_id", given: `submit r1 activity=u1 status=PENDING`,
		when: `submit r2 activity=u1 provider=p9 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING STANDALONE of -`},
	{says: "One names something, the other nothing → what is named.", of: "a result, by provider_activity_id", given: `submit r1 provider=p1 status=PENDING`,
		when: `submit r2 activity=u9 provider=p1 status=PENDING`, then: `ResultSubmitted r1 v2 PENDING STANDALONE of -`},
	{says: "`activity_id` given and it names an activity of this tenant → that activity.", of: "though provider_activity_id names a standalone result",
		given: `submit r1 provider=p1 status=PENDING
			create a1`, when: `submit r2 activity=a1 provider=p1 status=PENDING`,
		then: `ResultSubmitted r2 v1 PENDING RETEN_ACTIVITY of a1`, leaves: `r1 PENDING success v1 of -, created @1, updated @1`},
	{says: "else `provider_activity_id` given and it is the provider id of an activity of this tenant → that activity.", of: "though activity_id names a standalone result",
		given: `submit r1 activity=u1 status=PENDING
			create a1 provider=p1`, when: `submit r2 activity=u1 provider=p1 status=PENDING`,
		then: `ResultSubmitted r2 v1 PENDING RETEN_ACTIVITY of a1`, leaves: `r1 PENDING success v1 of -, created @1, updated @1`},
}

var whatIsMatched = []contractRow{
	{says: "Another tenant's activity looks exactly like an unknown one.", of: "by activity_id", given: `create a1 provider=p1 tenant=t1`, when: `submit r1 activity=a1 tenant=t2`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`, leaves: `a1 TASK READY v1 of t1, result -`},
	{says: "Another tenant's activity looks exactly like an unknown one.", of: "by provider_activity_id", given: `create a1 provider=p1 tenant=t1`, when: `submit r1 provider=p1 tenant=t2`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`, leaves: `a1 TASK READY v1 of t1, result -`},
	{says: "Another tenant's activity looks exactly like an unknown one.", of: "a MESSAGE too", given: `create a1 type=MESSAGE tenant=t1`, when: `submit r1 activity=a1 tenant=t2`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: "Another tenant's activity looks exactly like an unknown one.", of: "its id becomes a name in this tenant",
		given: `create a1 tenant=t1
			submit r1 activity=a1 tenant=t2 status=PENDING`, when: `submit r2 activity=a1 tenant=t2 status=PENDING
			submit r3 activity=a1 tenant=t1 status=PENDING`,
		then: `ResultSubmitted r1 v2 PENDING STANDALONE of -
			ResultSubmitted r3 v1 PENDING RETEN_ACTIVITY of a1`},
	{says: "Another tenant's activity looks exactly like an unknown one.", of: "beside one of this tenant",
		given: `create a1 tenant=t1
			create a2 tenant=t2 provider=p2`, when: `submit r1 activity=a1 provider=p2 tenant=t2 status=PENDING`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a2`},
	{says: "nothing ever crosses from one tenant to another", of: "a standalone result's names", given: `submit r1 activity=u1 provider=p1 status=PENDING tenant=t1`,
		when: `submit r2 activity=u1 status=PENDING tenant=t2
			submit r3 provider=p1 status=PENDING tenant=t2`,
		then: `ResultSubmitted r2 v1 PENDING STANDALONE of -
			ResultSubmitted r3 v1 PENDING STANDALONE of -`},
	{says: "nothing ever crosses from one tenant to another", of: "a creation's keys and provider ids", given: `create a1 key=k1 provider=p1 tenant=t1`,
		when: `create a2 key=k1 provider=p1 tenant=t2`, then: `ActivityCreated a2 v1 TASK`},
	{says: "The matched activity is a MESSAGE, not a TASK → `400`.", of: "by activity_id", given: `create a1 type=MESSAGE`, when: `submit r1 activity=a1`, then: `refused activity_not_task`},
	{says: "The matched activity is a MESSAGE, not a TASK → `400`.", of: "by provider_activity_id", given: `create a1 type=MESSAGE provider=p1`, when: `submit r1 provider=p1 override`,
		then: `refused activity_not_task`},
	{says: "`commerce_external_id` is stored as sent, even where the activity was created with another.", given: `create a1 external=store-1`,
		when: `submit r1 activity=a1 external=store-2 status=PENDING`,
		then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`, stores: []string{`"commerce_external_id":"store-2"`}},
	{says: "A submission never gives an activity a provider id.", given: `create a1
		submit r1 activity=a1 provider=p1 status=PENDING`,
		when: `submit r2 provider=p1 status=PENDING
			create a2 provider=p1`,
		then: `ResultSubmitted r2 v1 PENDING STANDALONE of -
			ActivityCreated a2 v1 TASK
			ResultLinked r2 v2 to a2 as p1`},
}

const (
	lateLink = "When a TASK becomes known under a provider id that a standalone result carries, and has no result of its own yet, the same commit links them"
	linkKeep = "the result becomes RETEN_ACTIVITY with the activity's id, keeps its own id and its updatedAt"
	linkMove = "the activity takes the result's transition"
	linkSent = "Events `ResultLinked` and, if it moves, `ActivityTransitioned`."
)

var lateLinking = []contractRow{
	{says: "a result can arrive before the creation or dispatch that names its provider id is recorded", when: `submit r1 provider=p1
		create a1 provider=p1`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`},
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

var providerIDs = []contractRow{
	{says: "A provider id is set once, at creation or dispatch, and belongs to one activity of the tenant for ever.", given: `create a1 provider=p1
		transition a1 READY CANCELED CANCELED`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: "another, or one that is taken → `409` `provider_id_conflict`.", given: `create a1 provider=p1`, when: `create a2 provider=p1`, then: `refused provider_id_conflict, existing a1`},
	{says: "another, or one that is taken → `409` `provider_id_conflict`.", of: "by a MESSAGE", given: `create a1 provider=p1 type=MESSAGE`, when: `create a2 provider=p1`,
		then: `refused provider_id_conflict, existing a1`},
	{says: "another, or one that is taken → `409` `provider_id_conflict`.", of: "no provider id is never taken", given: `create a1`, when: `create a2`, then: `ActivityCreated a2 v1 TASK`},
	{says: "another, or one that is taken → `409` `provider_id_conflict`.", of: "in the same batch", when: `create a1 provider=p1
		create a2 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			refused provider_id_conflict, existing a1`},
}
