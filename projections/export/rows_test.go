package export_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"resultlog/core"
	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// selected runs a query on an engine of its own, and gives the one value that it finds.
func selected(t *testing.T, query string, column analytics.Column) (value export.Value, rows int, err error) {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		return value, 0, err
	}
	for row, err := range export.Rows(found, []analytics.Column{column}) {
		if err != nil {
			return value, rows, err
		}
		value = row[0]
		rows++
	}
	return value, rows, nil
}

// TestRows: values are taken in the forms of either engine, and what a column cannot hold is an error that names it.
func TestRows(t *testing.T) {
	id := core.ID{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57}
	for name, c := range map[string]struct {
		query    string
		column   analytics.Type
		nullable bool
		want     export.Value
		wrong    string
	}{
		"a UUID as bytes":                     {query: `SELECT x'01890a5dac96774bbcceb302099a8057'`, column: analytics.UUID, want: export.Value{UUID: id}},
		"a UUID as text":                      {query: `SELECT '01890a5d-ac96-774b-bcce-b302099a8057'`, column: analytics.UUID, want: export.Value{UUID: id}},
		"a UUID that is too short":            {query: `SELECT x'0189'`, column: analytics.UUID, wrong: "column c"},
		"a UUID that is too long":             {query: `SELECT x'01890a5dac96774bbcceb302099a805700'`, column: analytics.UUID, wrong: "column c"},
		"a number for a UUID":                 {query: `SELECT 1`, column: analytics.UUID, wrong: "column c"},
		"a time before 1970":                  {query: `SELECT -1`, column: analytics.Timestamp, want: export.Value{Int: -1}},
		"a text for a time":                   {query: `SELECT '1970-01-01'`, column: analytics.Timestamp, wrong: "column c"},
		"a truth":                             {query: `SELECT 1 = 1`, column: analytics.Boolean, want: export.Value{Int: 1}},
		"a number":                            {query: `SELECT 0.25`, column: analytics.Number, want: export.Value{Number: 0.25}},
		"a whole number":                      {query: `SELECT 2`, column: analytics.Number, want: export.Value{Number: 2}},
		"a number as PostgreSQL computes it":  {query: `SELECT '12.3450000000000000'`, column: analytics.Number, want: export.Value{Number: 12.345}},
		"a word for a number":                 {query: `SELECT 'many'`, column: analytics.Number, wrong: "column c"},
		"bytes for a number":                  {query: `SELECT x'00'`, column: analytics.Number, wrong: "column c"},
		"text":                                {query: `SELECT 'é'`, column: analytics.Text, want: export.Value{Text: "é"}},
		"text as bytes":                       {query: `SELECT x'61'`, column: analytics.JSON, want: export.Value{Text: "a"}},
		"a number for a text":                 {query: `SELECT 1`, column: analytics.Enum, wrong: "column c"},
		"NULL":                                {query: `SELECT NULL`, column: analytics.Text, nullable: true, want: export.Value{Null: true}},
		"NULL where none may be":              {query: `SELECT NULL`, column: analytics.Text, wrong: "column c"},
		"NULL after a value":                  {query: `SELECT 1 UNION ALL SELECT NULL`, column: analytics.Integer, nullable: true, want: export.Value{Null: true}},
		"what goes wrong after the first row": {query: `SELECT 1 UNION ALL SELECT abs(-9223372036854775808)`, column: analytics.Integer, wrong: "integer overflow"},
	} {
		t.Run(name, func(t *testing.T) {
			got, rows, err := selected(t, c.query, analytics.Column{Name: "c", Type: c.column, Nullable: c.nullable})
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("%v, %v; want an error that says %s", got, err, c.wrong)
				}
			} else if err != nil || got != c.want || rows == 0 {
				t.Errorf("%d rows, %+v, %v; want %+v", rows, got, err, c.want)
			}
		})
	}
}

// TestRowsEndWithTheContext, and do not pass for complete.
func TestRowsEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	endless, err := db.QueryContext(ctx, `WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n) SELECT n FROM n`)
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, last = range export.Rows(endless, []analytics.Column{{Name: "n", Type: analytics.Integer}}) {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("they ended with %v", last)
	}
}
