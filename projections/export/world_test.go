package export_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"resultlog/core"
	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// everyType is a table that has a column of each type, and one of each that may be NULL.
func everyType() export.Table {
	t := export.Table{Name: "everything", Program: "v1", About: map[string]string{"kind": "everything"}}
	for _, c := range []analytics.Column{
		{Name: "uuid", Type: analytics.UUID}, {Name: "timestamp", Type: analytics.Timestamp}, {Name: "date", Type: analytics.Date}, {Name: "text", Type: analytics.Text},
		{Name: "enum", Type: analytics.Enum, Values: []string{"A", "B"}}, {Name: "json", Type: analytics.JSON}, {Name: "integer", Type: analytics.Integer}, {Name: "number", Type: analytics.Number},
		{Name: "boolean", Type: analytics.Boolean},
	} {
		optional := c
		optional.Name, optional.Nullable = "optional_"+c.Name, true
		t.Columns = append(t.Columns, c, optional)
	}
	return t
}

// rowOf gives each column the value of its type, or NULL where it may be.
func rowOf(t export.Table, v export.Value) (row []export.Value) {
	for _, c := range t.Columns {
		cell := v
		if cell.Null = v.Null && c.Nullable; cell.Null {
			cell = export.Value{Null: true}
		}
		row = append(row, cell)
	}
	return row
}

// someRows are of all that there is to lose.
func someRows(t export.Table) [][]export.Value {
	id := core.ID{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57}
	return [][]export.Value{
		rowOf(t, export.Value{UUID: id, Int: 1, Number: 0.25, Text: "plain"}),
		rowOf(t, export.Value{UUID: core.ID{15: 1}, Int: -1, Number: -1e-300, Text: `{"a": "é 漢字 😀"}`, Null: true}),
		rowOf(t, export.Value{UUID: core.ID{0xff}, Int: 0, Number: 1e21, Text: ""}),
	}
}

// written is the file of some rows.
func written(t testing.TB, format export.Format, table export.Table, rows ...[]export.Value) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := writeTo(&out, format, table, rows...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writeTo(out io.Writer, format export.Format, table export.Table, rows ...[]export.Value) error {
	w, err := export.NewWriter(format, out, table)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Close()
}

// readParquet reads a file back.
func readParquet(t testing.TB, file []byte, table export.Table) (*parquet.File, [][]export.Value) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]export.Value
	for _, group := range f.RowGroups() {
		reader := group.Rows()
		defer reader.Close()
		buffer := make([]parquet.Row, 1)
		for {
			n, err := reader.ReadRows(buffer)
			if n == 1 {
				rows = append(rows, valuesOf(table, buffer[0]))
			}
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if err == io.EOF {
				break
			}
		}
	}
	return f, rows
}

// valuesOf takes a row for what the columns say that it is.
func valuesOf(table export.Table, row parquet.Row) []export.Value {
	values := make([]export.Value, len(row))
	for i, v := range row {
		to := &values[i]
		switch to.Null = v.IsNull(); {
		case to.Null:
		case table.Columns[i].Type == analytics.UUID:
			to.UUID = core.ID(v.ByteArray())
		case table.Columns[i].Type == analytics.Number:
			to.Number = v.Double()
		case table.Columns[i].Type == analytics.Date:
			to.Int = int64(v.Int32())
		case table.Columns[i].Type == analytics.Boolean && v.Boolean():
			to.Int = 1
		case v.Kind() == parquet.Int64:
			to.Int = v.Int64()
		case v.Kind() == parquet.ByteArray:
			to.Text = strings.Clone(string(v.ByteArray()))
		}
	}
	return values
}
