package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// MinSecretBytes is the shortest secret that HS256 may be used with: as long as its hash (RFC 7518 §3.2).
const MinSecretBytes = 32

// claims are those of the contract (§2.9).
type claims struct {
	Roles     []string  `json:"roles"`
	TenantIDs []core.ID `json:"tenantIds"`
	jwt.RegisteredClaims
}

// UnmarshalJSON reads the claims by their exact names, each once: encoding/json, which the JWT library uses, would also take ROLES for roles, and the last of both.
func (c *claims) UnmarshalJSON(data []byte) error {
	type plain claims
	return json.Unmarshal(data, (*plain)(c))
}

// Validate implements jwt.ClaimsValidator: an event must be able to name who caused it.
func (c *claims) Validate() error {
	if problem := judgeText(c.Subject, 1, maxID); problem != "" {
		return errors.New("sub " + problem)
	}
	return nil
}

// MintToken makes a token that the server with the same secret accepts, from now until ttl later. Roles are those of contract §2.9; sub is 1 to 255 characters.
func MintToken(secret []byte, sub string, roleNames []string, tenants []core.ID, ttl time.Duration, now time.Time) (string, error) {
	if len(secret) < MinSecretBytes {
		return "", fmt.Errorf("the JWT secret has %d bytes; HS256 needs at least %d (RFC 7518 §3.2)", len(secret), MinSecretBytes)
	}
	for _, name := range roleNames {
		if !isRole(name) {
			return "", fmt.Errorf("there is no role %q", name)
		}
	}
	c := &claims{Roles: roleNames, TenantIDs: tenants, RegisteredClaims: jwt.RegisteredClaims{
		Subject: sub, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
	}}
	if err := c.Validate(); err != nil {
		return "", err
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secret)
}

func isRole(name string) bool {
	for _, role := range roles {
		if role.name == name {
			return true
		}
	}
	return false
}

// caller is who a verified token speaks for.
type caller struct {
	subject string
	roles   []string
	tenants []core.ID
	expires time.Time
	counted string // bucket
}

// bucket names whose requests are counted together: those of one subject of one issuer, however many tokens it has. No subject holds NUL, so no two run into one.
func (c *caller) bucket() string { return c.counted }

func (c *caller) has(role string) bool { return slices.Contains(c.roles, role) }

// mayName reports whether a role of the caller reaches a tenant.
func (c *caller) mayName(role string, tenant core.ID) bool {
	return role == superAdmin || slices.Contains(c.tenants, tenant)
}
