package projections

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// notOfTheLog names the tables that no fold of the log makes, and why they are not compared.
var notOfTheLog = map[string]string{
	"analytics_versions": "it is the migrations' own, of the views on SQLite",
	"checkpoints":        "it says how far the tables have come, and is what they are compared as of",
	"dead_letters":       "it says what could not be applied, and when; what it holds back is left out, and counted",
	"goose_db_version":   "it is the migrations' own, on SQLite",
	"migrations":         "it is the migrations' own, on PostgreSQL",
}

// columns of a table, by name.
type columns map[string]columnType

// columnType is what the catalogue says of a column.
type columnType struct {
	name string // of the type, to the database
	key  int    // the column's place in the key, from 1; 0: none
}

// kind is how a column's values are brought to a form that is the same on every engine.
type kind int

const (
	asItIs  kind = iota + 1 // whole numbers, numbers, texts and bytes
	asID                    // a UUID, which PostgreSQL's driver gives as text: its 16 bytes
	asTruth                 // SQLite has none: 0 or 1
)

// kinds has every type that a column of the read tables has. One that is not here needs to be thought about: whether its values have one form, and one order.
var kinds = map[string]kind{
	"blob": asItIs, "text": asItIs, "integer": asItIs, "real": asItIs,
	"uuid": asID, "boolean": asTruth, "bytea": asItIs, "bigint": asItIs, "double precision": asItIs,
}

// catalogOf reads which tables are made of the log, and their columns, from the database itself: so that what a migration adds is compared without anybody's thinking of it.
func catalogOf(ctx context.Context, tx *sql.Tx, catalog string) (map[string]columns, error) {
	rows, err := tx.QueryContext(ctx, catalog)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	tables := make(map[string]columns)
	for rows.Next() {
		var table, column, name string
		var key int
		if err := rows.Scan(&table, &column, &name, &key); err != nil {
			return nil, err
		}
		if notOfTheLog[table] != "" {
			continue
		}
		if tables[table] == nil {
			tables[table] = make(columns)
		}
		tables[table][column] = columnType{strings.ToLower(name), key}
	}
	return tables, rows.Err()
}

// tableShape is what both sides have of a table: the columns of its key, in order, and then all others.
type tableShape struct {
	name  string
	names []string
	keys  int // how many of them are of the key
}

// kindsOf gives the kinds of a table's columns on one side.
func (t tableShape) kindsOf(types columns) (all []kind, err error) {
	for _, name := range t.names {
		k, known := kinds[types[name].name]
		if !known {
			return nil, fmt.Errorf("column %s of table %s is of type %s: this program does not know how to compare that", name, t.name, types[name].name)
		}
		all = append(all, k)
	}
	return all, nil
}

// shapeOf is the shape of a table that both sides have. The scratch tables, which this program has just made, say what the key is.
func shapeOf(name string, live, scratch columns) (tableShape, error) {
	s := tableShape{name: name}
	for _, column := range slices.Sorted(maps.Keys(scratch)) {
		if _, both := live[column]; !both {
			if scratch[column].key > 0 {
				return s, fmt.Errorf("table %s has no column %s, by which its rows are found: run resultlog rebuild", name, column)
			}
			continue
		}
		s.names = append(s.names, column)
		s.keys += min(scratch[column].key, 1)
	}
	if s.keys == 0 {
		return s, fmt.Errorf("table %s has no primary key, by which its rows could be compared", name)
	}
	slices.SortStableFunc(s.names, func(a, b string) int { return cmp.Compare(inKey(scratch[a]), inKey(scratch[b])) })
	return s, nil
}

// inKey orders columns: those of the key come first.
func inKey(c columnType) int {
	if c.key == 0 {
		return 1 << 10 // above any key's number of columns
	}
	return c.key
}
