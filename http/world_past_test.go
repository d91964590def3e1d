package httpapi

import (
	"context"

	"resultlog/core"
)

// How things were in these tests: all that is recorded of the tenant, cut at the moment, and read as if that were all that there is.

// Settle implements Past.
func (w *world) Settle(_ context.Context, tenant core.ID, m core.Moment) (core.Moment, core.Position, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var last core.Recorded
	for _, r := range w.log {
		if r.Stream.Tenant == tenant {
			last = r
		}
	}
	settled, err := m.Settle(last, core.InstantOf(w.clock()))
	within := core.Position(0)
	for _, r := range w.log {
		if r.Stream.Tenant == tenant && settled.Holds(r) {
			within = r.Position
		}
	}
	if w.readFails != nil {
		err = w.readFails
	}
	return settled, within, err
}

// pastWorld is a world's Past: the methods of the same names read what is now.
type pastWorld struct{ *world }

// Result implements Past.
func (w pastWorld) Result(ctx context.Context, tenant, id core.ID, m core.Moment) (core.ResultView, error) {
	return w.cut(m).Result(ctx, 0, tenant, id)
}

// Activity implements Past. It is not told by its own log which result is the activity's.
func (w pastWorld) Activity(ctx context.Context, tenant, id, result core.ID, m core.Moment) (core.ActivityView, error) {
	v, err := w.cut(m).Activity(ctx, 0, tenant, id)
	if !v.ResultID.IsZero() && v.ResultID != result {
		w.t.Errorf("asked for an activity with the result %s; it has %s", result, v.ResultID)
	}
	return v, err
}

// cut is a world in which nothing else has happened.
func (w pastWorld) cut(m core.Moment) *world {
	w.mu.Lock()
	defer w.mu.Unlock()
	then := &world{t: w.t, readFails: w.readFails}
	for _, r := range w.log {
		if m.Holds(r) {
			then.log = append(then.log, r)
		}
	}
	return then
}
