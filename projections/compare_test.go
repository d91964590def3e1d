package projections_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// Tables that the subscription has made are what the log says, every row of them; so are those that are behind the log, as of their checkpoint, and those that hold nothing yet.
func TestComparisonOfSoundTables(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		if done := w.equal(); done != (projections.Compared{}) {
			t.Errorf("before the first delivery: %+v", done)
		}
		w.live(rand.New(rand.NewPCG(90, 1)), 20)
		if done := w.equal(); done != (projections.Compared{}) {
			t.Errorf("nothing is delivered: %+v", done)
		}
		w.projected()
		behind := w.machine.Head()
		w.live(rand.New(rand.NewPCG(90, 2)), 20)
		rows := 0
		for _, table := range w.logTables() {
			rows += len(w.query(`SELECT 1 FROM ` + table))
		}
		if done := w.equal(); done != (projections.Compared{Position: behind, Rows: int64(rows)}) || rows < 50 {
			t.Errorf("%+v of %d rows up to %d", done, rows, behind)
		}
		w.projected()
		if done := w.equal(); done.Position != w.machine.Head() || done.Rows <= int64(rows) {
			t.Errorf("%+v up to %d", done, w.machine.Head())
		}
	})
}

// More rows and events than are taken at once, and progress all the way.
func TestComparisonOfManyRows(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		w.fill(rand.New(rand.NewPCG(91, 1)), projections.FoldedAtOnce+500)
		w.projected()
		c, found := w.comparison()
		var reached []core.Position
		c.Progress = func(done, total core.Position) {
			if total != w.machine.Head() {
				t.Errorf("%d of %d", done, total)
			}
			reached = append(reached, done)
		}
		done, err := c.Compare(t.Context())
		if err != nil || len(*found) > 0 || done.Rows < 2*projections.ComparedAtOnce {
			t.Fatalf("%+v, %v, %v", done, *found, err)
		}
		if diff := cmp.Diff([]core.Position{projections.FoldedAtOnce, w.machine.Head()}, reached); diff != "" {
			t.Error(diff)
		}
	})
}

// Servers write and project meanwhile: what is compared is one moment of theirs.
func TestComparisonBesideServers(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		w.live(rand.New(rand.NewPCG(92, 1)), 30)
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		before := w.machine.Head()
		c, found := w.comparison()
		begin, end := make(chan struct{}), make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			<-begin
			r := rand.New(rand.NewPCG(92, 2))
			for {
				select {
				case <-end:
					return
				default:
					w.whole(r, 1)
				}
			}
		})
		reads := 0
		c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
			if reads++; reads == 1 {
				close(begin)
			}
			w.until("the tables have moved", func() bool {
				return running.checkpoint.Announced() > after+20 && running.checkpoint.Announced() > before+10
			})
			return w.log.ReadAll(ctx, after)
		}
		done, err := c.Compare(t.Context())
		close(end)
		writer.Wait()
		if err != nil || len(*found) > 0 || done.Position <= before || reads < 2 {
			t.Errorf("%+v from %d on, in %d reads: %v, %v", done, before, reads, *found, err)
		}
		w.caughtUp(running)
		w.equal()
	})
}

// Any other value in any column of any table that the database has is found and named, to the row; personal values are not shown.
func TestComparisonFindsAnyValue(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		w.full(30)
		w.whole(rand.New(rand.NewPCG(93, 1)), 200)
		w.projected()
		w.equal()
		tables := w.logTables()
		if len(tables) < 6 {
			t.Fatalf("the tables are %v", tables)
		}
		for _, table := range tables {
			used := map[string]bool{}
			var want []projections.Difference
			var restore []func()
			var changes []func()
			for _, column := range w.columnsOf(table) { // each of another row, which is chosen before any is changed
				key, value := w.valued(table, column, used)
				changes = append(changes, func() {
					expected, undo := w.change(table, column, key, value)
					want, restore = append(want, expected...), append(restore, undo)
				})
			}
			for _, change := range changes {
				change()
			}
			_, found := w.compare()
			if diff := cmp.Diff(inOrder(want), inOrder(found)); diff != "" {
				t.Errorf("%s: -want +found\n%s", table, diff)
			}
			for _, undo := range restore {
				undo()
			}
		}
		w.equal()
	})
}

// change gives a row another value in a column, and tells what must be found, and how to change it back.
func (w *world) change(table, column string, key []any, value any) (want []projections.Difference, undo func()) {
	set, changed, moved := `UPDATE `+table+` SET `+column+` = $1`+whereKey(table, 2), another(value), slices.Clone(key)
	w.exec(set, append([]any{changed}, key...)...)
	if i := slices.Index(wholeKeys[table], column); i >= 0 {
		moved[i] = changed
		want = []projections.Difference{
			{Table: table, ID: keyWords(table, key), Have: "no row", Want: "one"}, {Table: table, ID: keyWords(table, moved), Have: "a row", Want: "none"},
		}
	} else if slices.Contains(personal, column) {
		want = []projections.Difference{{Table: table, ID: keyWords(table, key), Column: column, Have: "differs"}}
	} else {
		want = []projections.Difference{{Table: table, ID: keyWords(table, key), Column: column, Have: shown(column, changed), Want: shown(column, value)}}
	}
	return want, func() { w.exec(set, append([]any{value}, moved...)...) }
}

// personal columns are those that the tables' own comments say are.
var personal = []string{"comment", "operator_external_id", "raw_payload", "payload", "error_message"}

// shown is a value in the words of a Difference.
func shown(column string, value any) string {
	if text, ok := value.(string); ok && !strings.HasSuffix(column, "id") {
		return fmt.Sprintf("%q", text)
	} else if _, err := core.ParseID(text); ok && err != nil {
		return fmt.Sprintf("%q", text)
	}
	return word(column, value)
}

func inOrder(all []projections.Difference) []projections.Difference {
	return slices.SortedFunc(slices.Values(all), func(a, b projections.Difference) int { return strings.Compare(a.String(), b.String()) })
}

// valued finds a row that has a value in a column, and has not been used.
func (w *world) valued(table, column string, used map[string]bool) (key []any, value any) {
	w.t.Helper()
	columns := strings.Join(wholeKeys[table], ", ")
	for _, row := range w.query(`SELECT ` + columns + `, ` + column + ` FROM ` + table + ` WHERE ` + column + ` IS NOT NULL ORDER BY ` + columns) {
		key := row[:len(row)-1]
		if id := keyWords(table, key); !used[id] {
			used[id] = true
			return key, row[len(row)-1]
		}
	}
	w.t.Fatalf("no row of %s has a %s: the history is too tame", table, column)
	return nil, nil
}

// A value that is missing is found, and one where there should be none.
func TestComparisonFindsNull(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.full(1)
		w.projected()
		w.exec(`UPDATE activities SET score = 1.5, assigned_operator_id = NULL, user_status = ''`)
		w.exec(`UPDATE results SET comment = NULL, future_scheduled_at = 7`)
		_, found := w.compare()
		var lines []string
		for _, d := range found {
			lines = append(lines, d.Column+": "+d.Have+", "+d.Want)
		}
		want := []string{"assigned_operator_id: NULL, 07000000-0000-0000-0000-000000000000", "score: 1.5, NULL", `user_status: "", "active"`, "comment: differs, ", "future_scheduled_at: 7, NULL"}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	})
}

// Rows that were deleted are found in every table, and so are rows that no event has made.
func TestComparisonFindsRows(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		w.full(1)
		w.whole(rand.New(rand.NewPCG(94, 1)), 60)
		w.projected()
		var want []projections.Difference
		for _, table := range w.logTables() {
			columns := w.columnsOf(table)
			used := map[string]bool{}
			gone, _ := w.valued(table, "tenant_id", used)
			copied, _ := w.valued(table, "tenant_id", used)
			last := len(wholeKeys[table]) - 1
			fresh := slices.Clone(copied)
			fresh[last] = another(fresh[last])
			values := slices.Clone(columns)
			values[slices.Index(values, wholeKeys[table][last])] = w.typed("$1", fresh[last])
			w.exec(`INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) SELECT `+strings.Join(values, ", ")+` FROM `+table+whereKey(table, 2), append([]any{fresh[last]}, copied...)...)
			w.exec(`DELETE FROM `+table+whereKey(table, 1), gone...)
			want = append(want, projections.Difference{Table: table, ID: keyWords(table, gone), Have: "no row", Want: "one"},
				projections.Difference{Table: table, ID: keyWords(table, fresh), Have: "a row", Want: "none"})
		}
		if _, found := w.compare(); cmp.Diff(inOrder(want), inOrder(found)) != "" {
			t.Errorf("-want +found\n%s", cmp.Diff(inOrder(want), inOrder(found)))
		}
	})
}

// typed is an argument that PostgreSQL cannot tell the type of.
func (w *world) typed(place string, value any) string {
	if w.engine.name != "postgres" {
		return place
	}
	switch v := value.(type) {
	case int64:
		return place + "::bigint"
	case []byte:
		return place + "::bytea"
	case string:
		if _, err := core.ParseID(v); err == nil {
			return place + "::uuid"
		}
	}
	return place + "::text"
}

// However much differs, only so much is reported; all of it is counted. Rows of many pages on one side alone are gone through all the same.
func TestComparisonReportsSoMuchAndNoMore(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.do(tenants[0], w.failing("", ""))
		w.projected()
		const rows = 2*projections.ComparedAtOnce + 10
		for _, statement := range w.engine.crowd {
			w.exec(statement, rows, tenants[1][:], 1000)
		}
		c, found := w.comparison()
		done, err := c.Compare(t.Context())
		if err != nil || len(*found) != projections.MaxDifferences || done.Differences != 3*rows || done.Rows != 3*rows+2 {
			t.Errorf("%d reported, %+v, %v", len(*found), done, err)
		}
		c, _ = w.comparison()
		c.Found = func(projections.Difference) error { return errTest }
		if _, err := c.Compare(t.Context()); !errors.Is(err, errTest) {
			t.Errorf("who is told cannot be told: %v", err)
		}
	})
}
