package projections

import "resultlog/core"

// list is what is listed, and how: docs/decisions/0007-lists.md. It is decided here which index finds the rows, and not by a planner that knows nothing of how many each would leave:
// what that index does not find by is written as "(…) IS TRUE", and an order that it does not give as "column + 0", which no planner finds an index for.
type list struct {
	filter
	sorting
	table  string
	tenant core.ID
}

// sorting is the order of a list.
type sorting struct {
	column     string
	descending bool
}

func sortingOf(p core.Paging) sorting {
	switch {
	case p.ByPosition():
		return sorting{column: "last_position"}
	case p.Sort == core.SortUpdated:
		return sorting{"updated_at", !p.Ascending}
	case p.Sort == core.SortOccurred:
		return sorting{"occurred_at", !p.Ascending}
	default:
		return sorting{"created_at", true}
	}
}

// text is the ORDER BY of a statement, by an index that gives the order or not. A position is of one row alone; what else is equal goes by id.
func (o sorting) text(given bool) string {
	column, direction := o.column, ""
	if !given {
		column += " + 0"
	}
	if o.descending {
		direction = " DESC"
	}
	if o.column == "last_position" {
		return " ORDER BY " + column + direction
	}
	return " ORDER BY " + column + direction + ", id" + direction
}

// finder is the condition by whose index rows are found: the one that leaves fewest. Without one it is the words, if there is any, and else the order alone.
func (l *list) finder() *condition {
	var finder *condition
	for i := range l.conditions {
		if c := &l.conditions[i]; c.access != byCursor && (finder == nil || c.access < finder.access) {
			finder = c
		}
	}
	return finder
}

// lastWord is the place of the last word that is asked for; -1 if none is.
func (l *list) lastWord() int {
	last := -1
	for i, w := range l.words {
		if w.asked != nil {
			last = i
		}
	}
	return last
}

// along reports whether a condition cuts a piece out of the list's order.
func (l *list) along(c *condition) bool { return c.access > byName && c.column == l.sorting.column }

// given reports whether the rows are found in the list's order.
func (l *list) given() bool {
	finder := l.finder()
	if finder == nil {
		return l.lastWord() < 0
	}
	return l.along(finder) || finder.sorted && l.sorting.column == "created_at"
}
