package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// scratchSchema has a table of each kind of key, and indexes.
var scratchSchema = fstest.MapFS{"00001_scratch.sql": {Data: []byte(`-- +goose Up
CREATE TABLE places (b TEXT NOT NULL, a BLOB NOT NULL, n INTEGER, r REAL, PRIMARY KEY (a, b)) STRICT;
CREATE TABLE flags (id INTEGER PRIMARY KEY, twice INTEGER GENERATED ALWAYS AS (2 * id)) STRICT;
CREATE INDEX places_by_n ON places (n);
CREATE INDEX places_by_r ON places (r);
`)}}

// Scratch tables need no log, wait for no disk, have the indexes that are named and no other, and begin empty.
func TestScratchTables(t *testing.T) {
	dir := t.TempDir()
	db, err := OpenScratchTables(t.Context(), dir, scratchSchema, "places_by_r")
	if err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"synchronous": "0", "journal_mode": "memory", "cache_size": "-32768"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v", pragma, got, err)
		}
	}
	names, err := indexNames(t.Context(), db)
	if diff := cmp.Diff([]string{"places_by_r"}, names); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := db.Exec(`INSERT INTO places (a, b) VALUES (x'01', 'b')`); err != nil {
		t.Error(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v", files, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenScratchTables(t.Context(), dir, scratchSchema); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := OpenScratchTables(t.Context(), filepath.Join(dir, "none"), scratchSchema); !os.IsNotExist(err) {
		t.Errorf("in no directory: %v", err)
	}
}

// The catalogue has every table and column, those that are computed too, and says what the keys are.
func TestCatalog(t *testing.T) {
	db, err := OpenScratchTables(t.Context(), t.TempDir(), scratchSchema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(Catalog)
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
		if c.Table != "goose_db_version" {
			all = append(all, c)
		}
	}
	want := []column{
		{"flags", "id", "INTEGER", 1}, {"flags", "twice", "INTEGER", 0},
		{"places", "b", "TEXT", 2}, {"places", "a", "BLOB", 1}, {"places", "n", "INTEGER", 0}, {"places", "r", "REAL", 0},
	}
	if diff := cmp.Diff(want, all); rows.Err() != nil || diff != "" {
		t.Errorf("%v\n%s", rows.Err(), diff)
	}
}
