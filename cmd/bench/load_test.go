package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

const testToken = "a.b.c"

// clientsOf connects clients to a handler that is served in this process.
func clientsOf(t *testing.T, handler http.Handler, n int) load {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	clients, err := connect(n, server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clients.close)
	return clients
}

func TestClosedLoopOnTheCeiling(t *testing.T) {
	const length = 200 * time.Millisecond
	started := time.Now()
	got, err := clientsOf(t, ceilingHandler(testToken), 2).closedLoop(submission(testToken), numbers(unlimited), length)
	if err != nil {
		t.Fatal(err)
	}
	ids, latencies := got.acknowledged(), got.latencies()
	if len(ids) < 10 || len(latencies) != len(ids) || !slices.IsSorted(latencies) {
		t.Errorf("%d answers with %d latencies, want at least 10 of each, and the latencies sorted", len(ids), len(latencies))
	}
	if took := got.latest().lastAt.Sub(started); took < length {
		t.Errorf("the last answer came after %s, want %s at least", took, length)
	}
	for _, one := range got {
		if one.lastAt.After(got.latest().lastAt) || one.last != one.acknowledged[len(one.acknowledged)-1] {
			t.Errorf("the last of all answers is not that of %s", got.latest().last)
		}
	}
	slices.SortFunc(ids, func(a, b core.ID) int { return slices.Compare(a[:], b[:]) })
	if n := len(slices.Compact(ids)); n != len(latencies) {
		t.Errorf("%d different ids in %d answers", n, len(latencies))
	}
}

func TestClosedLoopEndsWithItsStock(t *testing.T) {
	got, err := clientsOf(t, ceilingHandler(testToken), 3).closedLoop(submission(testToken), numbers(100), time.Minute)
	if n := len(got.acknowledged()); err != nil || n != 100 {
		t.Errorf("%d answers, %v; want exactly 100", n, err)
	}
}

// One wrong answer makes the whole run worthless.
func TestClosedLoopRefusesEveryAnswerButCreated(t *testing.T) {
	const id = `{"id":"770e8400-e29b-41d4-a716-446655440000"}`
	give := func(status int, requestID, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", requestID)
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	for name, row := range map[string]struct {
		handler http.HandlerFunc
		want    string // in the error; empty: there is none
	}{
		"created":           {give(201, "r1", id), ""},
		"a refusal":         {give(409, "r1", id), "answered 409"},
		"another success":   {give(200, "r1", id), "answered 200"},
		"no request id":     {give(201, "", id), "request id"},
		"no id":             {give(201, "r1", "{}"), "id"},
		"a lost connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		_, err := clientsOf(t, row.handler, 2).closedLoop(submission(testToken), numbers(100), time.Minute)
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want an error that says %q", name, err, row.want)
		}
	}
}

// One item that was not accepted makes the whole run worthless too.
func TestClosedLoopCountsTheItemsOfBatches(t *testing.T) {
	item := func(status string) string {
		return `{"index":0,"status":` + status + `,"headers":{"Resultlog-Position":"1"},"body":{"id":"770e8400-e29b-41d4-a716-446655440000"}}`
	}
	give := func(status int, items ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "r1")
			body := "[" + strings.Join(items, ",") + "]"
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	all := slices.Repeat([]string{item("201")}, batchItems)
	for name, row := range map[string]struct {
		handler http.HandlerFunc
		want    string // in the error; empty: there is none
	}{
		"created":       {give(207, all...), ""},
		"one refusal":   {give(207, append(slices.Clone(all[1:]), item("409"))...), "99 of 100 items"},
		"one too few":   {give(207, all[1:]...), "99 of 100 items"},
		"no batch":      {give(201, all...), "answered 201"},
		"without an id": {give(207, append(slices.Clone(all[1:]), strings.Replace(item("201"), `"id"`, `"no"`, 1))...), "begin with an id"},
	} {
		got, err := clientsOf(t, row.handler, 2).closedLoop(batchOfSubmissions(testToken), numbers(6), time.Minute)
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want an error that says %q", name, err, row.want)
		}
		if err == nil && (len(got.acknowledged()) != 6*batchItems || len(got.latencies()) != 6) {
			t.Errorf("%s: %d ids, %d latencies", name, len(got.acknowledged()), len(got.latencies()))
		}
	}
}

func TestNumbers(t *testing.T) {
	all := func(next func() (int64, bool)) (got []int64) {
		for n, ok := next(); ok; n, ok = next() {
			got = append(got, n)
		}
		return got
	}
	rest := numbers(5)
	for _, row := range []struct {
		name      string
		got, want []int64
	}{
		{"from one", all(numbers(3)), []int64{1, 2, 3}},
		{"after others", all(numbersAfter(7, 2)), []int64{8, 9}},
		{"of a list", all(numbersOf([]int64{4, 2, 9})), []int64{4, 2, 9}},
		{"of none", all(numbersOf(nil)), nil},
		{"some of them", all(upTo(2, rest)), []int64{1, 2}},
		{"and the rest", all(upTo(9, rest)), []int64{3, 4, 5}},
	} {
		if !slices.Equal(row.got, row.want) {
			t.Errorf("%s: %v, want %v", row.name, row.got, row.want)
		}
	}
}
