package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"resultlog/core"
)

const (
	// lagClients is with how many clients the lag is measured: where the accept rate is highest.
	lagClients = 256

	// lagInterval is how often the lag is looked at: some hundred times in a run, and no more than a few per cent of a core, since it is read from all that /metrics shows.
	lagInterval = 25 * time.Millisecond
)

// lagRun is how far the read tables were behind in time while submissions came as fast as they were accepted, in one round.
type lagRun struct {
	Engine  string  `json:"engine"`
	Round   int     `json:"round"`
	Rate    float64 `json:"rate"`    // of the 201s meanwhile, without what came after the last
	Samples int     `json:"samples"` // how often it was looked at
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Longest float64 `json:"longest_ms"`
}

// lagRuns are all that were measured.
type lagRuns []lagRun

// lagTarget is the promise on each engine.
func lagTarget(engine string) promise {
	return promise{name: "p99 of the read tables' lag at full accept rate, ms, on " + engine, bound: 250, atMost: true}
}

// measureLags measures every engine once in each round.
func (s settings) measureLags(ctx context.Context, engines []engine, rounds int) (runs lagRuns, err error) {
	past := slices.Clone(s.past)
	for round := 1; round <= rounds; round++ {
		for _, e := range engines {
			one, sent, err := s.measureLag(ctx, e, past.expected(e.known, lagClients))
			if err != nil {
				return nil, fmt.Errorf("the lag on %s, round %d: %w", e.name, round, err)
			}
			sent.Contender, sent.Clients, one.Round = e.known.name, lagClients, round
			runs, past = append(runs, one), append(past, sent)
			fmt.Fprintf(os.Stderr, "round %d/%d  lag on %-46s %8.0f/s  p99 %7.1f ms\n", round, rounds, e.name, one.Rate, one.P99)
		}
	}
	return runs, nil
}

// measureLag looks at the lag while clients send in a closed loop.
func (s settings) measureLag(ctx context.Context, e engine, expected float64) (one lagRun, sent run, err error) {
	err = s.onServer(ctx, e.known, func(at place) (acknowledged []core.ID, err error) {
		clients, next, err := s.stocked(ctx, e.known, at, lagClients, s.stock(e.known, lagClients, expected))
		if err != nil {
			return nil, err
		}
		defer clients.close()
		warmUp, err := s.warmUp(ctx, e.known, at, clients, next)
		if err != nil {
			return nil, err
		}
		looking := startSampler(lagInterval, func() (float64, error) {
			found, err := scrape(ctx, at.addrs[0], lagMetric)
			return found[lagMetric] * 1000, err
		})
		stopping := time.AfterFunc(s.length, looking.end) // while they send, and not while they wait for the end
		sent, acknowledged, err = s.send(ctx, e.known, at, clients, next, s.length)
		stopping.Stop()
		lags, looked := looking.stop()
		if err == nil {
			err = looked
		}
		one = lagOf(e.name, lags)
		one.Rate = answering(sent)
		return append(warmUp, acknowledged...), err
	})
	return one, sent, err
}

// lagOf sums up what was seen.
func lagOf(engine string, lags []float64) lagRun {
	times := make([]time.Duration, len(lags))
	for i, ms := range lags {
		times[i] = time.Duration(ms * float64(time.Millisecond))
	}
	slices.Sort(times)
	return lagRun{Engine: engine, Samples: len(lags), P50: milliseconds(percentile(times, 50)), P99: milliseconds(percentile(times, 99)), Longest: milliseconds(percentile(times, 100))}
}

// median is that of a figure on an engine over all rounds; NaN if there was none.
func (rs lagRuns) median(engine string, of func(lagRun) float64) float64 {
	return medianOf(rs, func(r lagRun) bool { return r.Engine == engine }, of)
}

// verdicts judges the promise on each engine that was measured.
func (rs lagRuns) verdicts() (all []verdict) {
	for _, engine := range []string{onSQLite, onPostgres} {
		all = append(all, lagTarget(engine).judge(rs.median(engine, func(r lagRun) float64 { return r.P99 }))...)
	}
	return all
}

// write prints the lags.
func (rs lagRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| the read tables' lag with %d clients | 201s a second | p50 in ms | p99 in ms | longest in ms |\n|---|---|---|---|---|\n", lagClients)
	for _, engine := range []string{onSQLite, onPostgres} {
		of := func(figure func(lagRun) float64) float64 { return rs.median(engine, figure) }
		if rate := of(func(r lagRun) float64 { return r.Rate }); rate > 0 {
			fmt.Fprintf(out, "| on %s | %s | %.1f | %.1f | %.1f |\n", engine, rateText(rate),
				of(func(r lagRun) float64 { return r.P50 }), of(func(r lagRun) float64 { return r.P99 }), of(func(r lagRun) float64 { return r.Longest }))
		}
	}
}
