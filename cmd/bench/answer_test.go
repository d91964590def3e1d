package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// answerTo gives what a limit answers to a prepared request, after some change to it.
func answerTo(t *testing.T, change func(*http.Request), old, changed string) *httptest.ResponseRecorder {
	t.Helper()
	request := submission(testToken)
	parsed, _ := parse(t, request.fill(1))
	_, body, _ := bytes.Cut(request.text, []byte("\r\n\r\n"))
	sent := httptest.NewRequest(parsed.Method, parsed.URL.Path, bytes.NewReader(bytes.Replace(body, []byte(old), []byte(changed), 1)))
	sent.Header = parsed.Header
	change(sent)
	recorder := httptest.NewRecorder()
	ceilingHandler(testToken).ServeHTTP(recorder, sent)
	return recorder
}

func unchanged(*http.Request) {}

// The limits answer what resultlog answers (contract §2.4): all eight keys, and the three headers.
func TestLimitsAnswerAsResultlogDoes(t *testing.T) {
	got := answerTo(t, unchanged, "", "")
	var body map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusCreated {
		t.Fatalf("%d %v: %s", got.Code, err, got.Body)
	}
	for _, key := range []string{"id", "activityId", "source", "resultStatus", "occurredAt", "taskDetails", "createdAt", "updatedAt"} {
		if _, ok := body[key]; !ok || len(body) != 8 {
			t.Errorf("want eight keys and %s among them: %s", key, got.Body)
		}
	}
	if details := body["taskDetails"].(map[string]any); details["result"] != "success" || details["comment"] != "Order placed successfully" || details["contactType"] != "OUTBOUND" {
		t.Errorf("taskDetails = %v", details)
	}
	for _, name := range []string{"Content-Type", "X-Request-Id", "Resultlog-Position"} {
		if got.Header().Get(name) == "" {
			t.Errorf("no %s: %v", name, got.Header())
		}
	}
}

func TestLimitsAreStrict(t *testing.T) {
	for name, row := range map[string]struct {
		change       func(*http.Request)
		old, changed string
		want         int
	}{
		"another token":     {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, "", "", 401},
		"no token":          {func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Del("X-Tenant-Id") }, "", "", 401},
		"another tenant":    {func(r *http.Request) { r.Header.Set("X-Tenant-Id", "x") }, "", "", 401},
		"an unknown field":  {unchanged, `"status"`, `"more":1,"status"`, 400},
		"a wrong case":      {unchanged, `"status"`, `"Status"`, 400},
		"a duplicate key":   {unchanged, `"status"`, `"status":"PENDING","status"`, 400},
		"an unknown status": {unchanged, `COMPLETED`, `DONE`, 400},
		"a time without":    {unchanged, `Z",`, `",`, 400},
		"trailing data":     {unchanged, `}}`, `}}{}`, 400},
	} {
		if got := answerTo(t, row.change, row.old, row.changed); got.Code != row.want {
			t.Errorf("%s: %d %s, want %d", name, got.Code, got.Body, row.want)
		}
	}
}
