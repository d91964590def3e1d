package projections

import "testing"

// A statement of one row becomes one of many: its arguments are columns of a table that is unnested from arrays, and all else stays as it is.
func TestStatementOfManyRows(t *testing.T) {
	for _, row := range []struct{ name, types, one, many string }{
		{"INSERT", "uuid text double", `INSERT INTO a (tenant_id, b, c) VALUES ($1, $2, $3)`,
			`INSERT INTO a (tenant_id, b, c) SELECT * FROM unnest($1::uuid[], $2::text[], $3::double precision[])`},
		{"INSERT with ON CONFLICT", "uuid bytea bigint", `
			INSERT INTO a (tenant_id, b, c) VALUES ($1, $2, $3)
			ON CONFLICT (tenant_id, b) DO UPDATE SET c = excluded.c
			WHERE a.c < excluded.c`, `
			INSERT INTO a (tenant_id, b, c) SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bigint[])
			ON CONFLICT (tenant_id, b) DO UPDATE SET c = excluded.c
			WHERE a.c < excluded.c`},
		{"UPDATE", "uuid uuid bool bigint", `UPDATE a SET b = $3, c = coalesce($4, c) WHERE tenant_id = $1 AND id = $2 AND c < $4`,
			`UPDATE a SET b = given.c3, c = coalesce(given.c4, c) FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::bigint[]) AS given (c1, c2, c3, c4) WHERE tenant_id = given.c1 AND id = given.c2 AND c < given.c4`},
		{"UPDATE with more than nine arguments", "bigint bigint bigint bigint bigint bigint bigint bigint bigint bigint", `UPDATE a SET b = $10 WHERE id = $1`,
			`UPDATE a SET b = given.c10 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])` +
				` AS given (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10) WHERE id = given.c1`},
	} {
		s := newRowStatement(row.types, row.one)
		if s.one != row.one || s.many != row.many {
			t.Errorf("%s: of one row:\n%s\nof many:\n%s\nwant\n%s", row.name, s.one, s.many, row.many)
		}
	}
}
