package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"net/http"
	"strings"

	"resultlog/core"
)

// The text of an API key is keyMark, keySecret characters at random, and keyChecksum characters that are CRC-32 (IEEE) of all before them, in base 62. The mark and the checksum let
// scanners find leaked keys in files and repositories with hardly a false alarm; and a key that was mistyped or cut off is refused without being looked for.
const (
	keyMark     = "rtn_sk_"
	keySecret   = 32 // 190 bits: nobody guesses one, and nobody guesses from its SHA-256 at rest
	keyChecksum = 6  // 62^6 is just more than 2^32
	keyShown    = 6  // how many characters of the secret part stand in the prefix: enough to recognise it among a tenant's, and 154 bits are left

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// MintAPIKey makes the text of a new key, which only its holder will know, with what is recorded of it: its prefix and digest.
func MintAPIKey() (text, prefix string, digest core.Digest) {
	b := append(make([]byte, 0, len(keyMark)+keySecret+keyChecksum), keyMark...)
	for len(b) < len(keyMark)+keySecret {
		var random [keySecret]byte
		rand.Read(random[:]) // never fails
		for _, r := range random {
			if int(r) < 256/len(base62)*len(base62) && len(b) < len(keyMark)+keySecret { // the others would make the first characters likelier
				b = append(b, base62[int(r)%len(base62)])
			}
		}
	}
	b = appendChecksum(b)
	return string(b), string(b[:len(keyMark)+keyShown]), sha256.Sum256(b)
}

// appendChecksum writes the checksum of what stands before it, the highest digit first.
func appendChecksum(b []byte) []byte {
	sum := crc32.ChecksumIEEE(b)
	var digits [keyChecksum]byte
	for i := keyChecksum - 1; i >= 0; i-- {
		digits[i] = base62[sum%uint32(len(base62))]
		sum /= uint32(len(base62))
	}
	return append(b, digits[:]...)
}

// isAPIKey reports whether a text can be an API key.
func isAPIKey(text string) bool {
	if len(text) != len(keyMark)+keySecret+keyChecksum || !strings.HasPrefix(text, keyMark) {
		return false
	}
	body := text[:len(text)-keyChecksum]
	return string(appendChecksum([]byte(body))) == text // no secret: everybody can compute it
}

// keyHolder is who has an API key.
type keyHolder struct {
	id  core.ID
	key core.APIKey
}

// authenticateKey finds out whose API key a request came with.
func (s *Server) authenticateKey(ctx context.Context, values []string) (keyHolder, error) {
	if len(values) != 1 || !isAPIKey(values[0]) {
		return keyHolder{}, unauthenticated("the header x-api-key must be sent once, with a whole API key of this service: "+keyMark+"… and what follows", errBadKey)
	}
	id, key, err := s.APIKeys.APIKey(ctx, sha256.Sum256([]byte(values[0])))
	if err == nil {
		err = key.Judge(core.InstantOf(s.Now()))
	}
	return keyHolder{id: id, key: key}, err
}

// bucket names the key: no token's name begins like it.
func (k keyHolder) bucket() string { return "key\x00" + string(k.id[:]) }

// judgeAgain refuses a read by an API key that has ended since the request was let in: it may have waited for a place and for the read tables, longer than a revocation may take.
func (s *Server) judgeAgain(ctx context.Context, x *exchange) error {
	if x.grant.apiKey.IsZero() {
		return nil
	}
	_, key, err := s.APIKeys.APIKey(ctx, x.grant.digest)
	if err != nil {
		return err
	}
	return key.Judge(core.InstantOf(s.Now()))
}

// tenantOf is the key's own tenant; x-tenant-id may repeat it.
func (k keyHolder) tenantOf(h http.Header) (core.ID, error) {
	if len(h["X-Tenant-Id"]) == 0 {
		return k.key.Tenant, nil
	}
	named, err := tenantIn(h)
	if err == nil && named != k.key.Tenant {
		err = fail(codeTenantForbidden, "the API key gives no access to tenant %s: it belongs to another one; leave x-tenant-id out beside a key", named)
	}
	return named, err
}

// authorize gives what the key was issued with.
func (k keyHolder) authorize(_ core.ID, needs core.Permissions) (grant, error) {
	if !k.key.Permissions.Has(needs) {
		return grant{}, fail(core.CodePermissionDenied, "this needs the permission %s, which the API key was not issued with", needs)
	}
	return grant{actor: core.Actor{Key: k.id.String()}, apiKey: k.id, digest: k.key.Digest, holds: k.key.Permissions}, nil
}
