package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// contractRow is a sentence of the contract as a conversation. A request is a line: words that change it, if any, then METHOD PATH BODY. The words are ROLE (of the token; ADMIN is
// usual), @TIME (the service's clock from now on), Name=value (a header) and -Name (no such header). In all texts {a1} stands for the first activity that was created, {A1} for the
// same in upper case, {r1} for the first result, {k1} for the first API key and {key 1} for its text, and so on; {other} for another tenant.
type contractRow struct {
	says   string       // the sentence, word for word
	of     string       // which case of it this is, if it takes several
	given  []string     // requests that came before; each must be accepted
	while  func(*world) // what is wrong behind the server by then
	when   string       // the request
	then   string       // its answer: the status, and the code if it is a problem
	shows  []string     // what stands in the answer, a line of its head or a part of its body
	lacks  []string     // what does not
	leaves []string     // what is read afterwards: PATH, and a part of the body
}

func runContract(t *testing.T, rows []contractRow) {
	for _, r := range rows {
		name := r.says
		if r.of != "" {
			name += " [" + r.of + "]"
		}
		t.Run(name, r.run)
	}
}

func (r contractRow) run(t *testing.T) {
	w := newWorld(t)
	for _, line := range r.given {
		w.accept(t, line)
	}
	if r.while != nil {
		r.while(w)
	}
	rec := w.ask(r.when)
	if got := briefly(t, rec); got != r.then {
		t.Fatalf("then %s, want %s: %s", got, r.then, rec.Body)
	}
	answer := showAnswer(rec)
	for _, want := range r.shows {
		if want = w.named(want); !strings.Contains(answer, want) {
			t.Errorf("shows no %s:\n%s", want, answer)
		}
	}
	for _, not := range r.lacks {
		if not = w.named(not); strings.Contains(answer, not) {
			t.Errorf("shows %s:\n%s", not, answer)
		}
	}
	for _, line := range r.leaves {
		path, want, _ := strings.Cut(w.named(line), " ")
		if read := w.accept(t, "GET "+path); !strings.Contains(read.Body.String(), want) {
			t.Errorf("leaves no %s in %s", want, read.Body)
		}
	}
}

// briefly is an answer's status, and the code of a problem.
func briefly(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code < http.StatusBadRequest {
		return fmt.Sprint(rec.Code)
	}
	return fmt.Sprint(rec.Code, " ", problemOf(t, rec).Code)
}

// accept sends a line that must be accepted.
func (w *world) accept(t *testing.T, line string) *httptest.ResponseRecorder {
	t.Helper()
	rec := w.ask(line)
	if rec.Code >= http.StatusBadRequest {
		t.Fatalf("%s: %s", line, rec.Body)
	}
	return rec
}

// ask sends the request of one line.
func (w *world) ask(line string) *httptest.ResponseRecorder {
	return w.do(w.parse(line))
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions}

// parse makes a request of its line.
func (w *world) parse(line string) *http.Request {
	var changes []string
	rest := w.named(line)
	word := ""
	for word, rest, _ = strings.Cut(rest, " "); !slices.Contains(methods, word); word, rest, _ = strings.Cut(rest, " ") {
		if word == "" {
			w.t.Fatalf("no request: %s", line)
		}
		changes = append(changes, word)
	}
	path, body, _ := strings.Cut(rest, " ")
	r := w.request(word, path, body)
	r.Header.Set("Authorization", "Bearer "+w.token("ADMIN"))
	for _, change := range changes {
		w.change(r, change)
	}
	return r
}

// change does what a word before the method says.
func (w *world) change(r *http.Request, word string) {
	name, value, isHeader := strings.Cut(word, "=")
	switch {
	case isHeader:
		r.Header.Add(name, value)
		if name == "X-Tenant-Id" || name == "Authorization" || name == "Content-Type" {
			r.Header[name] = []string{value}
		}
	case strings.HasPrefix(word, "-"):
		r.Header.Del(word[1:])
	case strings.HasPrefix(word, "@"):
		now, err := time.Parse(time.RFC3339Nano, word[1:])
		if err != nil {
			w.t.Fatal(err)
		}
		w.setClock(now)
	default:
		r.Header.Set("Authorization", "Bearer "+w.token(word))
	}
}

// named replaces {a1} and the like by what they stand for.
func (w *world) named(text string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	pairs := []string{"{other}", otherTenant.String()}
	seen := map[string]int{}
	for i, text := range w.texts {
		pairs = append(pairs, fmt.Sprintf("{key %d}", i+1), text)
	}
	for _, r := range w.log {
		letter, id := "", r.Stream.ID.String()
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			letter = "a"
		case core.ResultSubmitted:
			if r.Version == 1 {
				letter = "r"
			}
		case core.APIKeyIssued:
			letter, id = "k", e.KeyID.String()
		}
		if letter != "" {
			seen[letter]++
			pairs = append(pairs, fmt.Sprintf("{%s%d}", letter, seen[letter]), id, fmt.Sprintf("{%s%d}", strings.ToUpper(letter), seen[letter]), strings.ToUpper(id))
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

const (
	tasksPath = createPath + "/tasks"

	postResult   = "POST " + submitPath + " "
	postActivity = "POST " + createPath + " "
	postTask     = "POST " + tasksPath + " "
	dispatchA1   = "POST " + tasksPath + "/{a1}/dispatch"
	cancelA1     = "PATCH " + createPath + "/{a1}/cancel"
	showA1       = createPath + "/{a1}"
)

// task builds the body of POST /api/activities/tasks, as created does that of POST /api/activities.
func task(changes ...string) string {
	return created(append([]string{"type", "", "assigned_route_id", `"22222222-2222-4222-8222-222222222222"`,
		"assigned_operator_id", `"33333333-3333-4333-8333-333333333333"`}, changes...)...)
}

// writes are the endpoints that write, each with a request that is accepted where {a1} is READY and {k1} an API key, and its answer. The issue of a key is none of them, since its answer
// comes once: see keyContract.
var writes = []struct{ name, line, then string }{
	{"a submission", postResult + minimal, "201"},
	{"a creation", postActivity + created("idempotency_key", `"k-9"`), "201"},
	{"a creation of a task", postTask + task("idempotency_key", `"k-9"`), "201"},
	{"a dispatch", dispatchA1 + ` {"provider_activity_id":"p-9"}`, "204"},
	{"a dispatch without a body", dispatchA1, "204"},
	{"a cancellation", cancelA1, "200"},
	{"a configuration", `PUT /api/task-result-types/success {"is_active":true,"classification":"POSITIVE"}`, "200"},
	{"a revocation", "POST /api/api-keys/{k1}/revoke", "200"},
}
