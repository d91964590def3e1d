package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

// Rows yields the events after a position as they are stored, decoded by nobody: for who copies a log, or verifies it.
func (l *Log) Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error] {
	return eventstore.Paged(eventstore.Row{Entry: core.Entry{Position: after}}, func(last eventstore.Row, most int, _ []eventstore.Row) ([]eventstore.Row, error) {
		return l.storedPage(ctx, last.Position, most) // rows of their own: who asks for them may keep them
	})
}

// storedPage reads some rows after a position.
func (l *Log) storedPage(ctx context.Context, after core.Position, most int) ([]eventstore.Row, error) {
	return l.pageOfRows(ctx, func(ctx context.Context) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectStored, int64(after), most)
	})
}

// pageOfRows reads one page. With an error, rows are those before it.
func (l *Log) pageOfRows(ctx context.Context, query func(context.Context) (pgx.Rows, error)) (page []eventstore.Row, err error) {
	if err := l.readable(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	rows, err := query(ctx)
	if err != nil {
		return nil, l.explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := scanRow(rows)
		if err != nil {
			return page, err
		}
		page = append(page, row)
	}
	return page, l.explain(ctx, rows.Err())
}

// Row gives the event at a position as it is stored. It is found unless the log does not come that far.
func (l *Log) Row(ctx context.Context, at core.Position) (row eventstore.Row, found bool, err error) {
	page, err := l.storedPage(ctx, at-1, 1)
	if err != nil || len(page) == 0 || page[0].Position != at { // the first after a position that is none, 0 say, is another
		return row, false, err
	}
	return page[0], true, nil
}
