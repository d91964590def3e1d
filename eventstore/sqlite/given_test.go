package sqlite

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// openScratch opens an empty file to write to, on so many connections.
func openScratch(t *testing.T, conns int) *sql.DB {
	t.Helper()
	db, err := (database{path: filepath.Join(t.TempDir(), "x.db"), rebuildable: true, conns: conns}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustExec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// Whatever a column may hold arrives as it was given, in a table whose types are strict.
func TestGivenRowsArriveAsTheyAre(t *testing.T) {
	db := openScratch(t, 1)
	mustExec(t, db, `CREATE TABLE x (a INTEGER, b REAL, c TEXT, d BLOB) STRICT`)
	columns := [][]any{
		{int64(1), int64(-1 << 63), true, nil},
		{1.5, nil, -0.25, 1e300},
		{"", "é\x00…", nil, strings.Repeat("x", 1<<16)},
		{[]byte{}, nil, core.ID{0, 255}, []byte(strings.Repeat("y", 1<<16))},
	}
	result, err := db.Exec(`INSERT INTO x (a, b, c, d) SELECT c1, c2, c3, c4 FROM given($1)`, Given{}.Args(columns)...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 4 || err != nil {
		t.Errorf("%d rows were written: %v", n, err)
	}
	rows, err := db.Query(`SELECT a, b, c, hex(d), typeof(d) FROM x ORDER BY rowid`) // the driver reads an empty blob as none
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := make([][]any, 4)
	for rows.Next() {
		var row [4]any
		var digits, kind string
		if err := rows.Scan(&row[0], &row[1], &row[2], &digits, &kind); err != nil {
			t.Fatal(err)
		}
		if kind == "blob" {
			row[3], _ = hex.DecodeString(digits) // which they are
		}
		for i, value := range row {
			got[i] = append(got[i], value)
		}
	}
	columns[0][2] = int64(1) // SQLite has no booleans
	columns[3][2] = append([]byte{0, 255}, make([]byte, 14)...)
	if diff := cmp.Diff(columns, got); diff != "" {
		t.Error(diff)
	}
}

// Statements that are under way at once, on connections of their own, are each given their own rows; and nothing of it is kept.
func TestGivenRowsAreTheStatements(t *testing.T) {
	db := openScratch(t, 4)
	mustExec(t, db, `CREATE TABLE x (who INTEGER, n INTEGER) STRICT`)
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for n := range 20 {
				if _, err := db.Exec(`INSERT INTO x SELECT c1, c2 FROM `+Given{}.From(nil), Given{}.Args([][]any{{int64(who), int64(who)}, {int64(2 * n), int64(2*n + 1)}})...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var wrong int
	if err := db.QueryRow(`SELECT count(*) FROM (SELECT who FROM x GROUP BY who HAVING count(DISTINCT n) = 40 AND count(*) = 40)`).Scan(&wrong); err != nil || wrong != 8 {
		t.Errorf("%d of 8 have all of their rows once: %v", wrong, err)
	}
	handed.sets.Range(func(number, rows any) bool {
		t.Errorf("the rows of %v are kept: %v", number, rows)
		return true
	})
}

// Rows that are given are what a table is joined with, and not the other way round: each is found by the table's key.
func TestGivenRowsAreTheOuterLoop(t *testing.T) {
	db := openScratch(t, 1)
	mustExec(t, db, `CREATE TABLE x (a BLOB, b INTEGER, c INTEGER, PRIMARY KEY (a, b)) STRICT`)
	rows, err := db.Query(`EXPLAIN QUERY PLAN UPDATE x SET c = given.c3 FROM given($1) WHERE a = given.c1 AND b = given.c2 AND c < given.c3`, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if want := []string{"SCAN given VIRTUAL TABLE INDEX 0:", "SEARCH x USING INDEX sqlite_autoindex_x_1 (a=? AND b=?)"}; !cmp.Equal(plan, want) {
		t.Errorf("the plan is %q, want %q", plan, want)
	}
}

// Without rows there is nothing to read, and the error says what to write.
func TestGivenNothing(t *testing.T) {
	db := openScratch(t, 1)
	for _, row := range []struct{ statement, want string }{
		{`SELECT * FROM given`, "write given(?)"},
		{`SELECT * FROM given(7)`, "stands for no rows"},
	} {
		var one any
		if err := db.QueryRow(row.statement).Scan(&one); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", row.statement, err, row.want)
		}
	}
	if _, err := db.Exec(`SELECT c1 FROM given($1)`, Given{}.Args([][]any{{}})...); err != nil {
		t.Errorf("no rows at all: %v", err)
	}
}

// BenchmarkGiven is what a row costs that a statement writes by itself, beside one of those that it is given.
func BenchmarkGiven(b *testing.B) {
	const rows, width = 500, 12
	places, columns := make([]string, width), make([][]any, width)
	for i := range width {
		places[i] = fmt.Sprintf("c%d", i+1)
		for n := range rows {
			columns[i] = append(columns[i], fmt.Sprint("value ", n*i))
		}
	}
	names := strings.Join(places, ", ")
	for name, write := range map[string]func(*sql.Tx) error{
		"one by one": func(tx *sql.Tx) error {
			for n := range rows {
				row := make([]any, width)
				for i := range row {
					row[i] = columns[i][n]
				}
				if _, err := tx.Exec(`INSERT INTO x VALUES (?`+strings.Repeat(", ?", width-1)+`)`, row...); err != nil {
					return err
				}
			}
			return nil
		},
		"given": func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO x SELECT `+names+` FROM given(?)`, Given{}.Args(columns)...)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			db, err := (database{path: filepath.Join(b.TempDir(), "x.db"), rebuildable: true, conns: 1}).open(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(`CREATE TABLE x (` + names + `)`); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				tx, err := db.Begin()
				if err == nil {
					err = write(tx)
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}
