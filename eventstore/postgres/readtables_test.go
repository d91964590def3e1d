package postgres

import (
	"database/sql"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"resultlog/eventstore/postgres/postgrestest"
)

// shapedSchema has a table whose key's columns stand in another order than in the table, and one without a key.
var shapedSchema = fstest.MapFS{"00001_shaped.sql": {Data: []byte(`-- +goose Up
CREATE TABLE places (b text COLLATE "C" NOT NULL, gone bigint, a uuid NOT NULL, n bigint, r double precision, t boolean, PRIMARY KEY (a, b));
ALTER TABLE places DROP COLUMN gone;
CREATE TABLE flags (id bytea);
CREATE INDEX places_by_n ON places (n);
CREATE VIEW seen AS SELECT a FROM places;
`)}}

func openShaped(t *testing.T) *ReadTables {
	t.Helper()
	tables, err := OpenReadTables(t.Context(), postgrestest.Database(t), shapedSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tables.Close(); err != nil {
			t.Error(err)
		}
	})
	return tables
}

// The catalogue has every table of the read tables and of nothing else, and says what the keys are.
func TestCatalog(t *testing.T) {
	tables := openShaped(t)
	rows, err := tables.Read.Query(Catalog)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	type column struct {
		Table, Name, Type string
		Key               int
	}
	var all []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.Table, &c.Name, &c.Type, &c.Key); err != nil {
			t.Fatal(err)
		}
		if c.Table != "migrations" {
			all = append(all, c)
		}
	}
	want := []column{
		{"flags", "id", "bytea", 0},
		{"places", "b", "text", 2}, {"places", "a", "uuid", 1}, {"places", "n", "bigint", 0}, {"places", "r", "double precision", 0}, {"places", "t", "boolean", 0},
	}
	if diff := cmp.Diff(want, all); rows.Err() != nil || diff != "" {
		t.Errorf("%v\n%s", rows.Err(), diff)
	}
}

// A transaction that reads may take as long as it needs if it says so; those after it on the same connection may not.
func TestUnlimitedReading(t *testing.T) {
	tables := openShaped(t)
	tables.Read.SetMaxOpenConns(1)
	limits := func(first string) (got [2]string) {
		t.Helper()
		tx, err := tables.Read.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if _, err = tx.Exec(first); err == nil {
			err = tx.QueryRow(`SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')`).Scan(&got[0], &got[1])
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	limited := [2]string{"10s", "10s"}
	if before, during, after := limits(`SELECT 1`), limits(UnlimitedReading), limits(`SELECT 1`); before != limited || during != [2]string{"0", "0"} || after != limited {
		t.Errorf("before %v, during %v, after %v", before, during, after)
	}
}
