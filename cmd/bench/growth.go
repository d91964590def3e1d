package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// growthRun is what a node does over a log of a size, in one round.
type growthRun struct {
	Engine  string      `json:"engine"`
	Events  int         `json:"events"` // in the log at first
	Round   int         `json:"round"`
	Rebuild catchUpRun  `json:"rebuild"` // of the read tables, once: the same in all rounds. Nothing of an empty log
	Restart restartRun  `json:"restart"` // before all others
	Pages   growthPages `json:"pages"`
	Accept  results     `json:"accept"` // by kind of activities, as contenders
}

// growthRuns are all that were measured.
type growthRuns []growthRun

// The kinds of activities that submissions are for.
const (
	newActivities    = "new"    // created just before
	recentActivities = "recent" // the last of the history
	oldActivities    = "old"    // of the rest, uniformly at random
)

// growthKinds are all of them, in the order in which they are measured.
var growthKinds = []string{newActivities, recentActivities, oldActivities}

// growthTarget is the promise of one kind on an engine: the rate over so many events, of that over none.
func growthTarget(engine, kind string, events int) promise {
	p := promise{name: fmt.Sprintf("201s for %s activities, %s events in the log, of an empty log's, on %s", kind, countText(events), engine), bound: 0.9}
	if kind == oldActivities { // each needs a page of its own of the stream index
		p.bound = 0.5
	}
	return p
}

// of is the runs of an engine over a size.
func (rs growthRuns) of(engine string, events int) (some growthRuns) {
	for _, r := range rs {
		if r.Engine == engine && r.Events == events {
			some = append(some, r)
		}
	}
	return some
}

// median is that of a figure over all rounds; NaN if there was none.
func (rs growthRuns) median(of func(growthRun) float64) float64 {
	var values []float64
	for _, r := range rs {
		if v := of(r); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return median(values)
}

// acceptRate is that of one kind in a round; NaN if it was not measured.
func acceptRate(kind string) func(growthRun) float64 {
	return func(r growthRun) float64 { return r.Accept.median(kind, growthClients, rate) }
}

// ratio is the median of the rounds' quotients: a kind's rate over a size, and the rate over the empty log.
func (rs growthRuns) ratio(engine, kind string, events int) float64 {
	empty := rs.of(engine, 0)
	return rs.of(engine, events).median(func(r growthRun) float64 {
		for _, e := range empty {
			if e.Round == r.Round {
				return acceptRate(kind)(r) / acceptRate(newActivities)(e)
			}
		}
		return math.NaN()
	})
}

// rebuilds are those of the read tables of histories, and restarts those over them.
func (rs growthRuns) rebuilds() (all catchUpRuns) {
	for _, r := range rs {
		if r.Events > 0 {
			all = append(all, r.Rebuild)
		}
	}
	return all
}

func (rs growthRuns) restarts() (all restartRuns) {
	for _, r := range rs {
		if r.Events > 0 {
			all = append(all, r.Restart)
		}
	}
	return all
}

// sizes are the sizes that were measured, the empty log first.
func (rs growthRuns) sizes() (all []int) {
	for _, r := range rs {
		all = append(all, r.Events)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// verdicts judges the promises at the largest size.
func (rs growthRuns) verdicts() (all []verdict) {
	sizes := rs.sizes()
	if len(sizes) < 2 {
		return nil
	}
	largest := sizes[len(sizes)-1]
	for _, engine := range []string{onSQLite, onPostgres} {
		for _, kind := range growthKinds {
			all = append(all, growthTarget(engine, kind, largest).judge(rs.ratio(engine, kind, largest))...)
		}
	}
	return all
}

// write prints a table for each engine.
func (rs growthRuns) write(out io.Writer) {
	for _, engine := range []string{onSQLite, onPostgres} {
		if len(rs.of(engine, 0)) > 0 {
			rs.writeEngine(out, engine)
		}
	}
}

func (rs growthRuns) writeEngine(out io.Writer, engine string) {
	sizes := rs.sizes()
	row := func(name string, cell func(events int) string) {
		fmt.Fprintf(out, "| %s |", name)
		for _, events := range sizes {
			fmt.Fprintf(out, " %s |", cell(events))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
	row("growth on "+engine+", by events in the log", countText)
	fmt.Fprintf(out, "|---|%s\n", strings.Repeat("---|", len(sizes)))
	for _, kind := range growthKinds {
		row(fmt.Sprintf("201s a second for %s activities, %d clients", kind, growthClients), func(n int) string { return rateText(rs.of(engine, n).median(acceptRate(kind))) })
	}
	for _, kind := range growthKinds {
		row(fmt.Sprintf("%s activities / new ones over the empty log", kind), func(n int) string { return ratioText(rs.ratio(engine, kind, n)) })
	}
	row("ms for a page of one commerce (p50)", func(n int) string {
		return ratioText(rs.of(engine, n).median(func(r growthRun) float64 { return r.Pages.Filtered }))
	})
	row("ms for a page of all (p50)", func(n int) string {
		return ratioText(rs.of(engine, n).median(func(r growthRun) float64 { return r.Pages.All }))
	})
	row("events a second into rebuilt read tables", func(n int) string {
		return rateText(rs.of(engine, n).median(func(r growthRun) float64 { return r.Rebuild.rate() }))
	})
	row("seconds until a restarted node is ready", func(n int) string {
		return ratioText(rs.of(engine, n).median(func(r growthRun) float64 { return r.Restart.Ready }))
	})
}
