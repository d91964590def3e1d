package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// TestContractKeys is contract §2.9 of API keys, as seen over HTTP: issued, listed, revoked. Keys as credentials are in auth_key_test.go, who may do what is in matrix_test.go.
func TestContractKeys(t *testing.T) { runContract(t, keyContract) }

const (
	saysIssued  = "`POST /api/api-keys {name, permissions, expiresAt?}` → `201 {id, name, keyPrefix, plaintextKey, permissions, expiresAt, createdAt, …}`"
	saysHeld    = "it carries a list of permissions that its creator held"
	saysListed  = "`GET /api/api-keys`"
	saysRevoked = "a revocation holds for writes at once"
	saysOnce    = "SHA-256 at rest, shown once"

	by1        = "-Authorization -X-Tenant-Id X-Api-Key={key 1} "
	by2        = "-Authorization -X-Tenant-Id X-Api-Key={key 2} "
	manager    = `["VIEW_ACTIVITIES","MANAGE_API_KEYS"]`
	noSuchKey  = "POST " + keysPath + "/770e8400-e29b-41d4-a716-446655440000/revoke"
	emptyMeta  = `"meta":{"page":1,"limit":20,"total":0,"totalPages":0,"nextCursor":null}}`
	superOther = "SUPER_ADMIN X-Tenant-Id={other} "
)

// threeKeys are {k1}, {k2} and {k3}, a second apart; the second is revoked last.
var threeKeys = []string{
	postKey + newKey("name", `"one"`), "@2025-01-16T14:30:06Z " + postKey + newKey("name", `"two"`), "@2025-01-16T14:30:07Z " + postKey + newKey("name", `"three"`),
	"@2025-01-16T14:30:08Z POST " + keysPath + "/{k2}/revoke",
}

var keyContract = []contractRow{
	{says: saysIssued, when: postKey + newKey("permissions", `["VIEW_EVENTS","VIEW_ACTIVITIES"]`, "expiresAt", `"2026-01-16T01:00:00.0019+01:00"`), then: "201", shows: []string{"Resultlog-Position: 1\n",
		`{"id":"{k1}","name":"Field app","keyPrefix":"rtn_sk_`, `","plaintextKey":"{key 1}","permissions":["VIEW_ACTIVITIES","VIEW_EVENTS"],"expiresAt":"2026-01-16T00:00:00.001Z","createdAt":"2025-01-16T14:30:05.000Z","revokedAt":null}`}},
	{says: saysIssued, of: "without expiresAt", when: postKey + newKey(), then: "201", shows: []string{`"permissions":["VIEW_ACTIVITIES","CREATE_ACTIVITY"],"expiresAt":null,`}},
	{says: saysIssued, of: "two may have one name", given: []string{postKey + newKey()}, when: postKey + newKey(), then: "201", shows: []string{`"id":"{k2}"`}},
	{says: saysIssued, of: "it works at once", given: []string{postKey + newKey()}, when: by1 + postResult + minimal, then: "201", leaves: []string{results + `/{r1} "id":"{r1}"`}},
	{says: saysIssued, of: "in its tenant", given: []string{superOther + postKey + newKey(), postResult + minimal}, when: by1 + "GET " + results, then: "200", shows: []string{none}},
	{says: saysIssued, of: "at the last instant of its time", given: []string{postKey + newKey("expiresAt", `"2025-01-16T15:00:00Z"`)}, when: "@2025-01-16T14:59:59.999Z " + by1 + postResult + minimal, then: "201"},
	{says: saysIssued, of: "and no later", given: []string{postKey + newKey("expiresAt", `"2025-01-16T15:00:00Z"`)}, when: "@2025-01-16T15:00:00Z " + by1 + postResult + minimal, then: "401 unauthenticated"},

	{says: saysHeld, of: "a key that holds less", given: []string{postKey + newKey("permissions", manager)}, while: nothingIsRecorded(by1 + postKey + newKey()), when: by1 + postKey + newKey(), then: "403 permission_denied",
		shows: []string{`"message":"a key can be given no more than its creator holds, which is VIEW_ACTIVITIES, MANAGE_API_KEYS: leave out CREATE_ACTIVITY"`,
			`"errors":[{"pointer":"/permissions","message":"must not name what the creator does not hold: CREATE_ACTIVITY"}]`}},
	{says: saysHeld, of: "a key gives what it holds", given: []string{postKey + newKey("permissions", manager)}, when: by1 + postKey + newKey("permissions", manager), then: "201",
		shows: []string{`"permissions":["VIEW_ACTIVITIES","MANAGE_API_KEYS"]`}},
	{says: saysHeld, of: "and what it gave gives no more", given: []string{postKey + newKey("permissions", manager), by1 + postKey + newKey("permissions", `["MANAGE_API_KEYS"]`)},
		when: by2 + postKey + newKey("permissions", `["VIEW_ACTIVITIES"]`), then: "403 permission_denied", shows: []string{"which is MANAGE_API_KEYS: leave out VIEW_ACTIVITIES"}},
	{says: saysHeld, of: "all that it lacks is told", given: []string{postKey + newKey("permissions", `["MANAGE_API_KEYS"]`)}, when: by1 + postKey + newKey("permissions", "["+allSeven+"]"), then: "403 permission_denied",
		shows: []string{"leave out VIEW_ACTIVITIES, CREATE_ACTIVITY, DISPATCH_ACTIVITY, CANCEL_ACTIVITY, MANAGE_ACTIVITY_CONFIG, VIEW_EVENTS\""}},
	{says: saysHeld, of: "an ADMIN holds all", when: postKey + newKey("permissions", "["+allSeven+"]"), then: "201", shows: []string{`"permissions":[` + allSeven + `]`}},
	{says: saysHeld, of: "a SUPER_ADMIN holds all, in any tenant", when: superOther + postKey + newKey("permissions", "["+allSeven+"]"), then: "201", shows: []string{`"permissions":[` + allSeven + `]`}},

	{says: saysListed, of: "of none", when: getKeys, then: "200", shows: []string{none}},
	{says: saysListed, of: "newest first, without text and digest", given: threeKeys, when: getKeys, then: "200", shows: []string{`{"data":[{"id":"{k3}","name":"three","keyPrefix":"rtn_sk_`,
		`","permissions":["VIEW_ACTIVITIES","CREATE_ACTIVITY"],"expiresAt":null,"createdAt":"2025-01-16T14:30:07.000Z","revokedAt":null,"lastPosition":3},{"id":"{k2}"`,
		`"createdAt":"2025-01-16T14:30:06.000Z","revokedAt":"2025-01-16T14:30:08.000Z","lastPosition":4},{"id":"{k1}"`, `"lastPosition":1}],"meta":{"page":1,"limit":20,"total":3,"totalPages":1,"nextCursor":null}}`},
		lacks: []string{"plaintextKey", "{key 1}", "{key 2}", "{key 3}", "sha256", "digest"}},
	{says: saysListed, of: "the expired too", given: []string{postKey + newKey("expiresAt", `"2025-01-16T15:00:00Z"`)}, when: "@2025-01-16T15:00:01Z " + getKeys, then: "200",
		shows: []string{`"id":"{k1}"`, `"expiresAt":"2025-01-16T15:00:00.000Z"`}},
	{says: listShape, of: "a page of keys", given: threeKeys, when: getKeys + "?page=2&limit=2", then: "200", shows: []string{`{"data":[{"id":"{k1}"`, `"meta":{"page":2,"limit":2,"total":3,"totalPages":2,"nextCursor":null}}`}, lacks: []string{"{k2}"}},
	{says: listShape, of: "at most 100 keys", when: getKeys + "?limit=101", then: "400 invalid_query"},
	{says: listShape, of: "keys have no filter", when: getKeys + "?name=one", then: "400 invalid_query", shows: []string{`there is no query parameter \"name\" here`}},
	{says: listShape, of: "and no sort", when: getKeys + "?sort=updatedAt", then: "400 invalid_query"},
	{says: afterPosition, of: "of keys: the revoked one is the last that changed", given: threeKeys, when: getKeys + "?after_position=1", then: "200",
		shows: []string{`{"data":[{"id":"{k3}"`, `"lastPosition":3},{"id":"{k2}"`, `"total":2,`}, lacks: []string{"{k1}"}},
	{says: afterPosition, of: "of keys: nothing since", given: threeKeys, when: getKeys + "?after_position=4", then: "200", shows: []string{none}},
	{says: ownTenant, of: "keys", given: threeKeys, when: superOther + getKeys, then: "200", shows: []string{`{"data":[],` + emptyMeta}},
	{says: past2s, of: "a list of keys", while: behind, when: getKeys, then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: neverWaits, of: "a list of keys", while: behind, when: getKeys + "?consistency=eventual", then: "200"},

	{says: saysRevoked, of: "200 with revokedAt", given: threeKeys[:1], when: "@2025-01-16T14:31:00Z " + revokeK1, then: "200", shows: []string{"Resultlog-Position: 2\n",
		`{"id":"{k1}","name":"one","keyPrefix":"rtn_sk_`, `","permissions":["VIEW_ACTIVITIES","CREATE_ACTIVITY"],"expiresAt":null,"createdAt":"2025-01-16T14:30:05.000Z","revokedAt":"2025-01-16T14:31:00.000Z","lastPosition":2}`},
		lacks: []string{"plaintextKey", "{key 1}"}},
	{says: saysRevoked, of: "then the key is out: a write", given: []string{postKey + newKey(), revokeK1}, when: by1 + postResult + minimal, then: "401 unauthenticated", shows: []string{"the API key has been revoked: use another one"}},
	{says: saysRevoked, of: "then the key is out: a read", given: []string{postKey + newKey(), revokeK1}, when: by1 + "GET " + results, then: "401 unauthenticated"},
	{says: saysRevoked, of: "and no other is", given: []string{postKey + newKey(), postKey + newKey(), revokeK1}, when: by2 + postResult + minimal, then: "201"},
	{says: saysRevoked, of: "with an empty object", given: threeKeys[:1], when: revokeK1 + " {}", then: "200"},
	{says: saysRevoked, of: "and nothing else", given: threeKeys[:1], when: revokeK1 + ` {"reason":"leaked"}`, then: "400 invalid_json"},
	{says: saysRevoked, of: "an id in upper case", given: threeKeys[:1], when: "POST " + keysPath + "/{K1}/revoke", then: "200", shows: []string{`"id":"{k1}"`}},
	{says: saysRevoked, of: "an expired one", given: []string{postKey + newKey("expiresAt", `"2025-01-16T15:00:00Z"`)}, when: "@2025-01-16T15:00:01Z " + revokeK1, then: "200", shows: []string{`"revokedAt":"2025-01-16T15:00:01.000Z"`}},
	{says: saysRevoked, of: "again", given: []string{postKey + newKey(), revokeK1}, while: nothingIsRecorded(revokeK1), when: revokeK1, then: "409 api_key_revoked", lacks: []string{"Resultlog-Position"}},
	{says: saysRevoked, of: "a key may revoke itself", given: []string{postKey + newKey("permissions", manager)}, when: by1 + revokeK1, then: "200", shows: []string{`"revokedAt":"2025-01-16T14:30:05.000Z"`}},
	{says: saysRevoked, of: "and is then out", given: []string{postKey + newKey("permissions", manager), by1 + revokeK1}, when: by1 + revokeK1, then: "401 unauthenticated"},
	{says: saysRevoked, of: "unknown", given: threeKeys[:1], when: noSuchKey, then: "404 not_found", shows: []string{"this tenant has no API key 770e8400-e29b-41d4-a716-446655440000: check the id, and the tenant of the request"}},
	{says: saysRevoked, of: "of another tenant", given: threeKeys[:1], when: superOther + revokeK1, then: "404 not_found", leaves: []string{keysPath + ` "revokedAt":null`}},
	{says: saysRevoked, of: "malformed", when: "POST " + keysPath + "/{key}/revoke", then: "404 not_found"},
	{says: saysRevoked, of: "malformed: without dashes", given: threeKeys[:1], when: "POST " + keysPath + "/00000000000070008000000000000020/revoke", then: "404 not_found", leaves: []string{keysPath + ` "revokedAt":null`}},
	{says: saysRevoked, of: "an activity is no key", given: []string{postTask + task()}, when: "POST " + keysPath + "/{a1}/revoke", then: "404 not_found"},

	{says: saysOnce, of: "a retry of an issue", given: []string{withKey + postKey + newKey()}, while: nothingIsRecorded(withKey + postKey + newKey()), when: withKey + postKey + newKey(), then: "409 api_key_shown_once",
		shows: []string{`"existing":{"id":"{k1}"}}`, "API key {k1} was issued by an earlier request with this Idempotency-Key", "revoke that key and create another, with a new Idempotency-Key"},
		lacks: []string{isReplayed, "Resultlog-Position", "rtn_sk_", "plaintextKey"}},
	{says: saysOnce, of: "the first one still works", given: []string{withKey + postKey + newKey()}, while: func(w *world) { w.ask(withKey + postKey + newKey()) }, when: by1 + postResult + minimal, then: "201"},
	{says: saysOnce, of: "even if it was revoked since", given: []string{withKey + postKey + newKey(), revokeK1}, when: withKey + postKey + newKey(), then: "409 api_key_shown_once", shows: []string{`"existing":{"id":"{k1}"}}`}},
	{says: saysOnce, of: "by another credential of the tenant", given: []string{withKey + postKey + newKey("permissions", manager)}, when: by1 + withKey + postKey + newKey("permissions", manager), then: "409 api_key_shown_once"},
	{says: saysOnce, of: "but not by one that may not give that much", given: []string{withKey + postKey + newKey("permissions", "["+allSeven+"]"), postKey + newKey("permissions", manager)},
		when: by2 + withKey + postKey + newKey("permissions", "["+allSeven+"]"), then: "403 permission_denied"},
	{says: saysOnce, of: "another body", given: []string{withKey + postKey + newKey()}, while: nothingIsRecorded(withKey + postKey + newKey("name", `"other"`)), when: withKey + postKey + newKey("name", `"other"`), then: "422 idempotency_key_reused"},
	{says: saysOnce, of: "in another tenant it is another key", given: []string{withKey + postKey + newKey()}, when: superOther + withKey + postKey + newKey(), then: "201", shows: []string{`"plaintextKey":"{key 2}"`}},
	{says: saysOnce, of: "what was refused is not", given: []string{postKey + newKey("permissions", manager)}, while: func(w *world) { w.ask(by1 + withKey + postKey + newKey()) }, when: withKey + postKey + newKey(), then: "201"},
	{says: firstAnswer, of: "of a revocation", given: []string{postKey + newKey(), withKey + revokeK1}, while: nothingIsRecorded("@2025-01-16T15:00:00Z " + withKey + revokeK1), when: withKey + revokeK1, then: "200",
		shows: []string{isReplayed, "Resultlog-Position: 2\n", `"revokedAt":"2025-01-16T14:30:05.000Z","lastPosition":2}`}},
	{says: firstAnswer, of: "of a revocation, even if other keys came since", given: []string{postKey + newKey(), withKey + revokeK1, postKey + newKey()}, when: withKey + revokeK1, then: "200",
		shows: []string{isReplayed, `"id":"{k1}"`, `"lastPosition":2}`}},
	{says: firstAnswer, of: "of the revocation of another key is another", given: []string{postKey + newKey(), postKey + newKey(), withKey + revokeK1}, when: withKey + "POST " + keysPath + "/{k2}/revoke", then: "200",
		shows: []string{`"id":"{k2}"`}, lacks: []string{isReplayed}},
}

// nothingIsRecorded sends a line that must leave the log as it is.
func nothingIsRecorded(line string) func(*world) {
	return func(w *world) {
		head := len(w.log)
		w.ask(line)
		if len(w.log) != head {
			w.t.Errorf("%s: %d events were recorded", line, len(w.log)-head)
		}
	}
}

// TestUnionOfRoles: a token with two roles gives what either holds; roles that hold nothing in the tenant add nothing.
func TestUnionOfRoles(t *testing.T) {
	for _, row := range []struct {
		roles   []string
		tenants []core.ID
		holds   core.Permissions
	}{
		{[]string{"VIEWER", "ADMIN"}, []core.ID{tenant}, core.AllPermissions},
		{[]string{"ADMIN", "VIEWER"}, []core.ID{tenant}, core.AllPermissions},
		{[]string{"VIEWER", "FDE"}, []core.ID{tenant}, core.ViewActivities | core.CreateActivities | core.DispatchActivities},
		{[]string{"FDE", "ROOT"}, []core.ID{tenant}, core.ViewActivities | core.CreateActivities | core.DispatchActivities},
		{[]string{"VIEWER"}, []core.ID{tenant}, core.ViewActivities},
		{[]string{"SUPER_ADMIN", "VIEWER"}, nil, core.AllPermissions},
	} {
		who := &caller{subject: "s", roles: row.roles, tenants: row.tenants}
		granted, err := who.authorize(tenant, core.ViewActivities)
		if err != nil || granted.holds != row.holds {
			t.Errorf("%v: holds %s (%v), want %s", row.roles, granted.holds, err, row.holds)
		}
	}
	w := newWorld(t)
	r := w.parse(postKey + newKey("permissions", "["+allSeven+"]"))
	r.Header.Set("Authorization", "Bearer "+signed(t, jwt.SigningMethodHS256, testSecret, good("roles", []string{"VIEWER", "ADMIN"})))
	if rec := w.do(r); rec.Code != http.StatusCreated {
		t.Errorf("VIEWER and ADMIN: %s", rec.Body)
	}
}

// TestKeysAreWalked: by cursor, every key comes once, newest first, and those that are issued meanwhile move nothing.
func TestKeysAreWalked(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		w.accept(t, postKey+newKey("name", fmt.Sprintf(`"key %d"`, i)))
	}
	for _, walk := range []struct{ query, want string }{
		{"?limit=3", "key 6 key 5 key 4 key 3 key 2 key 1 key 0"},
		{"?limit=2&after_position=2", "key 2 key 3 key 4 key 5 key 6"},
	} {
		var seen []string
		for cursor := ""; len(seen) < 20; {
			body := w.accept(t, getKeys+walk.query+cursor).Body.String()
			for _, part := range strings.Split(body, `"name":"`)[1:] {
				name, _, _ := strings.Cut(part, `"`)
				if !strings.HasPrefix(name, "late") {
					seen = append(seen, name)
				}
			}
			_, next, more := strings.Cut(body, `"nextCursor":"`)
			if !more {
				break
			}
			next, _, _ = strings.Cut(next, `"`)
			cursor = "&cursor=" + next
			if !strings.Contains(walk.query, "after") {
				w.accept(t, postKey+newKey("name", `"late"`))
			}
		}
		if got := strings.Join(seen, " "); got != walk.want {
			t.Errorf("%s: %s, want %s", walk.query, got, walk.want)
		}
	}
}

// TestTooManyKeys: a tenant has at most so many keys that are not revoked; the next is told, a revocation makes room, and another tenant has room of its own.
func TestTooManyKeys(t *testing.T) {
	w := newWorld(t)
	for range core.MaxAPIKeys {
		w.keyFor(tenant, core.ViewEvents, nil)
	}
	nothingIsRecorded(postKey + newKey())(w)
	if rec := w.ask(postKey + newKey()); briefly(t, rec) != "409 too_many_api_keys" || !strings.Contains(rec.Body.String(), "this tenant has 1000 API keys, which is as many as one may have: revoke") {
		t.Errorf("one too many: %s", rec.Body)
	}
	w.accept(t, superOther+postKey+newKey())
	w.accept(t, revokeK1)
	w.accept(t, postKey+newKey())
}

// TestRevokedButNotShown: the key is revoked, and can for the moment not be shown: nobody is told that it is not.
func TestRevokedButNotShown(t *testing.T) {
	w := newWorld(t)
	key, _ := w.keyFor(tenant, core.ViewActivities, nil)
	w.readFails = errors.New("disk")
	rec := w.ask(revokeK1)
	if p := problemOf(t, rec); rec.Code != 503 || p.Code != core.CodeOutcomeUnknown || !strings.HasPrefix(p.Message, "the API key was revoked, but cannot be shown right now: retry with the same Idempotency-Key") || rec.Header()["Resultlog-Position"] != nil {
		t.Errorf("%s", showAnswer(rec))
	}
	w.readFails = nil
	if rec := w.do(byKey(w.request(http.MethodGet, results, ""), key)); rec.Code != http.StatusUnauthorized {
		t.Errorf("and yet it opens something: %s", rec.Body)
	}
}

// TestRetryOfAnIssueAfterItsExpiry: §2.5, an Idempotency-Key is decided before the guards, and so before the time is.
func TestRetryOfAnIssueAfterItsExpiry(t *testing.T) {
	w := newWorld(t)
	line := `ADMIN Idempotency-Key=k POST /api/api-keys {"name":"n","permissions":["VIEW_EVENTS"],"expiresAt":"2025-01-16T14:31:00Z"}`
	if got := briefly(t, w.ask(line)); got != "201" {
		t.Fatal(got)
	}
	w.setClock(noon.Add(2 * time.Minute))
	if got := briefly(t, w.ask(line)); got != "409 api_key_shown_once" {
		t.Errorf("the retry is told %s", got)
	}
}

// TestIssueJudgesExpiryByTheLogsClock: no key is issued that every write would be refused by, whatever the clock of the node that is asked.
func TestIssueJudgesExpiryByTheLogsClock(t *testing.T) {
	w := newWorld(t)
	w.setClock(noon.Add(10 * time.Minute)) // another node records something, and its clock is ahead
	w.accept(t, postResult+minimal)
	w.setClock(noon)
	if got := briefly(t, w.ask(`ADMIN POST /api/api-keys {"name":"n","permissions":["VIEW_EVENTS"],"expiresAt":"2025-01-16T14:35:00Z"}`)); got != "400 validation_failed" {
		t.Errorf("told %s", got)
	}
}
