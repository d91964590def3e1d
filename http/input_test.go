package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// sent builds a submission's body: the minimal one, with the members given as name and JSON text. "task_result.comment" is a member of task_result; an empty text leaves a member out.
func sent(changes ...string) string {
	outer := [][2]string{{"commerce_external_id", `"store-001"`}, {"occurred_at", `"2025-01-16T14:30:00.000Z"`}, {"status", `"COMPLETED"`}}
	inner := [][2]string{{"result", `"success"`}}
	for i := 0; i < len(changes); i += 2 {
		if name, ok := strings.CutPrefix(changes[i], "task_result."); ok {
			inner = put(inner, name, changes[i+1])
		} else {
			outer = put(outer, changes[i], changes[i+1])
		}
	}
	return jsonObject(append(outer, [2]string{"task_result", jsonObject(inner)}))
}

// created does the same for a creation.
func created(changes ...string) string {
	members := [][2]string{{"type", `"TASK"`}, {"reason", `"visit"`}, {"channel", `"SMS"`}, {"commerce_id", `"11111111-1111-4111-8111-111111111111"`},
		{"idempotency_key", `"k"`}, {"scheduled_at", `"2025-01-17T09:00:00Z"`}}
	for i := 0; i < len(changes); i += 2 {
		members = put(members, changes[i], changes[i+1])
	}
	return jsonObject(members)
}

func put(members [][2]string, name, value string) [][2]string {
	for i := range members {
		if members[i][0] == name {
			members[i][1] = value
			return members
		}
	}
	return append(members, [2]string{name, value})
}

func jsonObject(members [][2]string) string {
	var parts []string
	for _, m := range members {
		if m[1] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", m[0], m[1]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func quoted(n int, s string) string { return `"` + strings.Repeat(s, n) + `"` }

// problemBody is an error body, as a client decodes it.
type problemBody struct {
	StatusCode int
	Message    string
	Error      string
	Code       core.Code
	RequestID  string
	Type       string
	Title      string
	Status     int
	Detail     string
	Existing   map[string]string
	Errors     []struct{ Pointer, Message string }
}

func problemOf(t *testing.T, rec *httptest.ResponseRecorder) problemBody {
	t.Helper()
	var p problemBody
	d := json.NewDecoder(bytes.NewReader(rec.Body.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	return p
}

// TestInput judges a row for every sentence of contract §2.3.
func TestInput(t *testing.T) {
	w := newWorld(t)
	for _, row := range submissionRows {
		t.Run(row.sentence, func(t *testing.T) { w.judge(t, submitPath, row) })
	}
}

// TestInputOfActivities judges the fields of §2.7.
func TestInputOfActivities(t *testing.T) {
	for _, row := range creationRows {
		t.Run(row.sentence, func(t *testing.T) { newWorld(t).judge(t, createPath, row) })
	}
}

// judge posts a body and compares what is said of it.
func (w *world) judge(t *testing.T, path string, row inputRow) {
	t.Helper()
	judgeInput(t, w.post(path, row.body), row)
}

// judgeInput compares what was said of a body.
func judgeInput(t *testing.T, rec *httptest.ResponseRecorder, row inputRow) {
	t.Helper()
	if row.code == "" {
		if rec.Code >= http.StatusBadRequest {
			t.Fatalf("refused: %s", rec.Body)
		}
		return
	}
	if rec.Code != http.StatusBadRequest {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	p := problemOf(t, rec)
	if p.Code != row.code {
		t.Errorf("code %q, want %q: %s", p.Code, row.code, p.Message)
	}
	if len(p.Errors) != 1 || p.Errors[0].Pointer != row.pointer || p.Errors[0].Message == "" {
		t.Errorf("errors %q, want one, at %q", p.Errors, row.pointer)
	}
	if strings.Contains(p.Message, "nil") || strings.Contains(p.Message, "%!") {
		t.Errorf("the message is not for people: %q", p.Message)
	}
	if !strings.Contains(p.Message, p.Errors[0].Message) {
		t.Errorf("the message does not say %q: %q", p.Errors[0].Message, p.Message)
	}
}

// TestValueErrorsAllTogether: value errors all together, the first decoding error alone.
func TestValueErrorsAllTogether(t *testing.T) {
	w := newWorld(t)
	wrong := sent("activity_id", `"x"`, "status", `"y"`, "task_result.result", `""`, "commerce_external_id", "")
	p := problemOf(t, w.post(submitPath, wrong))
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer)
	}
	if want := "/status /activity_id /task_result/result /commerce_external_id"; strings.Join(got, " ") != want {
		t.Errorf("errors at %q, want %q", got, want)
	}
	p = problemOf(t, w.post(submitPath, strings.Replace(wrong, `"activity_id"`, `"hard_override":1,"colour":2,"activity_id"`, 1)))
	if p.Code != codeInvalidJSON || len(p.Errors) != 1 || p.Errors[0].Pointer != "/hard_override" {
		t.Errorf("the first decoding error does not come alone: %+v", p)
	}
}

// TestPayloadsByteForByte: what is sent comes back as it was, and what is stored of it is the same.
func TestPayloadsByteForByte(t *testing.T) {
	for _, payload := range []string{
		`{}`, "{ \r\n\t}", `{"b":1,"a":2}`, `{"a":1,"a":1.0,"a":1e0}`, `{"n":[0,-0,1E+2,1.50,12345678901234567890123]}`,
		`{"s":"\u0000\u00e9é\/\ud83d\ude00😀\ud800<>&` + "\u2028" + `"}`, `{"":{"":[[],[{}],null,true,false]}}`,
	} {
		w := newWorld(t)
		rec := w.post(submitPath, sent("raw_payload", payload, "task_result.payload", payload))
		if rec.Code != http.StatusCreated {
			t.Fatalf("%s: %s", payload, rec.Body)
		}
		if !strings.Contains(rec.Body.String(), `,"payload":`+payload+`}`) {
			t.Errorf("the 201 changed %s: %s", payload, rec.Body)
		}
		var answer struct{ ID string }
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		read := w.do(w.request(http.MethodGet, "/api/activity-results/"+answer.ID, "")).Body.String()
		if !strings.Contains(read, `"rawPayload":`+payload+`,`) || !strings.Contains(read, `,"payload":`+payload+`}`) {
			t.Errorf("reading changed %s: %s", payload, read)
		}
	}
}

// TestBodiesDoNotMix: a large body leaves nothing behind in the buffers of the next.
func TestBodiesDoNotMix(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		payload := fmt.Sprintf(`{"n":%d,"pad":%s}`, i, quoted((50-i)*100, "x"))
		if rec := w.post(submitPath, sent("task_result.payload", payload)); !strings.Contains(rec.Body.String(), payload) {
			t.Fatalf("%s: %s", payload, rec.Body)
		}
	}
	for i, c := range w.commands {
		personal, err := c.Intent.(core.SubmitResult).Personal.Open()
		if err != nil || !strings.HasPrefix(string(personal.Payload), fmt.Sprintf(`{"n":%d,`, i)) {
			t.Fatalf("the payload of command %d is now %.40s (%v)", i, personal.Payload, err)
		}
	}
}

// TestOccurredAheadConfigurable: occurred_at more than 24 h ahead is 400 (configurable).
func TestOccurredAheadConfigurable(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.OccurredAhead = time.Minute })
	if rec := w.post(submitPath, sent("occurred_at", `"2025-01-16T14:31:05Z"`)); rec.Code != http.StatusCreated {
		t.Errorf("a minute ahead: %s", rec.Body)
	}
	if rec := w.post(submitPath, sent("occurred_at", `"2025-01-16T14:31:05.001Z"`)); rec.Code != http.StatusBadRequest {
		t.Errorf("more than a minute ahead: %s", rec.Body)
	}
}

// TestHardOverride: true is true, and false, null and nothing are not.
func TestHardOverride(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "null": false, "": false} {
		w := newWorld(t)
		w.post(submitPath, sent("hard_override", value))
		if got := w.lastCommand().Intent.(core.SubmitResult).HardOverride; got != want {
			t.Errorf("hard_override %q is %t", value, got)
		}
	}
}
