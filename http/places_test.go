package httpapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"resultlog/core"
)

// mustTake takes a place that must be free.
func mustTake(t *testing.T, p *places, of core.ID) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it must not wait
	if err := p.take(ctx, of); err != nil {
		t.Fatalf("no place for %s: %v", of, err)
	}
}

// mustWait sees that there is no place for a tenant, who does not wait for one.
func mustWait(t *testing.T, p *places, of core.ID) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.take(ctx, of); !errors.Is(err, context.Canceled) {
		t.Fatalf("a place for %s: %v", of, err)
	}
}

// One tenant has at most half of the places, and all tenants all of them.
func TestPlacesAreBounded(t *testing.T) {
	p := newPlaces(4)
	a, b, c := core.ID{1}, core.ID{2}, core.ID{3}
	mustTake(t, p, a)
	mustTake(t, p, a)
	mustWait(t, p, a)
	mustTake(t, p, b)
	mustTake(t, p, c)
	mustWait(t, p, b)
	p.giveBack(a)
	mustTake(t, p, b)
	mustWait(t, p, a)
	for _, of := range []core.ID{a, b, b, c} {
		p.giveBack(of)
	}
	if p.free != 4 || len(p.taken) != 0 || len(p.waiting) != 0 {
		t.Errorf("when all have ended: %+v", p)
	}
	mustTake(t, p, a)
}

// First come, first served, but for those whose tenant has its half: they let the others pass.
func TestPlacesAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(4)
		flood, quiet := core.ID{1}, core.ID{2}
		for _, of := range []core.ID{flood, flood, quiet, quiet} {
			mustTake(t, p, of)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		served := make(chan string, 5)
		wait := func(ctx context.Context, name string, of core.ID) {
			go func() {
				if err := p.take(ctx, of); err != nil {
					name += " gave up"
				}
				served <- name
			}()
			synctest.Wait()
		}
		wait(t.Context(), "flood 1", flood)
		wait(ctx, "flood 2", flood)
		wait(t.Context(), "quiet 1", quiet)
		wait(t.Context(), "flood 3", flood)
		wait(t.Context(), "quiet 2", quiet)
		for _, step := range []struct {
			do   func()
			then string
		}{
			{func() { p.giveBack(quiet) }, "quiet 1"},
			{func() { p.giveBack(flood) }, "flood 1"},
			{giveUp, "flood 2 gave up"},
			{func() { p.giveBack(flood) }, "flood 3"},
			{func() { p.giveBack(quiet) }, "quiet 2"},
		} {
			step.do()
			synctest.Wait()
			if got := <-served; got != step.then || len(served) > 0 {
				t.Errorf("served %s and %d more, want %s", got, len(served), step.then)
			}
		}
	})
}
