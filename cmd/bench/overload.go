package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// overloadFactor is how much more comes than the server can sustain.
	overloadFactor = 4

	// overloadShare is how many run's lengths it lasts: with those of three seconds, a minute.
	overloadShare = 20

	// easeShare is the part of the sustainable rate that comes before and after: nothing waits then.
	easeShare = 0.25

	// easeRuns is how many run's lengths that lasts: before, to know what is normal, and after, until it is normal again.
	easeRuns = 1.5

	// sustainClients is how many clients find out what the server can sustain.
	sustainClients = 256

	// overloadClients is how many connections the overload has: twice what one tenant may have waiting, or the queue would never be full.
	overloadClients = 2 * eventstore.TenantQueueLimit

	// overloadPatience is after which time a request that found no connection free is not sent any more: whoever wanted it has gone. While the machine cannot answer all that comes, not even by 503, there
	// are some: load generator and server share it. It is part of the latency of those that are sent.
	overloadPatience = 100 * time.Millisecond
)

// overloadRun is what a server did under more than it can do.
type overloadRun struct {
	Engine      string      `json:"engine"`
	Sustainable float64     `json:"sustainable"` // 201s a second, in a closed loop
	Asked       float64     `json:"asked"`       // requests due a second
	Seconds     float64     `json:"seconds"`
	Accepted    int         `json:"accepted"` // answered 201
	Refused     int         `json:"refused"`  // answered 503
	Unsent      int         `json:"unsent"`   // not sent, since no connection was free
	AcceptedP50 float64     `json:"accepted_p50_ms"`
	AcceptedP99 float64     `json:"accepted_p99_ms"` // from when they were due
	RefusedP50  float64     `json:"refused_p50_ms"`  // from when they were sent
	RefusedP99  float64     `json:"refused_p99_ms"`
	NormalP99   float64     `json:"normal_p99_ms"` // before
	Recovery    float64     `json:"recovery_seconds"`
	Watched     float64     `json:"watched_seconds"` // for how long it was looked at
	Memory      residentMiB `json:"resident_mib"`
}

// residentMiB is how much of the machine's memory the server's process had.
type residentMiB struct {
	Before float64 `json:"before"`
	Peak   float64 `json:"peak"`
	After  float64 `json:"after"`
}

// The phases of an overload's schedule.
const (
	atEase = iota
	overloaded
	atEaseAgain
)

// overload is the schedule for a server that can sustain a rate.
func (s settings) overload(sustainable float64) schedule {
	ease := phase{rate: easeShare * sustainable, length: time.Duration(easeRuns * float64(s.length))}
	return schedule{ease, {rate: overloadFactor * sustainable, length: overloadShare * s.length}, ease}
}

// measureOverloads measures every engine, once: it takes long, and what counts is that nothing breaks.
func (s settings) measureOverloads(ctx context.Context, engines []engine) (runs overloadRuns, err error) {
	for _, e := range engines {
		one, err := s.measureOverload(ctx, e.standalone())
		if err != nil {
			return nil, fmt.Errorf("overload on %s: %w", e.name, err)
		}
		one.Engine = e.name
		runs = append(runs, one)
		fmt.Fprintf(os.Stderr, "overload on %-20s %d accepted, %d refused, %d unsent, accepted p99 %.0f ms, normal after %.1f s\n", e.name, one.Accepted, one.Refused, one.Unsent, one.AcceptedP99, one.Recovery)
	}
	return runs, nil
}

// measureOverload finds out what the server can sustain, then sends more.
func (s settings) measureOverload(ctx context.Context, c contender) (one overloadRun, err error) {
	err = s.onServer(ctx, c, func(at place) (acknowledged []core.ID, err error) {
		next := numbers(unlimited)
		sustained, acknowledged, err := s.sustain(ctx, c, at, next)
		if err != nil {
			return nil, err
		}
		clients, err := connect(overloadClients, at.addrs...)
		if err != nil {
			return nil, fmt.Errorf("%w: %d files must be open at once (ulimit -n)", err, overloadClients)
		}
		defer clients.close()
		planned, before := s.overload(sustained), memoryOf(at.pids)
		shots, ids, err := openLoop{schedule: planned, request: c.template(s.token), next: next, patience: overloadPatience, clock: wallClock}.run(clients)
		if err != nil {
			return nil, err
		}
		after := memoryOf(at.pids)
		one = planned.judged(shots)
		one.Sustainable, one.Memory = sustained, residentMiB{Before: before.resident, Peak: after.peak, After: after.resident}
		return append(acknowledged, ids...), nil
	})
	return one, err
}

// sustain is the rate of a closed loop.
func (s settings) sustain(ctx context.Context, c contender, at place, next func() (int64, bool)) (float64, []core.ID, error) {
	clients, _, err := s.stocked(ctx, c, at, sustainClients, 0)
	if err != nil {
		return 0, nil, err
	}
	defer clients.close()
	warmUp, err := s.warmUp(ctx, c, at, clients, next)
	if err != nil {
		return 0, nil, err
	}
	sent, timed, err := s.send(ctx, c, at, clients, next, s.length)
	return sent.Rate, append(warmUp, timed...), err
}

// judged sums up what came of an overload.
func (s schedule) judged(ss shots) overloadRun {
	accepted, turnedAway := ss.in(overloaded, created), ss.in(overloaded, refused)
	end := s[atEase].length + s[overloaded].length
	one := overloadRun{
		Asked: s[overloaded].rate, Seconds: s[overloaded].length.Seconds(), Accepted: len(accepted), Refused: len(turnedAway), Unsent: len(ss.in(overloaded, unsent)),
		NormalP99: milliseconds(percentile(ss.in(atEase, sent).times(fromDue), 99)), Recovery: recovery(ss.in(atEase, anyShot), ss.in(atEaseAgain, anyShot), end).Seconds(),
		Watched: s[atEaseAgain].length.Seconds(),
	}
	waited, turned := accepted.times(fromDue), turnedAway.times(fromSent)
	one.AcceptedP50, one.AcceptedP99 = milliseconds(percentile(waited, 50)), milliseconds(percentile(waited, 99))
	one.RefusedP50, one.RefusedP99 = milliseconds(percentile(turned, 50)), milliseconds(percentile(turned, 99))
	return one
}

const (
	// recoverySlot is how long a p99 is taken over: at some thousand a second a few hundred requests.
	recoverySlot = 100 * time.Millisecond

	// recoveryFactor is how far above the worst slot before is still normal: a slot's p99 is that of a few requests.
	recoveryFactor = 2
)

// recovery is how long after the overload's end the p99 was still above what is normal. A request that was not accepted, or not sent, is above it, whatever it took.
func recovery(before, after shots, end time.Duration) (last time.Duration) {
	normal := time.Duration(0)
	for _, p99 := range before.slots(0) {
		normal = max(normal, recoveryFactor*p99)
	}
	for slot, p99 := range after.slots(end) {
		if p99 > normal {
			last = max(last, time.Duration(slot+1)*recoverySlot)
		}
	}
	return last
}

// untilAccepted is how long who wanted a 201 waited for it: for ever, if it did not come.
func untilAccepted(s shot) time.Duration {
	if !created(s) {
		return math.MaxInt64
	}
	return fromDue(s)
}

// slots are the p99s of what was due in each slot after a time.
func (ss shots) slots(since time.Duration) map[int]time.Duration {
	bySlot := make(map[int]shots)
	for _, s := range ss {
		slot := int((s.due - since) / recoverySlot)
		bySlot[slot] = append(bySlot[slot], s)
	}
	p99s := make(map[int]time.Duration, len(bySlot))
	for slot, some := range bySlot {
		p99s[slot] = percentile(some.times(untilAccepted), 99)
	}
	return p99s
}

// processMemory is what Linux says of processes, in MiB.
type processMemory struct{ resident, peak float64 }

// memoryOf adds up what processes have; nothing on another system than Linux.
func memoryOf(pids []int) (sum processMemory) {
	for _, pid := range pids {
		status := read(fmt.Sprintf("/proc/%d/status", pid))
		sum.resident += statusMiB(status, "VmRSS")
		sum.peak += statusMiB(status, "VmHWM")
	}
	return sum
}

// statusMiB finds a size in /proc/…/status, which has it in KiB; 0 if it is not there.
func statusMiB(status, name string) float64 {
	for line := range strings.Lines(status) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024
		}
	}
	return 0
}
