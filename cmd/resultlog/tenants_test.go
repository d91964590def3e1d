package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/docs"
	httpapi "resultlog/http"
)

// TestNothingCrossesBetweenTenants: every operation of the API's description is asked by one tenant with all that it could know of another: ids, provider ids, names, keys, cursors. The
// same is asked of a server where that other tenant has all this, and of one where it has never been: the answers must be the same, to the byte, but for ids and times that were minted for
// the tenant that asks. And the other tenant finds everything as it was.
func TestNothingCrossesBetweenTenants(t *testing.T) {
	unraced(t)
	dir := t.TempDir()
	full, bare := serveOn(t, dir), serveOn(t, t.TempDir())
	victim := &tenantClient{server: full, token: tokenFor(t, otherTestTenant), tenant: otherTestTenant}
	known := victim.settle(t)
	before := victim.everything(t, known)

	asked, statuses := 0, map[int]int{}
	for _, q := range known.questions(t) {
		there, here := q.ask(t, full, known), q.ask(t, bare, known)
		if diff := cmp.Diff(here, there); diff != "" {
			t.Errorf("%s\n-the other tenant has never been +it has all this:\n%s", q, diff)
		}
		asked++
		statuses[there.Status]++
	}
	if diff := cmp.Diff(before, victim.everything(t, known)); diff != "" {
		t.Errorf("-the other tenant before +and after:\n%s", diff)
	}
	for _, r := range readLog(t, dir) {
		if r.Stream.Tenant.String() == otherTestTenant && r.Metadata.Actor.Subject != "of "+otherTestTenant {
			t.Errorf("position %d: %s of the other tenant, caused by %+v", r.Position, r.Event.Type(), r.Metadata.Actor)
		}
	}
	t.Logf("%d questions, answered %v", asked, statuses)
	for _, status := range []int{200, 201, 207, 400, 404, 409} {
		if statuses[status] == 0 {
			t.Errorf("no question was answered %d, so that nothing is proven of it", status)
		}
	}
}

const otherTestTenant = "01890a5d-ac96-7ab2-80e2-4536629c9000"

// tokenFor gives a token that may do everything in one tenant.
func tokenFor(t *testing.T, tenant string) string {
	t.Helper()
	id, err := core.ParseID(tenant)
	if err != nil {
		t.Fatal(err)
	}
	token, err := httpapi.MintToken([]byte(testSecret), "of "+tenant, []string{"ADMIN"}, []core.ID{id}, time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// tenantClient asks a server on behalf of a tenant, and remembers what it has sent.
type tenantClient struct {
	server        *server
	token, tenant string
	sent          []question
}

// must sends a write with a key of its own, and wants a success.
func (c *tenantClient) must(t *testing.T, method, path, body string) string {
	t.Helper()
	q := question{method: method, path: path, body: body, header: http.Header{"Idempotency-Key": {fmt.Sprint("key ", len(c.sent))}}}
	c.sent = append(c.sent, q)
	status, answer, _ := q.send(t, c.server, c.token, c.tenant)
	if status >= 300 {
		t.Fatalf("%s: %d %s", q, status, answer)
	}
	return answer
}

// knowledge is what somebody might know of the other tenant.
type knowledge struct {
	ids    []string          // of its activities, results and API keys
	named  map[string]string // what it calls things, by the name of the field or parameter
	sent   []question        // its own requests, with their keys
	apiKey string
}

// settle gives the other tenant something of everything.
func (c *tenantClient) settle(t *testing.T) knowledge {
	create := func(key, more string) string {
		return field(c.must(t, "POST", "/api/activities", creation(key, more)), "id")
	}
	submit := func(named, status string) string {
		return field(c.must(t, "POST", "/api/activity-results/tasks", strings.Replace(submission(named, status, "2025-01-16T14:30:00.000Z", false),
			`{"result":"success"}`, `{"result":"not_home","comment":"of the other tenant","operator_external_id":"their operator"}`, 1)), "id")
	}
	ready := create("their key 1", `"provider_activity_id":"their id 1","commerce_external_id":"their commerce"`)
	done := create("their key 2", `"provider_activity_id":"their id 2"`)
	dispatched := create("their key 3", "")
	c.must(t, "POST", "/api/activities/tasks/"+dispatched+"/dispatch", `{"provider_activity_id":"their id 3"}`)
	cancelled := create("their key 4", "")
	c.must(t, "PATCH", "/api/activities/"+cancelled+"/cancel", "")
	ids := []string{ready, done, dispatched, cancelled, submit(`"activity_id":"`+done+`"`, "NOT_EXECUTED"), submit(`"provider_activity_id":"their id 4"`, "COMPLETED")}
	c.must(t, "PUT", "/api/task-result-types/success", `{"is_active":false,"classification":"POSITIVE"}`)
	c.must(t, "PUT", "/api/task-result-types/not_home", `{"is_active":true,"classification":"NEGATIVE"}`)
	issued := c.must(t, "POST", "/api/api-keys", `{"name":"their key","permissions":["CREATE_ACTIVITY","VIEW_ACTIVITIES","MANAGE_API_KEYS"]}`)
	ids = append(ids, field(issued, "id"))
	_, page, _ := question{method: "GET", path: "/api/activities?limit=1"}.send(t, c.server, c.token, c.tenant)
	return knowledge{
		ids: ids, sent: c.sent, apiKey: field(issued, "plaintextKey"),
		named: map[string]string{
			"activity_id": ready, "provider_activity_id": "their id 1", "commerce_external_id": "their commerce", "operator_external_id": "their operator", "commerce_id": devCommerce,
			"idempotency_key": "their key 1", "search": "their", "cursor": field(page, "nextCursor"), "result": "not_home", "name": "their key",
		},
	}
}

// everything is all that a tenant can read of itself.
func (c *tenantClient) everything(t *testing.T, k knowledge) (all []string) {
	paths := []string{"/api/activities", "/api/activity-results", "/api/api-keys", "/api/task-result-types"}
	for _, id := range k.ids {
		paths = append(paths, "/api/activities/"+id, "/api/activity-results/"+id, "/api/activities/"+id+"/status-events")
	}
	for _, path := range paths {
		status, answer, _ := question{method: "GET", path: path, header: http.Header{"X-Request-Id": {"r"}}}.send(t, c.server, c.token, c.tenant)
		all = append(all, fmt.Sprint(path, " ", status, " ", answer))
	}
	return all
}

// question is one request that a tenant sends.
type question struct {
	operation          string
	method, path, body string
	media              string // application/json if empty
	header             http.Header
}

func (q question) String() string {
	return fmt.Sprintf("%s: %s %s %s", q.operation, q.method, q.path, q.body)
}

// questions makes many of each operation that is described and needs a credential.
func (k knowledge) questions(t *testing.T) (all []question) {
	spec, err := openapi3.NewLoader().LoadFromData(docs.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Paths.Map())) {
		operations := spec.Paths.Map()[path].Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			operation := operations[method]
			if operation.Security != nil && len(*operation.Security) == 0 {
				continue // it is about no tenant
			}
			for _, one := range k.paths(path, operation) {
				for _, sent := range k.bodies(t, operation) {
					q := sent
					q.operation, q.method, q.path = operation.OperationID, method, one
					all = append(all, q)
				}
			}
		}
	}
	for _, q := range k.sent { // with the same key, too: it is another tenant's
		q.operation = "the other tenant's own"
		all = append(all, q)
	}
	return all
}

// paths fills the path of an operation with everything known, and asks for it by each of its parameters.
func (k knowledge) paths(pattern string, operation *openapi3.Operation) (paths []string) {
	filled := []string{pattern}
	if strings.Contains(pattern, "{id}") {
		filled = nil
		for _, id := range k.ids {
			filled = append(filled, strings.Replace(pattern, "{id}", id, 1))
		}
	}
	for _, path := range filled {
		path = strings.Replace(path, "{code}", k.named["result"], 1)
		paths = append(paths, path)
		for _, p := range operation.Parameters {
			if p.Value.In == openapi3.ParameterInQuery {
				paths = append(paths, path+"?"+url.Values{p.Value.Name: {k.value(p.Value)}}.Encode())
			}
		}
	}
	return paths
}

// value is what a query parameter is sent with: what the other tenant calls such a thing, else anything that is valid.
func (k knowledge) value(p *openapi3.Parameter) string {
	schema := p.Schema.Value
	switch {
	case k.named[p.Name] != "":
		return k.named[p.Name]
	case len(schema.Enum) > 0:
		return fmt.Sprint(schema.Enum[0])
	case schema.Format == "date-time":
		return "2025-01-01T00:00:00Z"
	default:
		return "1"
	}
}

// bodies sends each example of an operation as it is, with everything in it that the other tenant calls something as it does, and with each of these alone.
func (k knowledge) bodies(t *testing.T, operation *openapi3.Operation) (all []question) {
	if operation.RequestBody == nil {
		return []question{{}}
	}
	content := operation.RequestBody.Value.Content
	for _, media := range slices.Sorted(maps.Keys(content)) {
		for _, name := range slices.Sorted(maps.Keys(content[media].Examples)) {
			example := content[media].Examples[name].Value.Value
			if text, ok := example.(string); ok { // lines of JSON
				all = append(all, question{media: media, body: text})
				continue
			}
			for _, fields := range append([][]string{nil, slices.Collect(maps.Keys(k.named))}, each(slices.Sorted(maps.Keys(k.named)))...) {
				body, err := json.Marshal(k.substitute(example, fields))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, question{media: media, body: string(body)})
			}
		}
	}
	return all
}

func each(names []string) (alone [][]string) {
	for _, name := range names {
		alone = append(alone, []string{name})
	}
	return alone
}

// substitute gives a JSON value in which some fields have what the other tenant calls them.
func (k knowledge) substitute(value any, fields []string) any {
	switch v := value.(type) {
	case map[string]any:
		changed := map[string]any{}
		for name, member := range v {
			if slices.Contains(fields, name) {
				changed[name] = k.named[name]
			} else {
				changed[name] = k.substitute(member, fields)
			}
		}
		return changed
	case []any:
		changed := make([]any, len(v))
		for i, member := range v {
			changed[i] = k.substitute(member, fields)
		}
		return changed
	}
	return value
}

// answers is what a tenant is told: as itself, as the other tenant, and by an API key beside the other tenant's name.
type answers struct {
	Status    int
	Own       string
	AsOther   string
	NoTenant  string
	Positions []string
}

// ask sends a question from the tenant of these tests.
func (q question) ask(t *testing.T, s *server, k knowledge) (a answers) {
	token := tokenFor(t, testTenant)
	if strings.HasPrefix(q.path, "/api/audit/") { // which is a second behind
		head, err := strconv.Atoi(regexp.MustCompile(`"head":(\d+)`).FindStringSubmatch(s.must(t, http.StatusOK, http.MethodGet, "/api/events?limit=1", ""))[1])
		if err != nil {
			t.Fatal(err)
		}
		s.checkpointOf(t, head)
	}
	status, own, position := q.send(t, s, token, testTenant)
	a.Status, a.Own, a.Positions = status, fmt.Sprint(status, " ", k.mask(own)), []string{position}
	status, other, position := q.send(t, s, token, otherTestTenant)
	a.AsOther, a.Positions = fmt.Sprint(status, " ", k.mask(other)), append(a.Positions, position)
	if status != http.StatusForbidden {
		t.Errorf("%s, as the other tenant: %d %s", q, status, other)
	}
	status, none, position := q.send(t, s, token, "")
	a.NoTenant, a.Positions = fmt.Sprint(status, " ", k.mask(none)), append(a.Positions, position)
	if status != http.StatusBadRequest {
		t.Errorf("%s, as no tenant: %d %s", q, status, none)
	}
	return a
}

// send sends a question with a token and a tenant, if there is one.
func (q question) send(t *testing.T, s *server, token, tenant string) (status int, answer, position string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), q.method, s.base+q.path, bytes.NewReader([]byte(q.body)))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, q.header)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-Request-Id", "r")
	if tenant != "" {
		request.Header.Set("X-Tenant-Id", tenant)
	}
	if q.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if q.media != "" {
		request.Header.Set("Content-Type", q.media)
	}
	response, err := s.http.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return response.StatusCode, string(body), response.Header.Get("Resultlog-Position")
}

var (
	someID     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	someTime   = regexp.MustCompile(`20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	someKey    = regexp.MustCompile(`rtn_sk_[0-9A-Za-z]+`)
	someCursor = regexp.MustCompile(`"nextCursor":"[^"]*"`)
	someHash   = regexp.MustCompile(`[0-9a-f]{64}|[0-9A-Za-z+/]{43}=`)
	someSigner = regexp.MustCompile(`\+[0-9a-f]{8}\+[0-9A-Za-z+/]{44}|(— \S+) \S{92}`) // a verifier key, and a signature by it
)

// mask hides what was minted for whoever asks: ids but those of the other tenant, times, keys, and cursors and hashes, which are made of all that.
func (k knowledge) mask(answer string) string {
	answer = someID.ReplaceAllStringFunc(answer, func(id string) string {
		if slices.Contains(k.ids, id) {
			return id
		}
		return "(id)"
	})
	answer = someTime.ReplaceAllString(answer, "(time)")
	answer = someSigner.ReplaceAllString(answer, "$1 (signed)")
	answer = someHash.ReplaceAllString(answer, "(hash)")
	answer = someCursor.ReplaceAllString(answer, `"nextCursor":"(cursor)"`)
	return someKey.ReplaceAllStringFunc(answer, func(key string) string {
		if strings.HasPrefix(k.apiKey, key) {
			return key
		}
		return "(key)"
	})
}
