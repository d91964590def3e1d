package httpapi

import (
	"context"
	"errors"

	"resultlog/core"
)

// read gives the row that the path names, once every acknowledged write can be seen in it (contract §2.6).
func read[V any](s *Server, x *exchange, row rowReader[V]) (v V, err error) {
	eventual, err := readEventual(x.request.URL)
	if err != nil {
		return v, err
	}
	if eventual {
		return readRow(s, x, 0, row)
	}
	waiting, cancel := context.WithTimeout(x.request.Context(), ReadsWait)
	defer cancel()
	for {
		after, err := s.Barrier.Wait(waiting)
		if err != nil {
			return v, whenOver(waiting, err, core.CodeReadsBehind)
		}
		v, err = readRow(s, x, after, row)
		if !isBehind(err) || waiting.Err() != nil {
			return v, err
		}
		// The tables were emptied, to be rebuilt, between the wait and the read: wait again.
	}
}

// rowReader is a method of Reader.
type rowReader[V any] func(ctx context.Context, after core.Position, tenant, id core.ID) (V, error)

// readRow reads the row from tables that hold everything up to a position.
func readRow[V any](s *Server, x *exchange, after core.Position, row rowReader[V]) (v V, err error) {
	id, err := core.ParseID(x.params.ByName("id"))
	if err != nil {
		return v, fail(core.CodeNotFound, "there is nothing with the id %s: it is not a UUID", shorten(x.params.ByName("id")))
	}
	ctx, cancel := context.WithTimeout(x.request.Context(), ReadTimeout)
	defer cancel()
	if v, err = row(ctx, after, x.tenant, id); err != nil {
		err = whenOver(ctx, err, core.CodeReadsBehind)
	}
	return v, err
}

func isBehind(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && e.Code == core.CodeReadsBehind
}

// whenOver gives a code to an error that has none and came when the context was over: however a driver puts that, it is no fault of ours.
func whenOver(ctx context.Context, err error, code core.Code) error {
	var e *core.Error
	if ctx.Err() == nil || errors.As(err, &e) {
		return err
	}
	return &core.Error{Code: code, Err: err}
}
