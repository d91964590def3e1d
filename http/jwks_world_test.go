package httpapi

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// The keys of these tests. They are made once, since an RSA key takes a while.
var testKeys = sync.OnceValue(func() (k struct {
	rsa, otherRSA, weakRSA *rsa.PrivateKey
	ec, p384               *ecdsa.PrivateKey
	ed                     ed25519.PrivateKey
}) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var err error
	k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	k.otherRSA, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	k.weakRSA, err = rsa.GenerateKey(rand.Reader, 1024)
	must(err)
	k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	k.p384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	_, k.ed, err = ed25519.GenerateKey(rand.Reader)
	must(err)
	return k
})

// jwk is a key as it stands in a set. The changes are members and their values; nil takes one away.
func jwk(t testing.TB, kid string, key any, changes ...any) map[string]any {
	t.Helper()
	if signer, ok := key.(crypto.Signer); ok {
		key = signer.Public()
	}
	options := jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}, Marshal: jwkset.JWKMarshalOptions{Private: true}}
	if _, ok := key.(ed25519.PublicKey); ok {
		options.Metadata.ALG = jwkset.AlgEdDSA
	}
	made, err := jwkset.NewJWKFromKey(key, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(made.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(members, changes[i].(string))
		} else {
			members[changes[i].(string)] = changes[i+1]
		}
	}
	return members
}

// jwks is a set of keys.
func jwks(t testing.TB, list ...map[string]any) string {
	t.Helper()
	if list == nil {
		list = []map[string]any{}
	}
	text, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signedBy makes a token that names its key. The changes are members of the header; nil takes one away.
func signedBy(t testing.TB, method jwt.SigningMethod, kid string, key any, c jwt.MapClaims, changes ...any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["kid"] = kid
	for i := 0; i < len(changes); i += 2 {
		if token.Header[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(token.Header, changes[i].(string))
		}
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// provider is an identity provider that counts how often it is asked for its keys.
type provider struct {
	*httptest.Server
	asked  atomic.Int32
	answer atomic.Pointer[http.HandlerFunc]
}

// newProvider runs one that answers with a set of keys.
func newProvider(t testing.TB, set string) *provider {
	p := &provider{}
	p.publish(set)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		(*p.answer.Load())(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// does changes what it answers.
func (p *provider) does(f http.HandlerFunc) { p.answer.Store(&f) }

// publish changes its keys.
func (p *provider) publish(set string) {
	p.does(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(set)) })
}

// newKeyWorld makes a server that accepts tokens by a key set, and no others.
func newKeyWorld(t testing.TB, place string, change ...func(*Config)) (w *world, log *lockedBuffer) {
	log = &lockedBuffer{}
	w = newWorld(t, append([]func(*Config){func(c *Config) {
		c.Secret, c.JWKS, c.Log = nil, place, slog.New(slog.NewTextHandler(log, nil))
	}}, change...)...)
	t.Cleanup(w.server.verifier.close)
	return w, log
}

// keyFile writes a set of keys into a file.
func keyFile(t testing.TB, set string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// submitWith posts a submission with a token.
func (w *world) submitWith(token string) *httptest.ResponseRecorder {
	r := w.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.do(r)
}

// wants posts a submission with a token, and says what is wrong if it is not answered with this status and code.
func (w *world) wants(t testing.TB, status int, code core.Code, token string) {
	t.Helper()
	rec := w.submitWith(token)
	if rec.Code != status {
		t.Errorf("status %d, want %d: %s", rec.Code, status, rec.Body)
	} else if status != 201 && !strings.Contains(rec.Body.String(), `"code":"`+string(code)+`"`) {
		t.Errorf("want %s: %s", code, rec.Body)
	}
	if strings.Contains(rec.Body.String(), token) {
		t.Errorf("the answer shows the token: %s", rec.Body)
	}
	if challenged := rec.Header().Get("WWW-Authenticate") != ""; challenged != (status == 401) {
		t.Errorf("status %d with WWW-Authenticate: %t", status, challenged)
	}
}

// later turns the clock.
func (w *world) later(d time.Duration) { w.setClock(w.clock().Add(d)) }

// settle waits until no reading of the keys is under way.
func (w *world) settle() {
	s := w.server.verifier.keys
	s.mu.Lock()
	reading := s.reading
	s.mu.Unlock()
	if reading != nil {
		<-reading
	}
}

// lockedBuffer is a log that is written to while it is read.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is all that was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
