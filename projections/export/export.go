// Package export writes rows of typed columns to files that analysts read: CSV, NDJSON and Parquet. It writes row by row and holds no more than a bounded part of what is written, however much that
// is, and the same rows always give the same bytes. docs/exports.md says what is in each format.
package export

import (
	"fmt"
	"io"
	"time"

	"resultlog/core"
	"resultlog/projections/analytics"
)

// Format is one of those that there are.
type Format string

// The formats, by the names of the flag and of a file's extension.
const (
	CSV     Format = "csv"
	NDJSON  Format = "ndjson"
	Parquet Format = "parquet"
)

// Formats lists them all.
var Formats = []Format{Parquet, CSV, NDJSON}

// Table is what is exported: rows of one kind, as of a moment.
type Table struct {
	Name    string
	Columns []analytics.Column
	Program string            // the version of the program that writes it
	About   map[string]string // what else a file says of itself, where its format has a place for it (Parquet)
}

// Value is a value of one column in a row. Which field holds it is for the column's Type to say.
type Value struct {
	Null   bool
	UUID   core.ID // of a UUID
	Int    int64   // of a Timestamp, in milliseconds since 1970 UTC; of a Date, in days; of an Integer; of a Boolean, 1 or 0
	Number float64 // of a Number
	Text   string  // of a Text, an Enum or JSON
}

// Writer writes rows of a table. An error ends it: what was written is then no whole file.
type Writer interface {
	// Write writes a row, which has a value for each column. It keeps nothing of it.
	Write(row []Value) error

	// Close writes what is still held, and what ends the file. It does not close what is written to.
	Close() error
}

// NewWriter begins a file of a format. The caller buffers: rows may come out one by one.
func NewWriter(format Format, out io.Writer, t Table) (Writer, error) {
	switch format {
	case CSV:
		return newCSV(out, t.Columns)
	case NDJSON:
		return &ndjson{out: out, columns: t.Columns}, nil
	case Parquet:
		return newParquet(out, t)
	default:
		return nil, fmt.Errorf("%q is no format of an export: it %w", format, core.NotOneOf(Formats))
	}
}

// msADay is how many milliseconds a day of UTC has.
const msADay = 24 * 60 * 60 * 1000

// appendTime writes a Timestamp, as everywhere else in the service.
func appendTime(b []byte, ms int64) []byte {
	b, _ = core.Instant(ms).AppendText(b) // which never fails
	return b
}

// appendDate writes a Date.
func appendDate(b []byte, days int64) []byte {
	return core.Instant(days*msADay).Time().AppendFormat(b, time.DateOnly)
}
