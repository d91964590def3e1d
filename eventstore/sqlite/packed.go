package sqlite

import (
	"bytes"
	"errors"

	"resultlog/core"
	"resultlog/eventstore"
)

// Events are read many at a time with all that is wanted of each in one value: numbers and the type, a space after each, and three ids (packedPlace); then what it says, byte for byte, each part after its
// length and a colon (packedEvent and others). To fetch the same in columns takes up to twice the time: the driver takes a lock whenever it looks at one, and looks three times. What is left is SQLite
// putting it together; by one call of concat, since each || would copy what is there already.
const (
	packedPlace = `position, ' ', tenant_position, ' ', version, ' ', recorded_at, ' ', schema_version, ' ', type, ' ', tenant_id, stream_id, event_id`

	packedEvent = packedPlace + `, '-', octet_length(data), ':', data, octet_length(metadata), ':', metadata` // the minus tells it from slim
)

// errPacked means that a row has a column which is none that Append writes.
var errPacked = errors.New("one of its columns is not what an event has")

// packed is what of such values has not been read yet.
type packed struct {
	rest []byte
	bad  bool // it has come to what is no event
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
