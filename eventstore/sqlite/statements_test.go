package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"
)

// counting is a connection that counts what it prepares, and what of it is still open.
type counting struct {
	connection
	prepares, open int
}

func (c *counting) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.connection.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.prepares++
	c.open++
	return &countedStatement{s.(prepared), c}, nil
}

type countedStatement struct {
	prepared
	of *counting
}

func (s *countedStatement) Close() error {
	s.of.open--
	return s.prepared.Close()
}

// counted opens a file, and counts what is prepared on its one connection.
func counted(t *testing.T) (*sql.Conn, *counting) {
	t.Helper()
	db := openScratch(t, 1)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	c := &counting{}
	err = conn.Raw(func(raw any) error {
		kept := raw.(*statements)
		kept.forget()
		c.connection = kept.connection
		kept.connection = c
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return conn, c
}

func (c *counting) must(t *testing.T, prepares, open int) {
	t.Helper()
	if c.prepares != prepares || c.open != open {
		t.Errorf("%d were prepared and %d are open, want %d and %d", c.prepares, c.open, prepares, open)
	}
}

func TestStatementsArePreparedOnce(t *testing.T) {
	conn, c := counted(t)
	for i := range 3 {
		if _, err := conn.ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS x (a)`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), `INSERT INTO x VALUES (?)`, i); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := conn.QueryRowContext(t.Context(), `SELECT count(*) FROM x WHERE a >= ?`, 0).Scan(&n); err != nil || n != i+1 {
			t.Errorf("%d rows after %d: %v", n, i+1, err)
		}
	}
	c.must(t, 3, 3)
}

// A statement whose rows are being read is not executed again for somebody else: another one is, which is closed when it is done.
func TestStatementsThatAreBusy(t *testing.T) {
	conn, c := counted(t)
	const text = `WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 3) SELECT n FROM numbers`
	outer, err := conn.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for outer.Next() {
		inner, err := conn.QueryContext(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			total++
		}
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := outer.Close(); err != nil || total != 9 {
		t.Errorf("%d rows of 3 in 3: %v", total, err)
	}
	c.must(t, 4, 1)
}

// Of more than are kept all are forgotten, but for the one that is busy: that is closed when it is done.
func TestStatementsAreForgotten(t *testing.T) {
	conn, c := counted(t)
	busy, err := conn.QueryContext(t.Context(), `SELECT 1`)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxStatements {
		if _, err := conn.ExecContext(t.Context(), fmt.Sprint(`SELECT 1, `, i)); err != nil {
			t.Fatal(err)
		}
	}
	c.must(t, maxStatements+1, 2)
	if !busy.Next() {
		t.Error("the rows of the statement are gone that was being read")
	}
	if err := busy.Close(); err != nil {
		t.Error(err)
	}
	c.must(t, maxStatements+1, 1)
	if err := conn.Raw(func(any) error { return driver.ErrBadConn }); err == nil {
		t.Error("the connection was not closed")
	}
	c.must(t, maxStatements+1, 0)
}

// A statement that failed is executed again as if it had not, and so is one whose table has changed its shape since.
func TestStatementsAfterAnErrorAndAChange(t *testing.T) {
	conn, c := counted(t)
	exec := func(text string, args ...any) error {
		_, err := conn.ExecContext(t.Context(), text, args...)
		return err
	}
	if err := exec(`CREATE TABLE x (a INTEGER PRIMARY KEY) STRICT`); err != nil {
		t.Fatal(err)
	}
	const insert = `INSERT INTO x (a) VALUES (?)`
	if err := exec(insert, "no number"); err == nil {
		t.Error("a text was taken for a number")
	}
	if err := exec(insert, 1); err != nil {
		t.Error(err)
	}
	columns := func() int {
		rows, err := conn.QueryContext(t.Context(), `SELECT * FROM x`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil || !rows.Next() {
			t.Fatal("no row", err)
		}
		return len(names)
	}
	if n := columns(); n != 1 {
		t.Errorf("%d columns", n)
	}
	if err := exec(`ALTER TABLE x ADD COLUMN b TEXT`); err != nil {
		t.Fatal(err)
	}
	if n := columns(); n != 2 {
		t.Errorf("%d columns after another one was added", n)
	}
	c.must(t, 4, 4)
}

// A connection that is closed leaves nothing behind that would keep its file locked.
func TestStatementsDoNotOutliveTheirConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := (database{path: path, rebuildable: true, conns: 1}).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`CREATE TABLE x (a)`, `BEGIN IMMEDIATE`, `INSERT INTO x VALUES (1)`} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, database{path: path, rebuildable: true, hasty: true, conns: 1})
	var n int
	if err := again.QueryRow(`SELECT count(*) FROM x`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of a transaction that was never committed: %v", n, err)
	}
}
