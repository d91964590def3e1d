package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// TestCSV: every type, NULL beside an empty text, and times before 1970.
func TestCSV(t *testing.T) {
	table := everyType()
	const want = "uuid,optional_uuid,timestamp,optional_timestamp,date,optional_date,text,optional_text,enum,optional_enum,json,optional_json,integer,optional_integer,number,optional_number,boolean,optional_boolean\r\n" +
		"01890a5d-ac96-774b-bcce-b302099a8057,01890a5d-ac96-774b-bcce-b302099a8057,1970-01-01T00:00:00.001Z,1970-01-01T00:00:00.001Z,1970-01-02,1970-01-02,plain,plain,plain,plain,plain,plain,1,1,0.25,0.25,true,true\r\n" +
		`00000000-0000-0000-0000-000000000001,,1969-12-31T23:59:59.999Z,,1969-12-31,,"{""a"": ""é 漢字 😀""}",,"{""a"": ""é 漢字 😀""}",,"{""a"": ""é 漢字 😀""}",,-1,,-1e-300,,true,` + "\r\n" +
		`ff000000-0000-0000-0000-000000000000,ff000000-0000-0000-0000-000000000000,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000Z,1970-01-01,1970-01-01,"","","","","","",0,0,1e+21,1e+21,false,false` + "\r\n"
	if diff := cmp.Diff(want, string(written(t, export.CSV, table, someRows(table)...))); diff != "" {
		t.Error(diff)
	}
}

// TestNDJSON likewise. What is JSON stands in the line as it is.
func TestNDJSON(t *testing.T) {
	table := everyType()
	rows := someRows(table)
	for i, text := range []string{"{\"b\":1,\n \"a\": [1,\r\n\t2.50]}", `{"a": "é 漢字 😀"}`, `{}`} {
		for c := range table.Columns {
			if table.Columns[c].Type == analytics.JSON && !rows[i][c].Null {
				rows[i][c].Text = text
			}
		}
	}
	const want = `{"uuid":"01890a5d-ac96-774b-bcce-b302099a8057","optional_uuid":"01890a5d-ac96-774b-bcce-b302099a8057","timestamp":"1970-01-01T00:00:00.001Z","optional_timestamp":"1970-01-01T00:00:00.001Z",` +
		`"date":"1970-01-02","optional_date":"1970-01-02","text":"plain","optional_text":"plain","enum":"plain","optional_enum":"plain",` +
		"\"json\":{\"b\":1,  \"a\": [1,  \t2.50]},\"optional_json\":{\"b\":1,  \"a\": [1,  \t2.50]}," + `"integer":1,"optional_integer":1,"number":0.25,"optional_number":0.25,"boolean":true,"optional_boolean":true}
{"uuid":"00000000-0000-0000-0000-000000000001","optional_uuid":null,"timestamp":"1969-12-31T23:59:59.999Z","optional_timestamp":null,"date":"1969-12-31","optional_date":null,` +
		`"text":"{\"a\": \"é 漢字 😀\"}","optional_text":null,"enum":"{\"a\": \"é 漢字 😀\"}","optional_enum":null,"json":{"a": "é 漢字 😀"},"optional_json":null,"integer":-1,"optional_integer":null,` +
		`"number":-1e-300,"optional_number":null,"boolean":true,"optional_boolean":null}
{"uuid":"ff000000-0000-0000-0000-000000000000","optional_uuid":"ff000000-0000-0000-0000-000000000000","timestamp":"1970-01-01T00:00:00.000Z","optional_timestamp":"1970-01-01T00:00:00.000Z",` +
		`"date":"1970-01-01","optional_date":"1970-01-01","text":"","optional_text":"","enum":"","optional_enum":"","json":{},"optional_json":{},"integer":0,"optional_integer":0,"number":1e+21,"optional_number":1e+21,` +
		`"boolean":false,"optional_boolean":false}
`
	got := string(written(t, export.NDJSON, table, rows...))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(got) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// TestNoNumberOfJSON: a number that JSON has no word for is refused, and not written as something else.
func TestNoNumberOfJSON(t *testing.T) {
	table := export.Table{Columns: []analytics.Column{{Name: "score", Type: analytics.Number}}}
	for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := writeTo(&bytes.Buffer{}, export.NDJSON, table, []export.Value{{Number: n}}); err == nil || !strings.Contains(err.Error(), "score") {
			t.Errorf("%v: %v", n, err)
		}
	}
}

// TestCellsThatASpreadsheetWouldRun have an apostrophe where that would begin.
func TestCellsThatASpreadsheetWouldRun(t *testing.T) {
	for name, c := range map[string]struct {
		column   analytics.Type
		in, want string
	}{
		"a word":                           {analytics.Text, "hello", "hello"},
		"what is no formula in the middle": {analytics.Text, "a=b+c-d@e", "a=b+c-d@e"},
		"=":                                {analytics.Text, `=HYPERLINK("http://x","y")`, `'=HYPERLINK("http://x","y")`},
		"+":                                {analytics.Text, "+56 9 1234", "'+56 9 1234"},
		"-":                                {analytics.Text, "-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"},
		"@":                                {analytics.Text, "@SUM(1+1)", "'@SUM(1+1)"},
		"a tab":                            {analytics.Text, "\thello", "'\thello"},
		"a carriage return":                {analytics.Text, "\rhello", "'\rhello"},
		"a line feed":                      {analytics.Text, "\nhello", "'\nhello"},
		"full-width =":                     {analytics.Text, "＝1+1", "'＝1+1"},
		"full-width +":                     {analytics.Text, "＋1", "'＋1"},
		"full-width -":                     {analytics.Text, "－1", "'－1"},
		"full-width @":                     {analytics.Text, "＠SUM", "'＠SUM"},
		"after spaces":                     {analytics.Text, "  =1", "'  =1"},
		"after a quote, which might end the cell":    {analytics.Text, `"=1`, `'"=1`},
		"after a comma, which ends no quoted cell":   {analytics.Text, "a,=1", "a,=1"},
		"after a semicolon, which may begin a cell":  {analytics.Text, "a;=1;b; \"+2", "a;'=1;b;' \"+2"},
		"after a tab, which may begin a cell":        {analytics.Text, "a\t@b", "a\t'@b"},
		"on another line, which may begin a cell":    {analytics.Text, "a\r\n- b\n=c", "a\r\n'- b\n'=c"},
		"a semicolon at the end":                     {analytics.Text, "a;", "a;"},
		"JSON":                                       {analytics.JSON, "{\"a\":\n-1, \"b\": \"=1\"}", "{\"a\":\n-1, \"b\": \"=1\"}"},
		"JSON with a semicolon in a string":          {analytics.JSON, `{"a":"b;=1"}`, `{"a":"b;'=1"}`},
		"bytes that are no UTF-8":                    {analytics.Text, "\xff=1", "\xff=1"},
		"nothing but quotes":                         {analytics.Text, `""`, `""`},
		"an Enum that nobody knows, of a damaged DB": {analytics.Enum, "=1", "'=1"},
	} {
		t.Run(name, func(t *testing.T) {
			table := export.Table{Columns: []analytics.Column{{Name: "before", Type: analytics.Integer}, {Name: "cell", Type: c.column}, {Name: "after", Type: analytics.Number}}}
			file := written(t, export.CSV, table, []export.Value{{Int: -1}, {Text: c.in}, {Number: -0.5}})
			records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
			want := []string{"-1", strings.ReplaceAll(c.want, "\r\n", "\n"), "-0.5"} // as encoding/csv reads line ends
			if err != nil || len(records) != 2 || !cmp.Equal(records[1], want) {
				t.Errorf("%q reads as %q, want %q (%v)", file, records, want, err)
			}
			if raw := `"` + strings.ReplaceAll(c.want, `"`, `""`) + `"`; !bytes.Contains(file, []byte(","+raw+",")) && !bytes.Contains(file, []byte(","+c.want+",")) {
				t.Errorf("%q does not hold %q byte for byte", file, c.want)
			}
		})
	}
}

// TestSameRowsSameBytes: whoever exports twice can compare the files.
func TestSameRowsSameBytes(t *testing.T) {
	table := everyType()
	table.About = map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"}
	for _, format := range export.Formats {
		first := written(t, format, table, someRows(table)...)
		for range 8 {
			if again := written(t, format, table, someRows(table)...); !bytes.Equal(first, again) {
				t.Errorf("%s: %d bytes, then %d others", format, len(first), len(again))
			}
		}
	}
}

// fullAfter is a disk that is full after so many bytes.
type fullAfter struct{ left int }

func (f *fullAfter) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(b), nil
}

// TestDiskFull: wherever in the file it happens, whoever exports is told.
func TestDiskFull(t *testing.T) {
	table := everyType()
	for _, format := range export.Formats {
		size := len(written(t, format, table, someRows(table)...))
		for left := 0; left < size; left += 1 + size/50 {
			if err := writeTo(&fullAfter{left}, format, table, someRows(table)...); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s, full after %d of %d bytes: %v", format, left, size, err)
			}
		}
		if err := writeTo(&fullAfter{size}, format, table, someRows(table)...); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := export.NewWriter("xlsx", &bytes.Buffer{}, everyType()); err == nil || !strings.Contains(err.Error(), "parquet, csv, ndjson") {
		t.Error(err)
	}
}
