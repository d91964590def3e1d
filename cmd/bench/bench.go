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
	Clients    []int   `default:"1,16,64,256,1024" help:"Numbers of keep-alive clients. Default: ${default}."`
	Rounds     int     `default:"3" help:"How often everything is measured; medians are reported, and less than three are none. Default: ${default}."`
	Seconds    float64 `default:"3" help:"How long clients send in a run; an overload lasts twenty times as long. Default: ${default}."`
	Quick      bool    `help:"Nearly every target, as short as a figure means anything: in less than a minute, to see whether something broke, not for the record."`
	Rows       int     `default:"1000000" placeholder:"N" help:"How many results the pages of lists are read from, beside a thousand; 0: they are not measured. Default: ${default}."`
	Events     []int   `default:"1000000" placeholder:"N" help:"How many events the histories have. The parts audit and catchup take the largest, growth each of them beside an empty log; 0: these parts are not measured. Default: ${default}."`
	Activities int     `default:"1000000" placeholder:"N" help:"How many activities, of three events each, are replayed and kept in memory; 0: these parts are not measured. Default: ${default}."`
	Rate       float64 `default:"2000" placeholder:"N" help:"Requests a second of the open loop, the same for all. Default: ${default}."`
	Only       string  `enum:",rates,trees,postgres,open,tenants,overload,catchup,replay,memory,growth,pages,audit" default:"" placeholder:"PART" help:"Measure this part and no other."`
	JSON       string  `placeholder:"FILE" help:"Also write the raw figures and the targets to this file."`
	SVG        string  `placeholder:"FILE" help:"Also draw the rates and latencies over the number of clients into this file."`
	Dir        string  `default:"bin" help:"Where contenders keep their data; on a disk, not in memory. Default: ${default}."`
}

// Help stands in --help, below the usage.
func (benchCommand) Help() string { return introduction + partsHelp() + examples }

// Validate implements kong's check of the flags.
func (b *benchCommand) Validate() error {
	if len(b.Clients) == 0 || slices.Min(b.Clients) < 1 || b.Rounds < 1 || b.Seconds <= 0 || b.Rate <= 0 {
		return errors.New("--clients, --rounds, --seconds and --rate must be positive")
	}
	if b.Rows != 0 && b.Rows < fewRows {
		return fmt.Errorf("--rows must be 0, or %d at least", fewRows)
	}
	if len(b.Events) == 0 || slices.Min(b.Events) < 0 || b.Activities < 0 {
		return errors.New("--events and --activities must not be negative")
	}
	if b.SVG != "" && !b.measures(ratesPart) && !b.measures(postgresPart) {
		return fmt.Errorf("--svg draws what the parts %s and %s measure: leave --only out, or name one of them", ratesPart, postgresPart)
	}
	return nil
}

// What --quick measures with, to end within a minute.
const (
	quickRounds     = 3       // the least that a median means something of
	quickSeconds    = 0.15    // some hundred answers of the slowest
	quickRows       = 20_000  // twenty times as many as fewRows
	quickEvents     = 30_000  // a second's rebuilding
	quickActivities = 100_000 // a second's replaying
)

// quick is what --quick measures.
func (b *benchCommand) quick() {
	b.Clients, b.Rounds, b.Seconds = []int{1, batchClients, 64, 256}, quickRounds, quickSeconds
	b.Rows, b.Events, b.Activities = min(b.Rows, quickRows), []int{min(b.most(), quickEvents)}, min(b.Activities, quickActivities)
}

// most is how many events the largest history has.
func (b benchCommand) most() int { return slices.Max(b.Events) }

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
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return err
	}
	r.judge()
	r.write(os.Stdout)
	return b.keep(r)
}

// keep writes the files that were asked for.
func (b benchCommand) keep(r report) (err error) {
	if b.JSON != "" {
		err = r.writeJSON(b.JSON)
	}
	if b.SVG != "" {
		err = errors.Join(err, r.writeSVG(b.SVG))
	}
	return err
}

// measure fills in the parts of the report that were asked for.
func (b benchCommand) measure(ctx context.Context, s settings, p product, r *report) (err error) {
	if r.Machine.Postgres, err = b.postgres(ctx, postgrestest.Binaries); err != nil {
		return err
	}
	if b.Quick && r.Machine.Postgres != "" { // to start one takes longer than a run
		if s.shared, err = postgrestest.StartIn(ctx, s.dir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.shared.Close()) }()
	}
	if err := measureRates(ctx, b, s, p, r); err != nil {
		return err
	}
	s.past = r.Runs
	for _, part := range parts {
		if !b.measures(part.name) || part.measure == nil {
			continue
		}
		if err := part.measure(ctx, b, s, p, r); err != nil {
			return err
		}
	}
	return nil
}
