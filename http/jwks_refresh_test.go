package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
)

// TestRotation: a new key is found at once; one that was withdrawn stops with the next reading, what is remembered of it included. A file is a URL but for the reading.
func TestRotation(t *testing.T) {
	k := testKeys()
	first, second := jwk(t, "1", k.rsa), jwk(t, "2", k.ec)
	old, renewed := signedBy(t, rs256, "1", k.rsa, good()), signedBy(t, es256, "2", k.ec, good())
	idp := newProvider(t, jwks(t, first))
	path := keyFile(t, jwks(t, first))
	for place, publish := range map[string]func(string){
		idp.URL: idp.publish,
		path: func(set string) {
			if err := os.WriteFile(path, []byte(set), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		w, log := newKeyWorld(t, place)
		w.wants(t, 201, "", old)
		w.later(keysReadSoon)
		publish(jwks(t, first, second))
		w.wants(t, 201, "", renewed) // it waits for the reading
		w.wants(t, 201, "", old)

		publish(jwks(t, second))
		w.later(keysRefresh - time.Millisecond)
		w.wants(t, 201, "", old)
		w.settle()
		w.wants(t, 201, "", old) // none was begun
		w.later(time.Millisecond)
		w.submitWith(renewed) // this one begins it, and does not wait
		w.settle()
		w.wants(t, 401, core.CodeUnauthenticated, old)
		w.wants(t, 201, "", renewed)

		publish(jwks(t, jwk(t, "2", k.p384), jwk(t, "1", k.rsa))) // the same kid, and another key
		w.later(keysRefresh)
		w.submitWith(renewed)
		w.settle()
		w.wants(t, 401, core.CodeUnauthenticated, renewed)
		if !strings.Contains(log.String(), `kid \"2\": an EC key on P-384`) {
			t.Errorf("what is not used does not stand in the log: %s", log)
		}
	}
}

// TestIdleServer: after a long time without tokens, keys are looked at before they are used: a key that was withdrawn verifies not even one more token, nor does what is remembered of it.
func TestIdleServer(t *testing.T) {
	k := testKeys()
	idp := newProvider(t, jwks(t, jwk(t, "1", k.rsa)))
	w, _ := newKeyWorld(t, idp.URL)
	remembered := signedBy(t, rs256, "1", k.rsa, good())
	w.wants(t, 201, "", remembered)
	idp.publish(jwks(t, jwk(t, "2", k.ec)))
	w.later(keysMostOld)
	w.wants(t, 401, core.CodeUnauthenticated, remembered)
}

// TestUnchangedKeys: a set that is the same as before leaves what is remembered as it is.
func TestUnchangedKeys(t *testing.T) {
	k := testKeys()
	idp := newProvider(t, jwks(t, jwk(t, "1", k.rsa)))
	w, log := newKeyWorld(t, idp.URL)
	token := signedBy(t, rs256, "1", k.rsa, good())
	header := http.Header{"Authorization": {"Bearer " + token}}
	first, err := w.server.verifier.authenticate(t.Context(), header)
	if err != nil {
		t.Fatal(err)
	}
	w.later(keysMostOld)
	if again, err := w.server.verifier.authenticate(t.Context(), header); again != first {
		t.Errorf("the token was verified again (%v)", err)
	}
	if asked, told := idp.asked.Load(), strings.Count(log.String(), "the JWK set was read"); asked != 2 || told != 1 {
		t.Errorf("asked %d times, and told of it %d times", asked, told)
	}
}

// TestUnknownKidsAreBounded: many requests with unknown kids at once are one reading, and within keysReadSoon there is no other; good tokens do not wait for it.
func TestUnknownKidsAreBounded(t *testing.T) {
	k := testKeys()
	set := jwks(t, jwk(t, "1", k.rsa))
	idp := newProvider(t, set)
	w, _ := newKeyWorld(t, idp.URL)
	known := signedBy(t, rs256, "1", k.rsa, good())
	w.wants(t, 201, "", known)
	w.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "x", k.rsa, good()))
	w.later(keysReadSoon - time.Millisecond)
	w.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "y", k.rsa, good()))
	if asked := idp.asked.Load(); asked != 1 {
		t.Errorf("asked %d times before the time", asked)
	}

	w.later(time.Millisecond)
	hold, entered := make(chan struct{}), make(chan struct{})
	idp.does(func(rw http.ResponseWriter, _ *http.Request) { close(entered); <-hold; fmt.Fprint(rw, set) })
	var waiting sync.WaitGroup
	for i := range 32 {
		token := signedBy(t, rs256, fmt.Sprint("x", i), k.rsa, good())
		waiting.Go(func() { w.wants(t, 401, core.CodeUnauthenticated, token) })
	}
	<-entered
	w.wants(t, 201, "", known)
	w.wants(t, 201, "", signedBy(t, rs256, "1", k.rsa, good("sub", "another")))
	close(hold)
	waiting.Wait()
	if asked := idp.asked.Load(); asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

// TestProviderDownThenUp: a URL that cannot be read does not stop the service; what needs it is 503 until it can, everything else goes on.
func TestProviderDownThenUp(t *testing.T) {
	k := testKeys()
	idp := newProvider(t, "")
	idp.does(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })
	w, log := newKeyWorld(t, idp.URL, func(c *Config) { c.Secret = testSecret })
	token := signedBy(t, rs256, "1", k.rsa, good())
	for range 3 {
		w.wants(t, 503, core.CodeKeysUnavailable, token)
	}
	if rec := w.submitWith(token); rec.Header().Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
	}
	w.wants(t, 201, "", w.token("FDE"))
	w.wants(t, 401, core.CodeUnauthenticated, "x.y.z")
	w.wants(t, 401, core.CodeUnauthenticated, signed(t, hs256, []byte("another secret"), good()))
	if asked, told := idp.asked.Load(), strings.Count(log.String(), "level=WARN msg=\"the JWK set could not be read"); asked != 1 || told != 1 || !strings.Contains(log.String(), "it answered 500") {
		t.Errorf("asked %d times, told of it %d times: %s", asked, told, log)
	}
	idp.publish(jwks(t, jwk(t, "1", k.rsa)))
	w.wants(t, 503, core.CodeKeysUnavailable, token)
	w.later(keysReadSoon)
	w.wants(t, 201, "", token)

	idp.does(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) })
	w.later(keysMostOld) // the keys that are known go on being used
	w.wants(t, 201, "", token)
	w.wants(t, 503, core.CodeKeysUnavailable, signedBy(t, rs256, "2", k.otherRSA, good())) // it may be a new one
	w.wants(t, 401, core.CodeUnauthenticated, signedBy(t, rs256, "1", k.otherRSA, good()))
	asked := idp.asked.Load()
	w.later(keysReadSoon - time.Millisecond)
	w.wants(t, 201, "", token)
	w.settle()
	w.later(time.Millisecond)
	w.wants(t, 201, "", token) // after a failure the next reading comes sooner
	w.settle()
	if again := idp.asked.Load() - asked; again != 1 {
		t.Errorf("asked %d times more", again)
	}
	if strings.Contains(log.String(), token) {
		t.Errorf("the log shows the token: %s", log)
	}
}

// TestFailedReadings: whatever is wrong with a reading, the keys that are known go on being used, and it is told once, with the reason.
func TestFailedReadings(t *testing.T) {
	k := testKeys()
	set := jwks(t, jwk(t, "1", k.rsa))
	elsewhere := newProvider(t, set)
	hang := make(chan struct{})
	defer close(hang)
	for _, row := range []struct {
		sentence string
		answer   http.HandlerFunc
		says     string
	}{
		{"500", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) }, "it answered 500"},
		{"204", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(204) }, "it answered 204"},
		{"not JSON", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "<html>") }, "this is no JWK set"},
		{"too large", func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(rw, set, strings.Repeat(" ", maxJWKSBytes+1-len(set)))
		}, "longer than 1048576 bytes"},
		{"never ends", func(rw http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				fmt.Fprint(rw, strings.Repeat(" ", 1<<16))
			}
		}, "longer than 1048576 bytes"},
		{"too many keys", func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(rw, `{"keys":[`+strings.Repeat("{},", maxKeys)+`{}]}`)
		}, "101 keys"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-hang:
			}
		}, "context deadline exceeded"},
		{"breaks off", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "9999")
			fmt.Fprint(rw, set)
		}, "unexpected EOF"},
		{"redirect to http", func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, elsewhere.URL, http.StatusFound) }, "elsewhere than https is not followed"},
		{"redirect to itself", func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/", http.StatusFound) }, "elsewhere than https is not followed"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			idp := newProvider(t, set)
			w, log := newKeyWorld(t, idp.URL)
			token := signedBy(t, rs256, "1", k.rsa, good())
			w.wants(t, 201, "", token)
			w.server.verifier.keys.timeout = 200 * time.Millisecond
			idp.does(row.answer)
			w.later(keysMostOld)
			w.wants(t, 201, "", token)
			w.wants(t, 201, "", signedBy(t, rs256, "1", k.rsa, good("sub", "another")))
			if told := strings.Count(log.String(), "the JWK set could not be read"); told != 1 || !strings.Contains(log.String(), row.says) {
				t.Errorf("told %d times, want %q: %s", told, row.says, log)
			}
		})
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("it was redirected to elsewhere than https")
	}
}

// TestRedirectsToHTTPS are followed, but not for ever.
func TestRedirectsToHTTPS(t *testing.T) {
	round := 0
	safe := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if round--; round >= 0 {
			http.Redirect(rw, r, "/again", http.StatusFound)
			return
		}
		fmt.Fprint(rw, "keys")
	}))
	defer safe.Close()
	client := newKeyClient()
	client.Transport.(*http.Transport).TLSClientConfig = safe.Client().Transport.(*http.Transport).TLSClientConfig
	for redirects, ok := range map[int]bool{0: true, maxRedirects: true, maxRedirects + 1: false} {
		round = redirects
		if text, err := fetchKeys(t.Context(), client, safe.URL); (err == nil) != ok || ok && string(text) != "keys" {
			t.Errorf("%d redirects: %q, %v", redirects, text, err)
		}
	}
}

// TestPlaces: a URL must be https, or http on loopback; what has no :// is a file, which must be there and be right.
func TestPlaces(t *testing.T) {
	ed := jwk(t, "d", testKeys().ed)
	for place, says := range map[string]string{
		"https://idp.example/jwks.json":               "",
		"https://idp.example:8443/jwks?a":             "",
		"http://127.0.0.1:1/jwks.json":                "",
		"http://localhost:1/jwks.json":                "",
		"http://[::1]:1/jwks.json":                    "",
		"http://idp.example/jwks.json":                "must be a file, an https URL",
		"http://127.0.0.1.example/":                   "must be a file, an https URL",
		"http://localhost.example/":                   "must be a file, an https URL",
		"http://0.0.0.0/":                             "must be a file, an https URL",
		"ftp://idp.example/jwks.json":                 "must be a file, an https URL",
		"file:///etc/jwks.json":                       "must be a file, an https URL",
		"https:///jwks.json":                          "must be a file, an https URL",
		"https://me:secret@idp.example/":              "must not hold a name or password",
		"https://idp.example/%zz":                     "malformed",
		keyFile(t, jwks(t, ed)):                       "",
		filepath.Join(t.TempDir(), "none"):            "no such file",
		t.TempDir():                                   "no regular file",
		keyFile(t, "{"):                               "no JWK set",
		keyFile(t, jwks(t)):                           "no key that tokens can be verified with",
		keyFile(t, jwks(t, jwk(t, "o", []byte("x")))): "no key that tokens can be verified with",
		keyFile(t, jwks(t, ed)+strings.Repeat(" ", maxJWKSBytes-len(jwks(t, ed)))): "",
		keyFile(t, strings.Repeat(" ", maxJWKSBytes+1)):                            "longer than 1048576 bytes",
	} {
		_, err := newKeySet(place, discard, time.Now)
		if (err == nil) != (says == "") || err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret@")) {
			t.Errorf("%s: %v, want %q", place, err, says)
		}
	}
}

// TestKeysAreReadAtTheStart: a provider that cannot be reached stands in the log before the first token comes.
func TestKeysAreReadAtTheStart(t *testing.T) {
	idp := newProvider(t, jwks(t, jwk(t, "1", testKeys().rsa)))
	asked := make(chan struct{})
	idp.does(func(http.ResponseWriter, *http.Request) { close(asked) })
	w, _ := newKeyWorld(t, idp.URL)
	w.serve(t)
	<-asked
}

// TestShutdownEndsTheReading: no reading outlives the server, and none begins after it; that it was broken off is no failure.
func TestShutdownEndsTheReading(t *testing.T) {
	idp := newProvider(t, "")
	asked := make(chan struct{})
	idp.does(func(_ http.ResponseWriter, r *http.Request) { close(asked); <-r.Context().Done() })
	w, log := newKeyWorld(t, idp.URL)
	w.server.verifier.start()
	<-asked
	if err := w.server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	s := w.server.verifier.keys
	s.mu.Lock()
	if s.begin(0); s.reading != nil {
		t.Error("a reading is under way")
	}
	s.mu.Unlock()
	w.wants(t, 503, core.CodeKeysUnavailable, signedBy(t, rs256, "1", testKeys().rsa, good()))
	if idp.asked.Load() != 1 || strings.Contains(log.String(), "could not be read:") {
		t.Errorf("asked %d times; logged %s", idp.asked.Load(), log)
	}
}

// TestWaitingEndsWithTheRequest: a client that does not wait for the keys is not waited for.
func TestWaitingEndsWithTheRequest(t *testing.T) {
	idp := newProvider(t, "")
	ctx, gone := context.WithCancel(context.Background())
	idp.does(func(_ http.ResponseWriter, r *http.Request) { gone(); <-r.Context().Done() })
	w, _ := newKeyWorld(t, idp.URL)
	r := w.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Authorization", "Bearer "+signedBy(t, rs256, "1", testKeys().rsa, good()))
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r.WithContext(ctx))
	if rec.Code != statusClientGone {
		t.Errorf("status %d: %s", rec.Code, rec.Body)
	}
	s := w.server.verifier.keys
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == nil {
		t.Error("it waited until the reading was over")
	}
}

// TestTooOldKeysAreNotUsedForWhoHasGone: who does not wait for the keys to be read again is not let in by those that may have been withdrawn.
func TestTooOldKeysAreNotUsedForWhoHasGone(t *testing.T) {
	now := time.Now()
	asked := make(chan struct{}, 1)
	s := &keySet{
		timeout: time.Minute, log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }, known: &keys{}, readAt: now,
		read: func(ctx context.Context) ([]byte, error) { asked <- struct{}{}; <-ctx.Done(); return nil, ctx.Err() },
	}
	s.life, s.end = context.WithCancel(t.Context())
	defer s.close()
	now = now.Add(time.Hour)
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-asked; leave() }()
	if s.current(ctx) != nil {
		t.Error("keys of an hour ago are used")
	}
}
