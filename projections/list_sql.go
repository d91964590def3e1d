package projections

import (
	"fmt"
	"strings"

	"resultlog/core"
)

// count counts the rows, and one more than are told.
func (l *list) count() *statement {
	finder := l.finder()
	s := new(statement).add("SELECT count(*) FROM (SELECT 1")
	l.from(s, finder)
	l.where(s, func(c *condition) bool { return c == finder }, finder == nil)
	return s.add(fmt.Sprintf(" LIMIT %d) AS counted", core.MaxTotal+1))
}

// ids gives the ids of some rows, in order.
func (l *list) ids(limit, skip int) *statement {
	finder, given := l.finder(), l.given()
	s := new(statement).add("SELECT id")
	l.from(s, finder)
	l.where(s, func(c *condition) bool { return c == finder || given && l.along(c) }, finder == nil)
	return s.add(l.sorting.text(given)).add(" LIMIT ? OFFSET ?", limit, skip)
}

// walk gives the ids of the first rows in the list's order, whether they fit or not, and whether they do.
func (l *list) walk(limit int) *statement {
	s := new(statement).add("SELECT id, ")
	and := ""
	for i := range l.conditions {
		if c := &l.conditions[i]; !l.along(c) {
			s.add(and+"("+c.text+") IS TRUE", c.args...)
			and = " AND "
		}
	}
	for _, w := range l.words {
		if w.asked != nil {
			s.add(and+"("+oneOf(w.column, w.asked)+") IS TRUE", anys(w.asked)...)
			and = " AND "
		}
	}
	s.add(" AS fits")
	l.from(s, nil)
	for i := range l.conditions {
		if c := &l.conditions[i]; l.along(c) {
			s.add(" AND "+c.text, c.args...)
		}
	}
	return s.add(l.sorting.text(true)).add(" LIMIT ?", limit)
}

// from names the table, and whose rows of it. A search says the latter with each of its columns: said once for all of them, a planner would look at all of a tenant's rows.
func (l *list) from(s *statement, finder *condition) {
	s.add(" FROM " + l.table + " WHERE ")
	if finder != nil && finder.access == bySearch {
		s.add("(tenant_id = ?) IS TRUE", l.tenant[:])
	} else {
		s.add("tenant_id = ?", l.tenant[:])
	}
}

// where writes all conditions and words: those that the index is for as they stand.
func (l *list) where(s *statement, indexed func(*condition) bool, byWords bool) {
	for i := range l.conditions {
		if c := &l.conditions[i]; indexed(c) {
			s.add(" AND "+c.text, c.args...)
		} else {
			s.add(" AND ("+c.text+") IS TRUE", c.args...)
		}
	}
	last := l.lastWord()
	for i, w := range l.words {
		switch {
		case byWords && w.asked != nil:
			s.add(" AND "+oneOf(w.column, w.asked), anys(w.asked)...)
		case byWords && i < last: // any value will do: each is looked up, since the index goes by this column before it goes by the last
			s.add(" AND "+oneOf(w.column, w.values), anys(w.values)...)
		case w.asked != nil:
			s.add(" AND ("+oneOf(w.column, w.asked)+") IS TRUE", anys(w.asked)...)
		}
	}
}

// oneOf says that a column has one of some values, of which there is at least one.
func oneOf(column string, values []string) string {
	return column + " IN (?" + strings.Repeat(", ?", len(values)-1) + ")"
}

func anys(values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}
