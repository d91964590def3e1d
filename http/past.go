package httpapi

import (
	"context"
	"net/url"
	"strings"

	"resultlog/core"
)

// readAsOf reads what the id in the path names: as it is now, by a method of Reader; or, with ?as_of=, as it was at that moment, by then.
func readAsOf[V any](
	s *Server, x *exchange,
	now func(ctx context.Context, after core.Position, tenant, id core.ID) (V, error),
	then func(x *exchange, eventual bool, m core.Moment) (V, error),
) (v V, err error) {
	eventual, asOf, err := readMoment(x.request.URL)
	switch {
	case err != nil:
		return v, err
	case asOf == nil:
		return readNamed(s, x, eventual, now)
	default:
		return then(x, eventual, *asOf)
	}
}

// readMoment reads the query of what can also be read as it was: ?consistency and ?as_of, nil if that is left out.
func readMoment(u *url.URL) (eventual bool, asOf *core.Moment, err error) {
	q, err := readQuery(u, "consistency", "as_of")
	if err != nil {
		return false, nil, err
	}
	if eventual, err = isEventual(q); err != nil || !q.Has("as_of") {
		return eventual, nil, err
	}
	text := q.Get("as_of")
	m, err := core.ParseMoment(text)
	switch {
	case err == nil:
		return eventual, &m, nil
	case strings.Contains(text, " "): // most likely it was sent for the sign of an offset
		return false, nil, fail(codeInvalidQuery, "as_of %v; %s", err, plusIsSpace)
	default:
		return false, nil, fail(codeInvalidQuery, "as_of %v", err)
	}
}

// resultAsOf reads a result as it was. The log is where results are recorded, and holds every write that was acknowledged: there is nothing to wait for, and it does not matter what is parked.
func (s *Server) resultAsOf(x *exchange, _ bool, m core.Moment) (core.ResultView, error) {
	return read(s, x, true, func(ctx context.Context, _ core.Position) (core.ResultView, error) {
		id, err := x.pathID()
		if err != nil {
			return core.ResultView{}, err
		}
		m, _, err := s.Past.Settle(ctx, x.tenant, m)
		if err != nil {
			return core.ResultView{}, err
		}
		x.position = m.Position
		return s.Past.Result(ctx, x.tenant, id, m)
	})
}

// activityAsOf reads an activity as it was. Which result is its own, the read tables know alone, and for ever: they must have come as far as the moment, which is settled first. A read that skips
// the barrier does not wait for that either, and is refused where they have not: they might lack the result that the activity had.
func (s *Server) activityAsOf(x *exchange, eventual bool, m core.Moment) (core.ActivityView, error) {
	id, err := x.pathID()
	if err != nil {
		return core.ActivityView{}, err
	}
	settled, err := s.settle(x, m)
	if err != nil {
		return core.ActivityView{}, err
	}
	v, err := read(s, x, eventual, func(ctx context.Context, after core.Position) (core.ActivityView, error) {
		now, err := s.Reader.Activity(ctx, max(after, settled.within), x.tenant, id)
		if err != nil {
			return core.ActivityView{}, err
		}
		return s.Past.Activity(ctx, x.tenant, id, now.ResultID, settled.Moment)
	})
	if eventual && isBehind(err) {
		err = &core.Error{Code: core.CodeReadsBehind, Message: "the read tables have not come as far as that moment: retry a little later, or leave consistency=eventual out, to wait for them", Err: err}
	}
	return v, err
}

// settledMoment is a moment that has come, and how far tables must have come to know all of it.
type settledMoment struct {
	core.Moment
	within core.Position // in the whole log
}

func (s *Server) settle(x *exchange, m core.Moment) (settledMoment, error) {
	return read(s, x, true, func(ctx context.Context, _ core.Position) (settled settledMoment, err error) {
		settled.Moment, settled.within, err = s.Past.Settle(ctx, x.tenant, m)
		x.position = settled.Position
		return settled, err
	})
}
