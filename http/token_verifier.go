package httpapi

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxVerified bounds the tokens that are remembered: a token a client, some thousands of clients, about 500 B each. Past it everything is forgotten, and verified again.
const maxVerified = 4096

// verifier checks tokens, and remembers those that were good until they expire: checking a signature again for every request costs more than all the rest of admitting it.
type verifier struct {
	secret []byte
	parser *jwt.Parser
	now    func() time.Time

	mu       sync.RWMutex
	verified map[[sha256.Size]byte]*caller // by the token's hash: no credential lies around in memory
}

// newVerifier allows one algorithm and no other, whatever a token's header says, and asks for exp.
func newVerifier(secret []byte, now func() time.Time) *verifier {
	return &verifier{
		secret:   secret,
		parser:   jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding()),
		now:      now,
		verified: make(map[[sha256.Size]byte]*caller),
	}
}

// authenticate finds out who sends a request.
func (v *verifier) authenticate(h http.Header) (*caller, error) {
	token, err := bearer(h)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(token))
	v.mu.RLock()
	who := v.verified[sum]
	v.mu.RUnlock()
	if who == nil {
		if who, err = v.verify(token); err != nil {
			return nil, err
		}
		v.remember(sum, who)
	}
	if !v.now().Before(who.expires) {
		return nil, unauthenticated("the token has expired", jwt.ErrTokenExpired)
	}
	return who, nil
}

// verify checks signature and claims. The reason given never shows the token.
func (v *verifier) verify(token string) (*caller, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return v.secret, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, unauthenticated("the token has expired", err)
	case err != nil:
		return nil, unauthenticated("the token is not valid: it must be an HS256 JWT signed for this service, with exp, sub, roles and tenantIds", err)
	}
	return &caller{subject: c.Subject, roles: c.Roles, tenants: c.TenantIDs, expires: c.ExpiresAt.Time, counted: "jwt\x00" + c.Issuer + "\x00" + c.Subject}, nil
}

func (v *verifier) remember(sum [sha256.Size]byte, who *caller) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.verified) >= maxVerified {
		clear(v.verified)
	}
	v.verified[sum] = who
}
