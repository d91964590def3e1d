package main

import (
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

func TestFlags(t *testing.T) {
	for line, ok := range map[string]bool{"--clients=1,64": true, "--rounds=5": true, "--clients=0": false, "--clients=1,-2": false, "--rounds=0": false, "--seconds=0": false, "--seconds=x": false, "--rows=0": true, "--rows=999": false, "--only=tenants": true, "--only=postgres": true, "--only=tenant": false} {
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
	}{{"", ratesPart, true}, {"", tenantsPart, true}, {tenantsPart, tenantsPart, true}, {tenantsPart, ratesPart, false}, {pagesPart, tenantsPart, false}, {postgresPart, ratesPart, false}} {
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
			for _, name := range []string{ceilingName, plainFileName, knownName, treelessName, batchesName, crudName, postgresName, twoNodesName} {
				all = append(all, run{Contender: name, Clients: clients, Round: round, Rate: 1, P99: 1})
			}
		}
	}
	if got := len(all.verdicts()); got != len(targets) || b.Rounds < 3 {
		t.Errorf("%d of %d targets, in %d rounds", got, len(targets), b.Rounds)
	}
}

// PostgreSQL alone is measured beside the ceiling, which its ratios are of; without it nothing is missing but its rows.
func TestContenders(t *testing.T) {
	postgres := []string{crudName, postgresName, twoNodesName}
	limits := []string{ceilingName, plainFileName, knownName, batchesName}
	whole := []string{ceilingName, plainFileName, knownName, treelessName, batchesName}
	for _, row := range []struct {
		bench      benchCommand
		onPostgres bool
		want       []string
	}{
		{benchCommand{Only: postgresPart}, true, slices.Concat([]string{ceilingName}, postgres)},
		{benchCommand{Only: ratesPart}, false, slices.Concat(limits, []string{keyedName, standaloneName})},
		{benchCommand{Quick: true}, true, slices.Concat(whole, postgres)},
		{benchCommand{Quick: true}, false, whole},
		{benchCommand{Only: treesPart}, false, []string{plainFileName, knownName, treelessName}},
		{benchCommand{Only: tenantsPart}, false, nil},
	} {
		var got []string
		for _, c := range row.bench.contenders(product{}, row.onPostgres) {
			got = append(got, c.name)
			if quick := slices.Equal(c.only, quickOnPostgres); quick != (row.bench.Quick && c.onPostgres) {
				t.Errorf("%+v: %s is measured with %v clients only", row.bench, c.name, c.only)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v, want %v", row.bench, got, row.want)
		}
	}
}
