package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"resultlog/core"
)

const (
	// burstSize is how many submissions come at once.
	burstSize = 300

	// fewClients is with how many clients the server is when it is at ease: what a burst is compared with.
	fewClients = 20

	// bursts is how many come in a run: of one alone the 99th percentile is that of three requests.
	bursts = 5

	// idleShare is the part of a run's length that nothing is asked of the server before each.
	idleShare = 0.1
)

// burstRun is one engine, in one round.
type burstRun struct {
	Engine string  `json:"engine"`
	Round  int     `json:"round"`
	Few    run     `json:"few"` // the clients in a closed loop
	P50    float64 `json:"burst_p50_ms"`
	P99    float64 `json:"burst_p99_ms"`
}

// burstRuns are all that were measured.
type burstRuns []burstRun

// burstTarget is the promise on an engine.
func burstTarget(engine string) promise {
	return promise{name: fmt.Sprintf("p99 of %d submissions at once out of idle, of that at %d clients, on %s", burstSize, fewClients, engine), bound: 3, atMost: true}
}

// measureBursts measures every engine once in each round.
func (s settings) measureBursts(ctx context.Context, engines []engine, rounds int) (runs burstRuns, err error) {
	past := slices.Clone(s.past)
	for round := 1; round <= rounds; round++ {
		for _, e := range engines {
			one, err := s.measureBurst(ctx, e, past.expected(e.known, fewClients))
			if err != nil {
				return nil, fmt.Errorf("%d at once on %s, round %d: %w", burstSize, e.name, round, err)
			}
			one.Engine, one.Round, one.Few.Contender, one.Few.Clients = e.name, round, e.known.name, fewClients
			runs, past = append(runs, one), append(past, one.Few)
			fmt.Fprintf(os.Stderr, "round %d/%d  %d at once on %-38s p99 %7.2f ms, at %d clients %7.2f ms\n", round, rounds, burstSize, e.name, one.P99, fewClients, one.Few.P99)
		}
	}
	return runs, nil
}

// measureBurst is one run: the few clients first, then the bursts.
func (s settings) measureBurst(ctx context.Context, e engine, expected float64) (one burstRun, err error) {
	err = s.onServer(ctx, e.known, func(at place) (acknowledged []core.ID, err error) {
		stock := s.stock(e.known, fewClients, expected)
		few, _, err := s.stocked(ctx, e.known, at, fewClients, stock+bursts*burstSize)
		if err != nil {
			return nil, err
		}
		defer few.close()
		next := numbers(stock)
		acknowledged, err = s.warmUp(ctx, e.known, at, few, next)
		if err != nil {
			return nil, err
		}
		sent, some, err := s.send(ctx, e.known, at, few, next, s.length)
		if err != nil {
			return nil, err
		}
		shots, ids, err := s.burst(at, e.known.template(s.token), numbersAfter(stock, bursts*burstSize))
		waited := shots.times(fromDue)
		one = burstRun{Few: sent, P50: milliseconds(percentile(waited, 50)), P99: milliseconds(percentile(waited, 99))}
		return slices.Concat(acknowledged, some, ids), err
	})
	return one, err
}

// burst sends them all at the same moment, over as many connections, again and again.
func (s settings) burst(at place, request template, next func() (int64, bool)) (all shots, ids []core.ID, err error) {
	clients, err := connect(burstSize, at.addrs...)
	if err != nil {
		return nil, nil, err
	}
	defer clients.close()
	once := openLoop{schedule: schedule{{rate: math.Inf(1), burst: burstSize}}, request: request, next: next, clock: wallClock}
	for range bursts {
		time.Sleep(time.Duration(idleShare * float64(s.length)))
		shots, some, err := once.run(clients)
		if err != nil {
			return nil, nil, err
		}
		if n := len(shots.in(0, created)); n != burstSize {
			return nil, nil, fmt.Errorf("%d of %d were answered 201", n, burstSize)
		}
		all, ids = append(all, shots...), append(ids, some...)
	}
	return all, ids, nil
}

// median is that of a figure on an engine over all rounds; NaN if there was none.
func (rs burstRuns) median(engine string, of func(burstRun) float64) float64 {
	return medianOf(rs, func(r burstRun) bool { return r.Engine == engine }, of)
}

// burstRatio is how much longer the slowest wait in a burst.
func burstRatio(r burstRun) float64 { return r.P99 / r.Few.P99 }

// verdicts judges the promise on each engine that was measured.
func (rs burstRuns) verdicts() (all []verdict) {
	for _, engine := range []string{onSQLite, onPostgres} {
		all = append(all, burstTarget(engine).judge(rs.median(engine, burstRatio))...)
	}
	return all
}

// write prints the bursts beside the few.
func (rs burstRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| %d submissions at once, out of idle | p50 in ms | p99 in ms | p99 in ms at %d clients | ratio |\n|---|---|---|---|---|\n", burstSize, fewClients)
	for _, engine := range []string{onSQLite, onPostgres} {
		of := func(figure func(burstRun) float64) float64 { return rs.median(engine, figure) }
		if p99 := of(func(r burstRun) float64 { return r.P99 }); p99 > 0 {
			fmt.Fprintf(out, "| on %s | %.2f | %.2f | %.2f | %.2f |\n", engine, of(func(r burstRun) float64 { return r.P50 }), p99, of(func(r burstRun) float64 { return r.Few.P99 }), of(burstRatio))
		}
	}
}
