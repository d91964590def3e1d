package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestFlags(t *testing.T) {
	for line, ok := range map[string]bool{
		"--clients=1,64": true, "--rounds=5": true, "--clients=0": false, "--clients=1,-2": false, "--rounds=0": false, "--seconds=0": false, "--seconds=x": false, "--rate=0": false,
		"--rows=0": true, "--rows=999": false, "--events=0,1000000": true, "--events=-1": false, "--activities=0": true, "--activities=-1": false,
		"--only=tenants": true, "--only=postgres": true, "--only=tenant": false,
		"--svg=x --only=rates": true, "--svg=x --only=postgres": true, "--svg=x": true, "--svg=x --only=pages": false,
	} {
		parser := kong.Must(new(benchCommand), kong.Name("bench"))
		if _, err := parser.Parse(strings.Fields(line)); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// --only takes the name of each part, --help says what each is, and all of them are what a bench without it measures.
func TestOnlyMeasuresOnePart(t *testing.T) {
	help := (benchCommand{}).Help()
	for _, one := range parts {
		parser := kong.Must(new(benchCommand), kong.Name("bench"))
		if _, err := parser.Parse([]string{"--only=" + one.name}); err != nil {
			t.Errorf("--only=%s: %v", one.name, err)
		}
		if !strings.Contains(help, "  "+one.name) || !strings.Contains(help, one.says) {
			t.Errorf("--help lacks %s:\n%s", one.name, help)
		}
		for _, other := range parts {
			if got := (benchCommand{Only: one.name}).measures(other.name); got != (one.name == other.name) {
				t.Errorf("--only=%s measures %s: %v", one.name, other.name, got)
			}
		}
		if !(benchCommand{}).measures(one.name) {
			t.Errorf("%s is measured by --only alone", one.name)
		}
	}
}

// What is quick must still say something about every target, but for what the trees cost.
func TestQuickMeasuresEveryTarget(t *testing.T) {
	b := benchCommand{Quick: true, Events: []int{1, 1_000_000}, Rows: 1_000_000, Activities: 1_000_000}
	b.quick()
	var all results
	for round := 1; round <= b.Rounds; round++ {
		for _, clients := range b.Clients {
			for _, c := range b.contenders(product{}, true) {
				if c.takes(clients) {
					all = append(all, run{Contender: c.name, Clients: clients, Round: round, Rate: 1, P99: 1})
				}
			}
		}
	}
	if got := len(all.verdicts()); got != len(targets)-1 || b.Rounds < 3 || b.most() == 0 || b.Rows < fewRows || b.Activities == 0 {
		t.Errorf("%d of %d targets, by %+v", got, len(targets), b)
	}
}

// PostgreSQL alone is measured beside the ceiling, which its ratios are of; without it nothing is missing but its rows.
func TestContenders(t *testing.T) {
	postgres := []string{crudName, stockName, postgresName, twoNodesName}
	limits := []string{ceilingName, plainFileName, knownName}
	for _, row := range []struct {
		bench      benchCommand
		onPostgres bool
		want       []string
	}{
		{benchCommand{}, true, slices.Concat(limits, []string{treelessName, batchesName, keyedName, standaloneName}, postgres)},
		{benchCommand{Only: postgresPart}, true, slices.Concat([]string{ceilingName}, postgres)},
		{benchCommand{Only: ratesPart}, false, slices.Concat(limits, []string{batchesName, keyedName, standaloneName})},
		{benchCommand{Quick: true}, true, slices.Concat(limits, []string{batchesName, crudName, postgresName, twoNodesName})},
		{benchCommand{Quick: true}, false, slices.Concat(limits, []string{batchesName})},
		{benchCommand{Only: treesPart}, false, []string{plainFileName, knownName, treelessName}},
		{benchCommand{Only: tenantsPart}, false, nil},
	} {
		var got []string
		for _, c := range row.bench.contenders(product{}, row.onPostgres) {
			got = append(got, c.name)
			if row.bench.Quick && len(c.only) == 0 {
				t.Errorf("%+v: %s is measured with all numbers of clients", row.bench, c.name)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v, want %v", row.bench, got, row.want)
		}
	}
}

func TestPartsThatNeedPostgres(t *testing.T) {
	for part, want := range map[string]bool{
		"": true, postgresPart: true, openPart: true, overloadPart: true, catchUpPart: true, replayPart: true, growthPart: true,
		ratesPart: false, treesPart: false, tenantsPart: false, memoryPart: false, pagesPart: false, auditPart: false,
	} {
		if got := (benchCommand{Only: part}).measuresOnPostgres(); got != want {
			t.Errorf("--only=%s needs PostgreSQL: %v", part, got)
		}
	}
}
