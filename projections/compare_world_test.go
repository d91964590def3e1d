package projections_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// scratch opens empty scratch tables, which end with the test.
func scratch(t testing.TB) projections.Tables {
	t.Helper()
	db, err := sqlite.OpenScratchTables(t.Context(), t.TempDir(), projections.SQLiteSchema(), projections.FoldingIndexes...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return projections.Tables{DB: db, Given: sqlite.Given{}, Catalog: sqlite.Catalog}
}

// comparison is one of the world's read tables; found gathers what it reports.
func (w *world) comparison() (c projections.Comparison, found *[]projections.Difference) {
	w.t.Helper()
	w.withoutCounted()
	found = new([]projections.Difference)
	live := projections.Tables{DB: w.tables.Read, Catalog: sqlite.Catalog}
	if w.engine.name == "postgres" {
		live.Catalog, live.Unlimited = postgres.Catalog, postgres.UnlimitedReading
	}
	return projections.Comparison{
		Live: live, Scratch: scratch(w.t), Events: w.log.ReadAll, History: w.log.ReadStream,
		Found: func(d projections.Difference) error { *found = append(*found, d); return nil },
	}, found
}

// withoutCounted drops the table of the tests' own, which is not among those that are compared.
func (w *world) withoutCounted() {
	w.t.Helper()
	if _, err := w.tables.Write.DB.ExecContext(w.t.Context(), `DROP TABLE IF EXISTS counted`); err != nil {
		w.t.Fatal(err)
	}
}

// compare compares, which must give no error.
func (w *world) compare() (projections.Compared, []projections.Difference) {
	w.t.Helper()
	c, found := w.comparison()
	done, err := c.Compare(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if done.Differences != int64(len(*found)) {
		w.t.Fatalf("%d differences, %d reported", done.Differences, len(*found))
	}
	return done, *found
}

// equal compares, and there must be no difference.
func (w *world) equal() projections.Compared {
	w.t.Helper()
	done, found := w.compare()
	if len(found) > 0 {
		w.t.Fatalf("%d differences: %v", len(found), found)
	}
	return done
}

// projected brings the tables to the log's head, and leaves nobody who writes them.
func (w *world) projected() {
	w.t.Helper()
	running := w.run(w.config(w.tables))
	w.caughtUp(running)
	if err := running.stop(); err != nil {
		w.t.Fatal(err)
	}
}

// full makes n activities in which every column has a value, and each has failed, for a reason.
func (w *world) full(n int) {
	for range n {
		a := w.task(fmt.Sprint("full-", w.minted))
		a.SuggestedExecutionTime, a.UserStatus, a.AssignmentReason, a.AssignedRouteID, a.AssignedOperatorID = "noon", "active", "near", core.ID{8}, core.ID{7}
		w.do(tenants[0], a, w.failing(a.ProviderActivityID, "closed for good"))
	}
}

// logTables asks the database, in a way of its own, for the tables that there are; those that no event makes are left out by their names.
func (w *world) logTables() []string {
	w.t.Helper()
	w.withoutCounted()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'`
	if w.engine.name == "postgres" {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'resultlog_read'`
	}
	tables := map[string]bool{}
	for _, row := range w.query(query) {
		tables[fmt.Sprint(row[0])] = true
	}
	for _, name := range []string{"checkpoints", "dead_letters"} {
		if !tables[name] {
			w.t.Fatalf("there is no table %s", name)
		}
		delete(tables, name)
	}
	delete(tables, "goose_db_version")
	delete(tables, "migrations")
	return slices.Sorted(maps.Keys(tables))
}

// query gives all rows of a query.
func (w *world) query(query string, args ...any) (all [][]any) {
	w.t.Helper()
	rows, err := w.tables.Read.Query(query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, values)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// columnsOf gives the columns of a table.
func (w *world) columnsOf(table string) []string {
	w.t.Helper()
	rows, err := w.tables.Read.Query(`SELECT * FROM ` + table + ` LIMIT 0`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	return columns
}

// wholeKeys are the keys of the tables.
var wholeKeys = map[string][]string{
	"results": {"tenant_id", "id"}, "activities": {"tenant_id", "id"}, "activity_transitions": {"tenant_id", "activity_id", "version"}, "idempotency_keys": {"tenant_id", "name"},
	"submissions": {"tenant_id", "result_id", "version"}, "task_result_types": {"tenant_id", "code"}, "api_keys": {"tenant_id", "id"},
}

// keyWords is a row's key in the words of a Difference.
func keyWords(table string, key []any) string {
	var words []string
	for i, column := range wholeKeys[table] {
		value := word(column, key[i])
		if column == "code" {
			value = fmt.Sprintf("%q", value)
		}
		words = append(words, column+"="+value)
	}
	return strings.Join(words, " ")
}

// whereKey finds a row by its key, whose arguments begin at a place.
func whereKey(table string, from int) string {
	var terms []string
	for i, column := range wholeKeys[table] {
		terms = append(terms, fmt.Sprintf("%s = $%d", column, from+i))
	}
	return " WHERE " + strings.Join(terms, " AND ")
}

// another is a value that a column may have too, and no row has.
func another(value any) any {
	switch v := value.(type) {
	case int64:
		return v + 100_000
	case float64:
		return v + 0.5
	case bool:
		return !v
	case []byte:
		changed := slices.Clone(v)
		changed[0] ^= 0x80
		return changed
	case string:
		if id, err := core.ParseID(v); err == nil {
			id[0] ^= 0x80
			return id.String()
		}
		return v + "~"
	}
	panic(fmt.Sprintf("a value of type %T", value))
}

// closed is a pool that cannot be used.
func closed(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return db
}
