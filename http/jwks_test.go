package httpapi

import (
	"errors"
	"strings"
	"testing"

	"resultlog/core"
)

// TestParseKeys: a set is judged as a whole, and then key by key: one that cannot be used does not spoil the others, and is named.
func TestParseKeys(t *testing.T) {
	k := testKeys()
	many := func(n int) string {
		list := make([]map[string]any, n)
		for i := range list {
			list[i] = map[string]any{"kty": "RSA"}
		}
		return jwks(t, list...)
	}
	good := jwk(t, "good", k.ed)
	rows := []struct {
		sentence string
		set      string
		usable   int // -1: it is no set
		says     string
	}{
		{"none", jwks(t), 0, ""},
		{"one of each kind", jwks(t, good, jwk(t, "r", k.rsa), jwk(t, "e", k.ec)), 3, ""},
		{"members that nobody knows", `{"keys":[],"issuer":1}`, 0, ""},
		{"not JSON", `keys`, -1, "no JWK set"},
		{"empty", ``, -1, "no JWK set"},
		{"a page", `<html>log in</html>`, -1, "no JWK set"},
		{"an array", `[]`, -1, "no JWK set"},
		{"no keys", `{}`, -1, `no array "keys"`},
		{"null keys", `{"keys":null}`, -1, `no array "keys"`},
		{"keys in another case", `{"Keys":[]}`, -1, `no array "keys"`},
		{"keys twice", `{"keys":[],"keys":[]}`, -1, "no JWK set"},
		{"something follows", jwks(t, good) + "x", -1, "no JWK set"},
		{"as many keys as there may be", many(maxKeys), 0, "requires"},
		{"too many keys", many(maxKeys + 1), -1, "101 keys, of at most 100"},
		{"a key that is none", `{"keys":[1,null,"x",{}]}`, 0, "key 1"},
		{"a key with a member twice", strings.Replace(jwks(t, good), "[", `[{"kty":"OKP","kty":"OKP"},`, 1), 1, "key 1"},
		{"a key that is not UTF-8", strings.Replace(jwks(t, good), "[", "[{\"kty\":\"\xff\"},", 1), 1, "key 1"},
		{"a kid that is no text", jwks(t, jwk(t, "", k.ed, "kid", 1), good), 1, "key 1"},
		{"a secret", jwks(t, jwk(t, "o", []byte("secret")), good), 1, "it is a secret"},
		{"an RSA key of 1024 bits", jwks(t, jwk(t, "weak", k.weakRSA), good), 1, `kid "weak": an RSA key of 1024 bits`},
		{"an RSA key of 8200 bits", jwks(t, jwk(t, "r", k.rsa, "n", strings.Repeat("_", 1367)), good), 1, "an RSA key of 8200 bits"},
		{"an RSA key with an exponent of 1", jwks(t, jwk(t, "r", k.rsa, "e", "AQ"), good), 1, "out of range"},
		{"an RSA key with an exponent that overflows", jwks(t, jwk(t, "r", k.rsa, "e", "AQAAAAAAAAABAAE"), good), 1, "do not match"},
		{"P-384", jwks(t, jwk(t, "p", k.p384), good), 1, "an EC key on P-384"},
		{"an unknown curve", jwks(t, jwk(t, "p", k.ec, "crv", "secp256k1"), good), 1, "unsupported curve"},
		{"a point that is not on its curve", jwks(t, jwk(t, "e", k.ec, "x", "AQ"), good), 1, "not on the specified curve"},
		{"an Ed25519 key that is too short", jwks(t, jwk(t, "d", k.ed, "x", "AQ"), good), 1, "should be 32 bytes"},
		{"X25519", jwks(t, jwk(t, "d", k.ed, "crv", "X25519", "alg", nil), good), 1, "no RSA, EC or Ed25519 key"},
		{"an unknown kind", jwks(t, jwk(t, "d", k.ed, "kty", "ML-DSA"), good), 1, "unsupported key"},
		{"a certificate that is none is not looked at", jwks(t, jwk(t, "r", k.rsa, "x5c", []string{"x"}, "x5u", "http://attacker.example")), 1, ""},
		{"a kid twice", jwks(t, jwk(t, "good", k.ed, "alg", nil), good), 1, "has the same kid"},
		{"a kid twice, for two algorithms", jwks(t, jwk(t, "good", k.rsa), good), 2, ""},
		{"no kid twice", jwks(t, jwk(t, "", k.rsa), jwk(t, "", k.otherRSA)), 2, ""},
		{"a private key is as good as its public one", jwks(t, jwk(t, "d", k.ed, "d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")), 1, ""},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			known, unused, err := parseKeys([]byte(row.set))
			if (err != nil) != (row.usable < 0) || err == nil && known.count() != row.usable {
				t.Fatalf("%d usable keys, %v; want %d", known.count(), err, row.usable)
			}
			if says := errors.Join(append(unused, err)...); (says != nil) != (row.says != "") || says != nil && !strings.Contains(says.Error(), row.says) {
				t.Errorf("it says %v, want %q", says, row.says)
			}
		})
	}
}

// TestTheFirstOfTwoCounts: of two keys with the same kid and algorithm, the first one is used.
func TestTheFirstOfTwoCounts(t *testing.T) {
	k := testKeys()
	w, _ := newKeyWorld(t, keyFile(t, jwks(t, jwk(t, "r", k.rsa), jwk(t, "r", k.otherRSA), jwk(t, "d", k.ed))))
	w.wants(t, 201, "", signedBy(t, rs256, "r", k.rsa, good()))
	w.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "r", k.otherRSA, good()))
}

// TestKidMissing: kid is required when the set has more than one usable key; with exactly one, a token without kid uses it.
func TestKidMissing(t *testing.T) {
	k := testKeys()
	useless := jwk(t, "u", k.otherRSA, "use", "enc")
	for _, row := range []struct {
		sentence string
		set      string
		status   int
	}{
		{"one key", jwks(t, jwk(t, "r", k.rsa)), 201},
		{"one key without a kid", jwks(t, jwk(t, "", k.rsa)), 201},
		{"one usable key", jwks(t, useless, jwk(t, "r", k.rsa)), 201},
		{"one key, of another type", jwks(t, jwk(t, "e", k.ec)), 401},
		{"two keys", jwks(t, jwk(t, "r", k.rsa), jwk(t, "q", k.otherRSA)), 401},
		{"two keys, of two types", jwks(t, jwk(t, "r", k.rsa), jwk(t, "e", k.ec)), 401},
		{"two keys without kids", jwks(t, jwk(t, "", k.rsa), jwk(t, "", k.otherRSA)), 401},
	} {
		w, _ := newKeyWorld(t, keyFile(t, row.set))
		for _, token := range []string{signedBy(t, rs256, "", k.rsa, good(), "kid", nil), signedBy(t, rs256, "", k.rsa, good())} {
			if rec := w.submitWith(token); rec.Code != row.status {
				t.Errorf("%s: status %d, want %d", row.sentence, rec.Code, row.status)
			}
		}
	}
	one, _ := newKeyWorld(t, keyFile(t, jwks(t, jwk(t, "r", k.rsa))))
	one.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "", k.rsa, good(), "kid", 1)) // a kid that is no text is not a missing one
	w, _ := newKeyWorld(t, keyFile(t, jwks(t, jwk(t, "", k.rsa))))
	w.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "r", k.rsa, good())) // a token that names a key does not take another
}

// FuzzParseKeys: whatever comes, parsing does not panic, and what is usable is so for one algorithm that goes with the key.
func FuzzParseKeys(f *testing.F) {
	k := testKeys()
	f.Add([]byte(jwks(f, jwk(f, "r", k.rsa), jwk(f, "e", k.ec), jwk(f, "d", k.ed), jwk(f, "o", []byte("secret")))))
	f.Add([]byte(jwks(f, jwk(f, "p", k.p384, "x5c", []string{"x"}, "key_ops", []string{"verify"}, "alg", "ES384", "use", "sig"))))
	for _, text := range []string{`{"keys":[{}]}`, `{"keys":null}`, `[`, "\xff", `{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"","y":"AA"}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		known, unused, err := parseKeys(text)
		if err != nil {
			return
		}
		if known.count()+len(unused) > maxKeys {
			t.Errorf("%d keys and %d that are not used", known.count(), len(unused))
		}
		for _, one := range known.usable {
			if alg, err := algorithmOf(one.key); err != nil || alg != one.alg {
				t.Errorf("a key for %s is one for %s (%v)", one.alg, alg, err)
			}
		}
	})
}
