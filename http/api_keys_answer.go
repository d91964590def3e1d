package httpapi

import (
	"context"

	"resultlog/core"
)

// viewIssued is the key that a recorded event has issued.
func viewIssued(r core.Recorded) (v core.APIKeyView, err error) {
	e, err := recordedAs[core.APIKeyIssued](r, "an issue needs an APIKeyIssued")
	if err != nil {
		return v, err
	}
	v.ID = e.KeyID
	v.Fold(r)
	return v, nil
}

// viewRevoked is the key that a recorded event has revoked: out of that, and of the event that issued it.
func (s *Server) viewRevoked(ctx context.Context, r core.Recorded) (v core.APIKeyView, err error) {
	e, err := recordedAs[core.APIKeyRevoked](r, "a revocation needs an APIKeyRevoked")
	if err != nil {
		return v, err
	}
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	for issued, err := range s.History.ReadStream(ctx, r.Stream, e.IssuedVersion-1) {
		if err != nil {
			return v, err
		}
		if v, err = viewIssued(issued); err != nil {
			return v, err
		}
		break
	}
	v.Fold(r)
	return v, nil
}

// appendNewAPIKey encodes the 201 of an issue, the only place where the key's text stands.
func appendNewAPIKey(b []byte, v *core.APIKeyView, text string) []byte {
	o := core.OpenObject(b)
	o.ID("id", v.ID)
	o.Text("name", v.Name)
	o.Text("keyPrefix", v.Prefix)
	o.Text("plaintextKey", text)
	appendKeyTerms(&o, v)
	return o.Close()
}

// appendAPIKey encodes a key, as a list and the answer of its revocation show it.
func appendAPIKey(b []byte, v *core.APIKeyView) []byte {
	o := core.OpenObject(b)
	o.ID("id", v.ID)
	o.Text("name", v.Name)
	o.Text("keyPrefix", v.Prefix)
	appendKeyTerms(&o, v)
	o.Integer("lastPosition", int64(v.LastPosition))
	return o.Close()
}

// appendKeyTerms encodes what a key opens, and for how long.
func appendKeyTerms(o *core.Object, v *core.APIKeyView) {
	o.Texts("permissions", v.Permissions.Names())
	instantOrNull(o, "expiresAt", v.ExpiresAt)
	o.Instant("createdAt", v.CreatedAt)
	instantOrNull(o, "revokedAt", v.RevokedAt)
}

func instantOrNull(o *core.Object, key string, at *core.Instant) {
	if at == nil {
		o.Null(key)
	} else {
		o.Instant(key, *at)
	}
}
