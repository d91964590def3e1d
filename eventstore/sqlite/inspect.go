package sqlite

import (
	"context"

	"resultlog/core"
	"resultlog/eventstore"
)

// Row gives the event at a position as it is stored, decoded by nobody: for whoever must look at one that cannot be. It is found unless the log does not come that far.
func (l *Log) Row(ctx context.Context, at core.Position) (row eventstore.Row, found bool, err error) {
	if err := l.readable(ctx); err != nil {
		return row, false, err
	}
	rows, err := l.storedPage.QueryContext(ctx, int64(at-1), 1)
	if err != nil {
		return row, false, l.orClosed(err)
	}
	defer rows.Close()
	if rows.Next() {
		row, err = scanRow(rows)
		found = err == nil && row.Position == at // the first after a position that is none, 0 say, is another
	}
	if err == nil {
		err = rows.Err()
	}
	return row, found, l.orClosed(err)
}
