package core

import "pgregory.net/rapid"

// drawOwn gives the n-th command, about what is in the tenant's own stream.
func (d drawn) drawOwn(t *rapid.T, n int, tenant ID, at Instant) Intent {
	switch own := dice(t, "own", 8); {
	case own < 3:
		code, _ := ParseResultCode(pick(t, "configured", traceTypes))
		return ConfigureResultType{ResultTypeSetting{Code: code, Active: dice(t, "active", 3) == 0, Classification: Classification(dice(t, "class", 3))}}
	case own < 5 || len(d.apiKeys) == 0:
		return IssueAPIKey{KeyID: fixedID('k', n), APIKeyDetails: APIKeyDetails{
			Name: "a key", Prefix: "rtn_sk_a", Digest: Digest{byte(n)}, Permissions: Permissions(1 + dice(t, "permissions", int(AllPermissions))), ExpiresAt: drawExpiry(t, at),
		}}
	default:
		return RevokeAPIKey{KeyID: drawMinted(t, d.apiKeys, tenant)}
	}
}

// drawExpiry gives none, or a time that the trace may come to.
func drawExpiry(t *rapid.T, at Instant) *Instant {
	if dice(t, "expires", 2) == 0 {
		return nil
	}
	expires := at + Instant(dice(t, "expires in", 32)-2)*1000
	return &expires
}

// drawCredential gives the API key that a command comes with: mostly none.
func (d drawn) drawCredential(t *rapid.T, tenant ID) ID {
	if len(d.apiKeys) == 0 || dice(t, "with a key", 5) > 0 {
		return ID{}
	}
	return drawMinted(t, d.apiKeys, tenant)
}
