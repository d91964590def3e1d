package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"resultlog/eventstore/postgres/postgrestest"
)

// benchCommand is what `make bench` runs.
type benchCommand struct {
	Clients []int   `default:"1,16,64,256" help:"Numbers of keep-alive clients."`
	Rounds  int     `default:"3" help:"How often everything is measured; medians are reported, and less than three are none."`
	Seconds float64 `default:"3" help:"How long clients send in a run."`
	Quick   bool    `help:"Shorter runs of fewer of them, some 90 seconds: to see whether something broke, not for the record."`
	Rows    int     `default:"1000000" help:"How many results the pages of lists are read from, beside a thousand; 0: they are not measured."`
	Events  int     `default:"1000000" help:"How many events the history has that is exported and verified; 0: it is not measured."`
	Only    string  `enum:",rates,trees,postgres,tenants,pages,audit" default:"" placeholder:"PART" help:"Measure this part and no other: rates, trees, postgres, tenants, pages or audit."`
	JSON    string  `placeholder:"FILE" help:"Also write the raw figures and the targets to this file."`
	Dir     string  `default:"bin" help:"Where contenders keep their data; on a disk, not in memory."`
}

// The parts of a bench, as --only names them.
const (
	ratesPart    = "rates"    // resultlog beside its limits
	treesPart    = "trees"    // resultlog beside itself without the audit's trees
	postgresPart = "postgres" // resultlog on PostgreSQL beside the ceiling and what a user would write instead
	tenantsPart  = "tenants"  // a quiet tenant beside a flooding one
	pagesPart    = "pages"    // lists
	auditPart    = "audit"    // exporting and verifying a history
)

// measures tells whether a part was asked for.
func (b benchCommand) measures(part string) bool { return b.Only == "" || b.Only == part }

// quick is what --quick measures: every target, as short as its ratio means anything.
func (b *benchCommand) quick() {
	b.Clients, b.Rounds, b.Seconds, b.Rows = []int{1, 64, 256}, 3, 0.5, min(b.Rows, 100_000)
	b.Events = min(b.Events, 100_000)
}

// quickOnPostgres are the numbers of clients of what is quick on PostgreSQL, where each run begins with a cluster.
var quickOnPostgres = []int{64, 256}

// Validate implements kong's check of the flags.
func (b *benchCommand) Validate() error {
	if len(b.Clients) == 0 || slices.Min(b.Clients) < 1 || b.Rounds < 1 || b.Seconds <= 0 {
		return errors.New("--clients, --rounds and --seconds must be positive")
	}
	if b.Rows != 0 && b.Rows < fewRows {
		return fmt.Errorf("--rows must be 0, or %d at least", fewRows)
	}
	return nil
}

// Run measures everything and prints the report.
func (b benchCommand) Run(ctx context.Context) error {
	if b.Quick {
		b.quick()
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.Dir, "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL does not run as root: under root its own user must come through, to a directory that is closed
		return err
	}
	credentials, err := newCredentials()
	if err != nil {
		return err
	}
	product, err := buildProduct(ctx, dir, credentials)
	if err != nil {
		return err
	}
	r := report{Machine: describe(ctx, dir), Clients: b.Clients, Rounds: b.Rounds, Seconds: b.Seconds, Rows: b.Rows}
	s := settings{dir: dir, token: credentials.token, length: time.Duration(b.Seconds * float64(time.Second))}
	if err := b.measure(ctx, s, product, &r); err != nil {
		return err
	}
	r.Targets = slices.Concat(r.Runs.verdicts(), r.Pages.verdicts(b.Rows), r.Audit.verdicts())
	r.write(os.Stdout)
	if b.JSON != "" {
		return r.writeJSON(b.JSON)
	}
	return nil
}

// measure fills in the parts of the report that were asked for.
func (b benchCommand) measure(ctx context.Context, s settings, p product, r *report) (err error) {
	if r.Machine.Postgres, err = b.postgres(ctx, postgrestest.Binaries); err != nil {
		return err
	}
	if all := b.contenders(p, r.Machine.Postgres != ""); len(all) > 0 {
		for _, c := range all {
			r.Contenders = append(r.Contenders, c.name)
		}
		if r.Runs, err = b.rounds(ctx, s, all); err != nil {
			return err
		}
	}
	if b.measures(tenantsPart) {
		if r.Tenants, err = b.tenantRounds(ctx, s, p); err != nil {
			return err
		}
	}
	if b.measures(pagesPart) && b.Rows > 0 {
		fmt.Fprintf(os.Stderr, "filling read tables with %d results\n", b.Rows)
		if r.Pages, err = measurePages(ctx, s.dir, b.Rows, b.Rounds); err != nil {
			return err
		}
	}
	if b.measures(auditPart) && b.Events > 0 {
		fmt.Fprintf(os.Stderr, "making a history of %d events\n", b.Events)
		if r.Audit, err = b.measureAudit(ctx, s.dir, p); err != nil {
			return err
		}
	}
	return nil
}

// contenders lists who is measured, in the order of each round: the limits first, since their rates say how much to prepare for.
func (b benchCommand) contenders(p product, onPostgres bool) (all []contender) {
	if b.measures(ratesPart) || onPostgres {
		all = append(all, ceiling(p.token))
	}
	if b.measures(ratesPart) || b.measures(treesPart) {
		all = append(all, plainFile(p.token), p.known())
	}
	if b.measures(treesPart) {
		all = append(all, p.treeless())
	}
	if b.measures(ratesPart) {
		all = append(all, p.batches())
	}
	if b.measures(ratesPart) && !b.Quick {
		all = append(all, p.keyed(), p.standalone())
	}
	if onPostgres {
		for _, c := range p.onPostgres() {
			if b.Quick {
				c.only = quickOnPostgres
			}
			all = append(all, c)
		}
	}
	return all
}

// rounds measures every contender with every number of clients, one after the other, and all of that again in each round:
// what is compared stands side by side.
func (b benchCommand) rounds(ctx context.Context, s settings, all []contender) (results, error) {
	var done results
	for round := 1; round <= b.Rounds; round++ {
		for _, clients := range b.Clients {
			for _, c := range all {
				if !c.takes(clients) {
					continue
				}
				one, err := s.measure(ctx, c, clients, done.expected(c, clients))
				if ctx.Err() != nil {
					return nil, errors.New("interrupted")
				}
				if err != nil {
					return nil, fmt.Errorf("%s, %d clients, round %d: %w", c.name, clients, round, err)
				}
				one.Contender, one.Clients, one.Round = c.name, clients, round
				done = append(done, one)
				fmt.Fprintf(os.Stderr, "round %d/%d  %3d clients  %-34s %8.0f/s  p99 %7.2f ms  lag %6.1f ms\n", round, b.Rounds, clients, c.name, one.Rate, one.P99, one.Lag)
			}
		}
	}
	return done, nil
}

// tenantRounds measures the tenants beside each other, once in each round.
func (b benchCommand) tenantRounds(ctx context.Context, s settings, p product) (tenantRuns, error) {
	var done tenantRuns
	for round := 1; round <= b.Rounds; round++ {
		one, err := s.measureTenants(ctx, p, floodClients)
		if ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
		if err != nil {
			return nil, fmt.Errorf("a quiet tenant beside a flooding one, round %d: %w", round, err)
		}
		one.Round, one.Alone.Round, one.Beside.Round, one.Flood.Round = round, round, round, round
		done = append(done, one)
		fmt.Fprintf(os.Stderr, "round %d/%d  a quiet tenant: p99 %.2f ms alone, %.2f ms beside a flood, whose own is %.2f ms\n", round, b.Rounds, one.Alone.P99, one.Beside.P99, one.Flood.P99)
	}
	return done, nil
}
