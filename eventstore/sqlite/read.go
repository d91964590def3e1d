package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"resultlog/core"
	"resultlog/eventstore"
)

const selectStream = `SELECT ` + rowColumns + ` FROM events WHERE tenant_id = ? AND stream_id = ? AND version > ? ORDER BY version LIMIT ?`

// ReadAll implements eventstore.Log.
func (l *Log) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, core.Recorded{Position: after}, eventstore.Row.Recorded, func(last core.Recorded, most int) (*sql.Rows, error) {
		return l.readers.QueryContext(ctx, selectAll, int64(last.Position), most)
	})
}

// ReadSlim implements eventstore.Log.
func (l *Log) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	position := func(row eventstore.Row) core.Position { return row.Position }
	return eventstore.Decoded(eventstore.Row.SlimRecorded, eventstore.PagedAhead(ctx, after, position, l.packedRows))
}

// ReadStream implements eventstore.Log.
func (l *Log) ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, core.Recorded{Version: after}, eventstore.Row.Recorded, func(last core.Recorded, most int) (*sql.Rows, error) {
		return l.readers.QueryContext(ctx, selectStream, stream.Tenant[:], stream.ID[:], int64(last.Version), most)
	})
}

// read yields page after page; query asks for the most events after an event. A page is read to its end before any of it is yielded: while the caller works, no
// transaction is open, which would keep the WAL from being emptied.
func (l *Log) read(ctx context.Context, last core.Recorded, decode eventstore.Decoder, query func(last core.Recorded, most int) (*sql.Rows, error)) iter.Seq2[core.Recorded, error] {
	return eventstore.Paged(last, func(last core.Recorded, most int, into []core.Recorded) ([]core.Recorded, error) {
		return l.page(ctx, into, decode, func() (*sql.Rows, error) { return query(last, most) })
	})
}

// page reads one page into events. With an error, events are those before it.
func (l *Log) page(ctx context.Context, events []core.Recorded, decode eventstore.Decoder, query func() (*sql.Rows, error)) ([]core.Recorded, error) {
	if err := l.readable(ctx); err != nil {
		return events, err
	}
	rows, err := query()
	if err != nil {
		return events, l.orClosed(err)
	}
	events, err = scanAll(rows, events, decode, eventstore.NoLimit)
	return events, l.orClosed(err)
}

// readable reports why the log cannot be read now.
func (l *Log) readable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.settle(ctx)
}
