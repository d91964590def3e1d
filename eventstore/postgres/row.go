package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// places are the columns of fixed size, and those that say what an event is.
	places = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, `

	selectAll    = `SELECT ` + places + `data, personal, metadata, NULL::bytea, recorded_at FROM resultlog.events WHERE position > $1 ORDER BY position LIMIT $2`
	selectStored = `SELECT ` + places + `data, personal, metadata, slim, recorded_at FROM resultlog.events WHERE position > $1 ORDER BY position LIMIT $2`
	selectStream = `SELECT ` + places + `data, personal, metadata, NULL::bytea, recorded_at FROM resultlog.events
		WHERE tenant_id = $1 AND stream_id = $2 AND version > $3 ORDER BY version LIMIT $4`
)

// selectSlim leaves out, of events that have a slim encoding which this program reads, what that stands for.
var selectSlim = `SELECT ` + places + unlessSlim(`data`) + `, NULL::bytea, ` + unlessSlim(`metadata`) + `, slim, recorded_at FROM resultlog.events WHERE position > $1 ORDER BY position LIMIT $2`

func unlessSlim(column string) string {
	return fmt.Sprintf(`CASE WHEN substr(slim, 1, 1) = '\x%02x'::bytea THEN NULL ELSE %s END`, core.SlimVersion, column)
}

// scanRow reads the row that rows stands on. What it gives belongs to the caller. The error is an eventstore.RowError if it is the row's own.
func scanRow(rows pgx.Rows) (row eventstore.Row, err error) {
	var version, schema int32
	err = rows.Scan((*int64)(&row.Position), (*[16]byte)(&row.TenantID), (*int64)(&row.TenantPosition), (*[16]byte)(&row.StreamID), &version, (*[16]byte)(&row.EventID),
		&row.Type, &schema, &row.Data, &row.Personal, &row.Metadata, &row.Slim, (*int64)(&row.RecordedAt))
	row.SchemaVersion = int(schema)
	err = row.Scanned(int64(version), err)
	return row, err
}

// scanner reads the row that rows stands on.
type scanner func(rows pgx.Rows) (eventstore.Row, error)

// scanAll decodes all rows into events, as eventstore.DecodeAll does, and closes them.
func scanAll(rows pgx.Rows, events []core.Recorded, scan scanner, decode eventstore.Decoder, maxBytes int) ([]core.Recorded, error) {
	defer rows.Close()
	return eventstore.DecodeAll(rows, func() (eventstore.Row, error) { return scan(rows) }, events, decode, maxBytes)
}

// columnsOf turns rows into the arrays that insertEvents takes.
func columnsOf(rows []eventstore.Row) []any {
	n := len(rows)
	position, tenantPosition, recordedAt := make([]int64, n), make([]int64, n), make([]int64, n)
	tenant, stream, event := make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
	version, schema := make([]int32, n), make([]int32, n)
	eventType, data, metadata := make([]string, n), make([]string, n), make([]string, n)
	personal, slim := make([][]byte, n), make([][]byte, n)
	for i, row := range rows {
		position[i], tenantPosition[i], recordedAt[i] = int64(row.Position), int64(row.TenantPosition), int64(row.RecordedAt)
		tenant[i], stream[i], event[i] = row.TenantID, row.StreamID, row.EventID
		version[i], schema[i] = int32(row.Version), int32(row.SchemaVersion)
		eventType[i], data[i], metadata[i] = row.Type, string(row.Data), string(row.Metadata)
		personal[i], slim[i] = row.Personal, row.Slim
	}
	return []any{position, tenant, tenantPosition, stream, version, event, eventType, schema, data, personal, metadata, slim, recordedAt}
}
