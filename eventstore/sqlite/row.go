package sqlite

import (
	"database/sql"
	"fmt"
	"math"

	"resultlog/core"
	"resultlog/eventstore"
)

// rowColumns are those of eventstore.Row, in the order in which scanRow takes them. Data and metadata are TEXT in the file, so that people can read them there, and
// bytes in the program: the cast changes nothing of them, and saves a copy. Who reads whole events has no use for slim.
const rowColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version,
	CAST(data AS BLOB), personal, CAST(metadata AS BLOB), NULL, recorded_at`

// storedColumns are all that there are, for scanRow too.
const storedColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version,
	CAST(data AS BLOB), personal, CAST(metadata AS BLOB), slim, recorded_at`

// slimColumns are as many, for scanRow too: of events that have a slim encoding which this program reads, what that stands for is left out.
var slimColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, ` +
	unlessSlim(`CAST(data AS BLOB)`) + `, NULL, ` + unlessSlim(`CAST(metadata AS BLOB)`) + `, slim, recorded_at`

func unlessSlim(column string) string {
	return fmt.Sprintf(`CASE WHEN substr(slim, 1, 1) = X'%02X' THEN NULL ELSE %s END`, core.SlimVersion, column)
}

// scanRow reads the row that rows stands on. What it gives belongs to the caller.
func scanRow(rows *sql.Rows) (row eventstore.Row, err error) {
	var version, schema int64 // Scan knows int64 without a detour through text
	err = rows.Scan((*int64)(&row.Position), (*id)(&row.TenantID), (*int64)(&row.TenantPosition), (*id)(&row.StreamID), &version, (*id)(&row.EventID),
		&row.Type, &schema, &row.Data, &row.Personal, &row.Metadata, &row.Slim, (*int64)(&row.RecordedAt))
	row.Version, row.SchemaVersion = core.Version(version), int(schema)
	return row, err
}

// noLimit is for scanAll, where the number of rows is limit enough.
const noLimit = math.MaxInt

// scanAll decodes all rows into events and closes them; ErrFarBehind if they have more than maxBytes. With an error, events are those before it.
func scanAll(rows *sql.Rows, events []core.Recorded, decode decoder, maxBytes int) ([]core.Recorded, error) {
	defer rows.Close()
	for size := 0; rows.Next(); {
		row, err := scanRow(rows)
		if err != nil {
			return events, err
		}
		if size += row.Size(); size > maxBytes {
			return events, eventstore.ErrFarBehind
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
