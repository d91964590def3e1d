package analytics

import (
	"fmt"
	"strings"
)

// Where the views are, and the tables that they are made of (package eventstore/postgres, roles.sql).
const (
	postgresSchema = "analytics."
	postgresTables = "resultlog_read."
	sqlitePrefix   = "analytics_"
)

// Postgres is the migration that makes the views on PostgreSQL, in goose's form. Where there are views of these names it changes them, so that rights stay and so does what people have built on them:
// columns can only be added, and at the end.
func Postgres() string {
	b := migration()
	for _, v := range Views() {
		name := postgresSchema + v.Name
		fmt.Fprintf(b, "\nCREATE OR REPLACE VIEW %s AS SELECT", name)
		for i, c := range v.Columns {
			fmt.Fprintf(b, "%s\n    %s AS %s", comma(i), c.onPostgres(), c.Name)
		}
		fmt.Fprintf(b, "\n%s;\n\nCOMMENT ON VIEW %s IS %s;\n", v.source(postgresTables), name, quoted(v.Comment))
		for _, c := range v.Columns {
			fmt.Fprintf(b, "COMMENT ON COLUMN %s.%s IS %s;\n", name, c.Name, quoted(c.Describe()))
		}
	}
	return b.String()
}

// SQLite is the migration that makes the views on SQLite. It keeps the text of a view as it is written, so that .schema shows the comments.
func SQLite() string {
	b := migration()
	for _, v := range Views() {
		fmt.Fprintf(b, "\nDROP VIEW IF EXISTS %[1]s%[2]s;\n-- %[3]s\nCREATE VIEW %[1]s%[2]s AS SELECT", sqlitePrefix, v.Name, v.Comment)
		for i, c := range v.Columns {
			fmt.Fprintf(b, "\n    %s AS %s%s -- %s", c.onSQLite(), c.Name, comma(len(v.Columns)-1-i), c.Describe())
		}
		fmt.Fprintf(b, "\n%s;\n", v.source(""))
	}
	return b.String()
}

func migration() *strings.Builder {
	b := new(strings.Builder)
	fmt.Fprintf(b, "-- +goose Up\n\n-- Version %d of what analysts may rely on (docs/analytics.md). Written by go run ./cmd/docs from package projections/analytics: change it there.\n", Version)
	return b
}

// comma goes between columns, of which n stand on the other side.
func comma(n int) string {
	if n == 0 {
		return ""
	}
	return ","
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// Describe is the comment as it stands in the database: with the values of an Enum, and whether it is personal.
func (c Column) Describe() string {
	text := c.Comment
	if len(c.Values) > 0 {
		text += "; one of " + strings.Join(c.Values, ", ")
	}
	if c.Personal {
		text += "; personal"
	}
	return text
}

// source is what follows the columns.
func (v View) source(tables string) string {
	text := "FROM " + strings.NewReplacer("{", tables, "}", "").Replace(v.from)
	if !v.grouped {
		return text
	}
	var by []string
	for _, c := range v.Columns {
		if !c.counts {
			by = append(by, c.raw)
		}
	}
	return text + "\nGROUP BY " + strings.Join(by, ", ")
}

// onPostgres is the column's expression in the form that analysts see.
func (c Column) onPostgres() string {
	switch c.Type {
	case Timestamp: // whole seconds: those with a fraction come to be off by a millisecond in far years
		return fmt.Sprintf("to_timestamp(%[1]s / 1000) + %[1]s %% 1000 * interval '1 millisecond'", c.raw)
	case Date:
		return "date '1970-01-01' + (" + c.raw + ")::integer"
	default:
		return c.raw
	}
}

// onSQLite likewise.
func (c Column) onSQLite() string {
	switch c.Type {
	case Timestamp:
		return "strftime('%Y-%m-%dT%H:%M:%fZ', " + c.raw + " / 1000.0, 'unixepoch')"
	case Date:
		return "date((" + c.raw + ") * 86400, 'unixepoch')"
	case UUID:
		return uuidOnSQLite(c)
	default:
		return c.raw
	}
}

func uuidOnSQLite(c Column) string {
	var parts []string
	for _, part := range []string{"1, 8", "9, 4", "13, 4", "17, 4", "21, 12"} {
		parts = append(parts, "substr(hex("+c.raw+"), "+part+")")
	}
	text := "lower(" + strings.Join(parts, " || '-' || ") + ")"
	if c.Nullable { // hex takes NULL for no bytes at all
		text = "CASE WHEN " + c.raw + " IS NOT NULL THEN " + text + " END"
	}
	return text
}
