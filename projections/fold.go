package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"resultlog/core"
)

// folded gathers what a batch does to each row of a table, so that a row is written once however many events were about it. The order is that of first mention.
type folded[T any] struct {
	rows map[core.Stream]*T
	keys []core.Stream
}

// row is what is gathered for the row of that key; new, and zero, at its first mention.
func (f *folded[T]) row(key core.Stream) *T {
	row, ok := f.rows[key]
	if !ok {
		if f.rows == nil {
			f.rows = make(map[core.Stream]*T)
		}
		row = new(T)
		f.rows[key] = row
		f.keys = append(f.keys, key)
	}
	return row
}

// write writes every row, in the order of first mention, as one of them is written; what it is stands in errors.
func (f *folded[T]) write(ctx context.Context, tx *sql.Tx, what string, one func(*T, *writer, core.Stream) error) error {
	w := newWriter(ctx, tx)
	defer w.close()
	for _, key := range f.keys {
		if err := one(f.rows[key], w, key); err != nil {
			return fmt.Errorf("%s %s: %w", what, key.ID, err)
		}
	}
	return nil
}

// writer writes rows one by one through prepared statements: on SQLite as good as statements of many rows. It must be closed.
type writer struct {
	ctx      context.Context
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

func newWriter(ctx context.Context, tx *sql.Tx) *writer {
	return &writer{ctx: ctx, tx: tx, prepared: make(map[string]*sql.Stmt)}
}

// exec writes one row at most, and tells whether it did. The time-out is honoured between two statements and not within one: SQLite answers an interrupted write by rolling
// back the whole transaction, savepoints and all, and watching the context of each costs a goroutine.
func (w *writer) exec(query string, args ...any) (written bool, err error) {
	if err := w.ctx.Err(); err != nil {
		return false, err
	}
	ctx := context.WithoutCancel(w.ctx)
	stmt, ok := w.prepared[query]
	if !ok {
		if stmt, err = w.tx.PrepareContext(ctx, query); err != nil {
			return false, err
		}
		w.prepared[query] = stmt
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// must writes exactly one row, and fails if there was none to write: an event is about a row that an earlier one made.
func (w *writer) must(query string, args ...any) error {
	written, err := w.exec(query, args...)
	if err == nil && !written {
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

// The forms of values in columns: what is absent is NULL.

func idOf(id core.ID) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func textOf[T ~string](text T) any {
	if text == "" {
		return nil
	}
	return string(text)
}

// jsonOf is the exact bytes, as text.
func jsonOf(json []byte) any {
	if json == nil {
		return nil
	}
	return string(json)
}

func instantOf(at *core.Instant) any {
	if at == nil {
		return nil
	}
	return int64(*at)
}

func numberOf(n *float64) any {
	if n == nil {
		return nil
	}
	return *n
}
