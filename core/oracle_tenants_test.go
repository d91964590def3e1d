package core

import (
	"fmt"
	"slices"
	"strings"
)

// What the oracle knows of a tenant's own commands, and of the API keys that commands come with: contract §2.3, §2.8 and §2.9.

// oracleSetting is a configuration; the last one of a tenant's code counts.
type oracleSetting struct {
	tenant         ID
	code           string
	active         bool
	classification string
}

type oracleAPIKey struct {
	tenant, id  ID
	permissions string
	expires     *Instant
	revoked     bool
}

// credential says what is wrong with the API key that a command came with, if it came with one: "expired or revoked", or not the tenant's.
func (o *oracle) credential(c Command, at Instant) string {
	if c.APIKey.IsZero() {
		return ""
	}
	for _, k := range o.apiKeys {
		switch {
		case k.id != c.APIKey:
		case k.tenant != c.Tenant: // "the tenant comes from the key"
			return "another tenant's"
		case k.revoked: // "a revocation holds for writes at once"
			return "revoked"
		case k.expires != nil && at >= *k.expires:
			return "expired"
		default:
			o.met = append(o.met, "an API key that is valid")
			return ""
		}
	}
	return "unknown"
}

// setting is how a tenant has a code: "until configured a code is active and unclassified".
func (o *oracle) setting(tenant ID, code string) oracleSetting {
	is := oracleSetting{tenant: tenant, code: code, active: true}
	for _, s := range o.settings {
		if s.tenant == tenant && s.code == code {
			is = s
		}
	}
	return is
}

// refusesCode is §2.3: "A result code that is not in the catalogue, or that the tenant has switched off → 400 […]; a code already on the result stays valid for that result."
func (o *oracle) refusesCode(tenant ID, code string, result int) bool {
	if !strings.Contains(oracleCodes, " "+code+" ") {
		o.met = append(o.met, "a code that there is not")
		return true
	}
	if o.setting(tenant, code).active {
		return false
	}
	if result >= 0 && o.results[result].code == code {
		o.met = append(o.met, "a code that is switched off, and on the result")
		return false
	}
	o.met = append(o.met, "a code that is switched off")
	return true
}

func (o *oracle) configure(tenant ID, at Instant, c ConfigureResultType) (answer oracleAnswer) {
	if c.Code == 0 {
		return oracleAnswer{refusal: "refused not_found"}
	}
	s := oracleSetting{tenant: tenant, code: c.Code.String(), active: c.Active, classification: c.Classification.String()}
	o.settings = append(o.settings, s)
	o.appendOwn(tenant, at, &answer, "ResultTypeConfigured", strings.TrimSpace(s.code+map[bool]string{true: " active ", false: " off "}[s.active]+s.classification))
	return answer
}

func (o *oracle) issue(tenant ID, at Instant, c IssueAPIKey) (answer oracleAnswer) {
	if c.ExpiresAt != nil && *c.ExpiresAt <= at {
		return oracleAnswer{refusal: "refused validation_failed"}
	}
	o.apiKeys = append(o.apiKeys, oracleAPIKey{tenant: tenant, id: c.KeyID, permissions: c.Permissions.String(), expires: c.ExpiresAt})
	o.appendOwn(tenant, at, &answer, "APIKeyIssued", fmt.Sprintf("%s %s, expires %s", short(c.KeyID), c.Permissions, expiry(c.ExpiresAt)))
	return answer
}

func (o *oracle) revoke(tenant ID, at Instant, c RevokeAPIKey) (answer oracleAnswer) {
	i := slices.IndexFunc(o.apiKeys, func(k oracleAPIKey) bool { return k.tenant == tenant && k.id == c.KeyID })
	if i < 0 {
		return oracleAnswer{refusal: "refused not_found"}
	}
	if o.apiKeys[i].revoked {
		return oracleAnswer{refusal: "refused api_key_revoked"}
	}
	o.apiKeys[i].revoked = true
	o.appendOwn(tenant, at, &answer, "APIKeyRevoked", short(c.KeyID))
	return answer
}

// appendOwn appends to the tenant's own stream.
func (o *oracle) appendOwn(tenant ID, at Instant, answer *oracleAnswer, event, text string) {
	o.ownStream = append(o.ownStream, tenant)
	o.append(tenant, at, answer, fmt.Sprintf("%s %s v%d %s", event, short(tenant), o.ownEvents(tenant), text))
}

// ownEvents is how many events a tenant's own stream has.
func (o *oracle) ownEvents(tenant ID) (n int) {
	for _, of := range o.ownStream {
		if of == tenant {
			n++
		}
	}
	return n
}

// describeOwn is what a tenant's own stream has made of it; nothing if it has none.
func (o *oracle) describeOwn(tenant ID) string {
	if o.ownEvents(tenant) == 0 {
		return ""
	}
	keys := 0
	for _, k := range o.apiKeys {
		if k.tenant == tenant && !k.revoked {
			keys++
		}
	}
	text := fmt.Sprintf(", v%d, %d keys", o.ownEvents(tenant), keys)
	for _, code := range strings.Fields(oracleCodes) {
		s := o.setting(tenant, code)
		if !s.active {
			text += ", " + code + " off"
		}
		if s.classification != "" {
			text += ", " + code + " " + s.classification
		}
	}
	return text
}

func (k oracleAPIKey) describe() string {
	text := fmt.Sprintf("%s %s of %s, expires %s", short(k.id), k.permissions, short(k.tenant), expiry(k.expires))
	if k.revoked {
		text += ", revoked"
	}
	return text
}
