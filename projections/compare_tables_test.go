package projections_test

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/projections"
)

// A table or a column that somebody added or removed is found.
func TestComparisonFindsTablesAndColumns(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.full(2)
		w.projected()
		w.exec(`CREATE TABLE notes ("order" timestamp)`)
		w.exec(`DROP TABLE api_keys`)
		w.exec(`ALTER TABLE results ADD COLUMN mood text`)
		w.exec(`ALTER TABLE activities DROP COLUMN user_status`)
		w.exec(`UPDATE activities SET reason = 'x' WHERE last_position = 1`)
		w.exec(`UPDATE results SET status = 'x' WHERE last_position = 2`)
		_, found := w.compare()
		var lines []string
		for _, d := range found {
			if d.Column == "reason" || d.Column == "status" {
				d.ID = ""
			}
			lines = append(lines, d.String())
		}
		want := []string{
			`activities user_status: have no column, want one`, `api_keys: have no table, want one`, `notes: have a table, want none: no event makes it`,
			`results mood: have a column, want none: no event fills it`, `results status: have "x", want "NOT_EXECUTED"`,
		}
		if reasons := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line != `activities reason: have "x", want "visit"` }); len(reasons) > 0 {
			t.Errorf("%v", reasons)
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
		if w.engine.name == "postgres" {
			w.exec(`ALTER TABLE activities ALTER COLUMN score TYPE numeric`)
			c, _ := w.comparison()
			if _, err := c.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), "column score of table activities is of type numeric") {
				t.Errorf("a type that nobody thought about: %v", err)
			}
		}
	})
}

// Every table that is compared has been thought about, as to what parked streams hold back of it, and so has every column that the tables' comments call personal.
func TestComparisonKnowsTheTables(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		if diff := cmp.Diff(newWorld(t).logTables(), slices.Sorted(maps.Keys(projections.HeldBack))); diff != "" {
			t.Error(diff)
		}
	})
	for name, schema := range map[string]fs.FS{"sqlite": projections.SQLiteSchema(), "postgres": projections.PostgresSchema()} {
		pattern := map[string]string{"sqlite": `(?m)^\s+(\w+) .*-- .*; personal$`, "postgres": `(?m)^COMMENT ON COLUMN \w+\.(\w+) IS '.*; personal';$`}[name]
		columns := map[string]bool{}
		files, err := fs.Glob(schema, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(schema, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
				columns[found[1]] = true
			}
		}
		if diff := cmp.Diff(columns, projections.PersonalColumns); diff != "" {
			t.Errorf("%s: -commented +known\n%s", name, diff)
		}
	}
}
