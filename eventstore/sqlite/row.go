package sqlite

import (
	"database/sql"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// rowColumns are those of eventstore.Row, in the order in which eventstore.ScanRow takes them. Data and metadata are TEXT in the file, so that people can read them there, and
// bytes in the program: the cast changes nothing of them, and saves a copy. Who reads whole events has no use for slim.
const rowColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version,
	CAST(data AS BLOB), personal, CAST(metadata AS BLOB), NULL, recorded_at`

// storedColumns are all that there are, for eventstore.ScanRow too.
const storedColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version,
	CAST(data AS BLOB), personal, CAST(metadata AS BLOB), slim, recorded_at`

// slimColumns are as many, for eventstore.ScanRow too: of events that have a slim encoding which this program reads, what that stands for is left out.
var slimColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, ` +
	unlessSlim(`CAST(data AS BLOB)`) + `, NULL, ` + unlessSlim(`CAST(metadata AS BLOB)`) + `, slim, recorded_at`

func unlessSlim(column string) string {
	return fmt.Sprintf(`CASE WHEN substr(slim, 1, 1) = X'%02X' THEN NULL ELSE %s END`, core.SlimVersion, column)
}

// scanAll decodes all rows into events, as eventstore.DecodeAll does, and closes them.
func scanAll(rows *sql.Rows, events []core.Recorded, decode eventstore.Decoder, maxBytes int) ([]core.Recorded, error) {
	defer rows.Close()
	return eventstore.DecodeAll(rows, func() (eventstore.Row, error) { return eventstore.ScanRow(rows) }, events, decode, maxBytes)
}
