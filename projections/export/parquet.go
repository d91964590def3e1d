package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"resultlog/projections/analytics"
)

const (
	// groupRows is how many rows a row group has at most: enough that what the footer says of each group, some kilobytes, is next to nothing, and few enough that a reader with as many threads as
	// groups has work for all of them.
	groupRows = 64 << 10

	// groupBytes ends a row group early if its values are large, in bytes before compression: the writer holds a group until it is complete, and this is what bounds it.
	groupBytes = 32 << 20

	// pageBytes is how large a page of a column becomes: what a reader must decompress for one value of it.
	pageBytes = 256 << 10
)

// parquetFile writes Parquet in the form that every reader knows: pages of version 1, plain but for the dictionaries of Enums, compressed by Snappy.
type parquetFile struct {
	out     *parquet.GenericWriter[any]
	columns []analytics.Column
	row     parquet.Row
	texts   []byte // of the row
	rows    int    // in the group that is being written
	bytes   int    // likewise
}

func newParquet(out io.Writer, t Table) (*parquetFile, error) {
	about, err := parquetAbout(t)
	if err != nil {
		return nil, err
	}
	config := &parquet.WriterConfig{
		CreatedBy: "resultlog version " + t.Program, KeyValueMetadata: about, Schema: parquetSchema(t), Compression: &parquet.Snappy, DataPageVersion: 1, PageBufferSize: pageBytes,
	}
	for _, c := range t.Columns {
		if c.Type == analytics.JSON { // the footer would have the first and the last of each group, as long as they are; see unboundedJSON
			config.SkipPageBounds = append(config.SkipPageBounds, []string{c.Name})
		}
	}
	onceInTheIndex := parquet.DataPageStatistics(false) // and not in the headers of the pages again, four times and uncut
	return &parquetFile{out: parquet.NewGenericWriter[any](out, config, onceInTheIndex), columns: t.Columns, row: make(parquet.Row, len(t.Columns))}, nil
}

// parquetAbout is what a file says of itself, beside its rows.
func parquetAbout(t Table) (map[string]string, error) {
	about := make(map[string]string, len(t.About)+1)
	for name, text := range t.About {
		about["resultlog."+name] = text
	}
	described, err := json.Marshal(describe(t.Columns))
	about["resultlog.columns"] = string(described)
	return about, err
}

// describe tells what each column is: the format has no place for it beside the column.
func describe(columns []analytics.Column) map[string]string {
	described := make(map[string]string, len(columns))
	for _, c := range columns {
		described[c.Name] = c.Describe()
	}
	return described
}

// Write implements Writer.
func (w *parquetFile) Write(row []Value) error {
	w.texts = w.texts[:0]
	for i := range w.columns {
		c := &w.columns[i]
		v, defined := parquet.NullValue(), 0
		if !row[i].Null {
			v = w.value(c, &row[i])
			if c.Nullable {
				defined = 1
			}
		}
		w.row[i] = v.Level(0, defined, i)
	}
	if _, err := w.out.WriteRows([]parquet.Row{w.row}); err != nil {
		return err
	}
	w.rows++
	w.bytes += len(w.texts) + len(w.columns)*8
	if w.rows < groupRows && w.bytes < groupBytes {
		return nil
	}
	w.rows, w.bytes = 0, 0
	return tooMany(w.out.Flush())
}

// value gives a value that is there. What it points to stays until the next row.
func (w *parquetFile) value(c *analytics.Column, v *Value) parquet.Value {
	switch c.Type {
	case analytics.UUID:
		return parquet.FixedLenByteArrayValue(v.UUID[:])
	case analytics.Timestamp, analytics.Integer:
		return parquet.Int64Value(v.Int)
	case analytics.Date:
		return parquet.Int32Value(int32(v.Int)) // a day of a year of four digits
	case analytics.Number:
		return parquet.DoubleValue(v.Number)
	case analytics.Boolean:
		return parquet.BooleanValue(v.Int != 0)
	default:
		begin := len(w.texts)
		w.texts = append(w.texts, v.Text...)
		return parquet.ByteArrayValue(w.texts[begin:])
	}
}

// Close implements Writer.
func (w *parquetFile) Close() error { return tooMany(w.out.Close()) }

// tooMany says what to do about a file that can have no more row groups.
func tooMany(err error) error {
	if errors.Is(err, parquet.ErrTooManyRowGroups) {
		return fmt.Errorf("a Parquet file has no place for more than %d row groups: export a shorter stretch of time: %w", parquet.MaxRowGroups, err)
	}
	return err
}
