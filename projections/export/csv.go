package export

import (
	"bytes"
	"io"
	"strconv"

	"resultlog/projections/analytics"
)

// csvFile writes CSV as RFC 4180 has it: a header, then a record a row, each ended by CRLF. An empty cell is NULL; a text that is empty is a pair of quotes. encoding/csv does not serve here: it
// writes both of these alike, and with CRLF for its records changes the line ends within cells.
type csvFile struct {
	out     io.Writer
	columns []analytics.Column
	record  []byte
	safe    []byte
}

func newCSV(out io.Writer, columns []analytics.Column) (*csvFile, error) {
	w := &csvFile{out: out, columns: columns}
	for _, c := range columns {
		w.record = append(w.record, c.Name...)
		w.record = append(w.record, ',')
	}
	return w, w.end()
}

// Write implements Writer.
func (w *csvFile) Write(row []Value) error {
	for i := range w.columns {
		w.cell(w.columns[i].Type, &row[i])
		w.record = append(w.record, ',')
	}
	return w.end()
}

// Close implements Writer.
func (*csvFile) Close() error { return nil }

// end writes the record, with its end in place of the last comma.
func (w *csvFile) end() error {
	_, err := w.out.Write(append(w.record[:len(w.record)-1], "\r\n"...))
	w.record = w.record[:0]
	return err
}

func (w *csvFile) cell(t analytics.Type, v *Value) {
	switch {
	case v.Null:
	case t == analytics.UUID:
		w.record = append(w.record, v.UUID.String()...)
	case t == analytics.Timestamp:
		w.record = appendTime(w.record, v.Int)
	case t == analytics.Date:
		w.record = appendDate(w.record, v.Int)
	case t == analytics.Integer:
		w.record = strconv.AppendInt(w.record, v.Int, 10)
	case t == analytics.Number:
		w.record = strconv.AppendFloat(w.record, v.Number, 'g', -1, 64)
	case t == analytics.Boolean:
		w.record = strconv.AppendBool(w.record, v.Int != 0)
	case t == analytics.JSON:
		w.text(jsonBoundaries, v.Text)
	default:
		w.text(textBoundaries, v.Text)
	}
}

// text writes a text that a spreadsheet takes for one, whatever it says.
func (w *csvFile) text(boundaries, text string) {
	w.safe = appendDefused(w.safe[:0], text, boundaries)
	w.record = appendQuoted(w.record, w.safe)
}

// appendQuoted writes a cell, in quotes if it is empty or has anything in it that would end it, or that a reader may take away.
func appendQuoted(b, cell []byte) []byte {
	if len(cell) > 0 && !bytes.ContainsAny(cell, "\",;\t\r\n ") {
		return append(b, cell...)
	}
	b = append(b, '"')
	for _, c := range cell {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}
