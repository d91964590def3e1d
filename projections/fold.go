package projections

import (
	"context"
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
func (f *folded[T]) write(ctx context.Context, tx *Tx, what string, one func(*T, *writer, core.Stream) error) error {
	w := newWriter(ctx, tx)
	defer w.close()
	for _, key := range f.keys {
		if err := one(f.rows[key], w, key); err != nil {
			return fmt.Errorf("%s %s: %w", what, key.ID, err)
		}
	}
	if err := w.flush(); err != nil {
		return fmt.Errorf("%s: %w", oneOfRows(len(f.keys), what, f.keys[0].ID), err)
	}
	return nil
}

// oneOfRows is what an error of rows that were written at once is about: PostgreSQL does not say which of them it was. A batch of one event, as when a failed one is applied event by event,
// has one row, the first.
func oneOfRows(n int, what string, first fmt.Stringer) string {
	if n > 1 {
		return fmt.Sprintf("%s: one of %d", what, n)
	}
	return fmt.Sprintf("%s %s", what, first)
}

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
