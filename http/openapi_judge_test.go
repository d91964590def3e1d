package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"resultlog/core"
)

// TestTheDescriptionJudges: what every test leaves to the description is judged by it. Each row spoils an exchange that is right, in one way.
func TestTheDescriptionJudges(t *testing.T) {
	type spoilt struct {
		r    *http.Request
		body string
		rec  *httptest.ResponseRecorder
	}
	replace := func(old, new string) func(*spoilt) {
		return func(s *spoilt) {
			text := s.rec.Body.String()
			if !strings.Contains(text, old) {
				t.Fatalf("there is no %s in %s", old, text)
			}
			s.rec.Body.Reset()
			s.rec.Body.WriteString(strings.Replace(text, old, new, 1))
		}
	}
	submitting := func(w *world) *http.Request {
		w.post(createPath, created("provider_activity_id", `"p"`))
		return w.request(http.MethodPost, submitPath, sent("provider_activity_id", `"p"`))
	}
	refused := func(w *world) *http.Request {
		w.do(submitting(w))
		return submitting(w)
	}
	reading := func(w *world) *http.Request {
		w.do(submitting(w))
		return w.request(http.MethodGet, createPath+"/"+w.log[0].Stream.ID.String(), "")
	}
	keyed := func(w *world) *http.Request {
		key, _ := w.keyFor(tenant, core.AllPermissions, nil)
		return byKey(w.request(http.MethodGet, keysPath, ""), key)
	}
	nowhere := func(w *world) *http.Request { return w.request(http.MethodGet, "/api/nothing", "") }
	deleting := func(w *world) *http.Request { return w.request(http.MethodDelete, createPath, "") }
	batching := func(w *world) *http.Request {
		return w.request(http.MethodPost, batchPath, array(sent("status", `"x"`), minimal))
	}
	for _, row := range []struct {
		name    string
		request func(*world) *http.Request
		spoil   func(*spoilt)
		says    string // empty: it is as described
	}{
		{"a submission", submitting, func(*spoilt) {}, ""},
		{"a refusal", refused, func(*spoilt) {}, ""},
		{"a read", reading, func(*spoilt) {}, ""},
		{"a read by a key", keyed, func(*spoilt) {}, ""},
		{"no such path", nowhere, func(*spoilt) {}, ""},
		{"another method", deleting, func(*spoilt) {}, ""},

		{"a batch, of which one item is refused", batching, func(*spoilt) {}, ""},
		{"a batch without an item's status", batching, replace(`,"status":201`, ``), "missing property 'status'"},
		{"a batch with another status of a problem", batching, replace(`"status":400`, `"status":200`), "minimum"},
		{"a batch with a code that no item has", batching, replace(`"code":"validation_failed"`, `"code":"not_found"`), "/body/code"},
		{"a batch with an item's header that is not described", batching, replace(`"headers":{`, `"headers":{"X":"1",`), "additional properties 'X'"},
		{"a batch with an item that was accepted and is not valid", batching, func(s *spoilt) { s.body = array(minimal, sent("status", `"x"`)) }, "status"},

		{"another status", submitting, func(s *spoilt) { s.rec.Code = 202 }, "status 202"},
		{"another status of a path that is not", nowhere, func(s *spoilt) { s.rec.Code = 403 }, "must be 404"},
		{"another status of a method that is not", deleting, func(s *spoilt) { s.rec.Code = 404 }, "must be 405"},
		{"no Content-Type", submitting, func(s *spoilt) { s.rec.Header().Del("Content-Type") }, "Content-Type"},
		{"another Content-Type", refused, func(s *spoilt) { s.rec.Header().Set("Content-Type", "application/json") }, "Content-Type"},
		{"a header that is missing", submitting, func(s *spoilt) { s.rec.Header().Del("Resultlog-Position") }, "Resultlog-Position"},
		{"a header that is not described", reading, func(s *spoilt) { s.rec.Header().Set("Resultlog-Position", "1") }, "Resultlog-Position"},
		{"a header of another form", submitting, func(s *spoilt) { s.rec.Header().Set("Resultlog-Position", "0") }, "Resultlog-Position"},
		{"a header of another form, by its pattern", nowhere, func(s *spoilt) { s.rec.Header().Set("X-Request-Id", "a b") }, "X-Request-Id"},
		{"no Allow", deleting, func(s *spoilt) { s.rec.Header().Del("Allow") }, "Allow"},
		{"a body where there is none", submitting, func(s *spoilt) {
			s.r = httptest.NewRequest(http.MethodPost, "/api/activities/tasks/"+tenant.String()+"/dispatch", nil)
			s.rec.Code = 204
		}, "without a body"},
		{"a key that is missing", submitting, replace(`"resultStatus":"COMPLETED",`, ``), "resultStatus"},
		{"a key that is not described", submitting, replace(`{"id"`, `{"extra":1,"id"`), "extra"},
		{"a key that is not described, further in", submitting, replace(`{"result"`, `{"extra":1,"result"`), "extra"},
		{"a key that is not described, in a read", reading, replace(`{"id"`, `{"extra":1,"id"`), "extra"},
		{"a key of the other kind of result", submitting, replace(`{"id"`, `{"commerceExternalId":"s","id"`), "commerceExternalId"},
		{"a value that is not listed", submitting, replace(`"COMPLETED"`, `"DONE"`), "resultStatus"},
		{"a UUID that is none", submitting, replace(`{"id":"`, `{"id":"x`), "id"},
		{"a time that is none", reading, replace(`Z","version"`, `","version"`), "updatedAt"},
		{"a code of another operation", refused, replace(`"code":"stale_result"`, `"code":"activity_exists"`), "code"},
		{"a status in the body that is not the answer's", refused, replace(`"status":409`, `"status":408`), "status"},
		{"not JSON", submitting, replace(`}`, ``), "decode"},

		{"accepted with a tenant that is no UUID", reading, func(s *spoilt) { s.r.Header.Set("X-Tenant-Id", "acme") }, "x-tenant-id"},
		{"accepted without a token", submitting, func(s *spoilt) { s.r.Header.Del("Authorization") }, "no bearer token"},
		{"accepted with an API key that is none", keyed, func(s *spoilt) { s.r.Header.Set("X-Api-Key", "rtn_sk_x") }, "no API key"},
		{"a list that shows the text of a key", keyed, replace(`"keyPrefix"`, `"plaintextKey":"x","keyPrefix"`), "plaintextKey"},
		{"a prefix that shows more of a key", keyed, replace(`","permissions"`, `0","permissions"`), "keyPrefix"},
		{"accepted with a key that is too long", submitting, func(s *spoilt) { s.r.Header.Set("Idempotency-Key", strings.Repeat("a", 256)) }, "Idempotency-Key"},
		{"accepted with a query parameter that is not described", submitting, func(s *spoilt) { s.r.URL.RawQuery = "x=1" }, "x"},
		{"accepted with a query parameter that is wrong", reading, func(s *spoilt) { s.r.URL.RawQuery = "consistency=strong" }, "consistency"},
		{"accepted without a body", submitting, func(s *spoilt) { s.body = "" }, "required"},
		{"accepted with a field that is not described", submitting, func(s *spoilt) { s.body = sent("extra", `1`) }, "extra"},
		{"accepted with a field that is missing", submitting, func(s *spoilt) { s.body = sent("status", ``) }, "status"},
		{"accepted with a text that is too long", submitting, func(s *spoilt) { s.body = sent("provider_activity_id", quoted(256, "a")) }, "provider_activity_id"},
		{"accepted with a time that is none", submitting, func(s *spoilt) { s.body = sent("occurred_at", `"2025-01-16"`) }, "occurred_at"},
		{"accepted with null for what is required", submitting, func(s *spoilt) { s.body = sent("status", `null`) }, "status"},
		{"accepted as another media type", submitting, func(s *spoilt) { s.r.Header.Set("Content-Type", "text/plain") }, "Content-Type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			s := spoilt{r: row.request(w)}
			heard := &heard{ReadCloser: s.r.Body}
			s.r.Body, s.rec = heard, httptest.NewRecorder()
			w.server.ServeHTTP(s.rec, s.r)
			s.body = heard.read.String()
			row.spoil(&s)
			err := documented().judge(s.r, []byte(s.body), s.rec)
			switch {
			case row.says == "" && err != nil:
				t.Error(err)
			case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)):
				t.Errorf("%v: want an error that names %s", err, row.says)
			}
		})
	}
}
