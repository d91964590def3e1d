package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"resultlog/core"
)

// admit is what stands before every handler, in the order of contract §2.4: credential, tenant, permission, rate.
func (s *Server) admit(x *exchange, rt route) error {
	if rt.needs == public {
		return nil
	}
	who, tenant, granted, err := s.judge(x.request, rt.needs)
	if err != nil {
		if errors.Is(err, errKeysUnread) {
			x.retryAfter = retryKeys
		}
		return err
	}
	x.tenant, x.grant = tenant, granted
	return s.limitRate(x, who)
}

// judge finds out who sends a request, which tenant it is for, and what the sender holds there. It may be asked again while an answer goes on for long.
func (s *Server) judge(r *http.Request, needs core.Permissions) (who credential, tenant core.ID, granted grant, err error) {
	if who, err = s.authenticate(r); err != nil {
		return nil, core.ID{}, grant{}, err
	}
	if tenant, err = who.tenantOf(r.Header); err != nil {
		return nil, core.ID{}, grant{}, err
	}
	granted, err = who.authorize(tenant, needs)
	return who, tenant, granted, err
}

// credential is what a request came with, when it has been found good: a token, or an API key.
type credential interface {
	// tenantOf decides which tenant the request is for: it is only ever a choice among those that the credential holds.
	tenantOf(h http.Header) (core.ID, error)
	// authorize gives what the credential holds in that tenant, if it holds what is needed there.
	authorize(tenant core.ID, needs core.Permissions) (grant, error)
	// bucket names whose requests are counted together.
	bucket() string
}

// grant is what a credential holds in a tenant.
type grant struct {
	actor  core.Actor
	apiKey core.ID // to be judged once more when a command is decided, or something is read; none for a token
	digest core.Digest
	holds  core.Permissions
}

// authenticate finds out who sends a request: one of the two credentials, and never both, since then nobody could say by which it was allowed.
func (s *Server) authenticate(r *http.Request) (credential, error) {
	_, token := r.Header["Authorization"]
	key, keyed := r.Header["X-Api-Key"]
	switch {
	case token && keyed:
		return nil, fail(codeInvalidHeader, "both Authorization and x-api-key were sent: send one credential")
	case keyed:
		return s.authenticateKey(r.Context(), key)
	default:
		return s.verifier.authenticate(r.Context(), r.Header)
	}
}

// tenantIn reads x-tenant-id.
func tenantIn(h http.Header) (core.ID, error) {
	values := h["X-Tenant-Id"]
	if len(values) != 1 {
		return core.ID{}, fail(codeInvalidTenant, "the header x-tenant-id must be sent, once, with the tenant's UUID")
	}
	id, err := core.ParseID(values[0])
	if err != nil {
		return core.ID{}, fail(codeInvalidTenant, "the header x-tenant-id %v", err)
	}
	return id, nil
}

// challenge is the WWW-Authenticate of a 401 (RFC 6750 §3): bare if no token came, with the reason if it was no good.
func (x *exchange) challenge(err error) string {
	if _, keyed := x.request.Header["X-Api-Key"]; keyed || errors.Is(err, errNoToken) {
		return `Bearer realm="resultlog"`
	}
	return `Bearer realm="resultlog", error="invalid_token"`
}

var (
	errNoToken = errors.New("no bearer token")
	errBadKey  = errors.New("not an API key")
)

// bearer takes the token from "Authorization: Bearer …" (RFC 6750 §2.1).
func bearer(h http.Header) (string, error) {
	values := h["Authorization"]
	if len(values) == 0 {
		return "", unauthenticated("a credential is missing: send Authorization: Bearer <token>, or x-api-key: <key>", errNoToken)
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", unauthenticated("the header Authorization must be sent once, as Bearer <token>", errNoToken)
	}
	return token, nil
}

func unauthenticated(message string, cause error) *core.Error {
	return &core.Error{Code: core.CodeUnauthenticated, Message: message, Err: cause}
}
