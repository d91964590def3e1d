package eventstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"resultlog/core"
)

// Past shows results and activities as they were, by folding their streams out of the log, and no further than the moment that is asked for. It reads in pages and keeps none of them. What it
// gives is what the read tables held when that moment was the last, but for personal parts that have been erased since: those are gone from the log, and cannot come back.
// Safe for concurrent use. Its errors are *core.Error, unless the log holds what this program cannot read (ErrUnreadable).
type Past struct {
	History History
	Now     func() time.Time // nil: time.Now; judges whether a time has come
}

// Settle pins a moment to what is durable now, so that what is read as of it, by however many calls, is of one state. It also gives a position in the whole log up to which tables must have
// come to know all of it. The error is a *core.Error of CodeFuture if the moment has not come.
//
// A time that is the clock's own millisecond has come, and yet more may be recorded in it; and what is decided carries the time of its decision, a moment before it is durable. So the answer as of
// a time that has only just passed may grow. One as of a position never changes.
func (p Past) Settle(ctx context.Context, tenant core.ID, m core.Moment) (_ core.Moment, within core.Position, err error) {
	head, err := p.History.TenantHead(ctx, tenant)
	if err != nil {
		return m, 0, cannotRead(ctx, err)
	}
	last, err := p.at(ctx, tenant, head)
	if err != nil {
		return m, 0, err
	}
	if m, err = m.Settle(last, p.clock()); err != nil {
		return m, 0, err
	}
	if m.Position < head {
		last, err = p.at(ctx, tenant, m.Position)
	}
	return m, last.Position, err
}

// Result gives a result as it was at a moment, which must be settled, with what the tenant held it to be then. The error is a *core.Error of CodeNotFound if it was not there yet, or is not the
// tenant's.
func (p Past) Result(ctx context.Context, tenant, id core.ID, m core.Moment) (v core.ResultView, err error) {
	stream := core.Stream{Tenant: tenant, ID: id}
	for r, err := range p.events(ctx, stream, m) {
		if err == nil {
			err = v.Fold(r)
		}
		if err != nil {
			return core.ResultView{}, err
		}
	}
	if v.ID.IsZero() { // or the stream is that of something else
		return core.ResultView{}, p.missing(ctx, "result", stream, core.ResultSubmitted{}.Type())
	}
	types, err := p.resultTypes(ctx, tenant, m)
	v.Classification = types.Classification(v.Result)
	return v, err
}

// Activity gives an activity as it was at a moment, which must be settled; the result is the one that is the activity's now, if it has one: an activity has one result, once and for all, and a
// PENDING one stands in no event of the activity's own stream. For the error see Result.
func (p Past) Activity(ctx context.Context, tenant, id, result core.ID, m core.Moment) (v core.ActivityView, err error) {
	link, linked, err := p.link(ctx, core.Stream{Tenant: tenant, ID: result}, id, m)
	if err != nil {
		return v, err
	}
	stream := core.Stream{Tenant: tenant, ID: id}
	for r, err := range p.events(ctx, stream, m) {
		if err != nil {
			return core.ActivityView{}, err
		}
		if linked && link.TenantPosition < r.TenantPosition {
			v.Fold(link)
			linked = false
		}
		v.Fold(r)
	}
	if v.ID.IsZero() {
		return core.ActivityView{}, p.missing(ctx, "activity", stream, core.ActivityCreated{}.Type())
	}
	if linked {
		v.Fold(link)
	}
	return v, nil
}

// link finds the event that made a result an activity's: the first of the result's stream that is about the activity, since all later ones change nothing of it. Before it, the result may have
// stood alone (late linking, contract §2.1), and the activity had none.
func (p Past) link(ctx context.Context, result core.Stream, activity core.ID, m core.Moment) (r core.Recorded, found bool, err error) {
	if result.ID.IsZero() {
		return r, false, nil
	}
	for r, err := range p.events(ctx, result, m) {
		if err != nil {
			return r, false, err
		}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			found = e.ActivityID == activity
		case core.ResultLinked:
			found = e.ActivityID == activity
		}
		if found {
			return r, true, nil
		}
	}
	return r, false, nil
}

// resultTypes folds how a tenant had the catalogue. A tenant's own stream has an event for each configuration and API key: hundreds, where others have millions.
func (p Past) resultTypes(ctx context.Context, tenant core.ID, m core.Moment) (types core.ResultTypes, err error) {
	for r, err := range p.events(ctx, core.Stream{Tenant: tenant, ID: tenant}, m) {
		if err != nil {
			return types, err
		}
		if e, ok := r.Event.(core.ResultTypeConfigured); ok {
			types = types.Configure(e.Code, e.Active, e.Classification)
		}
	}
	return types, nil
}

// events yields the events of a stream that a moment holds. The first that it does not hold ends it, and is not decoded.
func (p Past) events(ctx context.Context, stream core.Stream, m core.Moment) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for e, err := range p.History.StreamEntries(ctx, stream, 0) {
			if err != nil {
				yield(core.Recorded{}, cannotRead(ctx, err))
				return
			}
			if !m.Holds(e.Place()) {
				return
			}
			r, err := Row{Entry: e}.Recorded()
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// missing is the error of what was not there at a moment. Since when it is there is told only if the stream begins as one of its kind does: then it is this tenant's.
func (p Past) missing(ctx context.Context, what string, stream core.Stream, begins string) error {
	for e, err := range p.History.StreamEntries(ctx, stream, 0) {
		if err != nil {
			return cannotRead(ctx, err)
		}
		if e.Type != begins {
			break
		}
		return &core.Error{Code: core.CodeNotFound, Message: fmt.Sprintf("the %s %s was not there yet: it is since %s, tenant position %d", what, stream.ID, e.RecordedAt, e.TenantPosition)}
	}
	return &core.Error{Code: core.CodeNotFound, Message: fmt.Sprintf("this tenant has no %s %s: check the id, and the tenant of the request", what, stream.ID)}
}

// at gives the place of a tenant's event by its tenant position; the zero place for 0.
func (p Past) at(ctx context.Context, tenant core.ID, position core.Position) (core.Recorded, error) {
	if position == 0 {
		return core.Recorded{}, nil
	}
	for e, err := range p.History.TenantEntries(ctx, tenant, position-1) {
		if err != nil {
			return core.Recorded{}, cannotRead(ctx, err)
		}
		return e.Place(), nil
	}
	return core.Recorded{}, fmt.Errorf("%w: tenant %s has no event at its position %d, which was there", ErrUnreadable, tenant, position)
}

func (p Past) clock() core.Instant {
	if p.Now == nil {
		return core.InstantOf(time.Now())
	}
	return core.InstantOf(p.Now())
}

// cannotRead gives a code to the error of a log that cannot be read now; what it holds and nobody can read is another matter, and so is a caller that does not wait.
func cannotRead(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrUnreadable) {
		return err
	}
	return &core.Error{Code: core.CodeUnavailable, Message: "the log cannot be read right now: retry a little later", Err: err}
}
