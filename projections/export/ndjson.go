package export

import (
	"fmt"
	"io"
	"math"

	"resultlog/core"
	"resultlog/projections/analytics"
)

// ndjson writes a JSON object a line. Its members are the columns, in their order; what is not there is null.
type ndjson struct {
	out     io.Writer
	columns []analytics.Column
	line    []byte
	raw     []byte
}

// Write implements Writer.
func (w *ndjson) Write(row []Value) error {
	o := core.OpenObject(w.line[:0])
	for i := range w.columns {
		if err := w.member(&o, &w.columns[i], &row[i]); err != nil {
			return err
		}
	}
	w.line = append(o.Close(), '\n')
	_, err := w.out.Write(w.line)
	return err
}

// Close implements Writer.
func (*ndjson) Close() error { return nil }

func (w *ndjson) member(o *core.Object, c *analytics.Column, v *Value) error {
	switch {
	case v.Null:
		o.Null(c.Name)
	case c.Type == analytics.UUID:
		o.ID(c.Name, v.UUID)
	case c.Type == analytics.Timestamp:
		o.Instant(c.Name, core.Instant(v.Int))
	case c.Type == analytics.Date:
		w.raw = appendDate(w.raw[:0], v.Int)
		o.Text(c.Name, string(w.raw))
	case c.Type == analytics.Integer:
		o.Integer(c.Name, v.Int)
	case c.Type == analytics.Boolean:
		o.Boolean(c.Name, v.Int != 0)
	case c.Type == analytics.Number && (math.IsNaN(v.Number) || math.IsInf(v.Number, 0)):
		return fmt.Errorf("column %s: %v is no number that JSON has", c.Name, v.Number)
	case c.Type == analytics.Number:
		o.OptionalNumber(c.Name, &v.Number)
	case c.Type == analytics.JSON:
		w.raw = appendOnOneLine(w.raw[:0], v.Text)
		o.Raw(c.Name, w.raw)
	default:
		o.Text(c.Name, v.Text)
	}
	return nil
}

// appendOnOneLine writes JSON text byte for byte, but for line ends, which become spaces: no string of JSON has one in it, so that they mean nothing.
func appendOnOneLine(b []byte, text string) []byte {
	begin := len(b)
	b = append(b, text...)
	for i := begin; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return b
}
