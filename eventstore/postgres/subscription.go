package postgres

import "resultlog/eventstore"

// EventsTopic is the log as the read tables' connections see it (ReadTables.Write). It is read by way of database/sql, which knows no UUID: they are sent as bytes.
func EventsTopic() eventstore.EventsTopic {
	return eventstore.EventsTopic{
		Select: `SELECT position, uuid_send(tenant_id), tenant_position, uuid_send(stream_id), version, uuid_send(event_id), type, schema_version, data, personal, metadata, NULL::bytea, recorded_at
			FROM resultlog.events`,
		Borrow: eventstore.BorrowRow,
	}
}
