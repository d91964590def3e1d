package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// selectPacked gives a page of events as one value, with what replaying needs of each: numbers and the type, a space after each; three ids; and after its length and a colon, slim. If that is not
// there, or not of this program's version, data stands in its place, a minus before its length, and then metadata after its length and a colon.
//
// To fetch the same in rows and columns takes twice the time: the driver takes a lock whenever it looks at a column, and looks three times. What is left is SQLite putting it together, piece by
// piece; so there are as few pieces as can be. They come in the order of the positions, though group_concat does not promise it: if they did not, the machine would refuse them.
var selectPacked = fmt.Sprintf(`SELECT CAST(group_concat(event, '') AS BLOB) FROM (
	SELECT position || ' ' || tenant_position || ' ' || version || ' ' || recorded_at || ' ' || schema_version || ' ' || type || ' ' || tenant_id || stream_id || event_id ||
		CASE WHEN slim >= X'%02X' AND slim < X'%02X' THEN length(slim) || ':' || slim
			ELSE '-' || length(CAST(data AS BLOB)) || ':' || data || length(CAST(metadata AS BLOB)) || ':' || metadata
		END AS event
	FROM events WHERE position > ? ORDER BY position LIMIT ?)`, core.SlimVersion, core.SlimVersion+1)

// errPacked means that a row has a column which is none that Append writes.
var errPacked = errors.New("one of its columns is not what an event has")

// packed is a page of selectPacked, and what of it has not been read yet.
type packed struct {
	rest []byte
	bad  bool // it has come to what is no page
}

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

// row reads the next event. The error is an eventstore.RowError, if its position can be told.
func (p *packed) row() (row eventstore.Row, err error) {
	row.Position, row.TenantPosition = core.Position(p.number(' ')), core.Position(p.number(' '))
	version := p.number(' ')
	row.RecordedAt, row.SchemaVersion = core.Instant(p.number(' ')), int(p.number(' '))
	row.Type = core.TypeName(p.upTo(' '))
	row.TenantID, row.StreamID, row.EventID = p.id(), p.id(), p.id()
	if length := p.number(':'); length >= 0 {
		row.Slim = p.take(length)
	} else {
		row.Data = p.take(-length)
		row.Metadata = p.take(p.number(':'))
	}
	if p.bad {
		err = errPacked
	}
	err = row.Scanned(version, err)
	return row, err
}

// number reads a number up to an end, and that. SQLite has written it, so that it is one of 64 bits if it is one at all.
func (p *packed) number(end byte) (n int64) {
	sign, digits := int64(1), p.rest
	if len(digits) > 0 && digits[0] == '-' {
		sign, digits = -1, digits[1:]
	}
	for i, c := range digits {
		if c == end && i > 0 {
			p.rest = digits[i+1:]
			return sign * n
		}
		digit := c - '0' // far above 9 for what comes before it
		if digit > 9 {
			break
		}
		n = n*10 + int64(digit)
	}
	p.bad, p.rest = true, nil
	return 0
}

func (p *packed) id() (id core.ID) {
	copy(id[:], p.take(int64(len(id))))
	return id
}

// upTo reads what comes before an end, and the end.
func (p *packed) upTo(end byte) []byte {
	before := p.take(int64(bytes.IndexByte(p.rest, end)))
	p.take(1)
	return before
}

// take reads n bytes; none if there are not as many.
func (p *packed) take(n int64) []byte {
	if n < 0 || n > int64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	taken := p.rest[:n:n]
	p.rest = p.rest[n:]
	return taken
}
