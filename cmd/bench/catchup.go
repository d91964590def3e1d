package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// catchUpRun is how long the read tables took to be made again from a history, in one round.
type catchUpRun struct {
	Engine  string  `json:"engine"`
	Round   int     `json:"round"`
	Events  int     `json:"events"`
	Seconds float64 `json:"seconds"`
}

// catchUpRuns are all that were measured.
type catchUpRuns []catchUpRun

// catchUpTarget is the promise, in thousands of events a second, on each engine.
func catchUpTarget(engine string) promise {
	return promise{name: "thousand events a second into the read tables, on " + engine, bound: 60, stretch: 100}
}

// measureCatchUp makes a history on each engine and has the program rebuild the read tables from it, in turns.
func (s settings) measureCatchUp(ctx context.Context, p product, engines []engine, events, rounds int) (runs catchUpRuns, err error) {
	fill := func(at place) error {
		_, err := fillHistory(ctx, at, events, 0)
		return err
	}
	err = s.onEach(ctx, engines, rounds, fill, func(e engine, at place, round int) error {
		made, took, err := p.rebuild(ctx, at, events)
		if err != nil {
			return err
		}
		one := catchUpRun{Engine: e.name, Round: round, Events: made, Seconds: took.Seconds()}
		runs = append(runs, one)
		fmt.Fprintf(os.Stderr, "round %d/%d  read tables on %-38s %8.0f events/s\n", round, rounds, e.name, one.rate())
		return nil
	})
	return runs, err
}

func (r catchUpRun) rate() float64 { return float64(r.Events) / r.Seconds }

// median is that of an engine's rate over all rounds; NaN if there was none.
func (rs catchUpRuns) median(engine string) float64 {
	return medianOf(rs, func(r catchUpRun) bool { return r.Engine == engine }, catchUpRun.rate)
}

// verdicts judges the promise on each engine that was measured.
func (rs catchUpRuns) verdicts() (all []verdict) {
	for _, engine := range []string{onSQLite, onPostgres} {
		all = append(all, catchUpTarget(engine).judge(rs.median(engine)/1000)...)
	}
	return all
}

// write prints how fast read tables are fed, beside what feeds nothing, or one row each.
func (rs catchUpRuns) write(out io.Writer, stock stockRuns) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| fed from a log | a second | |\n|---|---|---|\n")
	for _, engine := range []string{onSQLite, onPostgres} {
		if rate := rs.median(engine); rate > 0 {
			fmt.Fprintf(out, "| resultlog rebuild on %s, all read tables | %s | over %d events |\n", engine, rateText(rate), rs[0].Events)
		}
	}
	stock.write(out)
}
