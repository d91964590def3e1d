package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

const (
	// privateMark marks whatever a client sends that is nobody's business but the tenant's. It has no letter that any encoding would change.
	privateMark = "Zq9private"

	// secretMark marks credentials, which not even an answer may show again.
	secretMark = "Zq9secret"
)

// listening records everything that is logged, at every level, while requests are sent.
type listening struct {
	*world
	log  bytes.Buffer
	seen map[int]int // how many answers of each status
}

func listen(t *testing.T, change ...func(*Config)) *listening {
	l := &listening{seen: map[int]int{}}
	logger := slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	l.world = newWorld(t, append(change, func(c *Config) { c.Log = logger })...)
	return l
}

// hear sends a request with every header that may hold something private, and judges what is logged and answered.
func (l *listening) hear(r *http.Request) *httptest.ResponseRecorder {
	l.t.Helper()
	for name, value := range map[string]string{
		"Cookie": "session=" + secretMark, "Proxy-Authorization": "Basic " + secretMark,
		"Referer": "https://" + privateMark, "User-Agent": privateMark, "X-Forwarded-For": privateMark, "Origin": "https://" + privateMark, "Traceparent": privateMark,
	} {
		r.Header.Set(name, value)
	}
	r.Header.Set("X-Request-Id", "r-"+strconv.Itoa(len(l.seen)))
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	l.log.Reset()
	rec := l.do(r)
	l.seen[rec.Code]++
	if !strings.Contains(l.log.String(), "request_id=r-") {
		l.t.Fatalf("%s %s: nothing was logged", r.Method, r.URL)
	}
	answer := fmt.Sprint(rec.Header(), rec.Body)
	for _, hidden := range slices.DeleteFunc([]string{privateMark, secretMark, token, signatureOf(token), r.Header.Get("X-Api-Key")}, func(s string) bool { return s == "" }) {
		if strings.Contains(l.log.String(), hidden) {
			l.t.Errorf("%s %s: status %d, and the log shows %q:\n%s", r.Method, r.URL, rec.Code, hidden, &l.log)
		}
		if hidden != privateMark && strings.Contains(answer, hidden) {
			l.t.Errorf("%s %s: status %d, and the answer shows %q:\n%s", r.Method, r.URL, rec.Code, hidden, answer)
		}
	}
	return rec
}

// signatureOf is the part of a token that makes it worth something.
func signatureOf(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

// privateText is a JSON string that is private.
var privateText = strconv.Quote(privateMark)

var (
	privateResult = sent("provider_activity_id", privateText, "commerce_external_id", privateText, "external_status", privateText, "raw_payload", `{`+privateText+`:`+privateText+`}`,
		"task_result.comment", privateText, "task_result.operator_external_id", privateText, "task_result.payload", `{`+privateText+`:[`+privateText+`]}`)
	privateTask = task("reason", privateText, "idempotency_key", privateText, "commerce_external_id", privateText, "provider_activity_id", privateText, "suggested_execution_time", privateText, "user_status", privateText, "assignment_reason", privateText)
)

// TestNothingPrivateIsLogged: whatever becomes of a request, its log line has no credential, no key, no query, no path and nothing of the body, and no answer shows a credential again.
func TestNothingPrivateIsLogged(t *testing.T) {
	const key = "Idempotency-Key=" + privateMark + " "
	statuses := map[int]bool{}
	for _, row := range []struct {
		name   string
		before func(*world)
		lines  []string // the last is answered with status
		status int
	}{
		{"success", nil, []string{key + postTask + privateTask, key + dispatchA1, key + postResult + privateResult, "GET " + showA1, "GET /api/activity-results/{r1}",
			"GET " + createPath + "?search=" + privateMark, "GET /api/activity-results?operator_external_id=" + privateMark}, 200},
		{"cancelled", nil, []string{postTask + privateTask, key + cancelA1, "GET " + showA1 + "/status-events"}, 200},
		{"replayed", nil, []string{key + postResult + privateResult, key + postResult + privateResult}, 201},
		{"a query that is not known", nil, []string{"GET " + createPath + "?" + privateMark + "=" + privateMark}, 400},
		{"a query on a write", nil, []string{"POST " + submitPath + "?token=" + privateMark + " " + minimal}, 400},
		{"a cursor that is none", nil, []string{"GET " + createPath + "?cursor=" + privateMark}, 400},
		{"not JSON", nil, []string{postResult + "{" + privateText}, 400},
		{"a tenant that is none", nil, []string{"X-Tenant-Id=" + privateMark + " " + postResult + minimal}, 400},
		{"a key that is too long", nil, []string{"Idempotency-Key=" + strings.Repeat(privateMark, 30) + " " + postResult + minimal}, 400},
		{"a token that is none", nil, []string{"Authorization=Bearer\u00a0" + secretMark + " " + postResult + privateResult}, 401},
		{"another scheme", nil, []string{"Authorization=" + secretMark + " " + postResult + privateResult}, 401},
		{"another tenant's", nil, []string{"X-Tenant-Id=" + otherTenant.String() + " " + postResult + privateResult}, 403},
		{"a permission that is not held", nil, []string{"VIEWER " + key + postResult + privateResult}, 403},
		{"no such path", nil, []string{"GET /api/" + privateMark + "?" + privateMark}, 404},
		{"no such id", nil, []string{"GET " + createPath + "/" + privateMark}, 404},
		{"another method", nil, []string{"DELETE " + createPath + "?" + privateMark}, 405},
		{"OPTIONS", nil, []string{"OPTIONS " + createPath + "?" + privateMark}, 204},
		{"stale", nil, []string{postResult + privateResult, postResult + privateResult}, 409},
		{"a creation again", nil, []string{postTask + privateTask, postTask + privateTask}, 409},
		{"too large", nil, []string{postResult + strings.Repeat(privateMark, MaxBody/len(privateMark)+1)}, 413},
		{"another media type", nil, []string{"Content-Type=" + privateMark + " " + postResult + privateResult}, 415},
		{"compressed", nil, []string{"Content-Encoding=" + privateMark + " " + postResult + privateResult}, 415},
		{"a key that was used", nil, []string{key + postResult + privateResult, key + postResult + minimal}, 422},
		{"too many", func(w *world) { w.server.limiter = newLimiter(1, 1, w.clock) }, []string{postResult + privateResult, key + postResult + privateResult}, 429},
		{"a fault", func(w *world) { w.submitFails = errors.New("disk") }, []string{key + postResult + privateResult}, 500},
		{"a panic", func(w *world) { w.onSubmit = func(context.Context) { panic("boom") } }, []string{key + postResult + privateResult}, 500},
		{"a full queue", func(w *world) { w.submitFails = full }, []string{key + postResult + privateResult}, 503},
		{"reads that are behind", func(w *world) { w.barrierFails = &core.Error{Code: core.CodeReadsBehind} }, []string{"GET " + createPath + "?search=" + privateMark}, 503},
		{"reads that fail", func(w *world) { w.readFails = errors.New("disk") }, []string{"GET /api/activity-results?operator_external_id=" + privateMark}, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := listen(t)
			if row.before != nil {
				row.before(l.world)
			}
			status := 0
			for _, line := range row.lines {
				rec := l.hear(l.parse(line))
				status = rec.Code
			}
			if status != row.status {
				t.Errorf("status %d, want %d", status, row.status)
			}
			for s := range l.seen {
				statuses[s] = true
			}
		})
	}
	if diff := cmp.Diff([]int{200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}, slices.Sorted(maps.Keys(statuses))); diff != "" {
		t.Errorf("-want +answered:\n%s", diff)
	}
}

// TestNoFieldIsLogged: whichever field of whichever body is private, whether it may be or not.
func TestNoFieldIsLogged(t *testing.T) {
	l := listen(t)
	l.accept(t, postActivity+created())
	for name := range namesOf(submissionFields) {
		l.hear(l.parse(postResult + sent(name, privateText)))
	}
	for name := range namesOf(taskResultFields) {
		l.hear(l.parse(postResult + sent("task_result."+name, privateText)))
	}
	for name := range namesOf(creationFields) {
		l.hear(l.parse(postActivity + created(name, privateText)))
	}
	for name := range namesOf(taskFields) {
		l.hear(l.parse(postTask + task(name, privateText)))
	}
	for name := range namesOf(newAPIKeyFields) {
		l.hear(l.parse(`ADMIN POST /api/api-keys {"name":"n","permissions":["VIEW_EVENTS"],"` + name + `":` + privateText + `}`))
		l.hear(l.parse(`ADMIN POST /api/api-keys {"name":` + privateText + `,"permissions":["VIEW_EVENTS"]}`))
	}
	for name := range namesOf(resultTypeFields) {
		l.hear(l.parse(`ADMIN PUT /api/task-result-types/other {"` + name + `":` + privateText + `}`))
	}
	for name := range namesOf(dispatchFields) {
		l.hear(l.parse(dispatchA1 + ` {"` + name + `":` + privateText + `}`))
	}
	for _, line := range []string{postResult + sent(privateMark, privateText), dispatchA1 + ` {` + privateText + `:1}`, cancelA1 + ` {` + privateText + `:1}`} {
		l.hear(l.parse(line))
	}
	if l.seen[201] == 0 || l.seen[400] == 0 {
		t.Errorf("answered %v", l.seen)
	}
}

// TestNoTokenIsLogged: not a good one, nor one that is refused for whatever reason.
func TestNoTokenIsLogged(t *testing.T) {
	l := listen(t)
	token := l.token("FDE")
	for _, sentAs := range []string{
		"Bearer " + token, "Bearer " + token + "x", "Bearer " + token[:len(token)-4] + "AAAA", "Bearer " + secretMark + "." + secretMark + "." + secretMark, "Basic " + secretMark, secretMark, "Bearer " + token + " " + secretMark,
	} {
		r := l.request(http.MethodPost, submitPath, minimal)
		r.Header.Set("Authorization", sentAs)
		l.hear(r)
	}
	l.setClock(noon.AddDate(1, 0, 0)) // it has expired
	r := l.request(http.MethodPost, submitPath, minimal)
	r.Header.Set("Authorization", "Bearer "+token)
	l.hear(r)
	if l.seen[201] != 1 || l.seen[401] != 7 {
		t.Errorf("answered %v", l.seen)
	}
}

// TestNoAPIKeyIsLogged: not a good one, nor one that is refused; and a new one is in its one answer and nowhere else.
func TestNoAPIKeyIsLogged(t *testing.T) {
	l := listen(t)
	good, id := l.keyFor(tenant, core.CreateActivities, nil)
	stranger, _, _ := MintAPIKey()
	for _, key := range []string{good, good[:len(good)-1], stranger, keyMark + secretMark, secretMark} {
		l.hear(byKey(l.request(http.MethodPost, submitPath, minimal), key))
	}
	both := l.request(http.MethodPost, submitPath, minimal)
	both.Header.Set("X-Api-Key", good)
	l.hear(both)
	l.hear(l.parse("ADMIN POST /api/api-keys/" + id.String() + "/revoke"))
	l.hear(byKey(l.request(http.MethodPost, submitPath, minimal), good))
	if want := map[int]int{201: 1, 401: 5, 400: 1, 200: 1}; !maps.Equal(l.seen, want) {
		t.Errorf("answered %v, want %v", l.seen, want)
	}
	rec := l.hear(l.parse(`ADMIN POST /api/api-keys {"name":"n","permissions":["VIEW_EVENTS"]}`))
	var issued struct{ PlaintextKey string }
	if err := json.Unmarshal(rec.Body.Bytes(), &issued); err != nil || !isAPIKey(issued.PlaintextKey) || strings.Contains(l.log.String(), issued.PlaintextKey) {
		t.Errorf("answered %s (%v), and logged:\n%s", rec.Body, err, &l.log)
	}
}
