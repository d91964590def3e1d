package postgres

import (
	"database/sql"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// EventsTopic is the log as the read tables' connections see it (ReadTables.Write).
func EventsTopic() eventstore.EventsTopic {
	return eventstore.EventsTopic{
		Select: `SELECT position, uuid_send(tenant_id), tenant_position, uuid_send(stream_id), version, uuid_send(event_id), type, schema_version, data, personal, metadata, recorded_at
			FROM resultlog.events`,
		Scan: scanDelivered,
	}
}

// scanDelivered reads a row of the topic by way of database/sql, which knows no UUID: they are sent as bytes.
func scanDelivered(rows *sql.Rows) (row eventstore.Row, err error) {
	var version, schema int64
	err = rows.Scan((*int64)(&row.Position), (*id)(&row.TenantID), (*int64)(&row.TenantPosition), (*id)(&row.StreamID), &version, (*id)(&row.EventID),
		&row.Type, &schema, &row.Data, &row.Personal, &row.Metadata, (*int64)(&row.RecordedAt))
	row.Version, row.SchemaVersion = core.Version(version), int(schema)
	return row, err
}

// id scans a UUID of 16 bytes.
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
