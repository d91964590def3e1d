package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"resultlog/core"
)

// parameterRow is a query string, and what is said of it; nothing: it is accepted.
type parameterRow struct{ query, says string }

const (
	wrongUUID  = " must be a UUID of 36 characters"
	wrongTime  = " must be an RFC 3339 time with an offset or Z"
	emptyValue = " must not be empty"
	comesTwice = " must come once"
)

var someCursor, somePosition = cursorText(&core.Cursor{Page: 2, ID: core.ID{1}}), cursorText(&core.Cursor{Page: 2, ByPosition: true, Position: 1})

// anyListRows are what every list says of what every list takes.
var anyListRows = []parameterRow{
	{"", ""},
	{"?", ""},
	{"?page=1&limit=1", ""},
	{"?page=100&limit=100", ""},
	{"?page=10000&per_page=1", ""},
	{"?page=334&limit=30", ""},
	{"?page=335&limit=30", "page 335 of 30 rows each lies too deep"},
	{"?page=101&limit=100", "page 101 of 100 rows each lies too deep: pages end at row 10000; use cursor"},
	{"?page=501", "page 501 of 20 rows each lies too deep"},
	{"?page=2147483647", "lies too deep"},
	{"?page=2147483648", "page must be a whole number from 1 to "},
	{"?page=0", "page must be a whole number from 1"},
	{"?page=-1", "page must be a whole number from 1"},
	{"?page=%2B1", "page must be a whole number from 1"},
	{"?page=1.0", "page must be a whole number from 1"},
	{"?page=1e1", "page must be a whole number from 1"},
	{"?page=99999999999999999999", "page must be a whole number from 1"},
	{"?page=", "page" + emptyValue},
	{"?page=1&page=1", "page" + comesTwice},
	{"?limit=101", "limit must be a whole number from 1 to 100"},
	{"?limit=0", "limit must be a whole number from 1 to 100"},
	{"?per_page=101", "per_page must be a whole number from 1 to 100"},
	{"?limit=10&per_page=10", "per_page is another name of limit: send one of them"},
	{"?cursor=" + someCursor, ""},
	{"?cursor=" + someCursor + "&limit=7&status=CANCELED", ""},
	{"?cursor=" + someCursor + "&page=1", "cursor says where the page begins, and so does page"},
	{"?cursor=x", "cursor is not one that this service gave"},
	{"?cursor=", "cursor" + emptyValue},
	{"?cursor=" + somePosition, "cursor is of another walk"},
	{"?cursor=" + someCursor + "&after_position=0", "cursor is of another walk"},
	{"?cursor=" + somePosition + "&after_position=0", ""},
	{"?cursor=" + somePosition + "&after_position=2", "cursor is of another walk"},
	{"?after_position=0", ""},
	{"?after_position=9223372036854775807", ""},
	{"?after_position=9223372036854775808", "after_position must be a whole number"},
	{"?after_position=-1", "after_position must be a whole number from 0"},
	{"?consistency=eventual", ""},
	{"?consistency=strong", "consistency must be one of eventual"},
	{"?consistency=", "consistency" + emptyValue},
	{"?status=CANCELED", ""},
	{"?status=canceled", "status must be one of "},
	{"?status=NONE", "status must be one of "},
	{"?status=CANCELED&status=CANCELED", "status" + comesTwice},
	{"?Status=CANCELED", `there is no query parameter "Status" here`},
	{"?classified=x&a=y", `there is no query parameter "a" here; there is no query parameter "classified" here`},
	{"?" + strings.Repeat("x", 5000) + "=1", "there is no query parameter"},
	{"?provider_activity_id=p", ""},
	{"?provider_activity_id=" + strings.Repeat("%C3%A9", 255), ""},
	{"?provider_activity_id=" + strings.Repeat("%C3%A9", 256), "provider_activity_id must have at most 255 characters, and has 256"},
	{"?provider_activity_id=", "provider_activity_id" + emptyValue},
	{"?provider_activity_id=%00", "provider_activity_id must not contain the character NUL"},
	{"?provider_activity_id=%ff", "provider_activity_id is not UTF-8"},
	{"?commerce_external_id=", "commerce_external_id" + emptyValue},
	{"?limit=0&page=x&status=y", "status must be one of "}, // … and what follows, see TestAllThatIsWrongIsTold
	{"?%zz", "the query string cannot be read"},
	{"?a;b", "the query string cannot be read"},
}

var resultListRows = []parameterRow{
	{"?activity_id=11111111-1111-4111-8111-111111111111", ""},
	{"?activity_id=7", "activity_id" + wrongUUID},
	{"?activity_id=00000000-0000-0000-0000-000000000000", "activity_id must not be the all-zero UUID"},
	{"?operator_external_id=", "operator_external_id" + emptyValue},
	{"?source=STANDALONE", ""},
	{"?source=OTHER", "source must be one of RETEN_ACTIVITY, STANDALONE"},
	{"?result=not_home", ""},
	{"?result=Not_home", "result is not in the catalogue: must be one of success, not_home, "},
	{"?contact_type=INBOUND", ""},
	{"?contact_type=IN", "contact_type must be one of INBOUND, OUTBOUND"},
	{"?occurred_from=2025-01-16T14:30:00Z&occurred_to=2025-01-16T14:30:00Z", ""},
	{"?occurred_from=2025-01-16T14:30:00.001Z&occurred_to=2025-01-16T14:30:00Z", "occurred_to lies before the beginning of the same span"},
	{"?occurred_to=2025-01-16T14:30:00Z&occurred_from=2025-01-16T14:30:00.001Z", "occurred_to lies before the beginning of the same span"},
	{"?occurred_from=2025-01-16T14:30:00", "occurred_from" + wrongTime},
	{"?occurred_from=2025-01-16T14:30:00+03:00", "the + of an offset is %2B in a query string"},
	{"?occurred_from=2025-01-16T14:30:00%2B03:00", ""},
	{"?occurred_to=2025-01-16", "occurred_to" + wrongTime},
	{"?updated_from=2025-01-17T00:00:00Z&updated_to=2025-01-16T00:00:00Z", "updated_to lies before the beginning"},
	{"?updated_from=x", "updated_from" + wrongTime},
	{"?updated_to=", "updated_to" + emptyValue},
	{"?sort=updatedAt", ""},
	{"?sort=occurredAt&order=asc&page=2", ""},
	{"?sort=occurredAt&order=desc", ""},
	{"?sort=createdAt", "sort must be one of updatedAt, occurredAt"},
	{"?sort=updatedAt:asc", "sort must be one of updatedAt, occurredAt"},
	{"?sort=updatedAt&order=up", "order must be one of asc, desc"},
	{"?order=asc", "order is the direction of sort: send both, or neither"},
	{"?sort=updatedAt&cursor=" + someCursor, "cursor has an order already: leave sort out"},
	{"?sort=updatedAt&after_position=0&cursor=" + somePosition, "cursor has an order already: leave sort out"},
	{"?sort=updatedAt&after_position=0", ""},
	{"?search=a", `there is no query parameter "search" here`},
}

var activityListRows = []parameterRow{
	{"?status=READY", ""},
	{"?type=TASK", ""},
	{"?type=task", "type must be one of TASK, MESSAGE"},
	{"?channel=SMS", ""},
	{"?channel=FAX", "channel must be one of SALESMAN, "},
	{"?commerce_id=11111111-1111-4111-8111-111111111111", ""},
	{"?commerce_id=store-1", "commerce_id" + wrongUUID},
	{"?scheduled_from=2025-01-17T00:00:00Z&scheduled_to=2025-01-16T00:00:00Z", "scheduled_to lies before the beginning"},
	{"?scheduled_from=x", "scheduled_from" + wrongTime},
	{"?search=" + strings.Repeat("x", 255), ""},
	{"?search=" + strings.Repeat("x", 256), "search must have at most 255 characters, and has 256"},
	{"?search=", "search" + emptyValue},
	{"?search=%ff", "search is not UTF-8"},
	{"?sort=updatedAt", `there is no query parameter "sort" here`},
	{"?order=asc", `there is no query parameter "order" here`},
	{"?activity_id=11111111-1111-4111-8111-111111111111", `there is no query parameter "activity_id" here`},
}

// TestParametersOfLists: each parameter is read strictly, and a message says which is wrong, and how.
func TestParametersOfLists(t *testing.T) {
	w := newWorld(t)
	for path, rows := range map[string][]parameterRow{results: append(resultListRows, anyListRows...), createPath: append(activityListRows, anyListRows...)} {
		for _, row := range rows {
			rec := w.do(w.request(http.MethodGet, path+row.query, ""))
			if row.says == "" {
				if rec.Code != http.StatusOK {
					t.Errorf("%s%s: %s", path, row.query, rec.Body)
				}
				continue
			}
			p := problemOf(t, rec)
			if p.Code != codeInvalidQuery || !strings.Contains(p.Message, row.says) {
				t.Errorf("%s%.100s: %s %s, want %s", path, row.query, p.Code, p.Message, row.says)
			}
			if len(p.Message) > 1000 {
				t.Errorf("%s%.100s: a message of %d bytes", path, row.query, len(p.Message))
			}
		}
	}
}

// TestAllThatIsWrongIsTold: all of it at once, filters first.
func TestAllThatIsWrongIsTold(t *testing.T) {
	rec := newWorld(t).ask("GET " + results + "?z=1&limit=0&page=&y=1&source=x&consistency=x")
	want := `source must be one of RETEN_ACTIVITY, STANDALONE; page must not be empty: leave it out if it is to say nothing; limit must be a whole number from 1 to 100; ` +
		`consistency must be one of eventual; there is no query parameter "y" here; there is no query parameter "z" here`
	if p := problemOf(t, rec); p.Message != want {
		t.Errorf("told: %s\nwant: %s", p.Message, want)
	}
}

// TestCursors: each is read as it was written, and nothing else is one.
func TestCursors(t *testing.T) {
	cursors := []core.Cursor{
		{Page: 2, CreatedAt: core.InstantOf(noon), ID: core.ID{1, 2, 3}}, {Page: 1 << 30, CreatedAt: -1, ID: core.ID{15: 0xff}},
		{Page: 3, ByPosition: true, Position: 1}, {Page: 1 << 31, ByPosition: true, Position: 1<<63 - 1},
	}
	for _, c := range cursors {
		text := cursorText(&c)
		if got, err := parseCursor(text); err != nil || got != c {
			t.Errorf("%+v was read as %+v, %v", c, got, err)
		}
		if url.QueryEscape(text) != text {
			t.Errorf("%s must be escaped in a query string", text)
		}
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		broken := [][]byte{raw[:len(raw)-1], append(raw, 0), raw[:6], {}, append([]byte{2}, raw[1:]...), append([]byte{1, 'x'}, raw[2:]...), append(append([]byte{}, raw[:2]...), append([]byte{0, 0, 0, 1}, raw[6:]...)...)}
		for _, b := range broken {
			if got, err := parseCursor(base64.RawURLEncoding.EncodeToString(b)); err == nil {
				t.Errorf("% x was read as %+v", b, got)
			}
		}
	}
	for _, text := range []string{"", "=", "AXAAAAACAAAAAAAAAAI=", "AXAAAAACAAAAAAAAAAJ", "AXAAAAACAAAAAAAAAAA", "AXAAAAAC AAAAAAAAAAI", "AXAAAAACAAAAAAAAAA+", cursorText(&core.Cursor{Page: 1, ID: core.ID{1}})} {
		if got, err := parseCursor(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

// capped is a reader of more results than are counted.
type capped struct{ *world }

func (capped) Results(context.Context, core.Position, core.ID, core.ResultQuery) (core.Page[core.ResultView], error) {
	return core.Page[core.ResultView]{Total: core.MaxTotal, Capped: true}, nil
}

// TestTotalIsCapped: total is exact up to 10,000; beyond it totalIsCapped: true.
func TestTotalIsCapped(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Reader = capped{c.Reader.(*world)} })
	rec := w.ask("GET " + results + "?limit=30")
	if want := `"total":10000,"totalPages":334,"nextCursor":null,"totalIsCapped":true}}`; !strings.HasSuffix(rec.Body.String(), want) {
		t.Errorf("answered %s, want …%s", rec.Body, want)
	}
}

// TestListsWaitAgain: a list that finds the tables emptied, by a rebuild that began after it was let through, waits again instead of being empty.
func TestListsWaitAgain(t *testing.T) {
	for _, path := range []string{results, createPath, showA1 + "/status-events"} {
		w := newWorld(t)
		for _, line := range twoResults {
			w.accept(t, line)
		}
		w.waited, w.emptied = 0, 2
		if rec := w.ask("GET " + path); rec.Code != http.StatusOK || w.waited != 3 {
			t.Errorf("%s: status %d, waited %d times: %s", path, rec.Code, w.waited, rec.Body)
		}
	}
}

// TestOrderOfLists: a list that is wrong in every way there is, and mended one after the other.
func TestOrderOfLists(t *testing.T) {
	w := newWorld(t)
	w.barrierFails = &core.Error{Code: core.CodeReadsBehind}
	w.readFails = context.DeadlineExceeded
	path, header := results+"?limit=0", http.Header{}
	for _, step := range []struct {
		code core.Code
		mend func()
	}{
		{core.CodeUnauthenticated, func() { header.Set("Authorization", "Bearer "+w.token("VIEWER")) }},
		{codeInvalidTenant, func() { header.Set("X-Tenant-Id", otherTenant.String()) }},
		{codeTenantForbidden, func() { header.Set("X-Tenant-Id", tenant.String()) }},
		{codeInvalidQuery, func() { path = results }},
		{core.CodeReadsBehind, func() { w.barrierFails = nil }},
		{codeInternal, func() { w.readFails = nil }},
		{"", nil},
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header = header
		rec := w.do(r)
		if step.code == "" {
			if rec.Code != http.StatusOK {
				t.Fatalf("with everything mended: %s", rec.Body)
			}
			break
		}
		if p := problemOf(t, rec); p.Code != step.code {
			t.Fatalf("code %q, want %q", p.Code, step.code)
		}
		step.mend()
	}
}

// TestListsAreBounded: their answers can be large, and a client may be slow to read them.
func TestListsAreBounded(t *testing.T) {
	w := newWorld(t)
	for range maxLists / 2 {
		mustTake(t, w.server.lists, tenant)
	}
	rec := w.do(w.request(http.MethodGet, "/api/activities", ""))
	if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), `"code":"lists_busy"`) || rec.Header().Get("Retry-After") == "" {
		t.Errorf("one list too many: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask("SUPER_ADMIN X-Tenant-Id={other} GET /api/activities"); rec.Code != http.StatusOK {
		t.Errorf("of another tenant: %d %s", rec.Code, rec.Body)
	}
	w.server.lists.giveBack(tenant)
	for range 3 { // each gives back what it took
		if rec := w.do(w.request(http.MethodGet, "/api/activities?status=READY", "")); rec.Code != http.StatusOK {
			t.Errorf("when one has ended: %d %s", rec.Code, rec.Body)
		}
	}
}
