package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/projections/analytics"
)

// hyparquet is the reader of Parquet that is not ours, nor that of who writes the files.
const hyparquet = "hyparquet@1.33.0"

// foreignReader makes a directory in which node finds the reader and the script that uses it.
func foreignReader(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	script, err := os.ReadFile("testdata/parquet.mjs")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "parquet.mjs"), script, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	npm := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", hyparquet)
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm install %s: %v\n%s\nit needs node, npm and the npm registry: apt-get install nodejs npm", hyparquet, err, out)
	}
	return dir
}

// foreignFile is what the foreign reader finds in a file.
type foreignFile struct {
	Rows    int
	Groups  int
	Columns map[string]foreignColumn
	About   map[string]string
	lines   []string // the rows
}

type foreignColumn struct {
	Physical  string
	Logical   *foreignType
	Nullable  bool
	Encodings []string
}

// foreignType is what a column means, beside how it is stored.
type foreignType struct {
	Type            string
	Unit            string
	IsAdjustedToUTC bool
}

// readForeign reads a file by the foreign reader.
func readForeign(t *testing.T, reader string, file []byte) (f foreignFile) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.parquet")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var errors strings.Builder
	node := exec.Command("node", "parquet.mjs", name)
	node.Dir, node.Stderr = reader, &errors
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, errors.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		f.lines = append(f.lines, lines.Text())
	}
	if err := json.Unmarshal([]byte(f.lines[0]), &f); err != nil {
		t.Fatalf("%v: %s", err, f.lines[0])
	}
	f.lines = f.lines[1:]
	return f
}

// is says in which form a column should be stored.
func (c foreignColumn) is(t analytics.Type) (problem string) {
	physical, logical := map[analytics.Type]string{
		analytics.UUID: "FIXED_LEN_BYTE_ARRAY", analytics.Timestamp: "INT64", analytics.Integer: "INT64", analytics.Date: "INT32", analytics.Number: "DOUBLE", analytics.Boolean: "BOOLEAN",
	}[t], map[analytics.Type]string{
		analytics.UUID: "UUID", analytics.Timestamp: "TIMESTAMP", analytics.Date: "DATE", analytics.Enum: "ENUM", analytics.JSON: "JSON", analytics.Text: "STRING", analytics.Integer: "INTEGER",
	}[t]
	if physical == "" {
		physical = "BYTE_ARRAY"
	}
	if c.Logical == nil {
		c.Logical = &foreignType{}
	}
	switch {
	case c.Physical != physical || c.Logical.Type != logical:
		return fmt.Sprintf("is %s, %+v, and should be %s, %s", c.Physical, *c.Logical, physical, logical)
	case t == analytics.Timestamp && (c.Logical.Unit != "MILLIS" || !c.Logical.IsAdjustedToUTC):
		return fmt.Sprintf("is %+v, and should be in milliseconds, UTC", *c.Logical)
	case slices.Contains(c.Encodings, "RLE_DICTIONARY") != (t == analytics.Enum):
		return fmt.Sprintf("is encoded by %s", c.Encodings)
	}
	return ""
}

// countBySQL asks the engine itself how many rows an export should have.
func countBySQL(t *testing.T, place, kind string) (rows int) {
	t.Helper()
	query := "SELECT count(*) FROM " + kind
	if kind == "result_daily" {
		query = "SELECT count(DISTINCT (tenant_id, occurred_at, status)) FROM results"
		if !isPostgres(place) {
			query = "SELECT count(*) FROM (SELECT DISTINCT tenant_id, occurred_at, status FROM results)"
		}
	}
	withTables(t, place, func(s *store) error { return s.read.QueryRowContext(t.Context(), query).Scan(&rows) })
	return rows
}

// TestParquetIsReadByAForeignReader: every kind, from either engine: as many rows as SQL counts, each value what it is as NDJSON, and each column of its type. It needs node and the npm registry.
func TestParquetIsReadByAForeignReader(t *testing.T) {
	if os.Getenv("RESULTLOG_PARQUET") == "" {
		t.Skip("it needs node and the npm registry: make parquet runs it")
	}
	reader := foreignReader(t)
	onEachStore(t, func(t *testing.T, place string) {
		fillTables(t, place)
		for _, kind := range readableKinds {
			view, _ := analytics.Find(kind)
			lines, _ := exportedFile(t, place, kind, "ndjson")
			f := foreignExport(t, reader, place, kind, view.Columns, string(lines))
			if want := countBySQL(t, place, kind); f.Rows != want || want == 0 {
				t.Errorf("%s: %d rows, and %d by SQL", kind, f.Rows, want)
			}
		}
	})
	dir := t.TempDir()
	if err := poison(dir); err != nil {
		t.Fatal(err)
	}
	if f := foreignExport(t, reader, dir, eventsKind, eventColumns(), ""); f.Rows != 5 {
		t.Errorf("%d events", f.Rows)
	}
	large := t.TempDir() // more than a row group holds
	fillResults(t, large, 400)
	withTables(t, large, func(s *store) error {
		_, err := s.tables.ExecContext(t.Context(), `UPDATE results SET comment = hex(randomblob(50000))`)
		return err
	})
	lines, _ := exportedFile(t, large, "results", "ndjson")
	if f := foreignExport(t, reader, large, "results", nil, string(lines)); f.Rows != 400 || f.Groups != 2 {
		t.Errorf("%d rows in %d groups", f.Rows, f.Groups)
	}
}

// foreignExport exports a kind, and has the foreign reader compare it with its columns, and with the lines that are given.
func foreignExport(t *testing.T, reader, place, kind string, columns []analytics.Column, lines string) foreignFile {
	t.Helper()
	file, _ := exportedFile(t, place, kind, "parquet")
	f := readForeign(t, reader, file)
	for _, c := range columns {
		if problem := f.Columns[c.Name].is(c.Type); problem != "" || f.Columns[c.Name].Nullable != c.Nullable {
			t.Errorf("%s: column %s (nullable: %v) %s", kind, c.Name, f.Columns[c.Name].Nullable, problem)
		}
	}
	if n := strings.Count(lines, "\n"); n > 0 && n != len(f.lines) {
		t.Fatalf("%s: %d rows, want %d", kind, len(f.lines), n)
	}
	at := 0
	for line := range strings.Lines(lines) {
		if diff := cmp.Diff(parsedJSON(t, line), parsedJSON(t, f.lines[at])); diff != "" {
			t.Errorf("%s, row %d: %.2000s", kind, at, diff)
		}
		at++
	}
	if f.About["resultlog.kind"] != kind || f.About["resultlog.contract"] == "" {
		t.Errorf("%s says of itself %v", kind, f.About)
	}
	return f
}

func parsedJSON(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return value
}
