package eventstore

import (
	"database/sql"
	"fmt"
	"math"

	"resultlog/core"
)

// ScanRow reads the row that rows stands on: the columns in the order of the events table, ids as 16 bytes, slim before recorded_at. What it gives belongs to the caller. The error is a
// RowError if it is the row's own.
func ScanRow(rows *sql.Rows) (row Row, err error) {
	err = row.scan(rows, &row.Data, &row.Personal, &row.Metadata, &row.Slim)
	return row, err
}

// BorrowRow is ScanRow for who is done with a row before the next one is read: its bytes are the driver's until then.
func BorrowRow(rows *sql.Rows) (row Row, err error) {
	err = row.scan(rows, (*sql.RawBytes)(&row.Data), (*sql.RawBytes)(&row.Personal), (*sql.RawBytes)(&row.Metadata), (*sql.RawBytes)(&row.Slim))
	return row, err
}

// scan reads the row that rows stands on, its bytes into what is given for them.
func (row *Row) scan(rows *sql.Rows, data, personal, metadata, slim any) error {
	var version, schema int64 // Scan knows int64 without a detour through text
	err := rows.Scan((*int64)(&row.Position), (*id)(&row.TenantID), (*int64)(&row.TenantPosition), (*id)(&row.StreamID), &version, (*id)(&row.EventID),
		&row.Type, &schema, data, personal, metadata, slim, (*int64)(&row.RecordedAt))
	row.SchemaVersion = int(schema)
	return row.Scanned(version, err)
}

// Decoder makes an event of a row: all of it (Row.Recorded), or what is needed to replay it (Row.SlimRecorded).
type Decoder func(Row) (core.Recorded, error)

// NoLimit is for DecodeAll, where the number of rows is limit enough.
const NoLimit = math.MaxInt

// DecodeAll decodes all rows of a query into events; ErrFarBehind if they have more than maxBytes. Scan reads the row that rows stands on. With an error, events are those before it. The caller
// closes rows.
func DecodeAll(rows interface {
	Next() bool
	Err() error
}, scan func() (Row, error), events []core.Recorded, decode Decoder, maxBytes int) ([]core.Recorded, error) {
	for size := 0; rows.Next(); {
		row, err := scan()
		if err != nil {
			return events, err
		}
		if size += row.Size(); size > maxBytes {
			return events, ErrFarBehind
		}
		r, err := decode(row)
		if err != nil {
			return events, err
		}
		events = append(events, r)
	}
	return events, rows.Err()
}

// id scans a UUID of 16 bytes without a copy in between.
type id core.ID

// Scan implements sql.Scanner.
func (i *id) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok || len(b) != len(i) {
		return fmt.Errorf("not a UUID of %d bytes: %v", len(i), value)
	}
	copy(i[:], b)
	return nil
}
