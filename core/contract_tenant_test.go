package core

import "testing"

// TestContractSection23 is what of contract §2.3 depends on the tenant. The rest of it is judged where a request comes in.
func TestContractSection23(t *testing.T) { runContract(t, codeRows) }

const (
	badCode   = "A result code that is not in the catalogue, or that the tenant has switched off → `400`"
	judged    = "judged when the submission is decided"
	staysGood = "a code already on the result stays valid for that result."
)

var codeRows = []contractRow{
	{says: badCode, of: "not in the catalogue", when: `submit r1 code=nonsense`, then: `refused validation_failed`, hears: "must be one of success, not_home,"},
	{says: badCode, of: "switched off: what is active is listed", given: `configure success off`, when: `submit r1 code=success`, then: `refused validation_failed`,
		hears: "is switched off in this tenant: must be one of not_home, is_closed,"},
	{says: badCode, of: "switched off, as all are", given: `configure success off
		configure not_home off
		configure is_closed off
		configure no_interest off
		configure rescheduled off
		configure wrong_address off
		configure b2b_purchase off
		configure no_answer off
		configure callback_requested off
		configure other off`, when: `submit r1`, then: `refused validation_failed`,
		hears: "is switched off in this tenant, and so is every other code: somebody who may configure them must switch one on"},
	{says: badCode, of: "switched off, with hard_override", given: `configure success off`, when: `submit r1 code=success override`, then: `refused validation_failed`},
	{says: badCode, of: "switched off, for an activity", given: `create a1
		configure success off`, when: `submit r1 activity=a1`, then: `refused validation_failed`, leaves: `a1 TASK READY v1 of t1, result -`},
	{says: badCode, of: "another code is not", given: `configure success off`, when: `submit r1 code=other`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: badCode, of: "another tenant's is not", given: `configure success off tenant=t2`, when: `submit r1 code=success`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: badCode, of: "a classification switches nothing off", given: `configure success active class=NEGATIVE`, when: `submit r1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: badCode, of: "switched on again", given: `configure success off
		configure success active`, when: `submit r1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: badCode, of: "before the guards", given: `submit r1 provider=p1 code=other
		configure success off`, when: `submit r2 provider=p1 occurred=1`, then: `refused validation_failed`},
	{says: badCode, of: "after two meanings", given: `create a1 provider=p1
		create a2 provider=p2
		configure success off`, when: `submit r1 activity=a1 provider=p2`, then: `refused ambiguous_ids`},
	{says: badCode, of: "after a MESSAGE", given: `create a1 type=MESSAGE
		configure success off`, when: `submit r1 activity=a1`, then: `refused activity_not_task`},
	{says: judged, of: "in the batch of the configuration", when: `submit r1
		configure success off
		submit r2
		configure success active
		submit r2`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			ResultTypeConfigured t1 v1 success off
			refused validation_failed
			ResultTypeConfigured t1 v2 success active
			ResultSubmitted r2 v1 COMPLETED STANDALONE of -`},
	{says: judged, of: "not when it is replayed", given: `submit r1 idempotency=k1
		configure success off`, when: `submit r2 idempotency=k1`, then: `replays position 1`},
	{says: judged, of: "not when its result is linked", given: `submit r1 provider=p1
		configure success off`, when: `create a1 provider=p1`,
		then: `ActivityCreated a1 v1 TASK
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v2 READY to COMPLETED by LINKED r1`, stores: []string{`"result":"success"`}},
	{says: judged, of: "not when its result is linked by a dispatch", given: `create a1
		submit r1 provider=p1
		configure success off`, when: `dispatch a1 provider=p1`,
		then: `ActivityTransitioned a1 v2 READY to DISPATCHED by DISPATCH_SUCCESS - as p1
			ResultLinked r1 v2 to a1 as p1
			ActivityTransitioned a1 v3 DISPATCHED to COMPLETED by LINKED r1`},
	{says: staysGood, given: `submit r1 provider=p1 status=PENDING
		configure success off`, when: `submit r2 provider=p1`, then: `ResultSubmitted r1 v2 COMPLETED STANDALONE of -`},
	{says: staysGood, of: "of an activity", given: `create a1
		submit r1 activity=a1 status=PENDING
		configure success off`, when: `submit r2 activity=a1`,
		then: `ResultSubmitted r1 v2 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`},
	{says: staysGood, of: "which has been linked since", given: `submit r1 provider=p1 status=PENDING
		create a1 provider=p1
		configure success off`, when: `submit r2 activity=a1 status=PENDING`, then: `ResultSubmitted r1 v3 PENDING RETEN_ACTIVITY of a1`},
	{says: staysGood, of: "not for another one", given: `submit r1 provider=p1 status=PENDING
		submit r2 provider=p2 status=PENDING code=other
		configure success off`, when: `submit r3 provider=p2
			submit r3 provider=p3`,
		then: `refused validation_failed
			refused validation_failed`},
	{says: staysGood, of: "until it has another", given: `submit r1 provider=p1 status=PENDING
		configure success off
		submit r2 provider=p1 status=PENDING code=other`, when: `submit r3 provider=p1`, then: `refused validation_failed`},
	{says: staysGood, of: "and the guards are asked as ever", given: `submit r1 provider=p1
		configure success off`, when: `submit r2 provider=p1`, then: `refused invalid_transition, existing r1 COMPLETED @1`},
}

// TestContractSection28 is what of contract §2.8 is decided: how a tenant comes to have the catalogue as it has it.
func TestContractSection28(t *testing.T) { runContract(t, configureRows) }

const (
	configures = "`{\"is_active\": bool, \"classification\": \"POSITIVE\"\\|\"NEGATIVE\"\\|null}`"
	untilThen  = "until configured a code is active and unclassified"
)

var configureRows = []contractRow{
	{says: configures, of: "all of it", when: `configure not_home off class=NEGATIVE`, then: `ResultTypeConfigured t1 v1 not_home off NEGATIVE`,
		leaves: `t1 at 1, v1, 0 keys, not_home off, not_home NEGATIVE`, stores: []string{`"code":"not_home","classification":"NEGATIVE"}`}},
	{says: configures, of: "positive, and active", given: `configure success off class=NEGATIVE`, when: `configure success active class=POSITIVE`,
		then: `ResultTypeConfigured t1 v2 success active POSITIVE`, leaves: `t1 at 2, v2, 0 keys, success POSITIVE`, stores: []string{`"is_active":true,"classification":"POSITIVE"}`}},
	{says: configures, of: "null", given: `configure success off class=NEGATIVE`, when: `configure success active`, then: `ResultTypeConfigured t1 v2 success active`,
		leaves: `t1 at 2, v2, 0 keys`},
	{says: configures, of: "one code leaves the others alone", given: `configure success off class=POSITIVE
		configure other active class=NEGATIVE`, when: `configure is_closed off`, then: `ResultTypeConfigured t1 v3 is_closed off`,
		leaves: `t1 at 3, v3, 0 keys, success off, success POSITIVE, is_closed off, other NEGATIVE`},
	{says: configures, of: "the same again is recorded", given: `configure success off`, when: `configure success off`, then: `ResultTypeConfigured t1 v2 success off`},
	{says: configures, of: "a code that there is not → `404`", when: `configure nonsense off`, then: `refused not_found`},
	{says: untilThen, when: `configure nonsense off
		submit r1 code=callback_requested`,
		then: `refused not_found
			ResultSubmitted r1 v1 COMPLETED STANDALONE of -`, leaves: `t1 at 1`},
	{says: untilThen, of: "in a tenant, whatever another one does", given: `configure success off class=NEGATIVE tenant=t2`, when: `configure success active class=POSITIVE`,
		then: `ResultTypeConfigured t1 v1 success active POSITIVE`,
		leaves: `t1 at 1, v1, 0 keys, success POSITIVE
			t2 at 1, v1, 0 keys, success off, success NEGATIVE`},
}
