package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// restartRun is how long a node took over a history until it was ready, in one round.
type restartRun struct {
	Engine     string  `json:"engine"`
	Round      int     `json:"round"`
	Activities int     `json:"activities"`
	Events     int     `json:"events"`
	Replay     float64 `json:"replay_seconds"` // of replaying, as the node tells
	Ready      float64 `json:"ready_seconds"`  // from starting the process until it is ready
}

// restartRuns are all that were measured.
type restartRuns []restartRun

// eventsATask is how many events an activity has that was created and completed.
const eventsATask = 3

// replayTarget is the promise of the rate, in thousands of events a second, and readyTarget that of the whole restart.
func replayTarget(engine string) promise {
	return promise{name: "thousand events a second, replayed at start, on " + engine, bound: 300, stretch: 450}
}

func readyTarget(engine string, activities int) promise {
	return promise{name: fmt.Sprintf("seconds until %s activities are ready, on %s", countText(activities), engine), bound: 10, stretch: 3, atMost: true}
}

// measureReplay makes a history of so many activities on each engine and starts a node over it, in turns. Its read tables say that they hold it all: projecting beside would be measured otherwise.
func (s settings) measureReplay(ctx context.Context, p product, engines []engine, activities, rounds int) (runs restartRuns, err error) {
	fill := func(at place) error { return p.replayable(ctx, at, activities) }
	err = s.onEach(ctx, engines, rounds, fill, func(e engine, at place, round int) error {
		one, err := p.restart(ctx, p.serveTreeless, at)
		if err != nil {
			return fmt.Errorf("restart: %w", err)
		}
		if made := eventsATask * activities; one.Events != made {
			return fmt.Errorf("restart: the node replayed %d events of %d", one.Events, made)
		}
		one.Engine, one.Round, one.Activities = e.name, round, activities
		runs = append(runs, one)
		fmt.Fprintf(os.Stderr, "round %d/%d  restart on %-42s %8.0f events/s  ready after %.2f s\n", round, rounds, e.name, one.rate(), one.Ready)
		return nil
	})
	return runs, err
}

// replayable makes the history, and read tables that say that they hold it.
func (p product) replayable(ctx context.Context, at place, activities int) error {
	h := newHistory(0)
	if err := h.extend(ctx, at, eventsATask); err != nil {
		return err
	}
	if _, _, err := p.rebuild(ctx, at, eventsATask); err != nil {
		return err
	}
	if err := h.extend(ctx, at, eventsATask*activities); err != nil {
		return err
	}
	return moveCheckpoint(ctx, at, h.last)
}

// restart starts a node over a place, waits until it is ready, and stops it.
func (p product) restart(ctx context.Context, command func(context.Context, place) *exec.Cmd, at place) (one restartRun, err error) {
	begin := time.Now()
	node, err := start(command(ctx, at))
	if err != nil {
		return one, err
	}
	defer func() { err = errors.Join(err, node.stop()) }()
	return p.becomeReady(ctx, node.addr, begin)
}

// becomeReady waits until a node is ready that was started at a time, and asks it what it did until then.
func (p product) becomeReady(ctx context.Context, addr string, begin time.Time) (one restartRun, err error) {
	if err := ask(ctx, addr, newTemplate("GET", "/readyz", p.token, ""), restartLimit, readyPause); err != nil {
		return one, err
	}
	one.Ready = time.Since(begin).Seconds()
	found, err := scrape(ctx, addr, headMetric, replayMetric, behindMetric)
	if err != nil {
		return one, err
	}
	if behind := found[behindMetric]; behind != 0 {
		return one, fmt.Errorf("the read tables are %v events behind: projecting them went on beside the replay", behind)
	}
	one.Events, one.Replay = int(found[headMetric]), found[replayMetric]
	return one, nil
}

// restartLimit is how long a node may take until it is ready: ten million events take a minute, if they are read slowly.
const restartLimit = 5 * time.Minute

func (r restartRun) rate() float64 { return float64(r.Events) / r.Replay }
func ready(r restartRun) float64   { return r.Ready }

// median is that of a figure on an engine over all rounds; NaN if there was none.
func (rs restartRuns) median(engine string, of func(restartRun) float64) float64 {
	return medianOf(rs, func(r restartRun) bool { return r.Engine == engine }, of)
}

// verdicts judges the promises on each engine that was measured.
func (rs restartRuns) verdicts() (all []verdict) {
	for _, engine := range []string{onSQLite, onPostgres} {
		all = append(all, replayTarget(engine).judge(rs.median(engine, restartRun.rate)/1000)...)
	}
	for _, engine := range []string{onSQLite, onPostgres} {
		if len(rs) > 0 {
			all = append(all, readyTarget(engine, rs[0].Activities).judge(rs.median(engine, ready))...)
		}
	}
	return all
}

// write prints how long restarts took.
func (rs restartRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| restart over %s activities, %d events | events a second, replayed | seconds until ready |\n|---|---|---|\n", countText(rs[0].Activities), rs[0].Events)
	for _, engine := range []string{onSQLite, onPostgres} {
		if rate := rs.median(engine, restartRun.rate); rate > 0 {
			fmt.Fprintf(out, "| on %s | %s | %.2f |\n", engine, rateText(rate), rs.median(engine, ready))
		}
	}
}
