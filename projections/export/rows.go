package export

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"resultlog/core"
	"resultlog/projections/analytics"
)

// Rows yields what a query has found, such as that of analytics.View.Select, and closes it. A row is the caller's until it asks for the next. It ends at the first error.
func Rows(found *sql.Rows, columns []analytics.Column) iter.Seq2[[]Value, error] {
	return func(yield func([]Value, error) bool) {
		defer found.Close()
		row := make([]Value, len(columns))
		cells := make([]any, len(columns))
		for i := range columns {
			cells[i] = &cell{column: columns[i], value: &row[i]}
		}
		for found.Next() {
			if err := found.Scan(cells...); err != nil {
				yield(nil, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := errors.Join(found.Err(), found.Close()); err != nil {
			yield(nil, err)
		}
	}
}

// cell takes a value from a driver, in the form of either engine.
type cell struct {
	column analytics.Column
	value  *Value
}

// Scan implements sql.Scanner. It keeps nothing of src, which is the driver's.
func (c *cell) Scan(src any) (err error) {
	*c.value = Value{Null: src == nil}
	fits := src == nil && c.column.Nullable
	if src != nil {
		fits, err = c.take(src)
	}
	switch {
	case err != nil:
		return fmt.Errorf("column %s: %w", c.column.Name, err)
	case !fits:
		return fmt.Errorf("column %s: there is a %T, which its type does not allow", c.column.Name, src)
	}
	return nil
}

// take takes a value that is there. It does not fit if its kind is not that of the column.
func (c *cell) take(src any) (fits bool, err error) {
	switch c.column.Type {
	case analytics.UUID:
		return takeUUID(&c.value.UUID, src)
	case analytics.Timestamp, analytics.Date, analytics.Integer, analytics.Boolean:
		return takeInt(&c.value.Int, src), nil
	case analytics.Number:
		return takeNumber(&c.value.Number, src)
	default:
		return takeText(&c.value.Text, src), nil
	}
}

// takeUUID takes 16 bytes (SQLite) or text (PostgreSQL).
func takeUUID(id *core.ID, src any) (fits bool, err error) {
	switch src := src.(type) {
	case []byte:
		return copy(id[:], src) == len(id) && len(src) == len(id), nil
	case string:
		return true, id.UnmarshalText([]byte(src))
	}
	return false, nil
}

// takeInt takes a whole number, or a truth, which SQLite has as 0 or 1.
func takeInt(n *int64, src any) bool {
	switch src := src.(type) {
	case int64:
		*n = src
	case bool:
		if src {
			*n = 1
		}
	default:
		return false
	}
	return true
}

// takeNumber takes a number; what PostgreSQL has computed exactly comes as text.
func takeNumber(n *float64, src any) (fits bool, err error) {
	switch src := src.(type) {
	case float64:
		*n = src
	case int64:
		*n = float64(src)
	case string:
		*n, err = strconv.ParseFloat(src, 64)
	default:
		return false, nil
	}
	return true, err
}

func takeText(text *string, src any) bool {
	switch src := src.(type) {
	case string:
		*text = src
	case []byte:
		*text = string(src)
	default:
		return false
	}
	return true
}
