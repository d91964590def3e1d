package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shortest is a bench that measures as little as there is.
func shortest(t *testing.T) (settings, product, *report) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds resultlog")
	}
	p := built(t)
	s := settings{dir: openDir(t), token: p.token, length: 50 * time.Millisecond, shared: sharedCluster(t)}
	r := &report{Rows: fewRows}
	if s.shared != nil {
		r.Machine.Postgres = "PostgreSQL"
	}
	return s, p, r
}

// Each part that has no test of its own, as --only runs it; what was not right, verified, or caught up would be an error. Its table and its targets are in the report.
func TestPartsAreMeasured(t *testing.T) {
	s, p, whole := shortest(t)
	b := benchCommand{Rounds: 1, Events: []int{1200}, Activities: 300, Rate: 500}
	for _, row := range []struct {
		part     string
		heading  string
		targets  int  // on each engine
		everyone bool // on every engine that there is
	}{
		{openPart, "| open loop, 500 requests a second |", 0, false},
		{catchUpPart, "| fed from a log |", 2, true},
		{replayPart, "| restart over 300 activities, 900 events |", 2, true},
		{growthPart, "| growth on SQLite, by events in the log | 0 | 1.2 k |", 3, false},
	} {
		r := &report{}
		if row.everyone {
			r.Machine = whole.Machine
		}
		part := parts[slices.IndexFunc(parts, func(one part) bool { return one.name == row.part })]
		if err := part.measure(t.Context(), b, s, p, r); err != nil {
			t.Fatalf("%s: %v", row.part, err)
		}
		r.judge()
		if got, want := len(r.Targets), row.targets*len(enginesOf(p, r)); got != want {
			t.Errorf("%s has %d targets, want %d: %+v", row.part, got, want, r.Targets)
		}
		var out strings.Builder
		if r.write(&out); !strings.Contains(out.String(), row.heading) {
			t.Errorf("%s: the report lacks %q:\n%s", row.part, row.heading, out.String())
		}
		if err := r.writeJSON(filepath.Join(t.TempDir(), "bench.json")); err != nil { // which knows no NaN
			t.Errorf("%s: %v", row.part, err)
		}
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A rebuild that has not projected everything is no measurement.
func TestRebuiltInPartIsNoMeasurement(t *testing.T) {
	for report, sound := range map[string]bool{
		`{"events":9,"parked":0,"seconds":0.5}`: true, `{"events":10,"parked":0,"seconds":0.5}`: true, `{"events":8,"parked":0,"seconds":0.5}`: false,
		`{"events":9,"parked":1,"seconds":0.5}`: false, `{"events":9,"parked":0,"seconds":0}`: false, ``: false,
	} {
		_, took, err := judgeRebuilt(report, 9)
		if (err == nil) != sound || (sound && took != 500*time.Millisecond) || (err != nil && strings.Contains(err.Error(), "%!")) {
			t.Errorf("%s: %s, %v", report, took, err)
		}
	}
}

// An overload on a server of one engine: the others differ in nothing that it is about.
func TestOverloadIsMeasured(t *testing.T) {
	s, p, _ := shortest(t)
	s.length = 20 * time.Millisecond
	engines := p.engines(false)
	runs, err := s.measureOverloads(t.Context(), engines)
	if err != nil {
		t.Fatal(err)
	}
	if r := runs[0]; r.Accepted == 0 || r.Accepted+r.Refused+r.Unsent != int(s.overload(r.Sustainable)[overloaded].requests()) || r.AcceptedP99 <= 0 || r.NormalP99 <= 0 {
		t.Errorf("%+v", r)
	}
	bursts, err := s.measureBursts(t.Context(), engines, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r := bursts[0]; r.P99 < r.P50 || r.P50 <= 0 || r.Few.P99 <= 0 || len(bursts.verdicts()) != 1 {
		t.Errorf("%+v", r)
	}
}
