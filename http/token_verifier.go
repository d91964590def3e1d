package httpapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// maxVerified bounds the tokens that are remembered: a token a client, some thousands of clients, about 500 B each. Past it everything is forgotten, the expired too, and verified again.
const maxVerified = 4096

// tokenLeeway is how far the clocks of whoever signs tokens and of this service may differ, when exp, nbf and iat are judged: synchronised clocks differ by far less, and a token that has expired lives on no longer.
const tokenLeeway = 30 * time.Second

// verifier checks tokens, and remembers those that were good until they expire: checking a signature again for every request costs more than all the rest of admitting it.
type verifier struct {
	secret   []byte  // for HS256; empty: no such token is accepted
	keys     *keySet // for the other algorithms; nil: likewise
	expected string  // what a token must be, for whoever sent another
	parser   *jwt.Parser
	now      func() time.Time

	mu       sync.RWMutex
	verified map[[sha256.Size]byte]verifiedToken // by the token's hash: no credential lies around in memory
}

// verifiedToken is one that was good, as far as nothing has changed since.
type verifiedToken struct {
	who *caller
	by  *keys // that one of them signed; nil: verified with the secret
}

// newVerifier allows the algorithms that there is a secret or a key set for, and no other, whatever a token's header says, and asks for exp.
func newVerifier(c Config) (*verifier, error) {
	v := &verifier{secret: c.Secret, now: c.Now, verified: make(map[[sha256.Size]byte]verifiedToken)}
	var algorithms []string
	switch {
	case len(c.Secret) == 0 && c.JWKS == "":
		return nil, errors.New("there is nothing to verify tokens with: set a JWT secret for HS256, or a JWKS file or URL for RS256, ES256 and EdDSA, or both")
	case len(c.Secret) > 0 && len(c.Secret) < MinSecretBytes:
		return nil, fmt.Errorf("the JWT secret has %d bytes; HS256 needs at least %d (RFC 7518 §3.2)", len(c.Secret), MinSecretBytes)
	case len(c.Secret) > 0:
		algorithms = append(algorithms, jwt.SigningMethodHS256.Alg())
	}
	if c.JWKS != "" {
		var err error
		if v.keys, err = newKeySet(c.JWKS, c.Log, c.Now); err != nil {
			return nil, err
		}
		algorithms = append(algorithms, jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg())
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(tokenLeeway), jwt.WithTimeFunc(c.Now), jwt.WithStrictDecoding(),
	}
	v.expected = "a JWT signed for this service (" + strings.Join(algorithms, ", ") + "), valid now, with exp, sub, roles and tenantIds"
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
		v.expected += fmt.Sprintf(", iss %q", c.Issuer)
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
		v.expected += fmt.Sprintf(", aud %q", c.Audience)
	}
	v.parser = jwt.NewParser(options...)
	return v, nil
}

// start begins what must not wait for the first token.
func (v *verifier) start() {
	if v.keys != nil {
		v.keys.start()
	}
}

// close ends what is under way.
func (v *verifier) close() {
	if v.keys != nil {
		v.keys.close()
	}
}

// authenticate finds out who sends a request.
func (v *verifier) authenticate(ctx context.Context, h http.Header) (*caller, error) {
	token, err := bearer(h)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(token))
	v.mu.RLock()
	known := v.verified[sum]
	v.mu.RUnlock()
	if !v.holds(ctx, known) {
		if known, err = v.verify(ctx, token); err != nil {
			return nil, err
		}
		v.remember(sum, known)
	}
	if !v.now().Before(known.who.expires.Add(tokenLeeway)) {
		return nil, unauthenticated("the token has expired", jwt.ErrTokenExpired)
	}
	return known.who, nil
}

// holds reports whether what a token was verified with is still what tokens are verified with: a key that was withdrawn must not live on in what is remembered.
func (v *verifier) holds(ctx context.Context, t verifiedToken) bool {
	return t.who != nil && (t.by == nil || t.by == v.keys.current(ctx))
}

// verify checks signature and claims. The reason given never shows the token.
func (v *verifier) verify(ctx context.Context, token string) (t verifiedToken, err error) {
	var c claims
	_, err = v.parser.ParseWithClaims(token, &c, func(parsed *jwt.Token) (key any, err error) {
		key, t.by, err = v.keyFor(ctx, parsed)
		return key, err
	})
	switch {
	case errors.Is(err, errKeysUnread):
		return t, &core.Error{Code: core.CodeKeysUnavailable, Err: err}
	case errors.Is(err, jwt.ErrTokenExpired):
		return t, unauthenticated("the token has expired", err)
	case err != nil:
		return t, unauthenticated("the token is not valid: it must be "+v.expected, err)
	}
	t.who = &caller{subject: c.Subject, roles: c.Roles, tenants: c.TenantIDs, expires: c.ExpiresAt.Time, counted: "jwt\x00" + c.Issuer + "\x00" + c.Subject}
	return t, nil
}

// keyFor chooses what a token is verified with: by its algorithm, which the parser has let pass, the secret or a key of the set, and never the one for the other. Of the header it
// takes alg and kid; a key, or the place of one, that a token brings with it (jwk, jku, x5c, x5u) is nothing to it.
func (v *verifier) keyFor(ctx context.Context, token *jwt.Token) (any, *keys, error) {
	if _, extended := token.Header["crit"]; extended { // it names extensions that must be understood, and none is (RFC 7515 §4.1.11)
		return nil, nil, errors.New("the token's header has crit")
	}
	if token.Method == jwt.SigningMethodHS256 {
		return v.secret, nil, nil
	}
	kid, isText := token.Header["kid"].(string)
	if _, sent := token.Header["kid"]; sent && !isText {
		return nil, nil, errors.New("the token's kid is no text")
	}
	return v.keys.find(ctx, kid, token.Method.Alg())
}

func (v *verifier) remember(sum [sha256.Size]byte, t verifiedToken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.verified) >= maxVerified {
		clear(v.verified)
	}
	v.verified[sum] = t
}
