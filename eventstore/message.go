package eventstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"github.com/ThreeDotsLabs/watermill/message"

	"resultlog/core"
)

// A batch of rows travels to the read tables as one watermill message: one message per event costs five times as much. All of it is in the payload, since a message
// that is delivered again keeps its uuid, payload and metadata, and nothing else.
//
// The payload is the rows one after another. A row is a head of fixed size, then type, data, personal and metadata, each after its length.

// headSize is the size of a row's head: the columns of fixed size, big-endian, in the order of Row.
const headSize = 8 + 16 + 8 + 16 + 4 + 16 + 4 + 8

// rowSizeHint is about how large a row is: a payload of so much per row is seldom grown.
const rowSizeHint = 640

// errCutOff means that a payload ends in the middle of a row.
var errCutOff = errors.New("batch message is cut off")

// NewMessage makes one message of a batch of rows in the order of the log; there must be at least one.
func NewMessage(rows []Row) *message.Message {
	payload := make([]byte, 0, len(rows)*rowSizeHint)
	for i := range rows {
		payload = appendRow(payload, &rows[i])
	}
	return message.NewMessage(fmt.Sprintf("%d-%d", rows[0].Position, rows[len(rows)-1].Position), payload)
}

// MessageRows gives the rows of a batch. They point into the message's payload.
func MessageRows(m *message.Message) ([]Row, error) {
	var rows []Row
	for rest := []byte(m.Payload); len(rest) > 0; {
		var row Row
		var err error
		if row, rest, err = cutRow(rest); err != nil {
			return nil, fmt.Errorf("message %s: %w", m.UUID, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// MessageEvents decodes the events of a batch one by one, so that one that cannot be decoded is told from its neighbours: beside the error stands its place
// (all of Recorded but metadata and event). An error beside the zero Recorded means that the message itself is broken; it is the last.
func MessageEvents(m *message.Message) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		rows, err := MessageRows(m)
		if err != nil {
			yield(core.Recorded{}, err)
			return
		}
		for _, row := range rows {
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
