package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"resultlog/core"
)

const (
	// growthClients is with how many clients growth is measured: where the accept rate is highest.
	growthClients = 256

	// openEvery says that one task in so many of a history is left open, to be completed by what is measured: of a million events, a quarter of a million.
	openEvery = 2

	// recentShare is the part of the open ones that is recent.
	recentShare = 0.25

	// shuffleSeed makes the same order of every history.
	shuffleSeed = 1
)

// grower is an engine with a log of a size. The log stays from round to round, unless it is empty at first: then each round has its own.
type grower struct {
	settings
	engine engine
	p      product
	events int
	at     place
	made   *history
	used   int64 // activities that were created beside the history's
	rounds int

	rebuilt catchUpRun
}

// measureGrowth measures every engine over an empty log and over each size, in turns.
func (s settings) measureGrowth(ctx context.Context, p product, engines []engine, sizes []int, rounds int) (runs growthRuns, err error) {
	sizes = slices.Compact(slices.Sorted(slices.Values(append([]int{0}, sizes...))))
	for _, e := range engines {
		some, err := s.growOn(ctx, p, e, sizes, rounds)
		if err != nil {
			return nil, fmt.Errorf("growth on %s: %w", e.name, err)
		}
		runs = append(runs, some...)
	}
	return runs, nil
}

// growOn measures one engine. The histories go when it has been.
func (s settings) growOn(ctx context.Context, p product, e engine, sizes []int, rounds int) (runs growthRuns, err error) {
	var all []*grower
	for _, size := range sizes {
		g := &grower{settings: s, engine: e, p: p, events: size, rounds: rounds}
		if size > 0 {
			var leave func() error
			if g.at, leave, err = s.find(ctx, e.known); err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, leave()) }()
			if err := g.grow(ctx); err != nil {
				return nil, err
			}
		}
		all = append(all, g)
	}
	for round := 1; round <= rounds; round++ {
		for _, g := range all {
			one, err := g.measure(ctx, round)
			if err != nil {
				return nil, fmt.Errorf("%d events, round %d: %w", g.events, round, err)
			}
			runs = append(runs, one)
		}
	}
	return runs, nil
}

// grow makes the history, its read tables, and its trees.
func (g *grower) grow(ctx context.Context) (err error) {
	fmt.Fprintf(os.Stderr, "making a history of %d events on %s\n", g.events, g.engine.name)
	if g.made, err = fillHistory(ctx, g.at, g.events, openEvery); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "rebuilding its read tables\n")
	events, took, err := g.p.rebuild(ctx, g.at, g.made.events)
	if err != nil {
		return err
	}
	g.rebuilt = catchUpRun{Engine: g.engine.name, Events: events, Seconds: took.Seconds()}
	node, err := start(g.p.serve(ctx, g.at))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.stop()) }()
	if _, err := g.p.becomeReady(ctx, node.addr, time.Now()); err != nil {
		return err
	}
	return awaitTrees(ctx, node.addr, g.events)
}

// awaitTrees waits until the audit's trees hold so many events: a node that starts over a history without them makes them first, beside everything else.
func awaitTrees(ctx context.Context, addr string, events int) error {
	for end := time.Now().Add(restartLimit); time.Now().Before(end); time.Sleep(lagInterval) {
		found, err := scrape(ctx, addr, treesMetric)
		if err != nil || found[treesMetric] >= float64(events) {
			return err
		}
	}
	return fmt.Errorf("the trees do not hold %d events after %s", events, restartLimit)
}

// measure is one round.
func (g *grower) measure(ctx context.Context, round int) (one growthRun, err error) {
	at := g.at
	if g.made == nil {
		var leave func() error
		if at, leave, err = g.find(ctx, g.engine.known); err != nil {
			return one, err
		}
		defer func() { err = errors.Join(err, leave()) }()
		g.used = 0
	}
	begin := time.Now()
	running, err := startNodes(ctx, g.engine.known, &at)
	if err != nil {
		return one, err
	}
	one = growthRun{Engine: g.engine.name, Events: g.events, Round: round, Rebuild: g.rebuilt}
	ids, err := g.drive(ctx, at, begin, &one)
	if err = errors.Join(err, running.stop()); err != nil {
		return one, err
	}
	if err := g.verify(ctx, at, one.Restart.Events, ids); err != nil {
		return one, errors.Join(errNotKept, err)
	}
	return one, nil
}

// drive measures what a node does that was started at a time. It gives the ids of all results that were acknowledged.
func (g *grower) drive(ctx context.Context, at place, begin time.Time, one *growthRun) (ids []core.ID, err error) {
	if one.Restart, err = g.p.becomeReady(ctx, at.addrs[0], begin); err != nil {
		return nil, err
	}
	one.Restart.Engine, one.Restart.Round = one.Engine, one.Round
	if g.made != nil {
		one.Restart.Activities = g.made.tasks
	}
	if one.Pages, err = g.pages(at.addrs[0]); err != nil {
		return nil, err
	}
	for _, kind := range growthKinds {
		next, stock, err := g.activities(ctx, at, kind, one.Round)
		if err != nil {
			return nil, err
		}
		if stock == 0 {
			continue
		}
		sent, some, err := g.accept(ctx, at, next, stock)
		if err != nil {
			return nil, fmt.Errorf("%s activities: %w", kind, err)
		}
		sent.Contender, sent.Clients, sent.Round = g.engine.known.name, growthClients, one.Round
		g.past = append(slices.Clip(g.past), sent)
		sent.Contender = kind
		ids, one.Accept = append(ids, some...), append(one.Accept, sent)
		fmt.Fprintf(os.Stderr, "round %d/%d  %-10s  %9d events, %-8s %-18s %8.0f/s  lag %6.1f ms\n", one.Round, g.rounds, g.engine.name, g.events, kind, "activities", sent.Rate, sent.Lag)
	}
	return ids, nil
}

// activities gives the numbers of the activities that a run may complete, and how many they are. The history's open ones are shared by the rounds: each is completed once.
func (g *grower) activities(ctx context.Context, at place, kind string, round int) (next func() (int64, bool), stock int64, err error) {
	if kind == newActivities {
		first := g.used
		if g.made != nil {
			first += int64(g.made.open)
		}
		stock = g.stock(g.engine.known, growthClients, g.expected())
		g.used += stock
		return numbersAfter(first, stock), stock, g.p.createActivitiesFrom(ctx, at, first, stock)
	}
	if g.made == nil {
		return nil, 0, nil
	}
	old, recent := g.split()
	of := recent
	if kind == oldActivities {
		of = old
	}
	share := len(of) / g.rounds
	of = of[(round-1)*share : round*share]
	return numbersOf(of), int64(len(of)), nil
}

// expected is the rate that new activities are created for.
func (g *grower) expected() float64 { return g.past.expected(g.engine.known, growthClients) }

// split divides the open activities of the history: the old ones in random order, the recent ones as they were created.
func (g *grower) split() (old, recent []int64) {
	for n := range int64(g.made.open) {
		old = append(old, n+1)
	}
	border := len(old) - int(recentShare*float64(len(old)))
	old, recent = old[:border], old[border:]
	rand.New(rand.NewPCG(shuffleSeed, 0)).Shuffle(len(old), func(i, j int) { old[i], old[j] = old[j], old[i] })
	return old, recent
}

// accept submits to the activities of those numbers, so many at most.
func (g *grower) accept(ctx context.Context, at place, next func() (int64, bool), stock int64) (run, []core.ID, error) {
	clients, err := connect(growthClients, at.addrs...)
	if err != nil {
		return run{}, nil, err
	}
	defer clients.close()
	warmUp, err := g.warmUp(ctx, g.engine.known, at, clients, upTo(int64(warmUpShare*float64(stock)), next))
	if err != nil {
		return run{}, nil, err
	}
	sent, timed, err := g.send(ctx, g.engine.known, at, clients, next, g.length)
	return sent, append(warmUp, timed...), err
}

// verify looks at what was appended after the log's head of the beginning: the results that were acknowledged, and no other.
func (g *grower) verify(ctx context.Context, at place, head int, ids []core.ID) (err error) {
	log, err := at.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return verifyTail(log.ReadAll(ctx, core.Position(head)), ids, true)
}
