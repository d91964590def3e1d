package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"resultlog/core"
)

const (
	// openClients is how many connections a fixed rate has: while the server keeps up nearly all of them wait, and a stall of a tenth of a second at two thousand a second leaves some.
	openClients = 256
)

// openRun is one contender at a fixed rate, in one round. Latencies count from when a request was due.
type openRun struct {
	Contender string  `json:"contender"`
	Round     int     `json:"round"`
	Requests  int     `json:"requests"` // all answered 201
	Asked     float64 `json:"asked"`    // requests due a second
	Rate      float64 `json:"rate"`     // 201s a second until the last
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
	FromSent  float64 `json:"p99_from_sent_ms"` // what a closed loop would have told
	Late      float64 `json:"late_p99_ms"`      // how late requests were sent: what the generator adds, or who keeps all connections busy
}

// openRuns are all that were measured.
type openRuns []openRun

// openContenders are those that are measured at a fixed rate.
func (p product) openContenders(withPostgres bool) []contender {
	all := []contender{plainFile(p.token)}
	for _, e := range p.engines(withPostgres) {
		all = append(all, e.known)
	}
	return all
}

// measureOpen measures all of them at the same rate, in turns.
func (s settings) measureOpen(ctx context.Context, all []contender, rate float64, rounds int) (runs openRuns, err error) {
	for round := 1; round <= rounds; round++ {
		for _, c := range all {
			one, err := s.measureAtRate(ctx, c, rate)
			if err != nil {
				return nil, fmt.Errorf("%s at %g requests a second, round %d: %w", c.name, rate, round, err)
			}
			one.Contender, one.Round = c.name, round
			runs = append(runs, one)
			fmt.Fprintf(os.Stderr, "round %d/%d  open loop    %-34s %8.0f/s  p99 %7.2f ms\n", round, rounds, c.name, one.Rate, one.P99)
		}
	}
	return runs, nil
}

// measureAtRate is one run.
func (s settings) measureAtRate(ctx context.Context, c contender, rate float64) (one openRun, err error) {
	timed := schedule{{rate: rate, length: time.Duration(warmUpShare * float64(s.length))}, {rate: rate, length: s.length}}
	err = s.onServer(ctx, c, func(at place) (acknowledged []core.ID, err error) {
		clients, next, err := s.stocked(ctx, c, at, openClients, timed.requests())
		if err != nil {
			return nil, err
		}
		defer clients.close()
		shots, ids, err := openLoop{schedule: timed, request: c.template(s.token), next: next, clock: wallClock}.run(clients)
		if err != nil {
			return nil, err
		}
		if due := timed.requests(); int64(len(ids)) != due { // those of the warm-up too
			return nil, fmt.Errorf("%d of %d requests were answered 201: the rate is too high for it", len(ids), due)
		}
		one = shots.in(1, created).atRate(rate)
		return ids, nil
	})
	return one, err
}

// atRate sums up a phase of a fixed rate.
func (ss shots) atRate(asked float64) openRun {
	due, sent := ss.times(fromDue), ss.times(fromSent)
	one := openRun{
		Requests: len(ss), Asked: asked, P50: milliseconds(percentile(due, 50)), P99: milliseconds(percentile(due, 99)), P999: milliseconds(percentile(due, 99.9)),
		FromSent: milliseconds(percentile(sent, 99)), Late: milliseconds(percentile(ss.times(late), 99)),
	}
	if first, last := ss.times(dueAt), ss.times(answeredAt); len(ss) > 0 {
		one.Rate = float64(len(ss)) / (last[len(last)-1] - first[0]).Seconds()
	}
	return one
}

// median is that of a contender's figure over all rounds; NaN if there was none.
func (rs openRuns) median(contender string, of func(openRun) float64) float64 {
	return medianOf(rs, func(r openRun) bool { return r.Contender == contender }, of)
}

// write prints the latencies at the rate.
func (rs openRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| open loop, %g requests a second | answered a second | p50 / p99 / p99.9 in ms, from when they were due | p99 in ms, from when they were sent | sent late, p99 in ms |\n|---|---|---|---|---|\n", rs[0].Asked)
	for _, c := range []string{plainFileName, knownName, postgresName} {
		of := func(figure func(openRun) float64) float64 { return rs.median(c, figure) }
		if rate := of(func(r openRun) float64 { return r.Rate }); rate > 0 {
			fmt.Fprintf(out, "| %s | %s | %.2f / %.2f / %.2f | %.2f | %.2f |\n", c, rateText(rate), of(func(r openRun) float64 { return r.P50 }), of(func(r openRun) float64 { return r.P99 }),
				of(func(r openRun) float64 { return r.P999 }), of(func(r openRun) float64 { return r.FromSent }), of(func(r openRun) float64 { return r.Late }))
		}
	}
}
