package main

import "math"

// promise is a bound of docs/performance.md that a figure has to keep, and the one that it is to reach in the end.
type promise struct {
	name    string
	bound   float64
	stretch float64 // 0: there is none
	atMost  bool    // the figure must not exceed the bounds; else it must reach them
}

// verdict is a promise and what was measured.
type verdict struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Target  float64 `json:"target"`
	Stretch float64 `json:"stretch,omitempty"`
	AtMost  bool    `json:"at_most,omitempty"` // the value must not exceed the target; else it must reach it
	Met     bool    `json:"met"`               // the target; the stretch is there to be looked at
}

// judge says whether a figure keeps the promise: nothing, if there is no figure. A quotient by nothing is none.
func (p promise) judge(value float64) []verdict {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	met := value >= p.bound
	if p.atMost {
		met = value <= p.bound
	}
	return []verdict{{Name: p.name, Value: value, Target: p.bound, Stretch: p.stretch, AtMost: p.atMost, Met: met}}
}

// target is a promise about the ratio of two contenders' figures.
type target struct {
	promise
	contender string
	clients   int
	to        string
	toClients int
	of        metric
}

// targets are the promises about what the contenders do beside each other.
var targets = []target{
	{promise{name: "durable 201s, 256 clients, of the ceiling's", bound: 0.40, stretch: 0.60}, knownName, 256, ceilingName, 256, rate},
	{promise{name: "durable 201s, 256 clients, of the plain file's", bound: 0.60, stretch: 0.85}, knownName, 256, plainFileName, 256, rate},
	{promise{name: "p99 at 64 clients, of the plain file's", bound: 3, atMost: true}, knownName, 64, plainFileName, 64, p99},
	{promise{name: "one client's rate, of the plain file's", bound: 0.85}, knownName, 1, plainFileName, 1, rate},
	{promise{name: "201s in batches of 100, 16 clients, of single submissions' with 64", bound: 2}, batchesName, batchClients, knownName, 64, rate},
	{promise{name: "durable 201s, 256 clients, of those without the audit's trees", bound: 0.95}, knownName, treelessClients, treelessName, treelessClients, rate},
	{promise{name: "durable 201s on PostgreSQL, 256 clients, of the ceiling's", bound: 0.28, stretch: 0.45}, postgresName, 256, ceilingName, 256, rate},
	{promise{name: "durable 201s on PostgreSQL, 256 clients, of the CRUD handler's", bound: 6, stretch: 10}, postgresName, 256, crudName, 256, rate},
	{promise{name: "two nodes' durable 201s on PostgreSQL, 256 clients, of one node's", bound: 0.65}, twoNodesName, 256, postgresName, 256, rate},
}

// verdicts judges all targets that these results say something of.
func (rs results) verdicts() []verdict {
	verdicts := []verdict{} // in JSON an empty array, not null
	for _, t := range targets {
		verdicts = append(verdicts, t.judge(rs.ratioAcross(t.contender, t.clients, t.to, t.toClients, t.of))...)
	}
	return verdicts
}
