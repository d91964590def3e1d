package httpapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// matrix is contract §2.9, operation by operation: a request in which all is right but who sends it, the answer that it has then, which roles may send it (SUPER_ADMIN, ADMIN, FDE and
// VIEWER, in the order of the contract's table), and the one permission by which an API key may. {a1} is a READY task, {r1} a result that stands alone, and {k1} an API key.
var matrix = []struct {
	operation string
	request   string
	then      int
	roles     string
	needs     string
}{
	{"POST /api/activity-results/tasks", postResult + minimal, 201, "x x x -", "CREATE_ACTIVITY"},
	{"POST /api/activity-results/tasks/batch", "POST /api/activity-results/tasks/batch [" + minimal + "]", 207, "x x x -", "CREATE_ACTIVITY"},
	{"GET /api/activity-results", "GET /api/activity-results?limit=1", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"GET /api/activity-results/{id}", "GET /api/activity-results/{r1}", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"POST /api/activities", postActivity + created("idempotency_key", `"k-2"`), 201, "x x x -", "CREATE_ACTIVITY"},
	{"POST /api/activities/tasks", postTask + task("idempotency_key", `"k-2"`), 201, "x x x -", "CREATE_ACTIVITY"},
	{"POST /api/activities/tasks/{id}/dispatch", dispatchA1, 204, "x x x -", "DISPATCH_ACTIVITY"},
	{"PATCH /api/activities/{id}/cancel", cancelA1, 200, "x x - -", "CANCEL_ACTIVITY"},
	{"GET /api/activities", "GET /api/activities?limit=1", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"GET /api/activities/{id}", "GET /api/activities/{a1}", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"GET /api/activities/{id}/events", "GET /api/activities/{a1}/events", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/activity-results/{id}/events", "GET /api/activity-results/{r1}/events", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/events", "GET /api/events?limit=1", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/activities/{id}/status-events", "GET /api/activities/{a1}/status-events", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"GET /api/audit/checkpoint", "GET /api/audit/checkpoint", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/audit/keys", "GET /api/audit/keys", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/audit/inclusion", "GET /api/audit/inclusion?position=1", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/audit/consistency", "GET /api/audit/consistency?from=1", 200, "x x - -", "VIEW_EVENTS"},
	{"GET /api/task-result-types", "GET /api/task-result-types", 200, "x x x x", "VIEW_ACTIVITIES"},
	{"PUT /api/task-result-types/{code}", `PUT /api/task-result-types/success {"is_active":true}`, 200, "x x - -", "MANAGE_ACTIVITY_CONFIG"},
	{"POST /api/api-keys", `POST /api/api-keys {"name":"n","permissions":["MANAGE_API_KEYS"]}`, 201, "x x - -", "MANAGE_API_KEYS"},
	{"GET /api/api-keys", "GET /api/api-keys?limit=1", 200, "x x - -", "MANAGE_API_KEYS"},
	{"POST /api/api-keys/{id}/revoke", "POST /api/api-keys/{k1}/revoke", 200, "x x - -", "MANAGE_API_KEYS"},
}

// matrixRoles are the columns of the roles.
var matrixRoles = []string{"SUPER_ADMIN", "ADMIN", "FDE", "VIEWER"}

// TestMatrix sends every operation with a token of every role, and with a key of every permission alone and of all but one: who may is answered as all who may, and who may not is told
// so, and has done nothing.
func TestMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	for _, row := range matrix {
		may := strings.Fields(row.roles)
		if len(may) != len(matrixRoles) {
			t.Fatalf("%s: %d roles", row.operation, len(may))
		}
		for i, role := range matrixRoles {
			t.Run(row.operation+" as "+role, func(t *testing.T) {
				w := newMatrixWorld(t)
				r := w.parse(role + " " + row.request)
				w.judgeCell(t, r, row.then, may[i] == "x", func(a core.Actor) bool { return a.Subject == "someone" && a.Role != "" && a.Key == "" })
			})
		}
		for _, name := range core.AllPermissions.Names() {
			var one core.Permissions
			if err := one.UnmarshalText([]byte(name)); err != nil {
				t.Fatal(err)
			}
			for kind, set := range map[string]core.Permissions{"only ": one, "all but ": core.AllPermissions &^ one} {
				t.Run(row.operation+" by a key with "+kind+name, func(t *testing.T) {
					w := newMatrixWorld(t)
					key, id := w.keyFor(tenant, set, nil)
					r := byKey(w.parse(row.request), key)
					w.judgeCell(t, r, row.then, (row.needs == name) == (set == one), func(a core.Actor) bool { return a == core.Actor{Key: id.String()} })
				})
			}
		}
	}
}

// newMatrixWorld has what the requests of the matrix name.
func newMatrixWorld(t *testing.T) *world {
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(c *Config) {
		c.Metrics, c.Gatherer = NewMetrics(), registry
		registry.MustRegister(c.Metrics.Collectors()...)
	})
	w.accept(t, postTask+task())
	w.accept(t, postResult+minimal)
	w.keyFor(tenant, core.ViewActivities, nil)
	return w
}

// judgeCell sends the request of one cell, and looks at what came of it.
func (w *world) judgeCell(t *testing.T, r *http.Request, then int, may bool, isActor func(core.Actor) bool) {
	t.Helper()
	head, decided, waited, walked, submitted := len(w.log), len(w.commands), w.waited, w.walked, w.submissions()
	rec := w.do(r)
	switch {
	case may && rec.Code != then:
		t.Errorf("status %d, want %d: %s", rec.Code, then, rec.Body)
	case may && r.Method == http.MethodGet && (w.waited == waited && w.walked == walked || len(w.log) != head):
		t.Errorf("nothing was read, or something recorded")
	case may && r.Method != http.MethodGet && (len(w.log) == head || !isActor(w.log[len(w.log)-1].Metadata.Actor)):
		t.Errorf("recorded as done by %+v", w.log[len(w.log)-1].Metadata.Actor)
	case !may && briefly(t, rec) != "403 permission_denied":
		t.Errorf("%s, want 403 permission_denied: %s", briefly(t, rec), rec.Body)
	case !may && (len(w.log) != head || len(w.commands) != decided || w.waited != waited || w.walked != walked || w.submissions() != submitted || rec.Header()["Resultlog-Position"] != nil):
		t.Errorf("it was denied, and yet something was recorded, decided, read or counted")
	}
}

// submissions is what /metrics shows of how many were accepted.
func (w *world) submissions() (lines string) {
	page := w.do(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "resultlog_submissions_total") {
			lines += line
		}
	}
	return lines
}

// TestMatrixIsWhole: the matrix has exactly the operations of the document that ask for a credential, a line each, and each line's request is of its operation.
func TestMatrixIsWhole(t *testing.T) {
	var described, listed []string
	for pattern, item := range documented().spec.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Security == nil || len(*operation.Security) > 0 {
				described = append(described, method+" "+pattern)
			}
		}
	}
	w := newMatrixWorld(t)
	for _, row := range matrix {
		listed = append(listed, row.operation)
		r := w.parse(row.request)
		if route, _ := documented().find(r.Method, r.URL.Path); route == nil || r.Method+" "+route.Path != row.operation {
			t.Errorf("%s: its request is %s", row.operation, row.request)
		}
	}
	slices.Sort(described)
	slices.Sort(listed)
	if !slices.Equal(described, listed) {
		t.Errorf("the document has %q\nthe matrix %q", described, listed)
	}
}
