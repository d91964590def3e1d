package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"resultlog/projections/analytics"
)

// viewsOf is where the migration stands that makes the views of the contract's version on an engine.
func viewsOf(engine string) string {
	return fmt.Sprintf("projections/ddl/%s/views/%05d_analytics.sql", engine, analytics.Version)
}

// Between these lines docs/analytics.md is written from the code, and only there.
const (
	columnsBegin = "<!-- Generated from projections/analytics by: go run ./cmd/docs. Do not edit up to the end of it; CI runs go run ./cmd/docs -check. -->\n"
	columnsEnd   = "<!-- The end of what is generated. -->\n"
)

// analyticsPage is docs/analytics.md, with every view's columns.
func analyticsPage(top string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(top, "docs", "analytics.md"))
	if err != nil {
		return nil, err
	}
	before, rest, begins := bytes.Cut(text, []byte(columnsBegin))
	_, after, ends := bytes.Cut(rest, []byte(columnsEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("it lacks the lines between which the columns stand: %s and %s", strings.TrimSpace(columnsBegin), strings.TrimSpace(columnsEnd))
	}
	return bytes.Join([][]byte{before, []byte(columnsBegin), columnTables(), []byte(columnsEnd), after}, nil), nil
}

func columnTables() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "This is version %d of the contract.\n\n", analytics.Version)
	for _, v := range analytics.Views() {
		fmt.Fprintf(&b, "### `%s`\n\n%s\n\n| column | PostgreSQL | SQLite | NULL | meaning |\n|---|---|---|---|---|\n", v.Name, v.Comment)
		for _, c := range v.Columns {
			form := forms[c.Type]
			null := ""
			if c.Nullable {
				null = "yes"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Name, form.postgres, form.sqlite, null, c.Describe())
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// forms are those of a type's values on either engine.
var forms = map[analytics.Type]struct{ postgres, sqlite string }{
	analytics.UUID:      {"uuid", "text"},
	analytics.Timestamp: {"timestamptz", "text, RFC 3339"},
	analytics.Date:      {"date", "text, YYYY-MM-DD"},
	analytics.Text:      {"text", "text"},
	analytics.Enum:      {"text", "text"},
	analytics.JSON:      {"text, JSON", "text, JSON"},
	analytics.Integer:   {"bigint", "integer"},
	analytics.Number:    {"double precision", "real"},
	analytics.Boolean:   {"boolean", "integer, 0 or 1"},
}
