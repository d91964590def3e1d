package httpapi

import (
	"context"
	"errors"

	"resultlog/core"
)

// read reads from the read tables, once every acknowledged write can be seen in them (contract §2.6); eventual: as they are.
func read[V any](s *Server, x *exchange, eventual bool, from reader[V]) (v V, err error) {
	if eventual {
		return from.read(s, x, 0)
	}
	waiting, cancel := context.WithTimeout(x.request.Context(), ReadsWait)
	defer cancel()
	for {
		after, err := s.Barrier.Wait(waiting)
		if err != nil {
			return v, whenOver(waiting, err, core.CodeReadsBehind)
		}
		v, err = from.read(s, x, after)
		if !isBehind(err) || waiting.Err() != nil {
			return v, err
		}
		// The tables were emptied, to be rebuilt, between the wait and the read: wait again.
	}
}

// reader reads from tables that hold everything up to a position.
type reader[V any] func(ctx context.Context, after core.Position) (V, error)

func (from reader[V]) read(s *Server, x *exchange, after core.Position) (v V, err error) {
	ctx, cancel := context.WithTimeout(x.request.Context(), ReadTimeout)
	defer cancel()
	if err := s.judgeAgain(ctx, x); err != nil {
		return v, err
	}
	if v, err = from(ctx, after); err != nil {
		err = whenOver(ctx, err, core.CodeReadsBehind)
	}
	return v, err
}

// readByID reads what the id in the path names, by a method of Reader.
func readByID[V any](s *Server, x *exchange, method func(ctx context.Context, after core.Position, tenant, id core.ID) (V, error)) (v V, err error) {
	eventual, err := readEventual(x.request.URL)
	if err != nil {
		return v, err
	}
	return readNamed(s, x, eventual, method)
}

func readNamed[V any](s *Server, x *exchange, eventual bool, method func(ctx context.Context, after core.Position, tenant, id core.ID) (V, error)) (V, error) {
	return read(s, x, eventual, func(ctx context.Context, after core.Position) (v V, err error) {
		id, err := x.pathID()
		if err != nil {
			return v, err
		}
		return method(ctx, after, x.tenant, id)
	})
}

// pathID is the id in the path; one that is malformed names nothing (contract §2.3).
func (x *exchange) pathID() (core.ID, error) {
	id, err := core.ParseID(x.params.ByName("id"))
	if err != nil {
		return id, fail(core.CodeNotFound, "there is nothing with the id %s: it is not a UUID", shorten(x.params.ByName("id")))
	}
	return id, nil
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
