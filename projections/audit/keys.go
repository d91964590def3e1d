package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"resultlog/core"
)

// SigningKey is the service's Ed25519 key, and the name under which it signs, the origin: host and path of the service, say. Each tenant's history is a log of its own to its auditors, so that
// checkpoints are signed as ORIGIN/TENANT, all by the same key.
type SigningKey struct {
	origin  string
	private ed25519.PrivateKey
}

// VerifierKey is the public half.
type VerifierKey struct {
	origin string
	public ed25519.PublicKey
}

// algorithm is the byte by which a note's key says that it is of Ed25519.
const algorithm = 1

// privatePrefix begins the text of a note's signing key.
const privatePrefix = "PRIVATE+KEY+"

// NewSigningKey mints a key.
func NewSigningKey(origin string) (SigningKey, error) {
	if err := validateOrigin(origin); err != nil {
		return SigningKey{}, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return SigningKey{origin, private}, err
}

// validateOrigin refuses what a note cannot be signed as.
func validateOrigin(origin string) error {
	if origin == "" || strings.ContainsAny(origin, "+ \t\r\n\u0085\u00a0\u2028\u2029") {
		return fmt.Errorf("the origin %q must not be empty, and have neither spaces nor + in it: the service's host and path, like audit.example.com/resultlog", origin)
	}
	return nil
}

// ParseSigningKey reads what String gives.
func ParseSigningKey(text string) (SigningKey, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), privatePrefix)
	if !ok {
		return SigningKey{}, errors.New("the signing key must begin with " + privatePrefix)
	}
	origin, seed, err := parseKey(rest, ed25519.SeedSize, func(seed []byte) []byte { return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey) })
	if err != nil {
		return SigningKey{}, fmt.Errorf("the signing key: %w", err)
	}
	return SigningKey{origin, ed25519.NewKeyFromSeed(seed)}, nil
}

// String is the key as it is kept: the secret, in the form of a note's signing key.
func (k SigningKey) String() string { return privatePrefix + k.text(k.origin) }

func (k SigningKey) text(name string) string {
	return keyText(name, k.private.Public().(ed25519.PublicKey), k.private.Seed())
}

// Verifier is the public half.
func (k SigningKey) Verifier() VerifierKey {
	return VerifierKey{k.origin, k.private.Public().(ed25519.PublicKey)}
}

// signer signs for a tenant.
func (k SigningKey) signer(tenant core.ID) (note.Signer, error) {
	return note.NewSigner(privatePrefix + k.text(tenantOrigin(k.origin, tenant)))
}

// ParseVerifierKey reads a note's verifier key, the service's or that of one tenant: both are the same key.
func ParseVerifierKey(text string) (VerifierKey, error) {
	origin, public, err := parseKey(strings.TrimSpace(text), ed25519.PublicKeySize, func(public []byte) []byte { return public })
	if err != nil {
		return VerifierKey{}, fmt.Errorf("the verifier key %q: %w", text, err)
	}
	if slash := strings.LastIndexByte(origin, '/'); slash > 0 {
		if _, err := core.ParseID(origin[slash+1:]); err == nil {
			origin = origin[:slash]
		}
	}
	return VerifierKey{origin, public}, nil
}

// String is the service's verifier key.
func (k VerifierKey) String() string { return keyText(k.origin, k.public, k.public) }

// Of is the key as it verifies the checkpoints of a tenant.
func (k VerifierKey) Of(tenant core.ID) string {
	return keyText(tenantOrigin(k.origin, tenant), k.public, k.public)
}

// tenantOrigin is the name of a tenant's history.
func tenantOrigin(origin string, tenant core.ID) string { return origin + "/" + tenant.String() }

// keyText is a key in the form of notes: name, hash of name and public key, and the key.
func keyText(name string, public ed25519.PublicKey, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, public), base64.StdEncoding.EncodeToString(append([]byte{algorithm}, key...)))
}

// keyHash tells keys apart in a note's signatures.
func keyHash(name string, public []byte) uint32 {
	h := sha256.Sum256(append([]byte(name+"\n"), append([]byte{algorithm}, public...)...))
	return binary.BigEndian.Uint32(h[:])
}

// parseKey reads what keyText wrote.
func parseKey(text string, size int, publicOf func(key []byte) []byte) (name string, key []byte, err error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return "", nil, errors.New("must be NAME+HASH+KEY")
	}
	name = parts[0]
	if err := validateOrigin(name); err != nil {
		return "", nil, err
	}
	key, err = base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+size || key[0] != algorithm {
		return "", nil, errors.New("is not one of Ed25519")
	}
	key = key[1:]
	if fmt.Sprintf("%08x", keyHash(name, publicOf(key))) != parts[1] {
		return "", nil, errors.New("its hash is not that of its name and key: it was not copied whole")
	}
	return name, key, nil
}
