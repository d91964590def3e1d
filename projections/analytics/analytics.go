// Package analytics is what the read tables promise to analysts: views whose names, columns and meanings stay, whatever becomes of the tables beneath them. One definition of them, in Go, gives
// the views of either engine (SQLite, Postgres), the exports (View.Select) and the pages of docs/analytics.md.
package analytics

import "slices"

// Version is that of the contract: it grows with every change of a name, a type or a meaning below. The views of each version are a migration of that number, in ddl/*/views of package
// projections; those that were released stay as they are.
const Version = 1

// View is a table as analysts see it.
type View struct {
	Name    string // in the schema analytics on PostgreSQL, after analytics_ on SQLite
	Comment string // what a row is
	Columns []Column
	Time    string   // the column by which a stretch of time is selected
	Order   []string // the columns that order an export: the last of them are the key of a row
	from    string   // the tables it is made of, each in braces, and how they are joined
	grouped bool     // a row is a group of theirs: of all columns but those that count
}

// Column is one of a view.
type Column struct {
	Name     string
	Type     Type
	Nullable bool     // NULL means that it was not sent, or is not there yet
	Personal bool     // it may be about a person, and an erasure empties it (docs/decisions/0013-erasure.md)
	Values   []string // of an Enum, all that there are
	Comment  string
	raw      string // its expression over the tables, in the forms that both engines keep
	counts   bool   // it aggregates
}

// Type is what values of a column are.
type Type int

// The types, each with its forms: on PostgreSQL, on SQLite, and in a Row of an export.
const (
	UUID      Type = iota + 1 // uuid; text, 36 characters in lower case
	Timestamp                 // timestamptz; text, RFC 3339 in UTC with milliseconds, which sorts as it should
	Date                      // date; text, 2006-01-02
	Text                      // text
	Enum                      // text, one of Values
	JSON                      // text that holds a JSON object, byte for byte as it was sent
	Integer                   // bigint; integer
	Number                    // double precision; real
	Boolean                   // boolean; integer, 0 or 1
)

// Views lists them all.
func Views() []View {
	return []View{results(), submissions(), activities(), activityTransitions(), taskResultTypes(), resultDaily()}
}

// Find gives the view of a name.
func Find(name string) (View, bool) {
	all := Views()
	i := slices.IndexFunc(all, func(v View) bool { return v.Name == name })
	if i < 0 {
		return View{}, false
	}
	return all[i], true
}

// Column gives the column of a name, which must be there.
func (v View) Column(name string) Column {
	i := slices.IndexFunc(v.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		panic("the view " + v.Name + " has no column " + name)
	}
	return v.Columns[i]
}
