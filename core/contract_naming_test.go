package core

import "testing"

// TestContractSection21 is contract §2.1: which result a submission means. That a creation's 201 shows the status after linking is tested in the HTTP layer.
func TestContractSection21(t *testing.T) {
	t.Run("which activity", func(t *testing.T) { runContract(t, whichActivity) })
	t.Run("standalone", func(t *testing.T) { runContract(t, standalone) })
	t.Run("two meanings", func(t *testing.T) { runContract(t, twoMeanings) })
	t.Run("what is matched", func(t *testing.T) { runContract(t, whatIsMatched) })
	t.Run("late linking", func(t *testing.T) { runContract(t, lateLinking) })
	t.Run("linking at dispatch", func(t *testing.T) { runContract(t, linkingAtDispatch) })
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
	{says: "A submission never gives an activity a provider id.", of: "so that a dispatch may give it another", given: `create a1
		submit r1 activity=a1 provider=p1 status=PENDING`, when: `dispatch a1 provider=p2`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS r1 as p2`},
}
