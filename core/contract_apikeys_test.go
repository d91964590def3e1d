package core

import "testing"

// TestContractSection29 is what of contract §2.9 is decided: API keys, and commands that come with one. Who holds which permission is judged where a request comes in.
func TestContractSection29(t *testing.T) {
	t.Run("issue", func(t *testing.T) { runContract(t, issueRows) })
	t.Run("use", func(t *testing.T) { runContract(t, keyUseRows) })
	t.Run("revocation", func(t *testing.T) { runContract(t, revocationRows) })
}

const (
	carries    = "it carries a list of permissions that its creator held; optional expiry; revocable; SHA-256 at rest, shown once"
	fromTheKey = "the tenant comes from the key"
	alsoEvents = "Issue and revocation are events too"
	holdsAt    = "a revocation holds for writes at once"
	unissued   = "credential missing, malformed, expired or revoked"
)

var issueRows = []contractRow{
	{says: carries, of: "permissions", when: `issue k1 permissions=VIEW_EVENTS,CREATE_ACTIVITY name="field app"`, then: `APIKeyIssued t1 v1 k1 CREATE_ACTIVITY, VIEW_EVENTS, expires never`,
		stores: []string{`"name":"field app"`, `"permissions":["CREATE_ACTIVITY","VIEW_EVENTS"]}`}, leaves: `k1 CREATE_ACTIVITY, VIEW_EVENTS of t1, expires never`},
	{says: carries, of: "expiry", when: `issue k1 expires=9`, then: `APIKeyIssued t1 v1 k1 CREATE_ACTIVITY, expires @9`, stores: []string{`"expires_at":"2025-01-16T14:30:09.000Z"`},
		leaves: `k1 CREATE_ACTIVITY of t1, expires @9`},
	{says: carries, of: "SHA-256 and the beginning of its text", when: `issue k1`, then: `APIKeyIssued t1 v1 k1 CREATE_ACTIVITY, expires never`,
		stores: []string{`"key_prefix":"rtn_sk_k1","key_sha256":"6ab9f1eb8f7d3388f4f9d586f66e99fd54080df2c446f0e58668b09c08a16dd0"`}},
	{says: alsoEvents, of: "one after another in the tenant's stream", given: `configure other off`, when: `issue k1
		revoke k1
		issue k2`,
		then: `APIKeyIssued t1 v2 k1 CREATE_ACTIVITY, expires never
			APIKeyRevoked t1 v3 k1
			APIKeyIssued t1 v4 k2 CREATE_ACTIVITY, expires never`,
		leaves: `t1 at 4, v4, 1 keys, other off
			k1 CREATE_ACTIVITY of t1, expires never, revoked`},
}

var keyUseRows = []contractRow{
	{says: fromTheKey, given: `issue k1`, when: `submit r1 apikey=k1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`,
		stores: []string{`"actor":{"key":"ffffffff-0000-7000-8000-000000000001"}`}},
	{says: fromTheKey, of: "another tenant's opens nothing", given: `issue k1 tenant=t2`, when: `submit r1 apikey=k1
		submit r1 apikey=k1 tenant=t2`,
		then: `refused unauthenticated
			ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: fromTheKey, of: "one that was issued in the same batch", when: `issue k1
		submit r1 apikey=k1`,
		then: `APIKeyIssued t1 v1 k1 CREATE_ACTIVITY, expires never
			ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: unissued, of: "never issued", when: `submit r1 apikey=k1`, then: `refused unauthenticated`, hears: "not one that this service has issued"},
	{says: unissued, of: "expired: at that instant", given: `issue k1 expires=9`, when: `submit r1 apikey=k1 at=8.999
		submit r2 apikey=k1 at=9`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			refused unauthenticated`, hears: "expired at 2025-01-16T14:30:09.000Z"},
	{says: unissued, of: "expired, by the log's clock", given: `issue k1 expires=9
		submit r1 at=9`, when: `submit r2 apikey=k1 at=5`, then: `refused unauthenticated`},
	{says: unissued, of: "no key is issued that has expired", when: `issue k1 expires=1 at=5`, then: `refused validation_failed`, hears: "/expiresAt lies in the past: it must be after 2025-01-16T14:30:05.000Z"},
	{says: unissued, of: "nor one that expires at this instant", when: `issue k1 expires=5 at=5`, then: `refused validation_failed`},
	{says: unissued, of: "revoked, a creation", given: `issue k1
		revoke k1`, when: `create a1 apikey=k1`, then: `refused unauthenticated`, hears: "has been revoked"},
	{says: unissued, of: "revoked, a dispatch", given: `create a1
		issue k1
		revoke k1`, when: `dispatch a1 apikey=k1`, then: `refused unauthenticated`},
	{says: unissued, of: "revoked, a cancellation", given: `create a1
		issue k1
		revoke k1`, when: `cancel a1 apikey=k1`, then: `refused unauthenticated`},
	{says: unissued, of: "revoked, a configuration", given: `issue k1
		revoke k1`, when: `configure other off apikey=k1`, then: `refused unauthenticated`},
	{says: unissued, of: "revoked, an issue and a revocation", given: `issue k1
		issue k2
		revoke k1`, when: `issue k3 apikey=k1
			revoke k2 apikey=k1`,
		then: `refused unauthenticated
			refused unauthenticated`, leaves: `k2 CREATE_ACTIVITY of t1, expires never`},
}

var revocationRows = []contractRow{
	{says: holdsAt, of: "in the same batch", given: `issue k1`, when: `submit r1 apikey=k1
		revoke k1
		submit r2 apikey=k1`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -
			APIKeyRevoked t1 v2 k1
			refused unauthenticated`},
	{says: holdsAt, of: "by the key itself", given: `issue k1`, when: `revoke k1 apikey=k1
		revoke k1 apikey=k1`,
		then: `APIKeyRevoked t1 v2 k1
			refused unauthenticated`},
	{says: holdsAt, of: "not for the keys that were issued with it", given: `issue k1
		issue k2 apikey=k1`, when: `revoke k1
			submit r1 apikey=k2`,
		then: `APIKeyRevoked t1 v3 k1
			ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: holdsAt, of: "after a restart", given: `issue k1
		revoke k1
		restart`, when: `submit r1 apikey=k1`, then: `refused unauthenticated`},
	{says: holdsAt, of: "for a retry too", given: `issue k1
		submit r1 apikey=k1 idempotency=i1
		revoke k1`, when: `submit r1 apikey=k1 idempotency=i1
			submit r1 idempotency=i1`,
		then: `refused unauthenticated
			replays position 2`},
	{says: alsoEvents, of: "a key is revoked once", given: `issue k1
		revoke k1`, when: `revoke k1`, then: `refused api_key_revoked`},
	{says: alsoEvents, of: "a retry of the revocation is its first answer", given: `issue k1
		revoke k1 idempotency=i1`, when: `revoke k1 idempotency=i1`, then: `replays position 2`},
	{says: alsoEvents, of: "one that is expired may be revoked", given: `issue k1 expires=2`, when: `revoke k1 at=5`, then: `APIKeyRevoked t1 v2 k1`},
	{says: alsoEvents, of: "a key that there is not → `404`", when: `revoke k1`, then: `refused not_found`},
	{says: alsoEvents, of: "another tenant's → `404`", given: `issue k1 tenant=t2`, when: `revoke k1`, then: `refused not_found`, leaves: `k1 CREATE_ACTIVITY of t2, expires never`},
}
