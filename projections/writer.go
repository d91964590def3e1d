package projections

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// rowStatement writes rows of a table, as many as it is given. No two rows of a batch are the same one.
type rowStatement struct {
	before, after string   // what it selects the rows from stands between them
	types         []string // of their columns, in PostgreSQL's words
}

// newRowStatement makes one of an INSERT … VALUES ($1, …) or an UPDATE … WHERE …, which would write one row, of the values $1, $2 and so on.
func newRowStatement(types, text string) *rowStatement {
	s := &rowStatement{types: strings.Fields(types)}
	if before, values, insert := strings.Cut(text, "VALUES ("); insert {
		columns := make([]string, len(s.types))
		for i := range columns {
			columns[i] = fmt.Sprintf("c%d", i+1)
		}
		_, after, _ := strings.Cut(values, ")")
		s.before, s.after = before+"SELECT "+strings.Join(columns, ", ")+" FROM ", " WHERE true"+after // without a WHERE, SQLite would take ON CONFLICT for that of a join
		return s
	}
	before, after, _ := strings.Cut(argument.ReplaceAllString(text, "given.c$1"), "WHERE")
	s.before, s.after = before+"FROM ", " WHERE"+after
	return s
}

// argument is a place for one in a statement.
var argument = regexp.MustCompile(`\$(\d+)`)

// text is the statement as an engine takes it.
func (s *rowStatement) text(given Given) string { return s.before + given.From(s.types) + s.after }

// writer gathers rows until they are flushed.
type writer struct {
	ctx      context.Context
	tx       *Tx
	gathered []*gathered
}

// gathered is what a statement is to write.
type gathered struct {
	*rowStatement
	columns [][]any
	must    bool
}

func newWriter(ctx context.Context, tx *Tx) *writer { return &writer{ctx: ctx, tx: tx} }

// exec writes one row at most.
func (w *writer) exec(s *rowStatement, row ...any) { w.gather(s, false, row) }

// must writes exactly one row, and flush fails if there was none to write: an event is about a row that an earlier one made.
func (w *writer) must(s *rowStatement, row ...any) { w.gather(s, true, row) }

// gather adds a row to those that a statement is to write.
func (w *writer) gather(s *rowStatement, must bool, row []any) {
	var g *gathered
	for _, other := range w.gathered {
		if other.rowStatement == s {
			g = other
		}
	}
	if g == nil {
		g = &gathered{rowStatement: s, columns: make([][]any, len(s.types)), must: must}
		w.gathered = append(w.gathered, g)
	}
	for i, value := range row {
		g.columns[i] = append(g.columns[i], value)
	}
}

// flush writes what was gathered, statement by statement in the order in which they came.
//
// It honours the time-out between two statements and not within one: SQLite answers an interrupted write by rolling back the whole transaction, savepoints and all, and watching the
// context of each costs a goroutine. PostgreSQL has a time-out of its own for each.
func (w *writer) flush() error {
	ctx := context.WithoutCancel(w.ctx)
	for _, g := range w.gathered {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		result, err := w.tx.ExecContext(ctx, g.text(w.tx.given), w.tx.given.Args(g.columns)...)
		if err != nil {
			return err
		}
		if !g.must {
			continue
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n != int64(len(g.columns[0])) {
			return errNoRow
		}
	}
	w.gathered = nil
	return nil
}

// errNoRow means that the read table does not hold what the event builds on: it lacks the row, or has this event already.
var errNoRow = errors.New("no row to change, or it is newer than the event")
