package httpapi

import (
	"context"
	"iter"

	"resultlog/core"
)

// eventWalk is a walk through a tenant's history, in the order of tenant_position. It reads the log itself: what it shows is durable, and waits for no read table.
type eventWalk struct {
	eventQuery
	history core.Position // how far it went when the walk began
	start   core.Position // where the walk begins: nothing up to there is wanted
	log     History
	tenant  core.ID
	isLive  bool // beyond where the history went: what a stream holds by then is found among everything
}

// walkEvents begins a walk. The head is read first: what becomes known of streams after that is only ever more.
func (s *Server) walkEvents(ctx context.Context, x *exchange, q eventQuery) (*eventWalk, error) {
	if err := s.judgeAgain(ctx, x); err != nil {
		return nil, err
	}
	head, err := s.History.TenantHead(ctx, x.tenant)
	if err != nil {
		return nil, err
	}
	if q.after > head {
		return nil, fail(codeInvalidQuery, "%d lies beyond the last event of this tenant, which is %d: it was given for another tenant, or for a log that was replaced by an older copy", q.after, head)
	}
	w := &eventWalk{eventQuery: q, history: head, start: q.after, log: s.History, tenant: x.tenant}
	if err := s.findStreams(ctx, x, w); err != nil {
		return nil, err
	}
	if q.Recorded.From != nil {
		w.start, err = core.RecordedFrom(*q.Recorded.From, q.after, head, func(after core.Position) iter.Seq2[core.Entry, error] {
			return w.log.TenantEntries(ctx, w.tenant, after)
		})
	}
	return w, err
}

// findStreams finds the streams that a walk is about.
func (s *Server) findStreams(ctx context.Context, x *exchange, w *eventWalk) (err error) {
	isIt := true
	switch {
	case !w.Activity.IsZero():
		isIt, err = s.knowActivity(ctx, x, w)
	case !w.Result.IsZero():
		for e, failed := range w.stream(ctx, w.Result)(0) {
			if isIt, err = e.Type == (core.ResultSubmitted{}).Type(), failed; isIt {
				w.Know(w.Result)
			}
			break
		}
		isIt = len(w.Streams()) > 0
	}
	if err == nil && w.mustBe && !isIt {
		return fail(core.CodeNotFound, "there is nothing with the id %s in this tenant: check the id, and the tenant of the request", x.params.ByName("id"))
	}
	return err
}

// knowActivity finds the activity's own stream and that of its result, if it has one. The activity's events name the result that moved it; one that has moved nothing, since it is PENDING, stands in
// the read tables.
func (s *Server) knowActivity(ctx context.Context, x *exchange, w *eventWalk) (is bool, err error) {
	is, result, err := core.ActivityOf(w.Activity, w.stream(ctx, w.Activity)(0))
	if !is || err != nil {
		return is, err
	}
	w.Know(w.Activity)
	if result.IsZero() {
		view, err := read(s, x, false, func(ctx context.Context, after core.Position) (core.ActivityView, error) {
			return s.Reader.Activity(ctx, after, w.tenant, w.Activity)
		})
		if err != nil {
			return is, err
		}
		result = view.ResultID
	}
	w.Know(result)
	return is, nil
}

// stream reads a stream of the tenant.
func (w *eventWalk) stream(ctx context.Context, id core.ID) core.EntriesFrom[core.Version] {
	return func(after core.Version) iter.Seq2[core.Entry, error] {
		return w.log.StreamEntries(ctx, core.Stream{Tenant: w.tenant, ID: id}, after)
	}
}

// entries yields the events after a tenant position among which the wanted ones are.
func (w *eventWalk) entries(ctx context.Context, after core.Position) (iter.Seq2[core.Entry, error], error) {
	if w.IsWhole() || w.isLive {
		return w.log.TenantEntries(ctx, w.tenant, after), nil
	}
	var streams []core.EntriesFrom[core.Version]
	for _, id := range w.Streams() {
		streams = append(streams, w.stream(ctx, id))
	}
	return core.EntriesAfter(after, streams...)
}

// portion bounds one look at the log: how many events it gives, how many it passes over for them, and how many bytes it gives, but for the last event.
type portion struct{ events, rows, bytes int }

// stretch is where to look: after a tenant position, up to another.
type stretch struct{ after, last core.Position }

// entryWriter adds an event to a buffer.
type entryWriter func([]byte, core.Entry) ([]byte, error)

// look adds the next wanted events of a stretch to a buffer. Everything up to next has been looked at; more says that there is more to look at.
func (w *eventWalk) look(ctx context.Context, b []byte, at stretch, most portion, write entryWriter) (_ []byte, next core.Position, more bool, err error) {
	after, last := at.after, at.last
	entries, err := w.entries(ctx, after)
	if err != nil {
		return b, after, false, err
	}
	from := len(b)
	for e, err := range entries {
		switch {
		case err != nil:
			return b, after, false, err
		case e.TenantPosition > last || w.IsOver(e):
			return b, after, false, nil
		case most.events == 0 || most.rows == 0 || len(b)-from >= most.bytes:
			return b, after, true, nil
		}
		after = e.TenantPosition
		most.rows--
		if err := w.Learn(e); err != nil {
			return b, after, false, err
		}
		if !w.Fits(e) {
			continue
		}
		most.events--
		if b, err = write(b, e); err != nil {
			return b, after, false, err
		}
	}
	return b, after, false, nil
}
