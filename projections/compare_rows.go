package projections

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// comparedAtOnce is how many rows a query asks for. They are read one by one, so that it costs no memory whatever they hold; but asked for some rows after a key, a planner goes along the index of the
// key, and sorts nothing.
const comparedAtOnce = 1000

// side is one side's rows of a table, in the order of its key.
type side struct {
	tx    *sql.Tx
	table tableShape
	kinds []kind
	first string // the query for the first page, and for those after a key
	after string
	cells []cell // what a row is scanned into
	into  []any

	page *sql.Rows // nil: the next is yet to be asked for
	read int       // rows of the page
	row  []any     // the row that the side is at; nil: there are no more
	last []any     // the key of the last row that was read; nil: there was none
	kept [][]byte  // the bytes in it, which are no longer the driver's
	rows int64     // that it has come by
}

// cell takes a value as the driver gives it, uncopied: it is the driver's, until the next row is read.
type cell struct{ value any }

// Scan implements sql.Scanner.
func (c *cell) Scan(value any) error { c.value = value; return nil }

func newSide(tx *sql.Tx, table tableShape, types columns) (*side, error) {
	all, err := table.kindsOf(types)
	if err != nil {
		return nil, err
	}
	n := len(table.names)
	s := &side{tx: tx, table: table, kinds: all, cells: make([]cell, n), into: make([]any, n), row: make([]any, n), kept: make([][]byte, table.keys)}
	for i := range s.cells {
		s.into[i] = &s.cells[i]
	}
	key, places := quotedNames(table.names[:table.keys]), make([]string, table.keys)
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	rows := "SELECT " + quotedNames(table.names) + " FROM " + quotedName(table.name)
	end := fmt.Sprintf(" ORDER BY %s LIMIT %d", key, comparedAtOnce)
	s.first, s.after = rows+end, rows+" WHERE ("+key+") > ("+strings.Join(places, ", ")+")"+end
	return s, nil
}

// quotedName is a name of the catalogue as SQL takes it, whatever it is.
func quotedName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quotedNames(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quotedName(name)
	}
	return strings.Join(quoted, ", ")
}

// next goes on to the next row.
func (s *side) next(ctx context.Context) error {
	for {
		if s.page == nil {
			if err := s.ask(ctx); err != nil {
				return err
			}
		}
		if s.page.Next() {
			return s.scan()
		}
		if err := s.close(); err != nil {
			return err
		}
		if s.read < comparedAtOnce {
			s.row = nil
			return nil
		}
	}
}

// ask asks for the page after the last key.
func (s *side) ask(ctx context.Context) (err error) {
	query := s.after
	if s.last == nil {
		query = s.first
	}
	s.read = 0
	s.page, err = s.tx.QueryContext(ctx, query, s.last...)
	return err
}

// scan reads a row. That rows come in the order of their keys is seen to here: all that is said of missing rows rests on it, and one that a damaged index leads to twice would be one too many.
func (s *side) scan() error {
	if err := s.page.Scan(s.into...); err != nil {
		return err
	}
	for i, c := range s.cells {
		value, err := normal(s.kinds[i], c.value)
		if err != nil {
			return fmt.Errorf("table %s, column %s: %w", s.table.name, s.table.names[i], err)
		}
		s.row[i] = value
	}
	if s.last != nil && s.order(s.last, s.row) >= 0 {
		return fmt.Errorf("table %s gives its rows out of the order of its key, at %s: its index is damaged; resultlog rebuild makes it again", s.table.name, s.table.id(s.row))
	}
	s.keep()
	s.read++
	s.rows++
	return nil
}

// keep notes the key of the row.
func (s *side) keep() {
	s.last = append(s.last[:0], s.row[:s.table.keys]...)
	for i, part := range s.last {
		if b, ok := part.([]byte); ok {
			s.kept[i] = append(s.kept[i][:0], b...)
			s.last[i] = s.kept[i]
		}
	}
}

func (s *side) close() error {
	if s.page == nil {
		return nil
	}
	err := s.page.Close()
	if err == nil {
		err = s.page.Err()
	}
	s.page = nil
	return err
}

// order says which of two keys comes first. Their parts are of the same types: of what both databases say they are, in forms that have one order.
func (s *side) order(a, b []any) int {
	for i := range s.table.keys {
		if order := compareValues(a[i], b[i]); order != 0 {
			return order
		}
	}
	return 0
}

// normal is a value in the form that it has whatever the engine.
func normal(k kind, value any) (any, error) {
	switch v := value.(type) {
	case string:
		if k == asID {
			return hex.DecodeString(strings.ReplaceAll(v, "-", "")) // any that there can be: what no event says may stand there all the same
		}
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case nil, []byte, int64, float64:
	default:
		return nil, fmt.Errorf("a value of type %T, of which this program does not know how to compare it", value)
	}
	return value, nil
}

// compareValues orders values: NULL before all others, texts and ids byte by byte. Of values of two types none is the same.
func compareValues(a, b any) int {
	switch a := a.(type) {
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	}
	return cmp.Compare(rank(a), rank(b))
}

func rank(value any) int {
	switch value.(type) {
	case nil:
		return 0
	case int64:
		return 1
	case float64:
		return 2
	case string:
		return 3
	}
	return math.MaxInt
}
