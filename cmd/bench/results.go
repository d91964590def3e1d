package main

import "cmp"

// results are all runs of a bench.
type results []run

// metric is a figure of a run.
type metric func(run) float64

func rate(r run) float64 { return r.Rate }
func p50(r run) float64  { return r.P50 }
func p99(r run) float64  { return r.P99 }
func p999(r run) float64 { return r.P999 }
func lag(r run) float64  { return r.Lag }

// answering is how fast the answers came while they came, whatever the lag.
func answering(r run) float64 { return r.Rate * r.Seconds / (r.Seconds - r.Lag/1000) }

// median is that of a figure over all rounds; NaN if there was none.
func (rs results) median(contender string, clients int, of metric) float64 {
	return medianOf(rs, func(r run) bool { return r.Contender == contender && r.Clients == clients }, of)
}

// ratio is the median of the quotients of two contenders' figures, round by round: two runs of one round stood side by side,
// so that a machine which is slower for a while is slower for both. NaN if there was none.
func (rs results) ratio(contender, to string, clients int, of metric) float64 {
	return rs.ratioAcross(contender, clients, to, clients, of)
}

// ratioAcross is ratio where each has its own number of clients.
func (rs results) ratioAcross(contender string, clients int, to string, toClients int, of metric) float64 {
	var quotients []float64
	for _, r := range rs {
		if r.Contender != contender || r.Clients != clients {
			continue
		}
		if beside, ok := rs.find(to, toClients, r.Round); ok {
			quotients = append(quotients, of(r)/of(beside))
		}
	}
	return median(quotients)
}

// latestRate is how fast a contender was the last time, or 0.
func (rs results) latestRate(contender string, clients int) (latest float64) {
	for _, r := range rs {
		if r.Contender == contender && r.Clients == clients {
			latest = r.Rate
		}
	}
	return latest
}

const (
	// firstRate is the rate that the first round is prepared for where nothing was measured before it: about what resultlog has done at best. Where it is slower, making the stock takes longer.
	firstRate = 12_000

	// postgresShare is how much of the ceiling's rate the first round on PostgreSQL is prepared for: a little more than is promised. The plain file's would be far too much to create.
	postgresShare = 0.3

	// fasterRound is how much faster than all rounds before one may be: of runs as short as --quick's the first may have been slow.
	fasterRound = 1.5
)

// expected is the rate that a contender is prepared for: what the rounds before teach; before them what a limit allows, which is hardly surpassed; else what it did with other numbers of clients.
func (rs results) expected(c contender, clients int) float64 {
	best, elsewhere := 0.0, 0.0
	for _, r := range rs {
		if r.Contender != c.name {
			continue
		}
		elsewhere = max(elsewhere, fasterRound*answering(r))
		if r.Clients == clients {
			best = max(best, fasterRound*answering(r))
		}
	}
	limit := rs.latestRate(plainFileName, clients)
	if c.onPostgres {
		limit = postgresShare * rs.latestRate(ceilingName, clients)
	}
	return cmp.Or(best, limit, elsewhere, firstRate)
}

func (rs results) find(contender string, clients, round int) (run, bool) {
	for _, r := range rs {
		if r.Contender == contender && r.Clients == clients && r.Round == round {
			return r, true
		}
	}
	return run{}, false
}
