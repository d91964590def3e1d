package eventstore

import (
	"database/sql"
	"fmt"

	"resultlog/core"
)

// ScanRow reads the row that rows stands on: the columns in the order of the events table, ids as 16 bytes, slim before recorded_at. What it gives belongs to the caller.
func ScanRow(rows *sql.Rows) (row Row, err error) {
	var version, schema int64 // Scan knows int64 without a detour through text
	err = rows.Scan((*int64)(&row.Position), (*id)(&row.TenantID), (*int64)(&row.TenantPosition), (*id)(&row.StreamID), &version, (*id)(&row.EventID),
		&row.Type, &schema, &row.Data, &row.Personal, &row.Metadata, &row.Slim, (*int64)(&row.RecordedAt))
	row.Version, row.SchemaVersion = core.Version(version), int(schema)
	return row, err
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
