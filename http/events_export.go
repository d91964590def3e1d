package httpapi

import (
	"context"
	"math"
	"net/http"

	"resultlog/core"
)

// exportEvents answers with all events that fit, a line each, up to where the history goes when it begins. It holds one chunk at a time.
func (s *Server) exportEvents(x *exchange, q eventQuery) error {
	if err := x.takePlace(s.streams.exports, codeStreamsBusy); err != nil {
		return err
	}
	defer s.streams.exports.giveBack(x.tenant)
	w, err := s.beginStream(x, q)
	if err != nil {
		return err
	}
	s.Metrics.streams.WithLabelValues(exportKind).Inc()
	defer s.Metrics.streams.WithLabelValues(exportKind).Dec()
	st, err := s.openStream(x.request.Context(), x, mediaNDJSON, w.history)
	if err == nil {
		err = s.exportWalk(st, w)
	}
	if err != nil {
		st.notSent(err)
		panic(http.ErrAbortHandler) // cut the connection, so that nobody takes it for all
	}
	return nil
}

// beginStream begins the walk of a stream. What is wrong is answered as a problem.
func (s *Server) beginStream(x *exchange, q eventQuery) (*eventWalk, error) {
	ctx, cancel := context.WithTimeout(x.request.Context(), ReadTimeout)
	defer cancel()
	w, err := s.walkEvents(ctx, x, q)
	if err != nil {
		return nil, whenOver(ctx, err, codeHistoryUnavailable)
	}
	return w, nil
}

// exportWalk sends everything that a walk comes by, chunk by chunk.
func (s *Server) exportWalk(st *stream, w *eventWalk) error {
	b := borrow()
	defer b.giveBack()
	left := w.limit
	if left == 0 {
		left = math.MaxInt
	}
	for after, more := w.start, true; more && left > 0; {
		var err error
		sent := st.x.events
		b.out, after, more, err = s.readChunk(st.ctx, st.x, w, b.out[:0], stretch{after, w.history}, left, appendEventLine)
		if err != nil {
			e, _ := s.meaning(st.x, err)
			st.x.code = e.Code
			return err
		}
		left -= st.x.events - sent
		if len(b.out) == 0 {
			continue
		}
		if err := st.send(b.out); err != nil {
			return err
		}
	}
	return nil
}

// appendEventLine writes an event on a line of its own.
func appendEventLine(b []byte, e core.Entry) ([]byte, error) {
	b, err := e.AppendJSON(b)
	return append(b, '\n'), err
}
