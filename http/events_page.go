package httpapi

import (
	"context"
	"net/http"

	"resultlog/core"
)

const (
	// maxPageRows is how many events one page passes over to find those that fit: some 50 ms of reading. A page whose filters fit few of them ends there, and may have none.
	maxPageRows = 10_000

	// maxPageBytes ends a page early whose events are large, as maxLists of them are in memory until their readers have them. The largest event alone has a tenth of it.
	maxPageBytes = 4 << 20
)

// showEvents answers with a page of events.
func (s *Server) showEvents(x *exchange, q eventQuery) error {
	if err := x.takePlace(s.lists, codeListsBusy); err != nil {
		return err
	}
	defer s.lists.giveBack(x.tenant)
	if q.limit == 0 {
		q.limit = defaultLimit
	}
	b := borrow()
	defer b.giveBack()
	var head core.Position
	var err error
	if b.out, head, err = s.appendEventPage(x, q, b.out); err != nil {
		return err
	}
	x.showHead(head)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// appendEventPage reads and encodes a page: its events as every other form shows them, and from where to go on.
func (s *Server) appendEventPage(x *exchange, q eventQuery, b []byte) ([]byte, core.Position, error) {
	ctx, cancel := context.WithTimeout(x.request.Context(), ReadTimeout)
	defer cancel()
	w, err := s.walkEvents(ctx, x, q)
	if err != nil {
		return b, 0, whenOver(ctx, err, codeHistoryUnavailable)
	}
	if err := s.streams.reading.take(ctx, x.tenant); err != nil {
		return b, 0, whenOver(ctx, err, codeHistoryUnavailable)
	}
	defer s.streams.reading.giveBack(x.tenant)
	b = append(b, `{"data":[`...)
	first := len(b)
	b, next, more, err := w.look(ctx, b, stretch{w.start, w.history}, portion{q.limit, maxPageRows, maxPageBytes}, func(b []byte, e core.Entry) ([]byte, error) {
		if len(b) > first {
			b = append(b, ',')
		}
		return e.AppendJSON(b)
	})
	if err != nil {
		return b, 0, whenOver(ctx, err, codeHistoryUnavailable)
	}
	if !more {
		next = w.history // everything up to there was looked at, or lies behind the end of the span
	}
	o := core.OpenObject(append(b, `],"meta":`...))
	o.Integer("limit", int64(q.limit))
	o.Integer("head", int64(w.history))
	o.Integer("nextAfter", int64(next))
	o.Boolean("hasMore", more)
	return append(o.Close(), '}'), w.history, nil
}
