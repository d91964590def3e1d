package eventstore

import (
	"sync"

	"resultlog/core"
)

// watchers are who waits for the history of a tenant to grow. Whoever appends or replays rings for all of them, so that none need ask the log again and again.
type watchers struct {
	mu    sync.Mutex
	bells map[core.ID]map[chan struct{}]bool // by tenant
}

// Watch gives a bell that is rung when events of a tenant have become durable and this node knows it: at once after a commit of its own, and after what others appended within Follow. It rings
// once for all that came since it was last heard, so that nothing is missed by whoever listens first and then reads the log. Stop ends it.
func (s *Sequencer) Watch(tenant core.ID) (grown <-chan struct{}, stop func()) {
	w := &s.watchers
	bell := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bells == nil {
		w.bells = map[core.ID]map[chan struct{}]bool{}
	}
	if w.bells[tenant] == nil {
		w.bells[tenant] = map[chan struct{}]bool{}
	}
	w.bells[tenant][bell] = true
	return bell, func() { w.remove(tenant, bell) }
}

func (w *watchers) remove(tenant core.ID, bell chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.bells[tenant], bell)
	if len(w.bells[tenant]) == 0 {
		delete(w.bells, tenant)
	}
}

// ring tells those who watch a tenant. It never blocks: a bell that has not been heard yet rings already.
func (w *watchers) ring(tenant core.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for bell := range w.bells[tenant] {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// ringAll does so for the tenants of a commit's events. Those of one command, and often many more, are of one tenant.
func (w *watchers) ringAll(events []core.Recorded) {
	var last core.ID
	for _, r := range events {
		if r.Stream.Tenant != last {
			last = r.Stream.Tenant
			w.ring(last)
		}
	}
}
