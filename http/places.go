package httpapi

import (
	"context"
	"slices"
	"sync"

	"resultlog/core"
)

// places bounds how many requests of a kind are answered at once, for the memory that each of them holds: so many, and half of those at most of one tenant, so that a flood of one
// never keeps the others out. Who finds no place waits: first come, first served, but for those whose tenant has its half.
type places struct {
	mu      sync.Mutex
	free    int
	half    int
	taken   map[core.ID]int // by the tenants that have any
	waiting []*arrival
}

// arrival is a request that has a place once let is closed.
type arrival struct {
	tenant core.ID
	let    chan struct{}
}

func newPlaces(count int) *places {
	return &places{free: count, half: max(1, count/2), taken: make(map[core.ID]int)}
}

// take waits for a place until the context ends; then it gives the context's error.
func (p *places) take(ctx context.Context, tenant core.ID) error {
	a := &arrival{tenant: tenant, let: make(chan struct{})}
	p.mu.Lock()
	p.waiting = append(p.waiting, a)
	p.letIn()
	p.mu.Unlock()
	select {
	case <-a.let:
		return nil
	case <-ctx.Done():
		return p.leave(a, ctx.Err())
	}
}

// leave is for one that waits no longer, unless it was let in at the same moment.
func (p *places) leave(a *arrival, why error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, a)
	if i < 0 {
		return nil
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return why
}

// giveBack gives a tenant's place to the next.
func (p *places) giveBack(tenant core.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free++
	if p.taken[tenant]--; p.taken[tenant] == 0 {
		delete(p.taken, tenant)
	}
	p.letIn()
}

// letIn gives the free places to those who may have one.
func (p *places) letIn() {
	p.waiting = slices.DeleteFunc(p.waiting, func(a *arrival) bool {
		if p.free == 0 || p.taken[a.tenant] == p.half {
			return false
		}
		p.free--
		p.taken[a.tenant]++
		close(a.let)
		return true
	})
}

// takePlace waits for a place as long as any read waits; then it is busy. Whoever has a place gives it back when the answer has been sent.
func (x *exchange) takePlace(p *places, busy core.Code) error {
	waiting, cancel := context.WithTimeout(x.request.Context(), ReadsWait)
	defer cancel()
	if err := p.take(waiting, x.tenant); err != nil {
		return &core.Error{Code: busy, Err: err}
	}
	return nil
}
