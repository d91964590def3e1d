package core

import "testing"

// TestContractSection25 is contract §2.5: retrying safely. The machine says where the first acceptance is recorded; that its answer comes again byte for byte, that another body
// is a 422, and that a key outlives what the machine remembers, is tested in eventstore and the HTTP layer.
func TestContractSection25(t *testing.T) { runContract(t, keyRows) }

const (
	beforeGuards = "it is decided **before** the guards"
	perEndpoint  = "per tenant and endpoint, whatever the credential"
	firstAnswer  = "same key and same body bytes → the first answer"
	evenLinked   = "(even if a standalone result has been linked since)"
	onlyAccepted = "only accepted submissions are stored"
	restarts     = "across restarts"
	sameCommit   = "it is durable in the same commit as the events"
)

var keyRows = []contractRow{
	{says: beforeGuards, of: "the temporal one", given: `submit r1 provider=p1 status=PENDING idempotency=k1`, when: `submit r2 provider=p1 status=PENDING occurred=1 idempotency=k1`,
		then: `replays position 1`, leaves: `r1 PENDING success v1 of -, created @1, updated @1
			log at 1, @1`},
	{says: beforeGuards, of: "the state guard", given: `create a1
		submit r1 activity=a1 idempotency=k1`, when: `submit r2 activity=a1 idempotency=k1`, then: `replays position 2`},
	{says: beforeGuards, of: "before the catalogue", given: `submit r1 provider=p1 idempotency=k1`, when: `submit r2 provider=p1 code=nonsense idempotency=k1`, then: `replays position 1`},
	{says: firstAnswer, of: "a submission", given: `submit r1 idempotency=k1`, when: `submit r2 idempotency=k1`, then: `replays position 1`},
	{says: firstAnswer, of: "a creation", given: `create a1 key=x idempotency=k1`, when: `create a2 key=x idempotency=k1`, then: `replays position 1`},
	{says: firstAnswer, of: "a dispatch", given: `create a1
		dispatch a1 idempotency=k1`, when: `dispatch a1 idempotency=k1`, then: `replays position 2`},
	{says: firstAnswer, of: "a cancellation", given: `create a1
		cancel a1 idempotency=k1`, when: `cancel a1 idempotency=k1`, then: `replays position 2`},
	{says: firstAnswer, of: "the first of several events", given: `submit r1 provider=p1
		create a1 provider=p1 idempotency=k1`, when: `create a1 provider=p1 idempotency=k1`, then: `replays position 2`, leaves: `keys at [2]`},
	{says: firstAnswer, of: "in the same batch", when: `submit r1 idempotency=k1
		submit r2 idempotency=k1
		submit r3`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			replays position 1
			ResultSubmitted r3 v1 COMPLETED STANDALONE of -`},
	{says: firstAnswer, of: "again and again", given: `submit r1 idempotency=k1`, when: `submit r2 idempotency=k1
		submit r3 idempotency=k1`,
		then: `replays position 1
			replays position 1`},
	{says: firstAnswer, of: "another key is another request", given: `submit r1 idempotency=k1`, when: `submit r2 idempotency=K1
		submit r3 idempotency="k1 "`,
		then: `ResultSubmitted r2 v1 COMPLETED STANDALONE of -
			ResultSubmitted r3 v1 COMPLETED STANDALONE of -`},
	{says: firstAnswer, of: "no key is never the same", given: `submit r1`, when: `submit r2`, then: `ResultSubmitted r2 v1 COMPLETED STANDALONE of -`},
	{says: "same key and another body → `422`", of: "which whoever reads the first event sees: it is decided no second time", given: `submit r1 provider=p1 status=PENDING idempotency=k1 body=one`,
		when: `submit r2 provider=p1 idempotency=k1 body=two`, then: `replays position 1`},
	{says: perEndpoint, of: "another tenant", given: `submit r1 idempotency=k1 tenant=t1`, when: `submit r2 idempotency=k1 tenant=t2`, then: `ResultSubmitted r2 v1 COMPLETED STANDALONE of -`},
	{says: perEndpoint, of: "another endpoint", given: `create a1 idempotency=k1`, when: `submit r1 idempotency=k1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: perEndpoint, of: "another activity's", given: `create a1
		create a2
		dispatch a1 idempotency=k1`, when: `dispatch a2 idempotency=k1`, then: `ActivityTransitioned a2 v2 READY to DISPATCHED by DISPATCH_SUCCESS -`},
	{says: perEndpoint, of: "another actor", given: `submit r1 idempotency=k1 actor=anna`, when: `submit r2 idempotency=k1 actor=maria role=ADMIN`, then: `replays position 1`},
	{says: perEndpoint, of: "endpoint and key do not run into each other", given: `submit r1 endpoint=POSTx idempotency=y`, when: `submit r2 endpoint=POST idempotency=xy`,
		then: `ResultSubmitted r2 v1 COMPLETED STANDALONE of -`},
	{says: evenLinked, given: `submit r1 provider=p1 idempotency=k1
		create a1 provider=p1`, when: `submit r2 provider=p1 idempotency=k1`, then: `replays position 1`},
	{says: onlyAccepted, of: "a refused one is decided anew", given: `submit r1 provider=p1 status=PENDING`, when: `submit r2 provider=p1 occurred=1 idempotency=k1
		submit r3 provider=p1 idempotency=k1
		submit r4 provider=p1 idempotency=k1`,
		then: `refused stale_result, existing r1 PENDING @1
			ResultSubmitted r1 v2 COMPLETED STANDALONE of -
			replays position 2`},
	{says: onlyAccepted, of: "a refused dispatch too", given: `create a1
		transition a1 READY UNRESOLVED X`, when: `dispatch a1 idempotency=k1
		cancel a1 idempotency=k1`,
		then: `refused activity_not_ready
			ActivityTransitioned a1 v3 UNRESOLVED to CANCELED by CANCELED -`, leaves: `keys at [3]`},
	{says: restarts, given: `submit r1 idempotency=k1
		restart`, when: `submit r2 idempotency=k1`, then: `replays position 1`, leaves: `keys at [1]`},
	{says: sameCommit, of: "on the first event", given: `create a1`, when: `submit r1 activity=a1 status=PENDING idempotency=k1 body={}`, then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`,
		stores: []string{`"idempotency_key":"k1","idempotency_endpoint":"POST /api/activity-results/tasks",` +
			`"idempotency_body_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}`}},
	{says: sameCommit, of: "and on that alone", given: `create a1`, when: `submit r1 activity=a1 idempotency=k1`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`,
		stores: []string{`"request_id":"req-2","causation_id":`}},
}

// TestContractSection24 is the part of contract §2.4's order that is decided here; what is before the replay, the HTTP layer decides.
func TestContractSection24(t *testing.T) { runContract(t, orderRows) }

const order = "replay or 422 → 404 resource → 400 that depends on state → 409"

const credentialFirst = "401 → 400 tenant header → 403 → 429 → 415/413 → 400 syntax and values → 503 queue → " + order

var orderRows = []contractRow{
	{says: credentialFirst, of: "401 before the replay", given: `issue k1
		submit r1 idempotency=i1 apikey=k1
		revoke k1`, when: `submit r2 idempotency=i1 apikey=k1`, then: `refused unauthenticated`},
	{says: credentialFirst, of: "401 before 404", when: `dispatch a9 apikey=k9`, then: `refused unauthenticated`},
	{says: credentialFirst, of: "401 before 400", when: `submit r1 code=nonsense apikey=k9`, then: `refused unauthenticated`},
	{says: credentialFirst, of: "401 before 409", given: `submit r1 provider=p1`, when: `submit r2 provider=p1 apikey=k9`, then: `refused unauthenticated`},
	{says: order, of: "replay before 404", given: `create a1
		dispatch a1 idempotency=k1 endpoint=x`, when: `dispatch a9 idempotency=k1 endpoint=x`, then: `replays position 2`},
	{says: order, of: "replay before 400", given: `create a1
		dispatch a1 idempotency=k1`, when: `dispatch a1 idempotency=k1`, then: `replays position 2`},
	{says: order, of: "replay before 400, of a submission", given: `create a1 provider=p1
		create a2 provider=p2
		submit r1 activity=a1 idempotency=k1`, when: `submit r2 activity=a1 provider=p2 idempotency=k1`, then: `replays position 3`},
	{says: order, of: "replay before 409", given: `create a1
		cancel a1 idempotency=k1`, when: `cancel a1 idempotency=k1`, then: `replays position 2`},
	{says: order, of: "404 before 409", given: `create a1 provider=p1`, when: `dispatch a9 provider=p1`, then: `refused not_found`},
	{says: order, of: "400 before 409: not READY before a provider id that is taken", given: `create a1 provider=p1
		create a2
		dispatch a2`, when: `dispatch a2 provider=p1`, then: `refused activity_not_ready`},
	{says: order, of: "400 before 409: not a TASK before a provider id that is taken", given: `create a1 provider=p1
		create a2 type=MESSAGE`, when: `dispatch a2 provider=p1`, then: `refused activity_not_task`},
	{says: order, of: "400 before 409: two meanings before the guards", given: `create a1 provider=p1
		create a2 provider=p2
		submit r1 activity=a1`, when: `submit r2 activity=a1 provider=p2 occurred=1`, then: `refused ambiguous_ids`},
	{says: order, of: "400 before 409: a MESSAGE before the guards", given: `create a1 type=MESSAGE
		cancel a1`, when: `submit r1 activity=a1`, then: `refused activity_not_task`},
	{says: order, of: "400 before 409: a code before the guards", given: `submit r1 provider=p1`, when: `submit r2 provider=p1 occurred=1 code=nonsense`, then: `refused validation_failed`},
}
