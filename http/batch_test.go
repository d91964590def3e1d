package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"resultlog/core"
)

const batchPath = submitPath + "/batch"

// array and lines are the two forms of a batch.
func array(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

func lines(items ...string) string { return strings.Join(items, "\n") }

// batchRequest is one that has everything right.
func (w *world) batchRequest(media, body string) *http.Request {
	r := w.request(http.MethodPost, batchPath, body)
	r.Header.Set("Content-Type", media)
	return r
}

// itemAnswer is what a batch tells of an item.
type itemAnswer struct {
	Index, Line, Status int
	Headers             map[string]string
	Body                json.RawMessage
}

// code is the item's, if it was refused.
func (a itemAnswer) code() core.Code {
	var p problemBody
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return core.Code(err.Error())
	}
	return p.Code
}

// itemsOf reads the answer of a batch.
func itemsOf(t testing.TB, rec *httptest.ResponseRecorder) (items []itemAnswer) {
	t.Helper()
	if rec.Code != http.StatusMultiStatus || rec.Header().Get("Content-Type") != mediaJSON {
		t.Fatalf("status %d, %s: %.500s", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &items); err != nil {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	for i, it := range items {
		if it.Index != i {
			t.Errorf("item %d says that it is %d", i, it.Index)
		}
	}
	return items
}

// briefItems is the status of each item, and the code of a problem.
func briefItems(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var says []string
	for _, it := range itemsOf(t, rec) {
		if it.Status == http.StatusCreated {
			says = append(says, "201")
		} else {
			says = append(says, fmt.Sprint(it.Status, " ", it.code()))
		}
	}
	return strings.Join(says, ", ")
}

// batchForms are the media types of a batch: how the items stand in it, and which texts can be one.
var batchForms = []struct {
	media string
	join  func(...string) string
	fits  func(string) bool
}{
	{mediaJSON, array, func(item string) bool { return json.Valid([]byte(item)) }}, // an array that is not JSON is broken as a whole
	{mediaNDJSON, lines, func(item string) bool {
		item = strings.Trim(item, whiteSpace)
		return item != "" && !strings.Contains(item, "\n")
	}},
}

// freshID is what no two answers have in common.
var freshID = regexp.MustCompile(`"id":"[0-9a-f-]{36}"`)

// TestItemsAsAlone: each as it would have been alone, and one bad item or line fails nobody else. Every row of contract §2.3 is sent alone, and between two others.
func TestItemsAsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	for _, row := range submissionRows {
		t.Run(row.sentence, func(t *testing.T) {
			alone := newWorld(t)
			r := alone.request(http.MethodPost, submitPath, row.body)
			r.Header.Set("X-Request-Id", "r-1")
			want := alone.do(r)
			seen := false
			for _, form := range batchForms {
				if !form.fits(row.body) {
					continue
				}
				seen = true
				w := newWorld(t)
				r := w.batchRequest(form.media, form.join(minimal, row.body, minimal))
				r.Header.Set("X-Request-Id", "r-1")
				items := itemsOf(t, w.do(r))
				if len(items) != 3 || items[0].Status != 201 || items[2].Status != 201 {
					t.Fatalf("%s: its neighbours did not fare well: %+v", form.media, items)
				}
				got, same := freshID.ReplaceAllString(string(items[1].Body), ""), freshID.ReplaceAllString(want.Body.String(), "")
				if items[1].Status != want.Code || got != same {
					t.Errorf("%s: alone %d %s\nin a batch %d %s", form.media, want.Code, same, items[1].Status, got)
				}
			}
			if !seen && row.body != " " { // a line that holds nothing is none
				t.Error("it is sent in no batch")
			}
		})
	}
}

// TestNothingIsDecidedBefore: read whole before anything is decided. What is wrong with the whole leaves nothing behind.
func TestNothingIsDecidedBefore(t *testing.T) {
	tooMany := make([]string, MaxBatchItems+1)
	for i := range tooMany {
		tooMany[i] = minimal
	}
	for _, row := range []struct {
		name, media, body string
		status            int
		says              string
	}{
		{"nothing", mediaJSON, " \r\n", 400, "the body holds no submission"},
		{"no line", mediaNDJSON, " \r\n\n\t", 400, "the body holds no submission"},
		{"an empty array", mediaJSON, "[ ]", 400, "the body holds no submission"},
		{"501", mediaJSON, array(tooMany...), 400, "the body holds more than 500 submissions"},
		{"501 lines", mediaNDJSON, lines(append([]string{"\n"}, tooMany...)...), 400, "the body holds more than 500 submissions, the next one in line 503"},
		{"no array", mediaJSON, minimal, 400, "the body must be an array, not an object"},
		{"lines that say they are an array", mediaJSON, lines(minimal, minimal), 400, "the body must be an array, not an object"},
		{"an array that ends too early", mediaJSON, "[" + minimal, 400, "the body ends too early"},
		{"an array that ends within an item", mediaJSON, "[" + minimal + `,{"status":`, 400, "/1/status ends too early"},
		{"an array with a comma too many", mediaJSON, "[" + minimal + ",]", 400, "the body is not JSON at byte"},
		{"an array without a comma", mediaJSON, "[" + minimal + " " + minimal + "]", 400, "is not JSON at byte"},
		{"an array with a broken item", mediaJSON, array(minimal, `{"status":tru}`, minimal), 400, "/1/status is not JSON at byte"},
		{"an array with what is not UTF-8 between items", mediaJSON, "[" + minimal + "\xff]", 400, "is not JSON at byte"},
		{"an array with a comma after it", mediaJSON, "[" + minimal + "],", 400, "is not JSON at byte"},
		{"two arrays", mediaJSON, "[" + minimal + "][]", 400, "the body goes on after its end"},
		{"a byte order mark", mediaJSON, "\ufeff[" + minimal + "]", 400, "the body is not JSON at byte 0"},
		{"an item that is nested beyond any stack", mediaJSON, array(minimal, `{"raw_payload":`+strings.Repeat("[", 10001)+strings.Repeat("]", 10001)+"}"), 400, "is not JSON at byte"},
	} {
		w := newWorld(t)
		rec := w.do(w.batchRequest(row.media, row.body))
		if rec.Code != row.status || len(w.commands) > 0 {
			t.Errorf("%s: status %d, and %d commands: %.300s", row.name, rec.Code, len(w.commands), rec.Body)
			continue
		}
		if p := problemOf(t, rec); p.Code != codeInvalidJSON || !strings.HasPrefix(p.Message, row.says) && !strings.Contains(p.Message, " "+row.says) || len(p.Errors) != 1 {
			t.Errorf("%s: %s %s", row.name, p.Code, p.Message)
		}
	}
}
