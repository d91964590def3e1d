package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// floodClients is how many clients the flooding tenant has: more than one commit takes, so that it matters whose turn it is, and few enough for a limit of 1024 open files.
	floodClients = eventstore.MaxBatch * 3 / 2

	// quietClients is how many the quiet tenant has: few beside those, and enough that a run of seconds has a p99.
	quietClients = 4
)

// tenantRun is one round of a quiet tenant: with the server for itself, and then beside a tenant that floods it.
type tenantRun struct {
	Round  int `json:"round"`
	Alone  run `json:"quiet_alone"`
	Beside run `json:"quiet_beside"`
	Flood  run `json:"flood"` // the other tenant, at the same time as Beside
}

// tenantLoad is one tenant's clients and what they send.
type tenantLoad struct {
	settings  // with this tenant's token
	contender // with this tenant's requests
	clients   load
	next      func() (int64, bool)
}

// connectTenant dials the clients of the tenant whose token it is.
func (s settings) connectTenant(token string, c contender, at place, clients int) (tenantLoad, error) {
	s.token = token
	connected, err := connect(clients, at.addrs...)
	return tenantLoad{settings: s, contender: c, clients: connected, next: numbers(unlimited)}, err
}

// sendFor sends for a time.
func (t tenantLoad) sendFor(ctx context.Context, at place, length time.Duration) (run, []core.ID, error) {
	result, acknowledged, err := t.send(ctx, t.contender, at, t.clients, t.next, length)
	result.Contender, result.Clients = t.name, len(t.clients)
	return result, acknowledged, err
}

// measureTenants measures a round, on a server of its own, with that many clients of the flooding tenant.
func (s settings) measureTenants(ctx context.Context, p product, flooders int) (one tenantRun, err error) {
	err = s.onServer(ctx, p.standalone(), func(at place) (acknowledged []core.ID, err error) {
		one, acknowledged, err = s.driveTenants(ctx, p, at, flooders)
		return acknowledged, err
	})
	return one, err
}

// driveTenants warms up with both tenants, then measures the quiet one alone, then both. It gives the ids of all results that were acknowledged.
func (s settings) driveTenants(ctx context.Context, p product, at place, flooders int) (one tenantRun, acknowledged []core.ID, err error) {
	if err := p.awaitReady(ctx, at.addrs[0]); err != nil {
		return one, nil, fmt.Errorf("ready: %w", err)
	}
	flood, err := s.connectTenant(p.token, p.standalone(), at, flooders)
	if err != nil {
		return one, nil, err
	}
	defer flood.clients.close()
	quiet, err := s.connectTenant(p.quiet, contender{name: standaloneName, request: quietSubmission}, at, quietClients)
	if err != nil {
		return one, nil, err
	}
	defer quiet.clients.close()

	_, _, acknowledged, err = together(ctx, at, quiet, flood, time.Duration(warmUpShare*float64(s.length)))
	if err != nil {
		return one, nil, fmt.Errorf("warm-up: %w", err)
	}
	runtime.GC() // the generator's garbage is not the server's
	var idsAlone, idsBeside []core.ID
	if one.Alone, idsAlone, err = quiet.sendFor(ctx, at, s.length); err != nil {
		return one, nil, fmt.Errorf("the quiet tenant alone: %w", err)
	}
	one.Beside, one.Flood, idsBeside, err = together(ctx, at, quiet, flood, s.length)
	return one, slices.Concat(acknowledged, idsAlone, idsBeside), err
}

// together lets both tenants send at the same time.
func together(ctx context.Context, at place, a, b tenantLoad, length time.Duration) (ofA, ofB run, acknowledged []core.ID, err error) {
	var idsA, idsB []core.ID
	var errA, errB error
	var both sync.WaitGroup
	both.Go(func() { ofA, idsA, errA = a.sendFor(ctx, at, length) })
	both.Go(func() { ofB, idsB, errB = b.sendFor(ctx, at, length) })
	both.Wait()
	return ofA, ofB, append(idsA, idsB...), errors.Join(errA, errB)
}

// tenantRounds measures the tenants beside each other, once in each round.
func (s settings) tenantRounds(ctx context.Context, p product, rounds int) (tenantRuns, error) {
	var done tenantRuns
	for round := 1; round <= rounds; round++ {
		one, err := s.measureTenants(ctx, p, floodClients)
		if err != nil {
			return nil, fmt.Errorf("a quiet tenant beside a flooding one, round %d: %w", round, err)
		}
		one.Round, one.Alone.Round, one.Beside.Round, one.Flood.Round = round, round, round, round
		done = append(done, one)
		fmt.Fprintf(os.Stderr, "round %d/%d  a quiet tenant: p99 %.2f ms alone, %.2f ms beside a flood, whose own is %.2f ms\n", round, rounds, one.Alone.P99, one.Beside.P99, one.Flood.P99)
	}
	return done, nil
}

// tenantRuns are all that were measured.
type tenantRuns []tenantRun

// median is that of a figure over all rounds; NaN if there was none.
func (rs tenantRuns) median(of func(tenantRun) float64) float64 {
	var values []float64
	for _, r := range rs {
		values = append(values, of(r))
	}
	return median(values)
}

// The parts of a round.
func alone(r tenantRun) run    { return r.Alone }
func beside(r tenantRun) run   { return r.Beside }
func flooding(r tenantRun) run { return r.Flood }

// ratio is the median of the rounds' quotients of a figure in two parts.
func (rs tenantRuns) ratio(part, to func(tenantRun) run, of metric) float64 {
	return rs.median(func(r tenantRun) float64 { return of(part(r)) / of(to(r)) })
}

// write prints what the quiet tenant has of the server. There is no target: most of the wait seems to be for the processor, before the queue, since a queue that always serves
// whoever has most waiting is hardly told from a fair one. That the queue is fair is proved by its own tests.
func (rs tenantRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| a quiet tenant (%d clients) beside a flooding one (%d) | 201s a second | p50 in ms | p99 in ms |\n|---|---|---|---|\n", quietClients, floodClients)
	row := func(name string, part func(tenantRun) run) {
		of := func(m metric) float64 { return rs.median(func(r tenantRun) float64 { return m(part(r)) }) }
		fmt.Fprintf(out, "| %s | %s | %.2f | %.2f |\n", name, rateText(of(rate)), of(p50), of(p99))
	}
	row("quiet, nothing else running", alone)
	row("quiet, beside the flood", beside)
	row("flooding", flooding)
	fmt.Fprintf(out, "| ratio: quiet, beside the flood / nothing else running | | %.2f | %.2f |\n", rs.ratio(beside, alone, p50), rs.ratio(beside, alone, p99))
	fmt.Fprintf(out, "| ratio: quiet, beside the flood / flooding | | %.2f | %.2f |\n", rs.ratio(beside, flooding, p50), rs.ratio(beside, flooding, p99))
}
