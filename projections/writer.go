package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// rowStatement writes one row of a table, or, in its other form, as many as there are: a row for each place in arrays of its arguments. No two rows of a batch are the same one.
type rowStatement struct {
	one     string
	many    string
	columns int
}

// newRowStatement makes both forms of an INSERT … VALUES ($1, …) or an UPDATE … WHERE …, of the types of its arguments in PostgreSQL's words.
func newRowStatement(types, text string) rowStatement {
	s := rowStatement{one: text, columns: len(strings.Fields(types))}
	arrays, names := make([]string, s.columns), make([]string, s.columns)
	for i, name := range strings.Fields(types) {
		if name == "double" {
			name = "double precision"
		}
		arrays[i], names[i] = fmt.Sprintf("$%d::%s[]", i+1, name), fmt.Sprintf("c%d", i+1)
	}
	rows := "unnest(" + strings.Join(arrays, ", ") + ")"
	if before, values, insert := strings.Cut(text, "VALUES ("); insert {
		_, after, _ := strings.Cut(values, ")")
		s.many = before + "SELECT * FROM " + rows + after
		return s
	}
	before, after, _ := strings.Cut(argument.ReplaceAllString(text, "given.c$1"), "WHERE")
	s.many = before + "FROM " + rows + " AS given (" + strings.Join(names, ", ") + ") WHERE" + after
	return s
}

// argument is a place for one in a statement.
var argument = regexp.MustCompile(`\$(\d+)`)

// writer writes rows: one by one through prepared statements, or gathered until flush, as the engine likes it. It must be flushed, and closed.
type writer struct {
	ctx      context.Context
	tx       *Tx
	prepared map[string]*sql.Stmt
	gathered []*gathered
}

// gathered is what a statement is to write at once.
type gathered struct {
	rowStatement
	args []any // an array for each argument
	rows int64
	must bool
}

func newWriter(ctx context.Context, tx *Tx) *writer {
	return &writer{ctx: ctx, tx: tx, prepared: make(map[string]*sql.Stmt)}
}

// exec writes one row at most.
func (w *writer) exec(s rowStatement, args ...any) error { return w.write(s, false, args) }

// must writes exactly one row, and fails, at the latest when all are flushed, if there was none to write: an event is about a row that an earlier one made.
func (w *writer) must(s rowStatement, args ...any) error { return w.write(s, true, args) }

// write honours the time-out between two statements and not within one: SQLite answers an interrupted write by rolling back the whole transaction, savepoints and all, and watching the
// context of each costs a goroutine. PostgreSQL has a time-out of its own for each.
func (w *writer) write(s rowStatement, must bool, args []any) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.tx.atOnce {
		w.gather(s, must, args)
		return nil
	}
	ctx := context.WithoutCancel(w.ctx)
	stmt, ok := w.prepared[s.one]
	if !ok {
		var err error
		if stmt, err = w.tx.PrepareContext(ctx, s.one); err != nil {
			return err
		}
		w.prepared[s.one] = stmt
	}
	result, err := stmt.ExecContext(ctx, args...)
	return wrote(result, err, must, 1)
}

// gather adds a row to those that a statement is to write.
func (w *writer) gather(s rowStatement, must bool, args []any) {
	var g *gathered
	for _, other := range w.gathered {
		if other.one == s.one {
			g = other
		}
	}
	if g == nil {
		g = &gathered{rowStatement: s, args: make([]any, s.columns), must: must}
		for i := range g.args {
			g.args[i] = []any(nil)
		}
		w.gathered = append(w.gathered, g)
	}
	for i, arg := range args {
		g.args[i] = append(g.args[i].([]any), arg)
	}
	g.rows++
}

// flush writes what was gathered, statement by statement in the order in which they came.
func (w *writer) flush() error {
	ctx := context.WithoutCancel(w.ctx)
	for _, g := range w.gathered {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		result, err := w.tx.ExecContext(ctx, g.many, g.args...)
		if err := wrote(result, err, g.must, g.rows); err != nil {
			return err
		}
	}
	w.gathered = nil
	return nil
}

// wrote tells whether a statement has written as many rows as it must.
func wrote(result sql.Result, err error, must bool, rows int64) error {
	if err != nil || !must {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != rows {
		return errNoRow
	}
	return err
}

func (w *writer) close() {
	for _, stmt := range w.prepared {
		_ = stmt.Close() // the transaction's end closes it too
	}
}

// errNoRow means that the read table does not hold what the event builds on: it lacks the row, or has this event already.
var errNoRow = errors.New("no row to change, or it is newer than the event")
