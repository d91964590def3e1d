package sqlite

import (
	"context"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// selectPacked gives a page of events as one value, with what replaying needs of each: slim; or, if that is not there, or not of this program's version, data and metadata. They come in the order of
// the positions, though group_concat does not promise it: if they did not, the machine would refuse them.
var selectPacked = fmt.Sprintf(`SELECT CAST(group_concat(event, '') AS BLOB) FROM (
	SELECT CASE WHEN slim >= X'%02X' AND slim < X'%02X' THEN concat(`+packedPlace+`, length(slim), ':', slim) ELSE concat(`+packedEvent+`) END AS event
	FROM events WHERE position > ? ORDER BY position LIMIT ?)`, core.SlimVersion, core.SlimVersion+1)

// packedRows reads a page of events, as far as replaying needs them. With an error, rows are those before it.
func (l *Log) packedRows(ctx context.Context, after core.Position, most int, rows []eventstore.Row) ([]eventstore.Row, error) {
	if err := l.readable(ctx); err != nil {
		return rows, err
	}
	var p packed
	if err := l.readers.QueryRowContext(ctx, selectPacked, int64(after), most).Scan(&p.rest); err != nil {
		return rows, l.orClosed(err)
	}
	for len(p.rest) > 0 {
		row, err := p.row()
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}
