package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vtab"

	"resultlog/core"
)

// Given hands a statement the rows that it writes, all at once: as one argument, from which a virtual table reads them out of the program's memory. A statement for each row would bind each of its
// values by a call of its own, and open and close every index anew; of what a row in a table without indexes costs, that is half.
type Given struct{}

// From is what a statement selects them from: a table with the columns c1, c2 and so on, under the name given. They have no types but those of their values.
func (Given) From([]string) string { return givenTable + "($1)" }

// Args are the statement's arguments.
func (Given) Args(columns [][]any) []any { return []any{givenColumns(columns)} }

// givenRows are what a statement can be handed. Values are those of database/sql/driver, or core.ID.
type givenRows interface {
	rows() int
	value(row, column int) any // columns are counted from 0: the first is c1
}

// givenColumns are rows column by column; all are as long as the first, of which there must be one.
type givenColumns [][]any

func (c givenColumns) rows() int                 { return len(c[0]) }
func (c givenColumns) value(row, column int) any { return c[column][row] }

const (
	// givenTable is the name of the table, of its module, and of what statements read from.
	givenTable = "given"

	// givenWidth is how many columns it has: more than any table that is written through it.
	givenWidth = 32
)

// drivers opens connections that know the table's module. One for the whole process: the driver never forgets a module.
var drivers = sync.OnceValues(func() (*sqlite.Driver, error) {
	d := new(sqlite.Driver)
	return d, d.RegisterModule(givenTable, handed)
})

// handed holds what statements that are under way have been handed.
var handed = &givenModule{}

// givenModule is the module, and its only table, which is the same on each connection.
type givenModule struct {
	sets sync.Map // of givenRows, by the number that stands for it in the statement
	last atomic.Int64
}

// hand gives the number that a statement is to be executed with.
func (m *givenModule) hand(rows givenRows) (number int64) {
	number = m.last.Add(1)
	m.sets.Store(number, rows)
	return number
}

// takeBack ends it.
func (m *givenModule) takeBack(number int64) { m.sets.Delete(number) }

// Create implements vtab.Module.
func (m *givenModule) Create(ctx vtab.Context, args []string) (vtab.Table, error) {
	return m.Connect(ctx, args)
}

// Connect implements vtab.Module. The number is a hidden column, as the argument of a table-valued function is.
func (m *givenModule) Connect(ctx vtab.Context, _ []string) (vtab.Table, error) {
	var columns strings.Builder
	for i := range givenWidth {
		fmt.Fprintf(&columns, "c%d, ", i+1)
	}
	return m, ctx.Declare("CREATE TABLE x (" + columns.String() + "number HIDDEN)")
}

// BestIndex implements vtab.Table: there is one way to read it.
func (m *givenModule) BestIndex(info *vtab.IndexInfo) error {
	for i := range info.Constraints {
		if c := &info.Constraints[i]; c.Column == givenWidth && c.Op == vtab.OpEQ && c.Usable {
			c.ArgIndex, c.Omit = 0, true
			info.EstimatedCost, info.EstimatedRows = 1, 1 // far cheaper than any table that it is joined with: it must be the outer loop
			return nil
		}
	}
	return errors.New("given needs its rows: write given(?)")
}

// Open implements vtab.Table.
func (m *givenModule) Open() (vtab.Cursor, error) {
	c := &givenCursor{module: m}
	c.bytes = c.id[:]
	return c, nil
}

// Disconnect implements vtab.Table.
func (m *givenModule) Disconnect() error { return nil }

// Destroy implements vtab.Table.
func (m *givenModule) Destroy() error { return nil }

// givenCursor reads one set of rows.
type givenCursor struct {
	module *givenModule
	given  givenRows
	length int
	row    int

	id    core.ID      // the latest that was read
	bytes driver.Value // its bytes: the driver copies them at once, so that they need not be new each time
}

// Filter implements vtab.Cursor: it begins to read the rows that the number stands for.
func (c *givenCursor) Filter(_ int, _ string, args []vtab.Value) error {
	rows, ok := c.module.sets.Load(args[0])
	if !ok {
		return fmt.Errorf("given: %v stands for no rows: they are the statement's argument", args[0])
	}
	c.given, c.row = rows.(givenRows), 0
	c.length = c.given.rows()
	return nil
}

// Next implements vtab.Cursor.
func (c *givenCursor) Next() error {
	c.row++
	return nil
}

// Eof implements vtab.Cursor.
func (c *givenCursor) Eof() bool { return c.row >= c.length }

// Column implements vtab.Cursor.
func (c *givenCursor) Column(column int) (vtab.Value, error) {
	value := c.given.value(c.row, column)
	if id, ok := value.(core.ID); ok {
		c.id = id
		return c.bytes, nil
	}
	return value, nil
}

// Rowid implements vtab.Cursor.
func (c *givenCursor) Rowid() (int64, error) { return int64(c.row), nil }

// Close implements vtab.Cursor.
func (c *givenCursor) Close() error { return nil }
