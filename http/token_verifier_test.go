package httpapi

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

var (
	rs256 = jwt.SigningMethodRS256
	es256 = jwt.SigningMethodES256
	eddsa = jwt.SigningMethodEdDSA
	hs256 = jwt.SigningMethodHS256
)

// asSecret is a text that somebody could try as the secret of HS256.
type asSecret struct {
	name string
	text []byte
}

// publicSecrets are the ways in which the public RSA key of these tests can be written down.
func publicSecrets(t *testing.T) []asSecret {
	public := &testKeys().rsa.PublicKey
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	return []asSecret{
		{"PKIX in PEM", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})},
		{"PKCS #1 in PEM", pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})},
		{"PKIX in DER", pkix}, {"PKCS #1 in DER", pkcs1}, {"its modulus", public.N.Bytes()},
		{"its member n", []byte(jwk(t, "r", public)["n"].(string))}, {"nothing", []byte{}},
	}
}

// TestAlgorithms: HS256 with a secret, or RS256, ES256 and EdDSA with a JWKS: each with what it is for, and with nothing else.
func TestAlgorithms(t *testing.T) {
	k := testKeys()
	set := jwks(t, jwk(t, "r", k.rsa), jwk(t, "e", k.ec), jwk(t, "d", k.ed), jwk(t, "p384", k.p384), jwk(t, "weak", k.weakRSA),
		map[string]any{"kty": "oct", "kid": "o", "k": "YSBzZWNyZXQgb2YgdGhlIHRlc3RzLCBvZiAzMiBieXRlcyBhbmQgbW9yZQ"}, // testSecret
		jwk(t, "enc", k.otherRSA, "use", "enc"), jwk(t, "sig", k.otherRSA, "use", "sig"), jwk(t, "rs512", k.otherRSA, "alg", "RS512"), jwk(t, "rs256", k.otherRSA, "alg", "RS256"),
		jwk(t, "signs", k.otherRSA, "key_ops", []string{"sign"}), jwk(t, "no-op", k.otherRSA, "key_ops", []string{}), jwk(t, "verifies", k.otherRSA, "key_ops", []string{"sign", "verify"}))
	type row struct {
		sentence      string
		token         string
		by, bySecret  int // status with the key set alone, and with the secret beside it
		onlyTheSecret int
	}
	foreign := jwk(t, "f", k.otherRSA)
	rows := []row{
		{"HS256 with the secret", signed(t, hs256, testSecret, good()), 401, 201, 201},
		{"RS256", signedBy(t, rs256, "r", k.rsa, good()), 201, 201, 401},
		{"ES256", signedBy(t, es256, "e", k.ec, good()), 201, 201, 401},
		{"EdDSA", signedBy(t, eddsa, "d", k.ed, good()), 201, 201, 401},
		{"none", signedBy(t, jwt.SigningMethodNone, "r", jwt.UnsafeAllowNoneSignatureType, good()), 401, 401, 401},
		{"RS384", signedBy(t, jwt.SigningMethodRS384, "r", k.rsa, good()), 401, 401, 401},
		{"PS256", signedBy(t, jwt.SigningMethodPS256, "r", k.rsa, good()), 401, 401, 401},
		{"ES384 with a key on P-384", signedBy(t, jwt.SigningMethodES384, "p384", k.p384, good()), 401, 401, 401},
		{"ES256 with a key on P-384", crooked(t, "p384", good()), 401, 401, 401},
		{"RS256 with a key of 1024 bits", signedBy(t, rs256, "weak", k.weakRSA, good()), 401, 401, 401},
		{"HS256 with a secret in the set", signedBy(t, hs256, "o", testSecret, good()), 401, 201, 201}, // 201, since it is the secret too
		{"another RSA key", signedBy(t, rs256, "r", k.otherRSA, good()), 401, 401, 401},
		{"an unknown kid", signedBy(t, rs256, "x", k.rsa, good()), 401, 401, 401},
		{"the kid in another case", signedBy(t, rs256, "R", k.rsa, good()), 401, 401, 401},
		{"the kid of a key of another type", signedBy(t, rs256, "e", k.rsa, good()), 401, 401, 401},
		{"the kid of a key of another type, the other way", signedBy(t, es256, "r", k.ec, good()), 401, 401, 401},
		{"no kid", signedBy(t, rs256, "", k.rsa, good(), "kid", nil), 401, 401, 401},
		{"an empty kid", signedBy(t, rs256, "", k.rsa, good()), 401, 401, 401},
		{"a kid that is no text", signedBy(t, rs256, "", k.rsa, good(), "kid", 1), 401, 401, 401},
		{"use: enc", signedBy(t, rs256, "enc", k.otherRSA, good()), 401, 401, 401},
		{"use: sig", signedBy(t, rs256, "sig", k.otherRSA, good()), 201, 201, 401},
		{"a key for RS512", signedBy(t, rs256, "rs512", k.otherRSA, good()), 401, 401, 401},
		{"a key for RS512, with RS512", signedBy(t, jwt.SigningMethodRS512, "rs512", k.otherRSA, good()), 401, 401, 401},
		{"a key for RS256", signedBy(t, rs256, "rs256", k.otherRSA, good()), 201, 201, 401},
		{"key_ops without verify", signedBy(t, rs256, "signs", k.otherRSA, good()), 401, 401, 401},
		{"key_ops without anything", signedBy(t, rs256, "no-op", k.otherRSA, good()), 401, 401, 401},
		{"key_ops with verify", signedBy(t, rs256, "verifies", k.otherRSA, good()), 201, 201, 401},
		{"a key that the token brings with it", signedBy(t, rs256, "f", k.otherRSA, good(), "jwk", foreign), 401, 401, 401},
		{"a key that the token brings with it, by the kid of another", signedBy(t, rs256, "r", k.otherRSA, good(), "jwk", foreign), 401, 401, 401},
		{"the place of a key", signedBy(t, rs256, "f", k.otherRSA, good(), "jku", "https://attacker.example/jwks.json", "x5u", "https://attacker.example/x"), 401, 401, 401},
		{"a place of keys beside a kid that is known", signedBy(t, rs256, "r", k.rsa, good(), "jku", "https://attacker.example/jwks.json", "jwk", foreign), 201, 201, 401},
		{"crit", signedBy(t, rs256, "r", k.rsa, good(), "crit", []string{"b64"}, "b64", false), 401, 401, 401},
		{"crit, with the secret", signedBy(t, hs256, "", testSecret, good(), "crit", []string{"exp"}), 401, 401, 401},
	}
	for _, s := range publicSecrets(t) {
		for _, kid := range []string{"r", "o", ""} {
			rows = append(rows, row{"HS256 with the public key as the secret: " + s.name + ", kid " + kid, signedBy(t, hs256, kid, s.text, good()), 401, 401, 401})
		}
	}
	path := keyFile(t, set)
	both := func(c *Config) { c.Secret = testSecret }
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			keys, log := newKeyWorld(t, path)
			beside, _ := newKeyWorld(t, path, both)
			for range 2 { // the second time from what is remembered
				keys.wants(t, row.by, core.CodeUnauthenticated, row.token)
				beside.wants(t, row.bySecret, core.CodeUnauthenticated, row.token)
				newWorld(t).wants(t, row.onlyTheSecret, core.CodeUnauthenticated, row.token)
			}
			if strings.Contains(log.String(), row.token) {
				t.Errorf("the log shows the token: %s", log)
			}
		})
	}
}

// crooked is a token that says ES256 and is signed by a key on P-384, as far as that goes.
func crooked(t *testing.T, kid string, c jwt.MapClaims) string {
	method := *jwt.SigningMethodES256
	method.CurveBits = 384
	return signedBy(t, &method, kid, testKeys().p384, c)
}

// TestClaims: exp required; iss, aud checked when configured; clocks may differ by the leeway, and no more.
func TestClaims(t *testing.T) {
	k := testKeys()
	path := keyFile(t, jwks(t, jwk(t, "e", k.ec)))
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	named := func(changes ...any) []any { return append([]any{"iss", "https://idp", "aud", "resultlog"}, changes...) }
	for _, row := range []struct {
		sentence      string
		changes       []any
		asked, unsaid int // status where iss and aud are asked for, and where they are not
	}{
		{"iss and aud", named(), 201, 201},
		{"no iss", named("iss", nil), 401, 201},
		{"an empty iss", named("iss", ""), 401, 201},
		{"another iss", named("iss", "https://idp/"), 401, 201},
		{"no aud", named("aud", nil), 401, 201},
		{"an empty aud", named("aud", ""), 401, 201},
		{"another aud", named("aud", "billing"), 401, 201},
		{"aud among others", named("aud", []string{"billing", "resultlog"}), 201, 201},
		{"others alone", named("aud", []string{"billing", "Resultlog"}), 401, 201},
		{"no aud in the array", named("aud", []string{}), 401, 201},
		{"aud that is no text", named("aud", 1), 401, 401},
		{"iss that is no text", named("iss", []string{"https://idp"}), 401, 401},
		{"no exp", named("exp", nil), 401, 401},
		{"exp that is no number", named("exp", "2030-01-01T00:00:00Z"), 401, 401},
		{"expired within the leeway", named("exp", at(-tokenLeeway+time.Second)), 201, 201},
		{"expired", named("exp", at(-tokenLeeway)), 401, 401},
		{"valid within the leeway", named("nbf", at(tokenLeeway)), 201, 201},
		{"not valid yet", named("nbf", at(tokenLeeway+time.Second)), 401, 401},
		{"issued within the leeway", named("iat", at(tokenLeeway)), 201, 201},
		{"issued in the future", named("iat", at(tokenLeeway+time.Second)), 401, 401},
	} {
		for _, by := range []string{"a key", "the secret"} {
			t.Run(row.sentence+", by "+by, func(t *testing.T) {
				token := signedBy(t, es256, "e", k.ec, good(row.changes...))
				if by == "the secret" {
					token = signed(t, hs256, testSecret, good(row.changes...))
				}
				asking, _ := newKeyWorld(t, path, func(c *Config) { c.Secret, c.Issuer, c.Audience = testSecret, "https://idp", "resultlog" })
				asking.wants(t, row.asked, core.CodeUnauthenticated, token)
				careless, _ := newKeyWorld(t, path, func(c *Config) { c.Secret = testSecret })
				careless.wants(t, row.unsaid, core.CodeUnauthenticated, token)
			})
		}
	}
}

// TestExpiryToTheMillisecond: a token is good until its exp and the leeway, remembered or not.
func TestExpiryToTheMillisecond(t *testing.T) {
	token := signedBy(t, eddsa, "d", testKeys().ed, good("exp", noon.Unix()))
	path := keyFile(t, jwks(t, jwk(t, "d", testKeys().ed)))
	w, _ := newKeyWorld(t, path)
	for _, first := range []bool{true, false} {
		w.setClock(noon.Add(tokenLeeway - time.Millisecond))
		w.wants(t, 201, "", token)
		w.setClock(noon.Add(tokenLeeway))
		w.wants(t, 401, core.CodeUnauthenticated, token)
		if remembered := len(w.server.verifier.verified); first && remembered != 1 {
			t.Errorf("%d tokens are remembered", remembered)
		}
	}
	fresh, _ := newKeyWorld(t, path)
	fresh.setClock(noon.Add(tokenLeeway))
	fresh.wants(t, 401, core.CodeUnauthenticated, token)
}

// TestWhatATokenMustBe: whoever sent another is told what is accepted here.
func TestWhatATokenMustBe(t *testing.T) {
	path := keyFile(t, jwks(t, jwk(t, "d", testKeys().ed)))
	for _, row := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, "(RS256, ES256, EdDSA), valid now, with exp, sub, roles and tenantIds\""},
		{func(c *Config) { c.Secret, c.JWKS = testSecret, "" }, "(HS256), valid"},
		{func(c *Config) { c.Secret = testSecret }, "(HS256, RS256, ES256, EdDSA), valid"},
		{func(c *Config) { c.Issuer, c.Audience = "i", "a" }, `roles and tenantIds, iss \"i\", aud \"a\""`},
	} {
		w := newWorld(t, func(c *Config) { c.Secret, c.JWKS = nil, path; row.change(c) })
		if rec := w.submitWith("x.y.z"); rec.Code != 401 || !strings.Contains(rec.Body.String(), row.want) {
			t.Errorf("want %s: %s", row.want, rec.Body)
		}
	}
}

// TestNothingToVerifyWith: without a secret and without a key set there is no server, and it is said what to set.
func TestNothingToVerifyWith(t *testing.T) {
	c := newWorld(t).server.Config
	c.Secret = nil
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "JWKS") {
		t.Errorf("got %v", err)
	}
	c.JWKS, c.Secret = keyFile(t, jwks(t, jwk(t, "d", testKeys().ed))), []byte("short")
	if _, err := New(c); err == nil {
		t.Error("a short secret passes beside a key set")
	}
}

// TestNoMutationVerifies: whichever character of a valid token is changed, it is valid no more.
func TestNoMutationVerifies(t *testing.T) {
	k := testKeys()
	v, err := newVerifier(Config{Secret: testSecret, JWKS: keyFile(t, jwks(t, jwk(t, "r", k.rsa), jwk(t, "e", k.ec), jwk(t, "d", k.ed))), Now: func() time.Time { return noon }, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, token := range []string{signed(t, hs256, testSecret, good()), signedBy(t, rs256, "r", k.rsa, good()), signedBy(t, es256, "e", k.ec, good()), signedBy(t, eddsa, "d", k.ed, good())} {
		if _, err := v.verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		for at, was := range []byte(token) {
			is := alphabet[(strings.IndexByte(alphabet, was)+1+at%(len(alphabet)-1))%len(alphabet)]
			for _, changed := range []string{token[:at] + string(is) + token[at+1:], token[:at] + token[at+1:], token[:at] + "." + token[at:], token[:at]} {
				if _, err := v.verify(t.Context(), changed); err == nil {
					t.Fatalf("with another character at %d it is still valid: %s", at, changed)
				}
			}
		}
	}
}

var discard = slog.New(slog.DiscardHandler)

// TestTokenTooLong: a token that is longer than a request's headers may be is answered by net/http.
func TestTokenTooLong(t *testing.T) {
	w, _ := newKeyWorld(t, keyFile(t, jwks(t, jwk(t, "e", testKeys().ec))))
	w.serve(t)
	for size, status := range map[int]int{MaxHeaderBytes / 2: 401, 2 * MaxHeaderBytes: 431} {
		resp := w.raw(t, fmt.Sprintf("GET /api/activities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", strings.Repeat("x", size)))
		if resp.StatusCode != status {
			t.Errorf("a token of %d bytes: status %d, want %d", size, resp.StatusCode, status)
		}
	}
}
