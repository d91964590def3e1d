package eventstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"

	"resultlog/core"
)

// A batch of rows travels to the read tables as one watermill message: one message per event costs five times as much. All of it is in the payload, since a message
// that is delivered again keeps its uuid, payload and metadata, and nothing else.
//
// The payload is the rows one after another. A row is a head of fixed size, then type, data, personal and metadata, each after its length.

// headSize is the size of a row's head: the columns of fixed size, big-endian, in the order of Row.
const headSize = 8 + 16 + 8 + 16 + 4 + 16 + 4 + 8

// errCutOff means that a payload ends in the middle of a row.
var errCutOff = errors.New("batch message is cut off")

// batchPayload makes one message of a batch of rows in the order of the log; there must be at least one.
type batchPayload struct {
	bytes []byte
	first core.Position
	last  mark
}

// add writes a row, and keeps nothing that it points to.
func (b *batchPayload) add(row *Row) {
	if b.first == 0 {
		b.first = row.Position
	}
	b.bytes = appendRow(b.bytes, row)
	b.last = mark{row.Position, row.EventID}
}

// mark is an event by its place, and by its id, which tells whether it is the one that stood there before.
type mark struct {
	position core.Position
	eventID  core.ID
}

// full reports whether no event is added any more to one of so many at most.
func (b *batchPayload) full(most int) bool {
	return int(b.last.position-b.first)+1 >= most || len(b.bytes) >= MaxDeliveredBytes
}

func (b *batchPayload) message() *message.Message {
	return message.NewMessage(fmt.Sprintf("%d-%d", b.first, b.last.position), b.bytes)
}

// delivery is the batch as watermill-sql has a row of its topic.
func (b *batchPayload) delivery() wsql.Row {
	m := b.message()
	return wsql.Row{Offset: int64(b.last.position), UUID: []byte(m.UUID), Payload: m.Payload, Msg: m, ExtraData: map[string]any{lastEventID: b.last.eventID[:]}}
}

// rowsOf yields the rows of a batch one by one; an error is the last. They point into the message's payload.
func rowsOf(m *message.Message) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for rest := []byte(m.Payload); len(rest) > 0; {
			var row Row
			var err error
			if row, rest, err = cutRow(rest); err != nil {
				err = fmt.Errorf("message %s: %w", m.UUID, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// MessageEvents decodes the events of a batch one by one, so that one that cannot be decoded is told from its neighbours: beside the error stands its place
// (all of Recorded but metadata and event). An error beside the zero Recorded means that the message itself is broken; it is the last.
func MessageEvents(m *message.Message) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for row, err := range rowsOf(m) {
			if err != nil {
				yield(core.Recorded{}, err)
				return
			}
			r, err := row.Recorded()
			if err != nil {
				r = row.Place()
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func appendRow(b []byte, row *Row) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(row.Position))
	b = append(b, row.TenantID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(row.TenantPosition))
	b = append(b, row.StreamID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(row.Version))
	b = append(b, row.EventID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(row.SchemaVersion))
	b = binary.BigEndian.AppendUint64(b, uint64(row.RecordedAt))
	b = appendBytes(b, []byte(row.Type))
	b = appendBytes(b, row.Data)
	b = appendBytes(b, row.Personal)
	return appendBytes(b, row.Metadata)
}

// cutRow reads the first row and gives what follows it.
func cutRow(b []byte) (row Row, rest []byte, err error) {
	if len(b) < headSize {
		return Row{}, nil, errCutOff
	}
	row.Position = core.Position(binary.BigEndian.Uint64(b))
	row.TenantID = core.ID(b[8:24])
	row.TenantPosition = core.Position(binary.BigEndian.Uint64(b[24:]))
	row.StreamID = core.ID(b[32:48])
	row.Version = core.Version(binary.BigEndian.Uint32(b[48:]))
	row.EventID = core.ID(b[52:68])
	row.SchemaVersion = int(binary.BigEndian.Uint32(b[68:]))
	row.RecordedAt = core.Instant(binary.BigEndian.Uint64(b[72:]))
	rest = b[headSize:]
	var eventType []byte
	for _, column := range []*[]byte{&eventType, &row.Data, &row.Personal, &row.Metadata} {
		if *column, rest, err = cutBytes(rest); err != nil {
			return Row{}, nil, err
		}
	}
	row.Type = string(eventType)
	return row, rest, nil
}

// appendBytes writes the length plus one, then the bytes; nil is a zero alone: nothing personal is not the same as an empty personal part.
func appendBytes(b, column []byte) []byte {
	if column == nil {
		return binary.AppendUvarint(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(column))+1), column...)
}

func cutBytes(b []byte) (column, rest []byte, err error) {
	length, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, nil, errCutOff
	}
	b = b[n:]
	if length == 0 {
		return nil, b, nil
	}
	if length--; length > uint64(len(b)) {
		return nil, nil, errCutOff
	}
	return b[:length:length], b[length:], nil
}
