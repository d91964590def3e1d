package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

func TestFlags(t *testing.T) {
	for line, ok := range map[string]bool{"--clients=1,64": true, "--rounds=5": true, "--clients=0": false, "--clients=1,-2": false, "--rounds=0": false, "--seconds=0": false, "--seconds=x": false, "--rows=0": true, "--rows=999": false, "--only=tenants": true, "--only=tenant": false} {
		parser := kong.Must(new(benchCommand), kong.Name("bench"))
		if _, err := parser.Parse([]string{line}); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestOnlyMeasuresOnePart(t *testing.T) {
	for _, row := range []struct {
		only, part string
		want       bool
	}{{"", ratesPart, true}, {"", tenantsPart, true}, {tenantsPart, tenantsPart, true}, {tenantsPart, ratesPart, false}, {pagesPart, tenantsPart, false}} {
		if got := (benchCommand{Only: row.only}).measures(row.part); got != row.want {
			t.Errorf("--only=%s measures %s: %v", row.only, row.part, got)
		}
	}
}

// What is quick must still say something about every target.
func TestQuickMeasuresEveryTarget(t *testing.T) {
	var b benchCommand
	b.quick()
	var all results
	for round := 1; round <= b.Rounds; round++ {
		for _, clients := range b.Clients {
			for _, name := range []string{ceilingName, plainFileName, knownName, batchesName} {
				all = append(all, run{Contender: name, Clients: clients, Round: round, Rate: 1, P99: 1})
			}
		}
	}
	if got := len(all.verdicts()); got != len(targets) || b.Rounds < 3 {
		t.Errorf("%d of %d targets, in %d rounds", got, len(targets), b.Rounds)
	}
}
