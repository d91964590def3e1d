package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// hour is an instant an hour after noon.
var hour = core.InstantOf(noon.Add(time.Hour))

// TestKeys is contract §2.9, API key: what a request may come with, and what it is told.
func TestKeys(t *testing.T) {
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.AllPermissions, &hour)
	narrow, _ := w.keyFor(tenant, core.AllPermissions&^core.CreateActivities, nil)
	stranger, _ := w.keyFor(otherTenant, core.AllPermissions, nil)
	revoked, revokedID := w.keyFor(tenant, core.AllPermissions, nil)
	w.accept(t, "POST /api/api-keys/"+revokedID.String()+"/revoke")
	never, _, _ := MintAPIKey()
	token := "Bearer " + w.token("FDE")
	for _, row := range []struct {
		sentence string
		key      string
		change   func(*http.Request)
		then     string
		looked   int
	}{
		{"the tenant comes from the key", key, nil, "201", 1},
		{"the tenant comes from the key: another's", stranger, nil, "201", 1},
		{"its own x-tenant-id beside a key", key, header("x-tenant-id", tenant.String()), "201", 1},
		{"its own x-tenant-id beside a key, in upper case", key, header("x-tenant-id", strings.ToUpper(tenant.String())), "201", 1},
		{"a different x-tenant-id beside a key → 403", key, header("x-tenant-id", otherTenant.String()), "403 tenant_forbidden", 1},
		{"a different x-tenant-id beside a key → 403: and of the other tenant's", stranger, header("x-tenant-id", tenant.String()), "403 tenant_forbidden", 1},
		{"x-tenant-id not a UUID is 400", key, header("x-tenant-id", "acme"), "400 invalid_tenant", 1},
		{"x-tenant-id not a UUID is 400: empty", key, header("x-tenant-id", ""), "400 invalid_tenant", 1},
		{"x-tenant-id not a UUID is 400: all zero", key, header("x-tenant-id", core.ID{}.String()), "400 invalid_tenant", 1},
		{"x-tenant-id not a UUID is 400: its own, twice", key, header("x-tenant-id", tenant.String(), tenant.String()), "400 invalid_tenant", 1},
		{"Both credentials at once → 400", key, header("Authorization", token), "400 invalid_header", 0},
		{"Both credentials at once → 400: an empty token", key, header("Authorization", ""), "400 invalid_header", 0},
		{"Both credentials at once → 400: a bad token", key, header("Authorization", "Bearer x.y.z"), "400 invalid_header", 0},
		{"Both credentials at once → 400: an empty key", "", header("Authorization", token), "400 invalid_header", 0},
		{"Both credentials at once → 400: a bad key", "rtn_sk_x", header("Authorization", token), "400 invalid_header", 0},
		{"Both credentials at once → 400: a key that was never issued", never, header("Authorization", token), "400 invalid_header", 0},
		{"Both credentials at once → 400: before a tenant that is missing or another's", key, func(r *http.Request) {
			r.Header["Authorization"], r.Header["X-Tenant-Id"] = []string{token}, []string{otherTenant.String()}
		}, "400 invalid_header", 0},
		{"credential malformed: two x-api-key headers", key, header("x-api-key", key, key), "401 unauthenticated", 0},
		{"credential malformed: two x-api-key headers, one empty", key, header("x-api-key", "", key), "401 unauthenticated", 0},
		{"credential malformed: a key as a bearer token", "", func(r *http.Request) {
			r.Header = http.Header{"Content-Type": r.Header["Content-Type"], "Authorization": {"Bearer " + key}, "X-Tenant-Id": {tenant.String()}}
		}, "401 unauthenticated", 0},
		{"credential malformed: a token as a key", w.token("FDE"), nil, "401 unauthenticated", 0},
		{"well-formed, and never issued", never, nil, "401 unauthenticated", 1},
		{"well-formed, and never issued: before the tenant is looked at", never, header("x-tenant-id", "acme"), "401 unauthenticated", 1},
		{"credential revoked", revoked, nil, "401 unauthenticated", 1},
		{"permission not held", narrow, nil, "403 permission_denied", 1},
		{"permission not held: after the tenant", narrow, header("x-tenant-id", otherTenant.String()), "403 tenant_forbidden", 1},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w.looked = 0
			r := byKey(w.request(http.MethodPost, submitPath, minimal), row.key)
			if row.change != nil {
				row.change(r)
			}
			w.judgeKeyed(t, r, row.then, row.looked)
		})
	}
}

// judgeKeyed sends a request that comes with a key: what is refused records nothing and decides nothing, and has a challenge if it is a 401.
func (w *world) judgeKeyed(t *testing.T, r *http.Request, then string, looked int) *httptest.ResponseRecorder {
	t.Helper()
	head, decided := len(w.log), len(w.commands)
	rec := w.do(r)
	if got := briefly(t, rec); got != then {
		t.Fatalf("%s, want %s: %s", got, then, rec.Body)
	}
	if w.looked != looked {
		t.Errorf("the key was looked for %d times, want %d", w.looked, looked)
	}
	if refused := rec.Code >= http.StatusBadRequest; refused && (len(w.log) != head || len(w.commands) != decided) {
		t.Errorf("it was refused, and yet %d events were recorded and %d commands decided", len(w.log)-head, len(w.commands)-decided)
	}
	want := []string(nil)
	if rec.Code == http.StatusUnauthorized {
		want = []string{`Bearer realm="resultlog"`}
		if _, keyed := r.Header["X-Api-Key"]; !keyed { // the key was sent for a token
			want = []string{`Bearer realm="resultlog", error="invalid_token"`}
		}
	}
	if got := rec.Header()["Www-Authenticate"]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("WWW-Authenticate %q, want %q", got, want)
	}
	return rec
}

// TestSpoiltKeys: a key that was mistyped, cut off or made up is 401, and nobody looks for it.
func TestSpoiltKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.AllPermissions, nil)
	for how, text := range spoilt(key) {
		t.Run(how, func(t *testing.T) {
			rec := w.judgeKeyed(t, byKey(w.request(http.MethodPost, submitPath, minimal), text), "401 unauthenticated", 0)
			if len(text) > len(keyMark) && strings.Contains(rec.Body.String(), text) {
				t.Errorf("the answer shows what was sent: %s", rec.Body)
			}
		})
	}
}

// TestKeysExpire: optional expiry. From that instant on it opens nothing; a millisecond before, it does.
func TestKeysExpire(t *testing.T) {
	for _, row := range []struct {
		sentence string
		at       time.Time
		then     string
	}{
		{"a millisecond before", noon.Add(time.Hour - time.Millisecond), "201"},
		{"the instant itself", noon.Add(time.Hour), "401 unauthenticated"},
		{"after it", noon.Add(2 * time.Hour), "401 unauthenticated"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			key, _ := w.keyFor(tenant, core.CreateActivities, &hour)
			w.setClock(row.at)
			w.judgeKeyed(t, byKey(w.request(http.MethodPost, submitPath, minimal), key), row.then, 1)
		})
	}
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.ViewActivities, nil)
	w.setClock(noon.AddDate(1000, 0, 0))
	w.judgeKeyed(t, byKey(w.request(http.MethodGet, results, ""), key), "200", 2) // when it is let in, and when it is read
}

// TestRefusedKeysAreTold: why a key opens nothing any more is told to who has it, since it had to be issued for that.
func TestRefusedKeysAreTold(t *testing.T) {
	w := newWorld(t)
	expired, _ := w.keyFor(tenant, core.ViewActivities, &hour)
	revoked, id := w.keyFor(tenant, core.ViewActivities, nil)
	never, _, _ := MintAPIKey()
	w.accept(t, "POST /api/api-keys/"+id.String()+"/revoke")
	w.setClock(noon.Add(time.Hour))
	for key, says := range map[string]string{
		expired: "the API key expired at 2025-01-16T15:30:05.000Z: use another one", revoked: "the API key has been revoked: use another one",
		never: "the API key is not one that this service has issued", "x": "the header x-api-key must be sent once, with a whole API key of this service: rtn_sk_… and what follows",
	} {
		if p := problemOf(t, w.do(byKey(w.request(http.MethodGet, results, ""), key))); p.Message != says {
			t.Errorf("told %q, want %q", p.Message, says)
		}
	}
	rec := w.do(httptest.NewRequest(http.MethodGet, results, nil))
	if p := problemOf(t, rec); p.Message != "a credential is missing: send Authorization: Bearer <token>, or x-api-key: <key>" || rec.Header().Get("Www-Authenticate") != `Bearer realm="resultlog"` {
		t.Errorf("without a credential: %s", showAnswer(rec))
	}
	w.setClock(noon)
	if p := problemOf(t, w.ask("X-Api-Key= GET "+results)); p.Message != "both Authorization and x-api-key were sent: send one credential" {
		t.Errorf("with both: %s", p.Message)
	}
}
