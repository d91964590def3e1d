package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"resultlog/core"
)

const (
	keysPath = "/api/api-keys"
	postKey  = "POST " + keysPath + " "
	getKeys  = "GET " + keysPath
	revokeK1 = "POST " + keysPath + "/{k1}/revoke"
)

// newKey builds the body of POST /api/api-keys, as created does that of a creation.
func newKey(changes ...string) string {
	members := [][2]string{{"name", `"Field app"`}, {"permissions", `["VIEW_ACTIVITIES","CREATE_ACTIVITY"]`}}
	for i := 0; i < len(changes); i += 2 {
		members = put(members, changes[i], changes[i+1])
	}
	return jsonObject(members)
}

const (
	saysIssue = "POST /api/api-keys {name, permissions, expiresAt?}"
	allSeven  = `"VIEW_ACTIVITIES","CREATE_ACTIVITY","DISPATCH_ACTIVITY","CANCEL_ACTIVITY","MANAGE_ACTIVITY_CONFIG","MANAGE_API_KEYS","VIEW_EVENTS"`
)

// keyRows has the fields of contract §2.9.
var keyRows = under(saysIssue, []inputRow{
	{"all fields", newKey("expiresAt", `"2026-01-16T00:00:00Z"`), "", ""},
	{"all permissions", newKey("permissions", "["+allSeven+"]"), "", ""},
	{"permissions in any order", newKey("permissions", `["VIEW_EVENTS","VIEW_ACTIVITIES"]`), "", ""},
	{"a permission may be spelt with an escape", newKey("permissions", `["VIEW\u005fEVENTS"]`), "", ""},
	{"white space in the array", newKey("permissions", "[ \n\"VIEW_EVENTS\" , \t\"VIEW_ACTIVITIES\" ]"), "", ""},
	{"name is required", newKey("name", ""), bad, "/name"},
	{"name must not be null", newKey("name", `null`), bad, "/name"},
	{"name must not be empty", newKey("name", `""`), bad, "/name"},
	{"name 255", newKey("name", quoted(255, "é")), "", ""},
	{"name 255 and no more", newKey("name", quoted(256, "é")), bad, "/name"},
	{"NUL in a name", newKey("name", `"a\u0000"`), bad, "/name"},
	{"name is a string", newKey("name", `["n"]`), broken, "/name"},
	{"permissions is required", newKey("permissions", ""), bad, "/permissions"},
	{"permissions must not be null", newKey("permissions", `null`), bad, "/permissions"},
	{"permissions is an array: not a string", newKey("permissions", `"VIEW_EVENTS"`), broken, "/permissions"},
	{"permissions is an array: not an object", newKey("permissions", `{"VIEW_EVENTS":true}`), broken, "/permissions"},
	{"at least one", newKey("permissions", `[]`), bad, "/permissions"},
	{"with null", newKey("permissions", `["VIEW_EVENTS",null]`), broken, "/permissions/1"},
	{"with a number", newKey("permissions", `[1]`), broken, "/permissions/0"},
	{"with an object", newKey("permissions", `["VIEW_EVENTS",{}]`), broken, "/permissions/1"},
	{"a nested array", newKey("permissions", `[["VIEW_EVENTS"]]`), broken, "/permissions/0"},
	{"an unclosed array", `{"name":"n","permissions":["VIEW_EVENTS"`, broken, "/permissions"},
	{"an unclosed array that goes on", `{"name":"n","permissions":["VIEW_EVENTS","expiresAt":null}`, broken, "/permissions"},
	{"an unclosed array of all there are", `{"name":"n","permissions":[` + allSeven, broken, "/permissions"},
	{"an unclosed string in it", `{"name":"n","permissions":["VIEW_EV`, broken, "/permissions/0"},
	{"an array that ends with another bracket", newKey("permissions", `["VIEW_EVENTS"}`), broken, "/permissions"},
	{"a comma too many", newKey("permissions", `["VIEW_EVENTS",]`), broken, "/permissions"},
	{"a comma too few", newKey("permissions", `["VIEW_EVENTS" "VIEW_ACTIVITIES"]`), broken, "/permissions"},
	{"invalid UTF-8 in a permission", newKey("permissions", "[\"\xff\"]"), broken, "/permissions/0"},
	{"half a surrogate pair in a permission", newKey("permissions", `["VIEW_EVENTS","\ud800"]`), broken, "/permissions/1"},
	{"an unknown name", newKey("permissions", `["VIEW_EVENTS","ROOT"]`), bad, "/permissions/1"},
	{"an unknown name: the empty one", newKey("permissions", `[""]`), bad, "/permissions/0"},
	{"an unknown name: all", newKey("permissions", `["*"]`), bad, "/permissions/0"},
	{"an unknown name: a role", newKey("permissions", `["ADMIN"]`), bad, "/permissions/0"},
	{"names have no other case", newKey("permissions", `["VIEW_EVENTS","view_activities"]`), bad, "/permissions/1"},
	{"two names in one", newKey("permissions", `["VIEW_EVENTS, VIEW_ACTIVITIES"]`), bad, "/permissions/0"},
	{"twice the same", newKey("permissions", `["VIEW_EVENTS","VIEW_EVENTS"]`), bad, "/permissions/1"},
	{"twice the same, with another between", newKey("permissions", `["VIEW_EVENTS","VIEW_ACTIVITIES","VIEW_EVENTS"]`), bad, "/permissions/2"},
	{"expiresAt may be null", newKey("expiresAt", `null`), "", ""},
	{"a millisecond ahead", newKey("expiresAt", `"2025-01-16T14:30:05.001Z"`), "", ""},
	{"with an offset", newKey("expiresAt", `"2025-01-16T11:30:05.001-03:00"`), "", ""},
	{"now is past", newKey("expiresAt", `"2025-01-16T14:30:05Z"`), bad, "/expiresAt"},
	{"finer digits are cut off", newKey("expiresAt", `"2025-01-16T14:30:05.000999Z"`), bad, "/expiresAt"},
	{"in the past", newKey("expiresAt", `"2025-01-16T14:30:04.999Z"`), bad, "/expiresAt"},
	{"in the past, though not by its digits", newKey("expiresAt", `"2025-01-16T15:30:00+01:00"`), bad, "/expiresAt"},
	{"a time without an offset is 400: expiresAt", newKey("expiresAt", `"2026-01-16T00:00:00"`), bad, "/expiresAt"},
	{"a time is a string: expiresAt", newKey("expiresAt", `1768521600`), broken, "/expiresAt"},
	{"an empty time: expiresAt", newKey("expiresAt", `""`), bad, "/expiresAt"},
	{"another spelling: expires_at", newKey("expires_at", `"2026-01-16T00:00:00Z"`), broken, "/expires_at"},
	{"wrong case in a name", newKey("expiresat", `"2026-01-16T00:00:00Z"`), broken, "/expiresat"},
	{"unknown field", newKey("plaintextKey", `"rtn_sk_x"`), broken, "/plaintextKey"},
	{"duplicate key", `{"name":"n","permissions":["VIEW_EVENTS"],"permissions":["VIEW_ACTIVITIES"]}`, broken, "/permissions"},
	{"a body that is an array", `[]`, broken, ""},
	{"trailing data", newKey() + "{}", broken, ""},
	{"more names than there are", newKey("permissions", "["+allSeven+`,"VIEW_EVENTS"]`), broken, "/permissions/7"},
})

// typeRows has the fields of contract §2.8.
var typeRows = under("PUT /api/task-result-types/:code {\"is_active\": bool, \"classification\": \"POSITIVE\"|\"NEGATIVE\"|null}", []inputRow{
	{"POSITIVE", `{"is_active":true,"classification":"POSITIVE"}`, "", ""},
	{"NEGATIVE", `{"classification":"NEGATIVE","is_active":false}`, "", ""},
	{"null", `{"is_active":true,"classification":null}`, "", ""},
	{"absent", `{"is_active":true}`, "", ""},
	{"is_active is required", `{"classification":"POSITIVE"}`, bad, "/is_active"},
	{"is_active must not be null", `{"is_active":null}`, bad, "/is_active"},
	{"is_active is a boolean: not a string", `{"is_active":"true"}`, broken, "/is_active"},
	{"is_active is a boolean: not a number", `{"is_active":1}`, broken, "/is_active"},
	{"an unknown value", `{"is_active":true,"classification":"NEUTRAL"}`, bad, "/classification"},
	{"an unknown value: in another case", `{"is_active":true,"classification":"positive"}`, bad, "/classification"},
	{"an unknown value: the empty one", `{"is_active":true,"classification":""}`, bad, "/classification"},
	{"an unknown value: NONE is null", `{"is_active":true,"classification":"NONE"}`, bad, "/classification"},
	{"classification is a string", `{"is_active":true,"classification":true}`, broken, "/classification"},
	{"wrong case in a name", `{"isActive":true}`, broken, "/isActive"},
	{"unknown field", `{"is_active":true,"label":"Vendido"}`, broken, "/label"},
	{"the code stands in the path", `{"is_active":true,"code":"success"}`, broken, "/code"},
	{"duplicate key", `{"is_active":true,"is_active":false}`, broken, "/is_active"},
	{"a body that is a list", `[{"is_active":true}]`, broken, ""},
	{"no body", "", broken, ""},
	{"trailing data", `{"is_active":true} {}`, broken, ""},
})

// TestInputOfSettings judges the fields of §2.8 and §2.9; what is refused is not recorded.
func TestInputOfSettings(t *testing.T) {
	for line, rows := range map[string][]inputRow{postKey: keyRows, "PUT /api/task-result-types/other ": typeRows} {
		for _, row := range rows {
			t.Run(row.sentence, func(t *testing.T) {
				w := newWorld(t)
				r := w.parse(line + row.body)
				r.Header.Set("Content-Type", "application/json")
				judgeInput(t, w.do(r), row)
				if recorded := len(w.log) > 0; recorded != (row.code == "") {
					t.Errorf("recorded: %t", recorded)
				}
			})
		}
	}
}

// TestUnknownPermissions: the error lists those that there are.
func TestUnknownPermissions(t *testing.T) {
	p := problemOf(t, newWorld(t).ask(postKey+newKey("permissions", `["VIEW_EVENTS","ROOT","VIEW_EVENTS","admin"]`)))
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer+" "+e.Message)
	}
	list := "must be one of VIEW_ACTIVITIES, CREATE_ACTIVITY, DISPATCH_ACTIVITY, CANCEL_ACTIVITY, MANAGE_ACTIVITY_CONFIG, MANAGE_API_KEYS, VIEW_EVENTS"
	if want := []string{"/permissions/1 " + list, "/permissions/2 comes twice", "/permissions/3 " + list}; fmt.Sprint(got) != fmt.Sprint(want) || p.Code != core.CodeInvalid {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestErrorsAreBounded: an array is as long as a body lets it be, and what is said of it is not.
func TestErrorsAreBounded(t *testing.T) {
	for _, element := range []string{`""`, `"VIEW_EVENTS"`} {
		elements := strings.TrimSuffix(strings.Repeat(element+",", (MaxBody-100)/(len(element)+1)), ",")
		rec := newWorld(t).ask(postKey + newKey("permissions", "["+elements+"]"))
		if rec.Code != http.StatusBadRequest || rec.Body.Len() > 8<<10 {
			t.Errorf("an answer of %d bytes, status %d", rec.Body.Len(), rec.Code)
		}
	}
}
