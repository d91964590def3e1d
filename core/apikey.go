package core

// APIKey is the slim state of an API key: what is asked of it when a request comes with it. It has no pointer.
type APIKey struct {
	Tenant        ID
	Digest        Digest  // of the key's text
	ExpiresAt     Instant // 0: never
	IssuedVersion Version // of its APIKeyIssued, in the tenant's stream
	Permissions   Permissions
	Revoked       bool
}

// MaxAPIKeys is how many API keys a tenant may have that are not revoked: hundreds of integrations, each with a key that is about to be replaced. Those that are revoked stay in memory too,
// some 150 B each, as everything does that the log tells of.
const MaxAPIKeys = 1000

// Judge refuses a key that is valid no more. It is asked by who admits a request, as far as that node knows, and once more when the request's command is decided: under the log's write
// lock, so that a revocation holds for writes from the moment when it is durable (contract §2.9).
func (k APIKey) Judge(at Instant) error {
	switch {
	case k.Tenant.IsZero():
		return refuse(CodeUnauthenticated, "the API key is not one that this service has issued")
	case k.Revoked:
		return refuse(CodeUnauthenticated, "the API key has been revoked: use another one")
	case k.ExpiresAt != 0 && k.ExpiresAt <= at:
		return refuse(CodeUnauthenticated, "the API key expired at %s: use another one", k.ExpiresAt)
	}
	return nil
}

// judgeKey refuses a command that came with an API key that is valid no more.
func (l *layer) judgeKey(c Command) error {
	if c.APIKey.IsZero() {
		return nil
	}
	return l.apiKey(c.Tenant, c.APIKey).Judge(c.At)
}

// apiKey is the tenant's API key of that id; the zero one if the tenant has none such.
func (l *layer) apiKey(tenant, id ID) APIKey {
	if key, _ := l.apiKeys.get(id); key.Tenant == tenant {
		return key
	}
	return APIKey{}
}

// decideIssue is contract §2.9. That the creator holds the permissions is judged where the creator is known.
func decideIssue(s State, tenant ID, c IssueAPIKey, at Instant) ([]Event, error) {
	if c.ExpiresAt != nil && *c.ExpiresAt <= at {
		why := "lies in the past: it must be after " + at.String()
		return nil, &Error{Code: CodeInvalid, Message: "/expiresAt " + why, Fields: []FieldError{{Pointer: "/expiresAt", Message: why}}}
	}
	if s.Tenant.Keys >= MaxAPIKeys {
		return nil, refuse(CodeTooManyAPIKeys, "this tenant has %d API keys, which is as many as one may have: revoke those that are no longer used, the expired too", s.Tenant.Keys)
	}
	return []Event{APIKeyIssued{TenantID: tenant, KeyID: c.KeyID, APIKeyDetails: c.APIKeyDetails}}, nil
}

// decideRevocation is contract §2.9. A key is revoked once; who lost the answer asks again with the same Idempotency-Key.
func decideRevocation(s State, tenant ID, c RevokeAPIKey) ([]Event, error) {
	switch {
	case s.APIKey.Tenant.IsZero():
		return nil, refuse(CodeNotFound, "this tenant has no API key %s: check the id, and the tenant of the request", c.KeyID)
	case s.APIKey.Revoked:
		return nil, refuse(CodeAPIKeyRevoked, "API key %s has been revoked already, and opens nothing any more", c.KeyID)
	}
	return []Event{APIKeyRevoked{TenantID: tenant, KeyID: c.KeyID, IssuedVersion: s.APIKey.IssuedVersion}}, nil
}
