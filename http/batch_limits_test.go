package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"resultlog/core"
)

// sized is a submission of so many bytes.
func sized(size int) string { return "{" + strings.Repeat(" ", size-len(minimal)) + minimal[1:] }

// TestBatchLimits has a row for every bound of a batch: one that is just met, and one that is passed.
func TestBatchLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	many := slices.Repeat([]string{minimal}, MaxBatchItems)
	padded := func(size int) string { return array(minimal) + strings.Repeat(" ", size-len(array(minimal))) }
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	all := func(n int) string { return strings.TrimSuffix(strings.Repeat("201, ", n), ", ") }
	for _, row := range []struct {
		sentence string
		media    string
		body     string
		change   func(*http.Request)
		then     string // the status and code of the whole, or, if that is 207, of each item
	}{
		{"up to 500 submissions", mediaJSON, array(many...), nil, all(500)},
		{"up to 500 submissions, a line each", mediaNDJSON, lines(many...) + "\r\n\r\n", nil, all(500)},
		{"16 MiB", mediaJSON, padded(MaxBatchBody), nil, "201"},
		{"16 MiB in chunks", mediaJSON, padded(MaxBatchBody), chunked, "201"},
		{"16 MiB and no more, by its Content-Length", mediaJSON, padded(MaxBatchBody + 1), nil, "413 body_too_large"},
		{"16 MiB and no more, in chunks", mediaJSON, padded(MaxBatchBody + 1), chunked, "413 body_too_large"},
		{"one body 256 KiB: an item", mediaJSON, array(minimal, sized(MaxBody), minimal), nil, all(3)},
		{"over the size: 413: an item", mediaJSON, array(minimal, sized(MaxBody+1), minimal), nil, "201, 413 body_too_large, 201"},
		{"one body 256 KiB: a line", mediaNDJSON, lines(minimal, " "+sized(MaxBody)+"\t\r", minimal), nil, all(3)},
		{"over the size: 413: a line", mediaNDJSON, lines(minimal, sized(MaxBody+1), minimal), nil, "201, 413 body_too_large, 201"},
		{"over the size: 413: what is wrong with it besides does not count", mediaNDJSON, lines(minimal, strings.Repeat("[", MaxBody+1)), nil, "201, 413 body_too_large"},
		{"nesting 64 deep: an item is the first level", mediaJSON, array(sent("raw_payload", deep(63)), sent("raw_payload", deep(64))), nil, "201, 400 invalid_json"},
		{"a body that breaks off", mediaNDJSON, "", func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(minimal+"\n"), iotest.ErrReader(errors.New("reset"))))
		}, "400 body_unreadable"},
		{"application/json in any case, with charset=utf-8", "Application/JSON; charset=UTF-8", array(minimal), nil, "201"},
		{"application/x-ndjson in any case, with charset=utf-8", `Application/X-NDJSON;charset="utf-8"`, lines(minimal, minimal), nil, all(2)},
		{"not application/json: 415: another charset", "application/x-ndjson; charset=latin1", minimal, nil, "415 unsupported_media_type"},
		{"not application/json: 415: text", "text/plain", minimal, nil, "415 unsupported_media_type"},
		{"not application/json: 415: another name for lines", "application/jsonl", minimal, nil, "415 unsupported_media_type"},
		{"not application/json: 415: none", "", minimal, header("Content-Type"), "415 unsupported_media_type"},
		{"not application/json: 415: compressed", mediaNDJSON, minimal, header("Content-Encoding", "gzip"), "415 unsupported_media_type"},
		{"the header → `400`", mediaJSON, array(minimal), header("Idempotency-Key", "k"), "400 invalid_header"},
		{"the header → `400`: one that is none", mediaJSON, array(minimal), header("Idempotency-Key", ""), "400 invalid_header"},
		{"no query parameters on a write", mediaJSON, array(minimal), func(r *http.Request) { r.URL.RawQuery = "consistency=eventual" }, "400 invalid_query"},
		{"idempotency_key 255 characters", mediaJSON, array(sent("idempotency_key", quoted(255, "é"))), nil, "201"},
		{"idempotency_key 1–255 characters: 256", mediaJSON, array(sent("idempotency_key", quoted(256, "é"))), nil, "400 validation_failed"},
		{"idempotency_key 1–255 characters: none", mediaJSON, array(sent("idempotency_key", `""`)), nil, "400 validation_failed"},
		{"idempotency_key: no NUL", mediaJSON, array(sent("idempotency_key", `"\u0000"`)), nil, "400 validation_failed"},
		{"idempotency_key: null means absent", mediaJSON, array(sent("idempotency_key", `null`), sent("idempotency_key", `null`)), nil, all(2)},
		{"idempotency_key: a string", mediaJSON, array(sent("idempotency_key", `1`)), nil, "400 invalid_json"},
		{"idempotency_key: once", mediaJSON, array(strings.Replace(sent(), "{", `{"idempotency_key":"a","idempotency_key":"a",`, 1)), nil, "400 invalid_json"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t)
			r := w.batchRequest(row.media, row.body)
			if row.change != nil {
				row.change(r)
			}
			rec := w.do(r)
			got, accepted := "", strings.Count(row.then, "201")
			if rec.Code == http.StatusMultiStatus {
				got = briefItems(t, rec)
			} else {
				got = briefly(t, rec)
			}
			if got != row.then {
				t.Errorf("%.300s, want %.300s: %.300s", got, row.then, rec.Body)
			}
			if len(w.log) != accepted {
				t.Errorf("%d events, want %d", len(w.log), accepted)
			}
			if closes := rec.Header().Get("Connection") == "close"; closes != (rec.Code == 413) {
				t.Errorf("Connection: close is %t", closes)
			}
		})
	}
}

// TestIdempotencyKeyIsOfBatches: a single submission has a header for it.
func TestIdempotencyKeyIsOfBatches(t *testing.T) {
	if got := briefly(t, newWorld(t).post(submitPath, sent("idempotency_key", `"k"`))); got != "400 invalid_json" {
		t.Errorf("told %s", got)
	}
}

// unread is a body that nobody may read before it is refused.
type unread struct {
	t     *testing.T
	began time.Time
}

func (u unread) Read([]byte) (int, error) {
	if began := time.Since(u.began); began < ReadsWait {
		u.t.Errorf("the body was read after %s", began)
	}
	return 0, io.EOF
}

func (unread) Close() error { return nil }

// TestBatchesAreBounded: one tenant has half of the places, one more waits before its body is read, and the others are not kept out.
func TestBatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range MaxBatches / 2 {
			mustTake(t, w.server.batches, tenant)
		}
		r := w.batchRequest(mediaJSON, array(minimal))
		r.Body = unread{t, time.Now()}
		if rec := w.do(r); briefly(t, rec) != "503 batches_busy" || rec.Header().Get("Retry-After") == "" {
			t.Errorf("one too many: %d %s", rec.Code, rec.Body)
		}
		if got := briefItems(t, w.ask("SUPER_ADMIN X-Tenant-Id={other} POST "+batchPath+" "+array(minimal))); got != "201" {
			t.Errorf("of another tenant: %s", got)
		}
		w.server.batches.giveBack(tenant)
		if got := briefItems(t, w.ask("POST "+batchPath+" "+array(minimal))); got != "201" {
			t.Errorf("when one has ended: %s", got)
		}
	})
}

// TestBatchesGiveTheirPlacesBack: however they end.
func TestBatchesGiveTheirPlacesBack(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		name, body string
		broken     func()
	}{
		{"accepted", array(minimal), nil},
		{"refused", "[", nil},
		{"too large", strings.Repeat(" ", MaxBatchBody+1), nil},
		{"not let in", array(minimal), func() { w.shut = full }},
		{"a panic", array(minimal), func() { w.shut = nil; w.onSubmit = func(context.Context) { panic("a bug") } }},
	} {
		if row.broken != nil {
			row.broken()
		}
		w.do(w.batchRequest(mediaJSON, row.body))
		if p := w.server.batches; p.free != MaxBatches || len(p.taken) > 0 {
			t.Errorf("%s: %d of %d places are free", row.name, p.free, MaxBatches)
		}
	}
}

// TestOrderOfChecksOfBatches does for a batch what TestOrderOfChecks does for a single one.
func TestOrderOfChecksOfBatches(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	w := newWorld(t)
	w.shut = full
	p, steps := w.wrongInEveryWay(http.MethodPost, batchPath, "VIEWER", "FDE")
	p.body = strings.Repeat(" ", MaxBatchBody+1)
	last := &steps[len(steps)-1]
	if last.code != codeInvalidHeader {
		t.Fatal("the last step is of another header")
	}
	last.mend = func() { p.header.Del("Idempotency-Key") }
	w.walk(t, p, append(steps, []orderStep{
		{codeInvalidJSON, 400, func() { p.body = array(minimal) }},
		{core.CodeQueueFull, 503, nil},
	}...))
	w.shut = nil
	r := w.batchRequest(mediaJSON, array(minimal))
	if got := briefItems(t, w.do(r)); got != "201" {
		t.Errorf("with everything mended: %s", got)
	}
}
