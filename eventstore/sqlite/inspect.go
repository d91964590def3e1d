package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"resultlog/core"
	"resultlog/eventstore"
)

// Rows yields the events after a position as they are stored, decoded by nobody: for who copies a log, or verifies it.
func (l *Log) Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error] {
	return eventstore.Paged(eventstore.Row{Entry: core.Entry{Position: after}}, func(last eventstore.Row, most int, _ []eventstore.Row) ([]eventstore.Row, error) {
		return l.stored(ctx, last.Position, most) // rows of their own: who asks for them may keep them
	})
}

// stored reads some rows after a position.
func (l *Log) stored(ctx context.Context, after core.Position, most int) ([]eventstore.Row, error) {
	return l.pageOfRows(ctx, func() (*sql.Rows, error) { return l.readers.QueryContext(ctx, selectStored, int64(after), most) })
}

// pageOfRows reads one page. With an error, rows are those before it.
func (l *Log) pageOfRows(ctx context.Context, query func() (*sql.Rows, error)) (page []eventstore.Row, err error) {
	if err := l.readable(ctx); err != nil {
		return nil, err
	}
	rows, err := query()
	if err != nil {
		return nil, l.orClosed(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := eventstore.ScanRow(rows)
		if err != nil {
			return page, err
		}
		page = append(page, row)
	}
	return page, l.orClosed(rows.Err())
}

// Row gives the event at a position as it is stored. It is found unless the log does not come that far.
func (l *Log) Row(ctx context.Context, at core.Position) (row eventstore.Row, found bool, err error) {
	page, err := l.stored(ctx, at-1, 1)
	if err != nil || len(page) == 0 || page[0].Position != at { // the first after a position that is none, 0 say, is another
		return row, false, err
	}
	return page[0], true, nil
}
