package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"resultlog/core"
)

// Given hands a statement the rows that it writes, all at once: as an array for each column, which are unnested. A statement for each row would be a trip to the server each.
type Given struct{}

// From is what a statement selects them from: a table with the columns c1, c2 and so on, under the name given. Types are those of the columns.
func (Given) From(types []string) string {
	var arrays, names strings.Builder
	for i, name := range types {
		if i > 0 {
			arrays.WriteString(", ")
			names.WriteString(", ")
		}
		fmt.Fprintf(&arrays, "$%d::%s[]", i+1, name)
		fmt.Fprintf(&names, "c%d", i+1)
	}
	return "unnest(" + arrays.String() + ") AS given (" + names.String() + ")"
}

// Args are the statement's arguments. Values are int64, float64, bool, string, []byte, core.ID or nil, and all of a column's that are not nil are of one type.
func (Given) Args(columns [][]any) []any {
	args := make([]any, len(columns))
	for i, column := range columns {
		args[i] = arrayOf(column)
	}
	return args
}

// arrayOf is a column as an array of its values' type: of one whose elements might be anything, pgx looks at each to find out how it is encoded.
func arrayOf(column []any) any {
	for _, value := range column {
		switch value.(type) {
		case nil:
			continue
		case int64:
			return typed(column, func(v int64) pgtype.Int8 { return pgtype.Int8{Int64: v, Valid: true} })
		case string:
			return typed(column, func(v string) pgtype.Text { return pgtype.Text{String: v, Valid: true} })
		case core.ID:
			return typed(column, func(v core.ID) pgtype.UUID { return pgtype.UUID{Bytes: v, Valid: true} })
		case bool:
			return typed(column, func(v bool) pgtype.Bool { return pgtype.Bool{Bool: v, Valid: true} })
		default:
			return column
		}
	}
	return column // all are NULL
}

// typed makes an array of a column; the zero value of its elements is NULL.
func typed[V, E any](column []any, element func(V) E) pgtype.FlatArray[E] {
	array := make(pgtype.FlatArray[E], len(column))
	for i, value := range column {
		if value != nil {
			array[i] = element(value.(V))
		}
	}
	return array
}
