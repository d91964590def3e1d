package httpapi

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// signed makes a token of any claims with any method.
func signed(t testing.TB, method jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// good has the claims of a token that is accepted, but for what is changed.
func good(changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "s", "roles": []string{"FDE"}, "tenantIds": []string{tenant.String()}, "exp": noon.Add(time.Hour).Unix()}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(c, changes[i].(string))
		} else {
			c[changes[i].(string)] = changes[i+1]
		}
	}
	return c
}

// TestCredentials: 401 credential missing, malformed or expired; one algorithm and no other.
func TestCredentials(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs := func(changes ...any) []string {
		return []string{"Bearer " + signed(t, jwt.SigningMethodHS256, testSecret, good(changes...))}
	}
	rows := []struct {
		sentence string
		header   []string
		status   int
	}{
		{"HS256 with exp, sub, roles and tenantIds", hs(), 201},
		{"the scheme in any case", []string{"bearer" + strings.TrimPrefix(hs()[0], "Bearer")}, 201},
		{"missing", nil, 401},
		{"malformed: empty", []string{""}, 401},
		{"malformed: no token", []string{"Bearer"}, 401},
		{"malformed: another scheme", []string{"Basic c29tZW9uZTpzZWNyZXQ="}, 401},
		{"malformed: no JWT", []string{"Bearer x.y.z"}, 401},
		{"malformed: two headers", append(hs(), hs()...), 401},
		{"malformed: something follows", []string{hs()[0] + " x"}, 401},
		{"another secret", []string{"Bearer " + signed(t, jwt.SigningMethodHS256, append([]byte("x"), testSecret...), good())}, 401},
		{"another algorithm: none", []string{"Bearer " + signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good())}, 401},
		{"another algorithm: HS512", []string{"Bearer " + signed(t, jwt.SigningMethodHS512, testSecret, good())}, 401},
		{"another algorithm: RS256", []string{"Bearer " + signed(t, jwt.SigningMethodRS256, rsaKey, good())}, 401},
		{"the signature is changed", []string{hs()[0][:len(hs()[0])-2] + "AA"}, 401},
		{"exp required", hs("exp", nil), 401},
		{"expired, as far as clocks may differ", hs("exp", noon.Add(-tokenLeeway+time.Second).Unix()), 201},
		{"expired", hs("exp", noon.Add(-tokenLeeway).Unix()), 401},
		{"not valid yet, as far as clocks may differ", hs("nbf", noon.Add(tokenLeeway).Unix()), 201},
		{"not valid yet", hs("nbf", noon.Add(tokenLeeway+time.Second).Unix()), 401},
		{"issued in the future, as far as clocks may differ", hs("iat", noon.Add(tokenLeeway).Unix()), 201},
		{"issued in the future", hs("iat", noon.Add(tokenLeeway+time.Second).Unix()), 401},
		{"sub required", hs("sub", nil), 401},
		{"sub of 256 characters", hs("sub", strings.Repeat("a", 256)), 401},
		{"roles that are no array", hs("roles", "FDE"), 401},
		{"tenantIds that are no UUIDs", hs("tenantIds", []string{"one"}), 401},
		{"no roles", hs("roles", nil), 403},
		{"roles in another case are no roles", hs("roles", nil, "Roles", []string{"FDE"}), 403},
		{"roles in another case do not add to the roles", hs("roles", []string{"VIEWER"}, "ROLES", []string{"FDE"}), 403},
		{"roles that there are not", hs("roles", []string{"ROOT", "fde"}), 403},
		{"no tenants", hs("tenantIds", nil), 403},
	}
	for _, row := range rows {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			for range 2 { // the second time from what is remembered
				r := w.request(http.MethodPost, submitPath, minimal)
				r.Header["Authorization"] = row.header
				rec := w.do(r)
				if rec.Code != row.status {
					t.Fatalf("status %d, want %d: %s", rec.Code, row.status, rec.Body)
				}
				challenge := rec.Header().Get("WWW-Authenticate")
				if (challenge != "") != (row.status == 401) || row.status == 401 && !strings.HasPrefix(challenge, `Bearer realm="resultlog"`) {
					t.Errorf("WWW-Authenticate %q", challenge)
				}
				for _, h := range row.header {
					if _, token, _ := strings.Cut(h, " "); token != "" && strings.Contains(rec.Body.String(), token) {
						t.Errorf("the answer shows the token: %s", rec.Body)
					}
				}
			}
			if remembered := len(w.server.verifier.verified); remembered != 0 && row.status == 401 {
				t.Errorf("a token that is no good is remembered")
			}
		})
	}
}

// TestTenants: x-tenant-id missing or not a UUID is 400; SUPER_ADMIN may name any tenant, everyone else only one of theirs.
func TestTenants(t *testing.T) {
	for _, row := range []struct {
		role   string
		tenant []string
		code   core.Code
		status int
	}{
		{"ADMIN", []string{tenant.String()}, "", 201},
		{"ADMIN", []string{strings.ToUpper(tenant.String())}, "", 201},
		{"ADMIN", nil, codeInvalidTenant, 400},
		{"ADMIN", []string{""}, codeInvalidTenant, 400},
		{"ADMIN", []string{"acme"}, codeInvalidTenant, 400},
		{"ADMIN", []string{core.ID{}.String()}, codeInvalidTenant, 400},
		{"ADMIN", []string{tenant.String(), tenant.String()}, codeInvalidTenant, 400},
		{"ADMIN", []string{otherTenant.String()}, codeTenantForbidden, 403},
		{"SUPER_ADMIN", []string{otherTenant.String()}, "", 201},
	} {
		w := newWorld(t)
		r := w.request(http.MethodPost, submitPath, minimal)
		r.Header.Set("Authorization", "Bearer "+w.token(row.role))
		r.Header["X-Tenant-Id"] = row.tenant
		rec := w.do(r)
		if rec.Code != row.status {
			t.Errorf("%s in %q: status %d, want %d", row.role, row.tenant, rec.Code, row.status)
		} else if row.code != "" && problemOf(t, rec).Code != row.code {
			t.Errorf("%s in %q: %s", row.role, row.tenant, rec.Body)
		}
	}
}

// TestPermissions walks the whole table of contract §2.9, which stands here once more as it is printed there.
func TestPermissions(t *testing.T) {
	const table = `
		VIEW_ACTIVITIES        x x x x
		CREATE_ACTIVITY        x x x -
		DISPATCH_ACTIVITY      x x x -
		CANCEL_ACTIVITY        x x - -
		MANAGE_ACTIVITY_CONFIG x x - -
		MANAGE_API_KEYS        x x - -
		VIEW_EVENTS            x x - -`
	columns := []string{"SUPER_ADMIN", "ADMIN", "FDE", "VIEWER"}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if len(lines) != len(core.AllPermissions.Names()) || len(columns) != len(roles) {
		t.Fatal("there are other permissions or roles than in the contract")
	}
	for bit, line := range lines {
		cells := strings.Fields(line)
		needs := core.Permissions(1) << bit
		if needs.String() != cells[0] {
			t.Fatalf("permission %d is %s, want %s", bit, needs, cells[0])
		}
		for i, role := range columns {
			who := &caller{subject: "s", roles: []string{role}, tenants: []core.ID{tenant}}
			granted, err := who.authorize(tenant, needs)
			if (err == nil) != (cells[i+1] == "x") {
				t.Errorf("%s %s: %v", role, needs, err)
			}
			if err == nil && granted.actor != (core.Actor{Subject: "s", Role: role}) {
				t.Errorf("%s %s: actor %+v", role, needs, granted.actor)
			}
		}
	}
}

// TestGrantingRole: the event names the least role that granted it.
func TestGrantingRole(t *testing.T) {
	who := &caller{subject: "s", roles: []string{"SUPER_ADMIN", "FDE", "VIEWER"}, tenants: []core.ID{tenant}}
	for _, row := range []struct {
		tenant core.ID
		needs  core.Permissions
		role   string
	}{{tenant, core.ViewActivities, "VIEWER"}, {tenant, core.CreateActivities, "FDE"}, {tenant, core.ViewEvents, "SUPER_ADMIN"}, {otherTenant, core.ViewActivities, "SUPER_ADMIN"}} {
		if granted, err := who.authorize(row.tenant, row.needs); err != nil || granted.actor.Role != row.role {
			t.Errorf("%s: granted by %q (%v), want %s", row.needs, granted.actor.Role, err, row.role)
		}
	}
}

// TestTokensAreRemembered: until they expire, and never more than the bound.
func TestTokensAreRemembered(t *testing.T) {
	w := newWorld(t)
	v := w.server.verifier
	h := http.Header{"Authorization": {"Bearer " + w.token("FDE")}}
	first, err := v.authenticate(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	w.setClock(noon.Add(time.Hour + tokenLeeway - time.Millisecond))
	if again, _ := v.authenticate(t.Context(), h); again != first {
		t.Error("the token was verified again")
	}
	w.setClock(noon.Add(time.Hour + tokenLeeway))
	if _, err := v.authenticate(t.Context(), h); err == nil {
		t.Error("a remembered token outlives its exp")
	}
	for i := range maxVerified + 10 {
		v.remember([32]byte{1, byte(i), byte(i >> 8)}, verifiedToken{who: first})
	}
	if n := len(v.verified); n > maxVerified {
		t.Errorf("%d tokens are remembered, of at most %d", n, maxVerified)
	}
}

// TestMintToken: what it makes is accepted; what it could not be accepted with is refused.
func TestMintToken(t *testing.T) {
	for _, row := range []struct {
		name   string
		secret []byte
		sub    string
		roles  []string
		ok     bool
	}{
		{"good", testSecret, "s", []string{"FDE", "VIEWER"}, true},
		{"a secret of 32 bytes", testSecret[:MinSecretBytes], "s", []string{"FDE"}, true},
		{"a secret of 31 bytes", testSecret[:MinSecretBytes-1], "s", []string{"FDE"}, false},
		{"a role that there is not", testSecret, "s", []string{"ROOT"}, false},
		{"no sub", testSecret, "", []string{"FDE"}, false},
	} {
		token, err := MintToken(row.secret, row.sub, row.roles, []core.ID{tenant}, time.Minute, noon)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
		if err != nil {
			continue
		}
		v, err := newVerifier(Config{Secret: row.secret, Now: func() time.Time { return noon.Add(59 * time.Second) }})
		if err != nil {
			t.Fatal(err)
		}
		verified, err := v.verify(t.Context(), token)
		who := verified.who
		if err != nil || who.subject != "s" || len(who.roles) != len(row.roles) || who.tenants[0] != tenant || !who.expires.Equal(noon.Add(time.Minute)) {
			t.Errorf("%s: verified as %+v, %v", row.name, who, err)
		}
	}
}

// TestSecretTooShort: the server does not start with a secret shorter than RFC 7518 asks for.
func TestSecretTooShort(t *testing.T) {
	w := newWorld(t)
	c := w.server.Config
	c.Secret = testSecret[:MinSecretBytes-1]
	if _, err := New(c); err == nil || strings.Contains(err.Error(), string(c.Secret)) {
		t.Errorf("got %v", err)
	}
	c.Secret, c.Reader = testSecret, nil
	if _, err := New(c); err == nil {
		t.Error("a server without a reader")
	}
}

// TestRoutePermissions: each route asks for the permission of contract §2.7 and §2.8.
func TestRoutePermissions(t *testing.T) {
	want := map[string]core.Permissions{
		"POST /api/activity-results/tasks":        core.CreateActivities,
		"POST /api/activity-results/tasks/batch":  core.CreateActivities,
		"GET /api/activity-results":               core.ViewActivities,
		"GET /api/activity-results/:id":           core.ViewActivities,
		"POST /api/activities":                    core.CreateActivities,
		"POST /api/activities/tasks":              core.CreateActivities,
		"POST /api/activities/tasks/:id/dispatch": core.DispatchActivities,
		"PATCH /api/activities/:id/cancel":        core.CancelActivities,
		"GET /api/activities":                     core.ViewActivities,
		"GET /api/activities/:id":                 core.ViewActivities,
		"GET /api/activities/:id/status-events":   core.ViewActivities,
		"GET /api/activities/:id/events":          core.ViewEvents,
		"GET /api/activity-results/:id/events":    core.ViewEvents,
		"GET /api/events":                         core.ViewEvents,
		"GET /api/task-result-types":              core.ViewActivities,
		"PUT /api/task-result-types/:code":        core.ManageActivityConfig,
		"POST /api/api-keys":                      core.ManageAPIKeys,
		"GET /api/api-keys":                       core.ManageAPIKeys,
		"POST /api/api-keys/:id/revoke":           core.ManageAPIKeys,
		"GET /api/audit/checkpoint":               core.ViewEvents,
		"GET /api/audit/inclusion":                core.ViewEvents,
		"GET /api/audit/consistency":              core.ViewEvents,
		"GET /api/audit/keys":                     core.ViewEvents,
		"GET /livez":                              public,
		"GET /readyz":                             public,
		"GET /readyz/reads":                       public,
		"GET /metrics":                            public,
		"GET /openapi.json":                       public,
		"GET /docs":                               public,
		"GET /docs/:file":                         public,
	}
	for _, rt := range newWorld(t).server.routes() {
		name := rt.method + " " + rt.pattern
		needs, known := want[name]
		if !known || needs != rt.needs {
			t.Errorf("%s needs %s, want %s (known: %t)", name, rt.needs, needs, known)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("there is no %v", want)
	}
}
