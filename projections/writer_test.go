package projections

import (
	"strings"
	"testing"
)

// source is an engine that selects rows from a table of that name.
type source struct{}

func (source) From(types []string) string { return "source(" + strings.Join(types, ", ") + ")" }

func (source) Args([][]any) []any { return nil }

// A statement of one row becomes one of many: its arguments are columns of what it is given, and all else stays as it is.
func TestStatementOfManyRows(t *testing.T) {
	for _, row := range []struct{ name, types, one, many string }{
		{"INSERT", "uuid text float8", `INSERT INTO a (tenant_id, b, c) VALUES ($1, $2, $3)`,
			`INSERT INTO a (tenant_id, b, c) SELECT c1, c2, c3 FROM source(uuid, text, float8) WHERE true`},
		{"INSERT with ON CONFLICT", "uuid bytea bigint", `
			INSERT INTO a (tenant_id, b, c) VALUES ($1, $2, $3)
			ON CONFLICT (tenant_id, b) DO UPDATE SET c = excluded.c
			WHERE a.c < excluded.c`, `
			INSERT INTO a (tenant_id, b, c) SELECT c1, c2, c3 FROM source(uuid, bytea, bigint) WHERE true
			ON CONFLICT (tenant_id, b) DO UPDATE SET c = excluded.c
			WHERE a.c < excluded.c`},
		{"UPDATE", "uuid uuid bool bigint", `UPDATE a SET b = $3, c = coalesce($4, c) WHERE tenant_id = $1 AND id = $2 AND c < $4`,
			`UPDATE a SET b = given.c3, c = coalesce(given.c4, c) FROM source(uuid, uuid, bool, bigint) WHERE tenant_id = given.c1 AND id = given.c2 AND c < given.c4`},
		{"UPDATE with more than nine arguments", "bigint bigint bigint bigint bigint bigint bigint bigint bigint bigint", `UPDATE a SET b = $10 WHERE id = $1`,
			`UPDATE a SET b = given.c10 FROM source(` + strings.Repeat("bigint, ", 9) + `bigint) WHERE id = given.c1`},
	} {
		if got := newRowStatement(row.types, row.one).text(source{}); got != row.many {
			t.Errorf("%s: of many rows:\n%s\nwant\n%s", row.name, got, row.many)
		}
	}
}
