package export_test

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/format"

	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// TestParquet: what is read is what was written, in columns of their types and in their order, and the file says what it is.
func TestParquet(t *testing.T) {
	table := everyType()
	rows := someRows(table)
	huge := rowOf(table, export.Value{UUID: rows[0][0].UUID, Int: 1, Text: strings.Repeat("é", 1<<20)})
	f, got := readParquet(t, written(t, export.Parquet, table, append(rows, huge)...), table)
	for i, row := range append(rows, huge) {
		for c := range row {
			if want := onlyOf(table.Columns[c].Type, row[c]); got[i][c] != want {
				t.Errorf("row %d, column %s: %.100v, want %.100v", i, table.Columns[c].Name, got[i][c], want)
			}
		}
	}
	const schema = `message everything {
	required fixed_len_byte_array(16) uuid (UUID);
	optional fixed_len_byte_array(16) optional_uuid (UUID);
	required int64 timestamp (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS));
	optional int64 optional_timestamp (TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS));
	required int32 date (DATE);
	optional int32 optional_date (DATE);
	required binary text (STRING);
	optional binary optional_text (STRING);
	required binary enum (ENUM);
	optional binary optional_enum (ENUM);
	required binary json (JSON);
	optional binary optional_json (JSON);
	required int64 integer (INT(64,true));
	optional int64 optional_integer (INT(64,true));
	required double number;
	optional double optional_number;
	required boolean boolean;
	optional boolean optional_boolean;
}`
	if diff := cmp.Diff(schema, f.Schema().String()); diff != "" {
		t.Error(diff)
	}
	for _, c := range f.Metadata().RowGroups[0].Columns {
		name := c.MetaData.PathInSchema[0]
		if got, want := slices.Contains(c.MetaData.Encoding, format.RLEDictionary), strings.HasSuffix(name, "enum"); got != want || c.MetaData.Codec != format.Snappy {
			t.Errorf("column %s has a dictionary: %v, want %v; it is compressed by %v", name, got, want, c.MetaData.Codec)
		}
	}
	if kind, _ := f.Lookup("resultlog.kind"); kind != "everything" || !strings.HasPrefix(f.Metadata().CreatedBy, "resultlog version v1") {
		t.Errorf("it is of %q, by %q", kind, f.Metadata().CreatedBy)
	}
}

// onlyOf is the part of a value that counts for a type.
func onlyOf(t analytics.Type, v export.Value) export.Value {
	switch {
	case v.Null:
		return export.Value{Null: true}
	case t == analytics.UUID:
		return export.Value{UUID: v.UUID}
	case t == analytics.Number:
		return export.Value{Number: v.Number}
	case t == analytics.Boolean && v.Int != 0:
		return export.Value{Int: 1}
	case t == analytics.Timestamp || t == analytics.Date || t == analytics.Integer || t == analytics.Boolean:
		return export.Value{Int: v.Int}
	default:
		return export.Value{Text: v.Text}
	}
}

// TestBoundsHoldWhatIsInThePages: a reader that looks for a value leaves out what cannot have it by the index, and must leave out nothing that has it.
func TestBoundsHoldWhatIsInThePages(t *testing.T) {
	table := everyType()
	rows := someRows(table)
	for _, text := range []string{"", "a", `{"z":"` + strings.Repeat("z", 1000) + `"}`, "\U0010ffff"} {
		rows = append(rows, rowOf(table, export.Value{UUID: rows[0][0].UUID, Text: text}))
	}
	f, _ := readParquet(t, written(t, export.Parquet, table, rows...), table)
	for c, chunk := range f.RowGroups()[0].ColumnChunks() {
		index, err := chunk.ColumnIndex()
		if err != nil || index.NumPages() != 1 || index.NullPage(0) {
			t.Fatalf("column %s: %v", table.Columns[c].Name, err)
		}
		if t := table.Columns[c].Type; t != analytics.Text && t != analytics.JSON && t != analytics.Enum {
			continue
		}
		for _, row := range rows {
			if text := row[c].Text; !row[c].Null && (text < string(index.MinValue(0).ByteArray()) || text > string(index.MaxValue(0).ByteArray())) {
				t.Errorf("column %s: %.50q is not from %q to %q", table.Columns[c].Name, text, index.MinValue(0), index.MaxValue(0))
			}
		}
		if s := f.Metadata().RowGroups[0].Columns[c].MetaData.Statistics; table.Columns[c].Type == analytics.JSON && (s.MinValue != nil || s.MaxValue != nil) {
			t.Errorf("the footer has values of the column %s", table.Columns[c].Name)
		}
	}
}

// TestEmptyParquet: no rows are a file, too, which says what their columns would be.
func TestEmptyParquet(t *testing.T) {
	table := everyType()
	f, rows := readParquet(t, written(t, export.Parquet, table), table)
	if len(rows) != 0 || f.NumRows() != 0 || len(f.Schema().Columns()) != len(table.Columns) {
		t.Errorf("%d rows, %d columns", f.NumRows(), len(f.Schema().Columns()))
	}
}

// TestColumnsAreDescribed, in the file itself.
func TestColumnsAreDescribed(t *testing.T) {
	v, _ := analytics.Find("results")
	table := export.Table{Name: v.Name, Columns: v.Columns}
	f, _ := readParquet(t, written(t, export.Parquet, table), table)
	if text, _ := f.Lookup("resultlog.columns"); !strings.Contains(text, fmt.Sprintf(`"comment":%q`, v.Column("comment").Describe())) {
		t.Error(text)
	}
}

// TestMemoryIsBounded: ten times as many rows take no more memory, be they large or many. The payloads of the large ones are such as nothing compresses.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes half a gigabyte: make test runs it")
	}
	const spare = 24 << 20 // what garbage, pools and the footer may make of a difference: each run writes a hundred megabytes more than that
	v, _ := analytics.Find("results")
	table := export.Table{Name: v.Name, Columns: v.Columns}
	payload := make([]byte, 256<<10)
	_, _ = rand.Read(payload)
	large, small := rowOf(table, export.Value{Int: 1, Text: "one"}), rowOf(table, export.Value{Int: 1, Text: "a text of some length"})
	for i, c := range table.Columns {
		if c.Type == analytics.JSON {
			large[i].Text = string(payload)
		}
	}
	for name, c := range map[string]struct {
		rows int
		row  []export.Value
	}{"large rows": {96, large}, "many rows": {64 << 10, small}} {
		few, many := heapWhileWriting(t, table, c.rows, c.row), heapWhileWriting(t, table, 10*c.rows, c.row)
		if t.Logf("%s: %d take %d MB, %d take %d MB", name, c.rows, few>>20, 10*c.rows, many>>20); many > few+spare {
			t.Errorf("%s take the more memory the more there are", name)
		}
	}
}

// heapWhileWriting is the most that is in use while so many rows are written, no two of them the same, as a garbage collection leaves it.
func heapWhileWriting(t *testing.T, table export.Table, rows int, row []export.Value) (most uint64) {
	t.Helper()
	const looks = 64
	w, err := export.NewWriter(export.Parquet, io.Discard, table)
	if err != nil {
		t.Fatal(err)
	}
	for n := range rows {
		for i := range row {
			row[i].Int = int64(n)
			binary.BigEndian.PutUint32(row[i].UUID[:], uint32(n))
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		if n%(rows/looks) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return most
}
