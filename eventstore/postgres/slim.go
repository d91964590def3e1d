package postgres

import (
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

// errWire means that a row of selectSlim did not come as its columns are declared.
var errWire = errors.New("one of its columns is not what an event has")

// inBinary asks for columns in PostgreSQL's binary format, which scanSlim reads.
var inBinary = pgx.QueryResultFormats{pgx.BinaryFormatCode}

// scanSlim is scanRow for the rows of selectSlim, from what has come over the wire: to scan each column by itself takes as long as all the rest that a replay does with an event. What it gives is
// valid until the next row is read.
func scanSlim(rows pgx.Rows) (row eventstore.Row, err error) {
	w := wireRow{columns: rows.RawValues()}
	row.Position, row.TenantID, row.TenantPosition, row.StreamID = core.Position(w.integer()), w.id(), core.Position(w.integer()), w.id()
	version := w.integer()
	row.EventID, row.Type, row.SchemaVersion = w.id(), core.TypeName(w.bytes()), int(w.integer())
	row.Data, row.Personal, row.Metadata, row.Slim = w.bytes(), w.bytes(), w.bytes(), w.bytes()
	row.RecordedAt = core.Instant(w.integer())
	if w.bad {
		err = errWire
	}
	err = row.Scanned(version, err)
	return row, err
}

// wireRow is the columns of a row in PostgreSQL's binary format, those of them that have not been read.
type wireRow struct {
	columns [][]byte
	bad     bool // one was not what was asked for
}

// bytes reads a column as it is; nil if it is NULL.
func (w *wireRow) bytes() []byte {
	if len(w.columns) == 0 {
		w.bad = true
		return nil
	}
	column := w.columns[0]
	w.columns = w.columns[1:]
	return column
}

// integer reads an integer or a bigint.
func (w *wireRow) integer() int64 {
	switch column := w.bytes(); len(column) {
	case 4:
		return int64(int32(binary.BigEndian.Uint32(column)))
	case 8:
		return int64(binary.BigEndian.Uint64(column))
	}
	w.bad = true
	return 0
}

// id reads a uuid.
func (w *wireRow) id() (id core.ID) {
	column := w.bytes()
	w.bad = w.bad || len(column) != len(id)
	copy(id[:], column)
	return id
}
