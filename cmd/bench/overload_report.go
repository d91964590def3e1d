package main

import (
	"fmt"
	"io"
	"math"

	"resultlog/eventstore"
)

// overloadRuns are all that were measured.
type overloadRuns []overloadRun

// overloadTarget is a promise about a figure of an overload.
type overloadTarget struct {
	promise
	of func(overloadRun) float64
}

// overloadTargets are the promises on an engine. What waits is bounded by the queue: so who is accepted waits for about as long as the server takes for a full one, and a while for its turn at the
// processor beside all other connections. Who is refused waits for that turn only. The memory is that of the connections, the queue, and what was accepted.
func overloadTargets(engine string) []overloadTarget {
	name := func(what string) string {
		return fmt.Sprintf("%d times the sustainable rate: %s, on %s", overloadFactor, what, engine)
	}
	return []overloadTarget{
		{promise{name: name("p99 of the 201s, of the time for a full queue"), bound: 4, atMost: true}, func(r overloadRun) float64 { return orNaN(r.AcceptedP99) / r.fullQueue() }},
		{promise{name: name("p99 of the 503s, of that of the 201s"), bound: 0.5, atMost: true}, func(r overloadRun) float64 { return orNaN(r.RefusedP99) / orNaN(r.AcceptedP99) }},
		{promise{name: name("MiB of the server's memory at most"), bound: 1024, atMost: true}, func(r overloadRun) float64 { return orNaN(r.Memory.Peak) }},
		{promise{name: name("seconds until p99 is normal again"), bound: recoveryBound, atMost: true}, overloadRun.recovered},
	}
}

// recoveryBound is how many seconds a server may take until it is as before.
const recoveryBound = 2

// recovered is how many seconds it took; NaN if it was not looked at for long enough to say that it took longer than it may.
func (r overloadRun) recovered() float64 {
	if r.Watched <= recoveryBound {
		return math.NaN()
	}
	return r.Recovery
}

// fullQueue is how many milliseconds the server takes for as many submissions as one tenant may have waiting.
func (r overloadRun) fullQueue() float64 {
	return eventstore.TenantQueueLimit / (float64(r.Accepted) / r.Seconds) * 1000
}

// orNaN tells what was not measured from nothing.
func orNaN(v float64) float64 {
	if v == 0 {
		return math.NaN()
	}
	return v
}

// verdicts judges the promises on each engine that was measured.
func (rs overloadRuns) verdicts() (all []verdict) {
	for _, r := range rs {
		for _, t := range overloadTargets(r.Engine) {
			all = append(all, t.judge(t.of(r))...)
		}
	}
	return all
}

// write prints what became of what was sent.
func (rs overloadRuns) write(out io.Writer) {
	for _, r := range rs {
		fmt.Fprintf(out, "\n| %d times the sustainable rate for %g s, on %s | |\n|---|---|\n", overloadFactor, r.Seconds, r.Engine)
		for _, row := range [][2]string{
			{"sustainable, 201s a second (standalone, closed loop)", rateText(r.Sustainable)},
			{"due a second", rateText(r.Asked)},
			{"answered 201 a second", rateText(float64(r.Accepted) / r.Seconds)},
			{"answered 503 a second", rateText(float64(r.Refused) / r.Seconds)},
			{"not sent a second, since no connection was free", rateText(float64(r.Unsent) / r.Seconds)},
			{"p50 / p99 of the 201s in ms, from when they were due", fmt.Sprintf("%.1f / %.1f", r.AcceptedP50, r.AcceptedP99)},
			{"the time for a full queue in ms", fmt.Sprintf("%.1f", r.fullQueue())},
			{"p50 / p99 of the 503s in ms, from when they were sent", fmt.Sprintf("%.1f / %.1f", r.RefusedP50, r.RefusedP99)},
			{"the server's memory in MiB, before / at most / after", fmt.Sprintf("%.0f / %.0f / %.0f", r.Memory.Before, r.Memory.Peak, r.Memory.After)},
			{"p99 in ms before, at a quarter of the sustainable rate", fmt.Sprintf("%.1f", r.NormalP99)},
			{"seconds until it is normal again", fmt.Sprintf("%.1f", r.Recovery)},
		} {
			fmt.Fprintf(out, "| %s | %s |\n", row[0], row[1])
		}
	}
}
