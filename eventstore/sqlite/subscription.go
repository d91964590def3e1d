package sqlite

import (
	"database/sql"

	"resultlog/eventstore"
)

// selectDelivered gives each event as one value, all of it: what is personal comes last, if it is there.
const selectDelivered = `SELECT CAST(concat(` + packedEvent + `, octet_length(personal) || ':' || personal) AS BLOB)`

// EventsTopic is the log as the read tables' connections see it (ReadTables.Write): attached to their file. Their write lock is taken by BEGIN IMMEDIATE.
func EventsTopic() eventstore.EventsTopic {
	return eventstore.EventsTopic{Select: selectDelivered + ` FROM ` + attachedLog + `.events`, Borrow: borrowDelivered}
}

// borrowDelivered reads the row of selectDelivered that rows stands on; what it gives is the driver's until the next one is read.
func borrowDelivered(rows *sql.Rows) (row eventstore.Row, err error) {
	var p packed
	if err := rows.Scan((*sql.RawBytes)(&p.rest)); err != nil {
		return row, err
	}
	if row, err = p.row(); err == nil && len(p.rest) > 0 {
		if row.Personal = p.take(p.number(':')); p.bad || len(p.rest) > 0 {
			err = row.Scanned(int64(row.Version), errPacked)
		}
	}
	return row, err
}
