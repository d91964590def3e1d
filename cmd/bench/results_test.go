package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample has three rounds in which the machine got slower, for both alike, but for one outlier.
var sample = results{
	{Contender: ceilingName, Clients: 256, Round: 1, Rate: 1000, P99: 1},
	{Contender: plainFileName, Clients: 256, Round: 1, Rate: 800, P99: 2},
	{Contender: knownName, Clients: 256, Round: 1, Rate: 500, P99: 5},
	{Contender: ceilingName, Clients: 256, Round: 2, Rate: 500, P99: 1},
	{Contender: plainFileName, Clients: 256, Round: 2, Rate: 400, P99: 2},
	{Contender: knownName, Clients: 256, Round: 2, Rate: 100, P99: 5},
	{Contender: ceilingName, Clients: 256, Round: 3, Rate: 100, P99: 1},
	{Contender: plainFileName, Clients: 256, Round: 3, Rate: 80, P99: 2},
	{Contender: knownName, Clients: 256, Round: 3, Rate: 50, P99: 5},
	{Contender: plainFileName, Clients: 64, Round: 1, P99: 2},
	{Contender: knownName, Clients: 64, Round: 1, P99: 5},
}

func TestRatioComparesWhatStoodSideBySide(t *testing.T) {
	if got := sample.ratio(knownName, ceilingName, 256, rate); got != 0.5 {
		t.Errorf("ratio = %v, want 0.5, the middle of 0.5, 0.2 and 0.5", got)
	}
	if got := sample.median(knownName, 256, rate); got != 100 {
		t.Errorf("median = %v, want 100", got)
	}
	if got := sample.ratio(knownName, ceilingName, 16, rate); !math.IsNaN(got) {
		t.Errorf("ratio of what was not measured = %v, want NaN", got)
	}
	if got := sample.latestRate(plainFileName, 256); got != 80 {
		t.Errorf("latest rate = %v, want 80", got)
	}
}

func TestVerdicts(t *testing.T) {
	got := sample.verdicts()
	want := []verdict{
		{Name: targets[0].name, Value: 0.5, Target: 0.40, Stretch: 0.60, Met: true},
		{Name: targets[1].name, Value: 0.625, Target: 0.60, Stretch: 0.85, Met: true},
		{Name: targets[2].name, Value: 2.5, Target: 3, AtMost: true, Met: true},
	} // and none for one client, which was not measured
	if len(got) != len(want) {
		t.Fatalf("verdicts = %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("verdict %+v, want %+v", got[i], want[i])
		}
	}
	slow := results{{Contender: plainFileName, Clients: 64, Round: 1, P99: 2}, {Contender: knownName, Clients: 64, Round: 1, P99: 6.1}}
	if got := slow.verdicts(); len(got) != 1 || got[0].Met {
		t.Errorf("a p99 of 3.05 times the plain file's: %+v", got)
	}
}

// A bound that is just reached is kept, and what was not measured is neither kept nor missed.
func TestPromisesAreKeptAtTheirBounds(t *testing.T) {
	for _, row := range []struct {
		atMost bool
		value  float64
		met    bool
	}{{false, 1.99, false}, {false, 2, true}, {true, 2, true}, {true, 2.01, false}} {
		if got := (promise{bound: 2, atMost: row.atMost}).judge(row.value); len(got) != 1 || got[0].Met != row.met {
			t.Errorf("%+v: %+v", row, got)
		}
	}
	for _, none := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := (promise{bound: 2}).judge(none); got != nil {
			t.Errorf("of %v: %+v", none, got)
		}
	}
}

func TestReport(t *testing.T) {
	r := report{
		Machine: machine{Command: "go run ./cmd/bench --quick", Date: "2026-11-23", Commit: "abc1234", Go: "go1.26", Cores: 2, CPU: "CPU", System: "linux/amd64 6.1", FileSystem: "ext4", Load: "0.10"}, Clients: []int{64, 256}, Rounds: 3, Seconds: 2,
		Contenders: []string{ceilingName, plainFileName, knownName}, Runs: sample, Targets: sample.verdicts(),
	}
	var out strings.Builder
	r.write(&out)
	for _, line := range []string{
		"`go run ./cmd/bench --quick`. Measured 2026-11-23 at commit abc1234: 2 cores (CPU), linux/amd64 6.1, go1.26, data on ext4, load average 0.10 before;",
		"| ratio of rates, by clients | 64 | 256 |\n|---|---|---|\n",
		"| resultlog, known activities / ceiling | – | 0.50 |\n",
		"| durable 201s, 256 clients, of the ceiling's | ≥ 0.40 | ≥ 0.60 | 0.50 | met |\n",
		"| p99 at 64 clients, of the plain file's | ≤ 3.00 |  | 2.50 | met |\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, out.String())
		}
	}
}

// roundOnPostgres has one round without a plain file, as --only postgres measures it.
var roundOnPostgres = results{
	{Contender: ceilingName, Clients: 256, Round: 1, Rate: 10_000},
	{Contender: crudName, Clients: 256, Round: 1, Rate: 500},
	{Contender: postgresName, Clients: 256, Round: 1, Rate: 3500, Lag: 5},
	{Contender: twoNodesName, Clients: 256, Round: 1, Rate: 2100, Lag: 6},
}

func TestReportOfPostgres(t *testing.T) {
	r := report{
		Machine: machine{Go: "go1.26", Postgres: "PostgreSQL 15.18"}, Clients: []int{256}, Contenders: []string{ceilingName, crudName, postgresName, twoNodesName}, Runs: roundOnPostgres, Targets: roundOnPostgres.verdicts(),
	}
	var out strings.Builder
	r.write(&out)
	for _, line := range []string{
		", go1.26, PostgreSQL 15.18, data on",
		"| resultlog on PostgreSQL / ceiling | 0.35 |\n| resultlog on PostgreSQL / CRUD handler | 7.00 |\n| resultlog on PostgreSQL, two nodes / ceiling | 0.21 |\n" +
			"| resultlog on PostgreSQL, two nodes / resultlog on PostgreSQL | 0.60 |\n",
		"can be read, by clients | 256 |\n|---|---|\n| resultlog on PostgreSQL | 5.0 |\n",
		"| durable 201s on PostgreSQL, 256 clients, of the ceiling's | ≥ 0.28 | ≥ 0.45 | 0.35 | met |\n",
		"| durable 201s on PostgreSQL, 256 clients, of the CRUD handler's | ≥ 6.00 | ≥ 10.00 | 7.00 | met |\n",
		"| two nodes' durable 201s on PostgreSQL, 256 clients, of one node's | ≥ 0.65 |  | 0.60 | missed |\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, out.String())
		}
	}
	if strings.Contains(out.String(), plainFileName) || len(r.Targets) != 3 {
		t.Errorf("the plain file was not measured:\n%s", out.String())
	}
}

func TestReportAsJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	if err := (report{Runs: sample, Tenants: flooded, Targets: sample.verdicts()}).writeJSON(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Runs    []map[string]any
		Tenants []map[string]any
		Targets []map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Runs) != len(sample) || got.Runs[0]["rate"] != 1000.0 || len(got.Targets) != 3 || len(got.Tenants) != 3 || got.Tenants[0]["flood"] == nil {
		t.Errorf("%s", text)
	}
	for _, key := range []string{"name", "value", "target", "met"} {
		if _, ok := got.Targets[0][key]; !ok {
			t.Errorf("a target lacks %q: %v", key, got.Targets[0])
		}
	}
}
