package httpapi

import (
	"context"
	"iter"
	"slices"

	"resultlog/core"
)

const eventsPath = "/api/events"

// entriesOf is what the log holds of some events, as it is stored.
func (w *world) entriesOf(wanted func(core.Recorded) bool) iter.Seq2[core.Entry, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.walked++
	log, fails := slices.Clone(w.log), w.historyFails
	return func(yield func(core.Entry, error) bool) {
		if fails != nil {
			yield(core.Entry{}, fails)
			return
		}
		for _, r := range log {
			if wanted(r) && !yield(core.NewEntry(r), nil) {
				return
			}
		}
	}
}

// TenantEntries implements History.
func (w *world) TenantEntries(_ context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	return w.entriesOf(func(r core.Recorded) bool { return r.Stream.Tenant == tenant && r.TenantPosition > after })
}

// StreamEntries implements History.
func (w *world) StreamEntries(_ context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return w.entriesOf(func(r core.Recorded) bool { return r.Stream == stream && r.Version > after })
}

// TenantHead implements History.
func (w *world) TenantHead(_ context.Context, tenant core.ID) (head core.Position, err error) {
	for e, err := range w.TenantEntries(context.Background(), tenant, 0) {
		if err != nil {
			return 0, err
		}
		head = e.TenantPosition
	}
	return head, nil
}

// Watch implements Watcher.
func (w *world) Watch(tenant core.ID) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	bell := make(chan struct{}, 1)
	if w.bells == nil {
		w.bells = map[chan struct{}]core.ID{}
	}
	w.bells[bell] = tenant
	return bell, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.bells, bell)
	}
}

// ring is called with the lock held.
func (w *world) ring(tenant core.ID) {
	for bell, of := range w.bells {
		if of == tenant {
			select {
			case bell <- struct{}{}:
			default:
			}
		}
	}
}

// timesWalked is how often the log was read.
func (w *world) timesWalked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.walked
}
