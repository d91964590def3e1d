package main

import "math"

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
func answering(r run) float64 { return float64(r.Requests) / (r.Seconds - r.Lag/1000) }

// median is that of a figure over all rounds; NaN if there was none.
func (rs results) median(contender string, clients int, of metric) float64 {
	var values []float64
	for _, r := range rs {
		if r.Contender == contender && r.Clients == clients {
			values = append(values, of(r))
		}
	}
	return median(values)
}

// ratio is the median of the quotients of two contenders' figures, round by round: two runs of one round stood side by side,
// so that a machine which is slower for a while is slower for both. NaN if there was none.
func (rs results) ratio(contender, to string, clients int, of metric) float64 {
	var quotients []float64
	for _, r := range rs {
		if r.Contender != contender || r.Clients != clients {
			continue
		}
		if beside, ok := rs.find(to, clients, r.Round); ok {
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
	// postgresShare is how much of the ceiling's rate the first round on PostgreSQL is prepared for: a little more than is promised.
	postgresShare = 0.3

	// fasterRound is how much faster than all rounds before one may be: of runs as short as --quick's the first may have been slow.
	fasterRound = 1.5
)

// expected is the rate that a contender is prepared for: the plain file's, which is hardly surpassed. On PostgreSQL that would be far too much to create before each run, and it need
// not have been measured: there it is what the rounds before teach.
func (rs results) expected(c contender, clients int) float64 {
	if !c.onPostgres {
		return rs.latestRate(plainFileName, clients)
	}
	best := 0.0
	for _, r := range rs {
		if r.Contender == c.name && r.Clients == clients {
			best = max(best, fasterRound*answering(r))
		}
	}
	if best == 0 {
		return postgresShare * rs.latestRate(ceilingName, clients)
	}
	return best
}

func (rs results) find(contender string, clients, round int) (run, bool) {
	for _, r := range rs {
		if r.Contender == contender && r.Clients == clients && r.Round == round {
			return r, true
		}
	}
	return run{}, false
}

// target is a promise of docs/performance.md about the ratio of two contenders' figures.
type target struct {
	name      string
	contender string
	to        string
	clients   int
	of        metric
	bound     float64
	atMost    bool // else at least
}

// targets are the promises that this bench measures.
var targets = []target{
	{name: "durable 201s, 256 clients, of the ceiling's", contender: knownName, to: ceilingName, clients: 256, of: rate, bound: 0.40},
	{name: "durable 201s, 256 clients, of the plain file's", contender: knownName, to: plainFileName, clients: 256, of: rate, bound: 0.60},
	{name: "p99 at 64 clients, of the plain file's", contender: knownName, to: plainFileName, clients: 64, of: p99, bound: 3, atMost: true},
	{name: "one client's rate, of the plain file's", contender: knownName, to: plainFileName, clients: 1, of: rate, bound: 0.85},
	{name: "201s in batches of 100, 64 clients, of single submissions'", contender: batchesName, to: knownName, clients: batchClients, of: rate, bound: 2},
	{name: "durable 201s, 256 clients, of those without the audit's trees", contender: knownName, to: treelessName, clients: 256, of: rate, bound: 0.95},
	{name: "durable 201s on PostgreSQL, 256 clients, of the ceiling's", contender: postgresName, to: ceilingName, clients: 256, of: rate, bound: 0.28},
	{name: "durable 201s on PostgreSQL, 256 clients, of the CRUD handler's", contender: postgresName, to: crudName, clients: 256, of: rate, bound: 6},
	{name: "two nodes' durable 201s on PostgreSQL, 256 clients, of one node's", contender: twoNodesName, to: postgresName, clients: 256, of: rate, bound: 0.65},
}

// verdict is a target and what was measured.
type verdict struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Target float64 `json:"target"`
	AtMost bool    `json:"at_most,omitempty"` // the value must not exceed the target; else it must reach it
	Met    bool    `json:"met"`
}

// verdicts judges all targets that these results say something of.
func (rs results) verdicts() []verdict {
	verdicts := []verdict{} // in JSON an empty array, not null
	for _, t := range targets {
		value := rs.ratio(t.contender, t.to, t.clients, t.of)
		if math.IsNaN(value) {
			continue
		}
		met := value >= t.bound
		if t.atMost {
			met = value <= t.bound
		}
		verdicts = append(verdicts, verdict{Name: t.name, Value: value, Target: t.bound, AtMost: t.atMost, Met: met})
	}
	return verdicts
}
