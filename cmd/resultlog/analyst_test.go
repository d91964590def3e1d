package main

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// mustReadViewsAlone holds the role of analysts (docs/deploy/roles.sql) to what is said of it: it reads the views, in which there are so many results, and nothing else that there is.
func mustReadViewsAlone(t *testing.T, dsn string, results int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var seen int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM results`).Scan(&seen); err != nil || seen != results { // by its bare name
		t.Errorf("an analyst sees %d results, and there are %d: %v", seen, results, err)
	}

	type relation struct {
		Name         string
		View, Reads  bool // whether it is one of the views, and whether the role has rights to read any of it
		Writes, Uses bool // whether it has any other
	}
	rows, err := conn.Query(t.Context(), `
		SELECT format('%I.%I', nspname, relname), nspname = 'analytics', has_any_column_privilege(c.oid, 'SELECT'),
			has_any_column_privilege(c.oid, 'INSERT, UPDATE, REFERENCES') OR has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER'), has_schema_privilege(nspname, 'CREATE')
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'm', 'p') AND nspname !~ '^pg_|^information_schema$'`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	if err != nil {
		t.Fatal(err)
	}
	views := 0
	for _, r := range all {
		if r.Reads != r.View || r.Writes || r.Uses {
			t.Errorf("the rights of an analyst on %s: %+v", r.Name, r)
		}
		_, err := conn.Exec(t.Context(), `SELECT FROM `+r.Name+` LIMIT 1`)
		var refusal *pgconn.PgError
		refused := errors.As(err, &refusal) && refusal.Code == "42501"
		if r.View && err != nil || !r.View && !refused {
			t.Errorf("an analyst reads %s: %v", r.Name, err)
		}
		if r.View {
			views++
		}
	}
	if views != 7 || len(all) < 15 { // the six, and the table of their versions
		t.Errorf("%d views, of %d relations", views, len(all))
	}
}
