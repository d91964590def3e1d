package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

// ReadAll implements eventstore.Log.
func (l *Log) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.follow(after, l.tail.known, func(after core.Position) iter.Seq2[core.Recorded, error] {
		return l.read(ctx, core.Recorded{Position: after}, func(ctx context.Context, last core.Recorded, most int) (pgx.Rows, error) {
			return l.readers.Query(ctx, selectAll, int64(last.Position), most)
		})
	})
}

// ReadSlim implements eventstore.Log.
func (l *Log) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	known := func() mark { return l.tail.knownAfter(after) }
	return l.follow(after, known, func(after core.Position) iter.Seq2[core.Recorded, error] {
		return eventstore.PagedAhead(ctx, after, func(r core.Recorded) core.Position { return r.Position }, l.slimPage)
	})
}

// ReadStream implements eventstore.Log.
func (l *Log) ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, core.Recorded{Version: after}, func(ctx context.Context, last core.Recorded, most int) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectStream, [16]byte(stream.Tenant), [16]byte(stream.ID), int64(last.Version), most)
	})
}

// follow reads on from a position, by way of events. The tail, if it is that position or lies after it, must be met on the way: who goes on from there would otherwise mix two logs. What is read
// beyond a tail that was not met says nothing of what was read before, and is no tail.
func (l *Log) follow(after core.Position, tail func() mark, events func(after core.Position) iter.Seq2[core.Recorded, error]) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		known, begin := tail(), after
		if known.position > 0 && known.position == after {
			begin--
		}
		met := known.position == 0
		for r, err := range events(begin) {
			if err == nil && r.Position == known.position {
				if met = r.EventID == known.id; !met {
					err = diverged(known)
				}
			}
			if err != nil {
				yield(core.Recorded{}, err)
				return
			}
			if met {
				l.tail.saw(mark{r.Position, r.EventID})
			}
			if r.Position > after && !yield(r, nil) {
				return
			}
		}
		if !met && after <= known.position {
			yield(core.Recorded{}, diverged(known))
		}
	}
}

// read yields page after page; query asks for the most events after an event. A page is read to its end before any of it is yielded: while the caller works, no transaction is open.
func (l *Log) read(ctx context.Context, last core.Recorded, query func(ctx context.Context, last core.Recorded, most int) (pgx.Rows, error)) iter.Seq2[core.Recorded, error] {
	return eventstore.Paged(last, func(last core.Recorded, most int, into []core.Recorded) ([]core.Recorded, error) {
		return l.page(ctx, into, scanRow, eventstore.Row.Recorded, func(ctx context.Context) (pgx.Rows, error) { return query(ctx, last, most) })
	})
}

// slimPage reads a page of the events after a position, as far as replaying needs them.
func (l *Log) slimPage(ctx context.Context, after core.Position, most int, into []core.Recorded) ([]core.Recorded, error) {
	return l.page(ctx, into, scanSlim, eventstore.Row.SlimRecorded, func(ctx context.Context) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectSlim, inBinary, int64(after), most)
	})
}

// page reads one page into events. With an error, events are those before it.
func (l *Log) page(ctx context.Context, events []core.Recorded, scan scanner, decode eventstore.Decoder, query func(context.Context) (pgx.Rows, error)) ([]core.Recorded, error) {
	if err := l.readable(ctx); err != nil {
		return events, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	rows, err := query(ctx)
	if err != nil {
		return events, l.explain(ctx, err)
	}
	events, err = scanAll(rows, events, scan, decode, eventstore.NoLimit)
	return events, l.explain(ctx, err)
}
