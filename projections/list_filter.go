package projections

import (
	"slices"
	"strings"

	"resultlog/core"
)

// access says how rows that fit a condition are found: by which kind of index. The kinds stand in the order in which they are tried: the one that leaves fewest rows first.
type access int

const (
	byName     access = iota // an id: few rows
	byPosition               // what changed lately
	bySearch                 // what begins alike
	bySpan                   // a stretch of time
	byCursor                 // what comes after a row in creation order; of no use to find rows in another order
)

// condition is one thing that a list asks of its rows.
type condition struct {
	text   string // SQL, with a ? for each argument
	args   []any
	access access
	column string // that its index goes by
	sorted bool   // byName only: inCreationOrder or fewRows
}

// word is a column of few values, and those of them that will do.
type word struct {
	column string
	asked  []string // nil: any will do; empty: none will, and no row fits
	values []string // all that there are; nil for the last column, which need not be enumerated
}

// only asks for one value of a word, if there is a value.
func only(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// filter is all that a list asks of its rows, but whose they are.
type filter struct {
	conditions []condition
	words      []word // in the order of the table's index by words
}

// impossible reports whether no row can fit.
func (f *filter) impossible() bool {
	return slices.ContainsFunc(f.words, func(w word) bool { return w.asked != nil && len(w.asked) == 0 })
}

// What an index has after its column.
const (
	inCreationOrder = true  // its rows in the lists' default order
	fewRows         = false // nothing: they are so few
)

// name asks for one value of a column, if there is a value: an id.
func (f *filter) name(column string, value any, sorted bool) {
	if value != nil {
		f.conditions = append(f.conditions, condition{text: column + " = ?", args: []any{value}, access: byName, column: column, sorted: sorted})
	}
}

func (f *filter) span(column string, s core.Span) {
	var parts []string
	var args []any
	if s.From != nil {
		parts, args = append(parts, column+" >= ?"), append(args, int64(*s.From))
	}
	if s.To != nil {
		parts, args = append(parts, column+" <= ?"), append(args, int64(*s.To))
	}
	if len(parts) > 0 {
		f.conditions = append(f.conditions, condition{text: strings.Join(parts, " AND "), args: args, access: bySpan, column: column})
	}
}

// search asks that one of some columns begins with a text, byte by byte: so that no character of it means anything else, and an index can find it. Each column is looked for by an
// index of its own, within the tenant; see list.from.
func (f *filter) search(tenant core.ID, prefix string, columns ...string) {
	if prefix == "" {
		return
	}
	c := condition{access: bySearch}
	end, bounded := afterPrefix(prefix)
	for i, column := range columns {
		if i > 0 {
			c.text += " OR "
		}
		c.text += "tenant_id = ? AND " + column + " >= ?"
		c.args = append(c.args, tenant[:], prefix)
		if bounded {
			c.text += " AND " + column + " < ?"
			c.args = append(c.args, end)
		}
	}
	c.text = "(" + c.text + ")"
	f.conditions = append(f.conditions, c)
}

// changed asks that a row was changed by an event after a position.
func (f *filter) changed(after *core.Position) {
	if after != nil {
		f.conditions = append(f.conditions, condition{text: "last_position > ?", args: []any{int64(*after)}, access: byPosition, column: "last_position"})
	}
}

// beyond asks, besides, that a row comes after a cursor. In a walk by position that says more than what the walk began with, and takes its place.
func (f filter) beyond(c *core.Cursor) filter {
	if c == nil {
		return f
	}
	paged := filter{words: f.words}
	for _, condition := range f.conditions {
		if !c.ByPosition || condition.access != byPosition {
			paged.conditions = append(paged.conditions, condition)
		}
	}
	if c.ByPosition {
		paged.changed(&c.Position)
	} else {
		paged.conditions = append(paged.conditions, condition{
			text: "(created_at, id) < (?, ?)", args: []any{int64(c.CreatedAt), c.ID[:]}, access: byCursor, column: "created_at",
		})
	}
	return paged
}
