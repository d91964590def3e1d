package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// run is one measurement: a contender, a number of clients, one round.
type run struct {
	Contender string  `json:"contender"`
	Clients   int     `json:"clients"`
	Round     int     `json:"round"`
	Requests  int     `json:"requests"` // all answered 201, and in batches each item
	Seconds   float64 `json:"seconds"`  // from the first request until the read tables have caught up
	Rate      float64 `json:"rate"`     // 201s per second of those
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
	Lag       float64 `json:"lag_ms"` // the part of Seconds after the last answer
}

// settings are what a measurement is made with.
type settings struct {
	dir    string                // where contenders keep their data: on a disk, since syncing is what is measured
	token  string                // of all requests
	length time.Duration         // how long clients send
	past   results               // what was measured before: what contenders are stocked for
	shared *postgrestest.Cluster // that all databases are made in; nil: each has one of its own, so that none works off what another has left
}

const (
	// warmUpShare is the part of a run's length that clients send before, uncounted: connections, caches and branch predictors are as they will stay.
	warmUpShare = 0.2

	// stockMargin is how many activities are created for each submission that is expected. A contender is hardly faster than that;
	// if it is, the run ends when the stock does, earlier and none the less right.
	stockMargin = 1.25

	// leastRequests is how many requests of each client the stock is enough for, whatever is expected: one to warm up and one that counts. Of batches in a short run that is not little.
	leastRequests = 2
)

// measure drives a contender with a number of clients. Expected is the rate to prepare for.
func (s settings) measure(ctx context.Context, c contender, clients int, expected float64) (result run, err error) {
	stock := s.stock(c, clients, expected)
	err = s.onServer(ctx, c, func(at place) (acknowledged []core.ID, err error) {
		result, acknowledged, err = s.drive(ctx, c, at, clients, stock)
		return acknowledged, err
	})
	return result, err
}

// stock is how many submissions a run of so many clients needs at the rate that is expected.
func (s settings) stock(c contender, clients int, expected float64) int64 {
	stock := int64(expected*s.length.Seconds()*(1+warmUpShare)*stockMargin) + int64(clients)
	return max(stock, leastRequests*int64(clients)*c.template(s.token).items)
}

// drive sends the load: the stock first, then the warm-up, then what counts. It gives the ids of all results that were acknowledged.
func (s settings) drive(ctx context.Context, c contender, at place, clients int, stock int64) (run, []core.ID, error) {
	connected, next, err := s.stocked(ctx, c, at, clients, stock)
	if err != nil {
		return run{}, nil, err
	}
	defer connected.close()
	warmUp, err := s.warmUp(ctx, c, at, connected, next)
	if err != nil {
		return run{}, nil, err
	}
	result, timed, err := s.send(ctx, c, at, connected, next, s.length)
	return result, append(warmUp, timed...), err
}

// stocked waits until a contender is ready, stocks it for so many submissions, and connects clients to it. It gives them with the numbers of their requests.
func (s settings) stocked(ctx context.Context, c contender, at place, clients int, stock int64) (load, func() (int64, bool), error) {
	if c.ready != nil {
		for _, addr := range at.addrs {
			if err := c.ready(ctx, addr); err != nil {
				return nil, nil, fmt.Errorf("ready: %w", err)
			}
		}
	}
	if c.prepare == nil {
		stock = unlimited
	} else if err := c.prepare(ctx, at, stock); err != nil {
		return nil, nil, fmt.Errorf("prepare: %w", err)
	}
	connected, err := connect(clients, at.addrs...)
	return connected, numbers(stock / c.template(s.token).items), err
}

// warmUp drives clients for a share of a run's length.
func (s settings) warmUp(ctx context.Context, c contender, at place, clients load, next func() (int64, bool)) ([]core.ID, error) {
	_, acknowledged, err := s.send(ctx, c, at, clients, next, time.Duration(warmUpShare*float64(s.length)))
	if err != nil {
		return nil, fmt.Errorf("warm-up: %w", err)
	}
	runtime.GC() // the generator's garbage is not the contender's
	return acknowledged, nil
}

// send drives clients for a time and until what was acknowledged can be read. That is when the clock stops.
func (s settings) send(ctx context.Context, c contender, at place, clients load, next func() (int64, bool), length time.Duration) (run, []core.ID, error) {
	started := time.Now()
	sent, err := clients.closedLoop(c.template(s.token), next, length)
	if err != nil {
		return run{}, nil, err
	}
	latest := sent.latest()
	ended := latest.lastAt
	if ended.IsZero() {
		return run{}, nil, errors.New("nothing was sent: the stock was used up before")
	}
	if c.settle != nil {
		for _, addr := range at.addrs {
			if err := c.settle(ctx, addr, latest.last); err != nil {
				return run{}, nil, fmt.Errorf("read back: %w", err)
			}
		}
		ended = time.Now()
	}
	acknowledged := sent.acknowledged()
	result := figures(sent.latencies(), len(acknowledged), ended.Sub(started))
	result.Lag = milliseconds(ended.Sub(latest.lastAt))
	return result, acknowledged, ctx.Err()
}

// figures sums up the sorted latencies of a run that took a time, and in which so many submissions were answered 201.
func figures(latencies []time.Duration, created int, took time.Duration) run {
	return run{
		Requests: len(latencies), Seconds: took.Seconds(), Rate: float64(created) / took.Seconds(),
		P50: milliseconds(percentile(latencies, 50)), P99: milliseconds(percentile(latencies, 99)), P999: milliseconds(percentile(latencies, 99.9)),
	}
}
