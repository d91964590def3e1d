package httpapi

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// maxKeys bounds the keys of a set: an identity provider has two or three, and twice that in the midst of a rotation.
const maxKeys = 100

// The bounds of an RSA key, in bits.
const (
	minRSABits = 2048 // RFC 7518 §3.3
	maxRSABits = 8192 // what a check costs grows with the square of them; nobody signs tokens with more
)

// publicKey is a key that tokens are verified with. The one algorithm that it is for follows from what it is, and never from what a token says.
type publicKey struct {
	kid string
	alg string // RS256, ES256 or EdDSA
	key crypto.PublicKey
}

// keys are the usable keys of a JWK set, as it was read once.
type keys struct {
	usable []publicKey
	sum    [sha256.Size]byte // of the text that they stand in
}

// find gives the key for an algorithm that has a kid; without a kid, the only key that there is. Nil: there is none.
func (k *keys) find(kid, alg string) crypto.PublicKey {
	if k == nil || kid == "" && len(k.usable) != 1 {
		return nil
	}
	for _, one := range k.usable {
		if one.alg == alg && (one.kid == kid || kid == "") {
			return one.key
		}
	}
	return nil
}

// count is how many keys there are.
func (k *keys) count() int {
	if k == nil {
		return 0
	}
	return len(k.usable)
}

// parseKeys reads a JWK set (RFC 7517 §5). A key that cannot be used does not spoil the others: unused says which were left out, and why.
func parseKeys(text []byte) (k *keys, unused []error, err error) {
	var set struct {
		Keys keyTexts `json:"keys"`
	}
	switch err := json.Unmarshal(text, &set, lenient...); {
	case err != nil:
		return nil, nil, fmt.Errorf("this is no JWK set: %w", err)
	case set.Keys == nil:
		return nil, nil, errors.New(`this is no JWK set: it has no array "keys"`)
	case len(set.Keys) > maxKeys:
		return nil, nil, fmt.Errorf("the JWK set has %d keys, of at most %d", len(set.Keys), maxKeys)
	}
	k = &keys{sum: sha256.Sum256(text)}
	for i, text := range set.Keys {
		one, err := readKey(text)
		if err == nil && one.kid != "" && k.find(one.kid, one.alg) != nil {
			err = fmt.Errorf("another %s key before it has the same kid", one.alg)
		}
		if err != nil {
			unused = append(unused, fmt.Errorf("key %d, kid %.64q: %w", i+1, one.kid, err))
			continue
		}
		k.usable = append(k.usable, one)
	}
	return k, unused, nil
}

// lenient is how a set is read: what is wrong within a key is for readKey to refuse, and spoils no other key.
var lenient = []json.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// keyTexts are the keys of a set as they stand there, which is to say it once.
type keyTexts []jsontext.Value

// UnmarshalJSON implements json.Unmarshaler.
func (k *keyTexts) UnmarshalJSON(text []byte) error {
	if *k != nil {
		return errors.New(`"keys" comes twice`)
	}
	return json.Unmarshal(text, (*[]jsontext.Value)(k), lenient...)
}

// readKey reads one key, or says why it is of no use here.
func readKey(text jsontext.Value) (publicKey, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(text, &m); err != nil {
		return publicKey{}, err
	}
	one := publicKey{kid: m.KID}
	switch {
	case m.KTY == jwkset.KtyOct:
		return one, errors.New("it is a secret, and only public keys are taken out of a set")
	case m.USE != "" && m.USE != jwkset.UseSig:
		return one, fmt.Errorf("its use is %.32q, not sig", m.USE)
	case m.KEYOPS != nil && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return one, errors.New("its key_ops do not hold verify")
	}
	// Only what makes up the public key goes on: no private part is kept, no certificate believed, no x5u looked up.
	public := jwkset.JWKMarshal{KTY: m.KTY, CRV: m.CRV, X: m.X, Y: m.Y, N: m.N, E: m.E}
	parsed, err := jwkset.NewJWKFromMarshal(public, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return one, err
	}
	one.key = parsed.Key()
	if one.alg, err = algorithmOf(one.key); err != nil {
		return one, err
	}
	if m.ALG != "" && string(m.ALG) != one.alg {
		return one, fmt.Errorf("its alg is %.32q, and a key like it is used for %s alone", m.ALG, one.alg)
	}
	return one, nil
}

// algorithmOf is the one algorithm that a key is used for.
func algorithmOf(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return "", fmt.Errorf("an RSA key of %d bits: it must have %d to %d", bits, minRSABits, maxRSABits)
		}
		return jwt.SigningMethodRS256.Alg(), nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return "", fmt.Errorf("an EC key on %s: only P-256 is used, with ES256", key.Curve.Params().Name)
		}
		return jwt.SigningMethodES256.Alg(), nil
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA.Alg(), nil
	default:
		return "", errors.New("no RSA, EC or Ed25519 key")
	}
}
