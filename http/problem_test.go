package httpapi

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// TestProblemPerCode has a row for every error code there is: its status, and whether it says when to come back.
func TestProblemPerCode(t *testing.T) {
	want := map[core.Code]int{
		"invalid_json": 400, "invalid_query": 400, "invalid_header": 400, "invalid_tenant": 400, "body_unreadable": 400, "validation_failed": 400, "ambiguous_ids": 400,
		"activity_not_task": 400, "activity_not_ready": 400, "as_of_in_future": 400, "unauthenticated": 401, "tenant_forbidden": 403, "permission_denied": 403, "route_not_found": 404, "not_found": 404, "method_not_allowed": 405, "not_acceptable": 406,
		"stale_result": 409, "invalid_transition": 409, "activity_exists": 409, "provider_id_conflict": 409, "too_many_api_keys": 409, "api_key_revoked": 409, "api_key_shown_once": 409, "body_too_large": 413, "unsupported_media_type": 415, "idempotency_key_reused": 422,
		"rate_limited": 429, "client_gone": 499, "internal": 500, "queue_full": 503, "unavailable": 503, "outcome_unknown": 503, "reads_behind": 503, "projection_parked": 503, "proof_unavailable": 503, "lists_busy": 503, "batches_busy": 503, "streams_busy": 503, "history_unavailable": 503, "keys_unavailable": 503, "not_ready": 503,
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(problems))); diff != "" {
		t.Errorf("-expected +in the table:\n%s", diff)
	}
	for _, code := range slices.Concat(codesIn(t, "../core/error.go"), codesIn(t, "problem.go")) {
		if _, ok := problems[code]; !ok {
			t.Errorf("the code %s has no row", code)
		}
	}
	for code, status := range want {
		t.Run(string(code), func(t *testing.T) {
			w := newWorld(t)
			w.undescribed = true // a submitter gives few of them
			w.submitFails = &core.Error{Code: code, Message: "what a person is told", Err: errors.New("what only the log is told")}
			r := w.request(http.MethodPost, submitPath, minimal)
			r.Header.Set("X-Request-Id", "r-1")
			rec := w.do(r)
			if rec.Code != status {
				t.Fatalf("status %d, want %d", rec.Code, status)
			}
			name := statusText(status)
			got := problemOf(t, rec)
			if got.Title == "" || name == "" {
				t.Errorf("no title %q, or no name %q", got.Title, name)
			}
			if diff := cmp.Diff(problemBody{
				StatusCode: status, Message: "what a person is told", Error: name, Code: code, RequestID: "r-1",
				Type: "urn:resultlog:problem:" + string(code), Title: got.Title, Status: status, Detail: "what a person is told",
			}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if ct := rec.Header().Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("Content-Type %q", ct)
			}
			seconds, err := strconv.Atoi(rec.Header().Get("Retry-After"))
			if comesBack := err == nil && seconds > 0; comesBack != (status == 503 || status == 429) {
				t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
			}
		})
	}
}

// codesIn finds the constants of type Code in a file.
func codesIn(t *testing.T, file string) (codes []core.Code) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "code") {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, core.Code(text))
		return true
	})
	if len(codes) == 0 {
		t.Fatalf("no codes in %s", file)
	}
	return codes
}

// TestFailuresSayWhatToDo: outcome_unknown, unavailable and queue_full say: retry with the same key, even where whoever failed said nothing.
func TestFailuresSayWhatToDo(t *testing.T) {
	for _, code := range []core.Code{core.CodeOutcomeUnknown, core.CodeUnavailable, core.CodeQueueFull} {
		w := newWorld(t)
		w.submitFails = &core.Error{Code: code}
		if p := problemOf(t, w.post(submitPath, minimal)); !strings.Contains(p.Message, "retry") || !strings.Contains(p.Message, "same Idempotency-Key") || p.Detail != p.Message {
			t.Errorf("%s says %q", code, p.Message)
		}
	}
}

// TestUnknownErrors: what nobody foresaw is a 500 that shows nothing of itself.
func TestUnknownErrors(t *testing.T) {
	for _, err := range []error{errors.New("secret insides"), &core.Error{Code: "new_code", Message: "secret insides"}} {
		var log bytes.Buffer
		w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		w.submitFails = err
		rec := w.post(submitPath, minimal)
		if strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), "secret insides") {
			t.Errorf("logged: %s", &log)
		}
		if p := problemOf(t, rec); rec.Code != 500 || p.Code != codeInternal || strings.Contains(rec.Body.String(), "secret insides") || p.Message == "" {
			t.Errorf("%v: %d %s", err, rec.Code, rec.Body)
		}
	}
}

// TestExisting: a guard shows id, resultStatus and updatedAt of the result in its way, a conflict of activities the id.
func TestExisting(t *testing.T) {
	id := core.ID{1}
	for _, row := range []struct {
		existing *core.Existing
		want     map[string]string
	}{
		{nil, nil},
		{&core.Existing{ID: id, ResultStatus: core.ResultPending, UpdatedAt: core.InstantOf(noon)},
			map[string]string{"id": id.String(), "resultStatus": "PENDING", "updatedAt": "2025-01-16T14:30:05.000Z"}},
		{&core.Existing{ID: id}, map[string]string{"id": id.String()}},
	} {
		w := newWorld(t)
		w.submitFails = &core.Error{Code: core.CodeStaleResult, Message: "no", Existing: row.existing}
		if diff := cmp.Diff(row.want, problemOf(t, w.post(submitPath, minimal)).Existing); diff != "" {
			t.Error(diff)
		}
	}
}

// TestOverContexts: whoever only says that the context was over leaves the outcome open; whoever says more is believed.
func TestOverContexts(t *testing.T) {
	over, cancel := context.WithCancelCause(context.Background())
	cancel(context.DeadlineExceeded)
	for _, row := range []struct {
		err  error
		code core.Code
	}{
		{context.Canceled, core.CodeOutcomeUnknown},
		{&core.Error{Code: core.CodeUnavailable, Err: context.Canceled}, core.CodeUnavailable},
	} {
		var e *core.Error
		if err := whenOver(over, row.err, core.CodeOutcomeUnknown); !errors.As(err, &e) || e.Code != row.code {
			t.Errorf("%v became %v, want %s", row.err, err, row.code)
		}
	}
	if err := whenOver(context.Background(), errNoToken, core.CodeOutcomeUnknown); err != errNoToken {
		t.Errorf("a context that is not over changed the error: %v", err)
	}
}

// TestClientGone: that a client did not wait is counted apart, and no failure of ours; what was refused all the same is a refusal.
func TestClientGone(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
	}{
		{context.Canceled, 499},
		{&core.Error{Code: core.CodeUnavailable, Err: context.Canceled}, 499},
		{&core.Error{Code: core.CodeStaleResult}, 409},
		{errors.New("a fault"), 500},
	} {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(context.Background())
		w.onSubmit = func(context.Context) { cancel() }
		w.submitFails = row.err
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, w.request(http.MethodPost, submitPath, minimal).WithContext(ctx))
		if rec.Code != row.status {
			t.Errorf("%v: status %d, want %d", row.err, rec.Code, row.status)
		}
	}
}
