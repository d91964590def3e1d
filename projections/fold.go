package projections

import (
	"context"
	"fmt"

	"resultlog/core"
)

// folded gathers what a batch does to each row of a table, so that a row is written once however many events were about it. The order is that of first mention.
type folded[T any] struct {
	places map[core.Stream]int
	rows   []foldedRow[T]
}

// foldedRow is what is gathered for the row of a key.
type foldedRow[T any] struct {
	key    core.Stream
	change T
}

// row is what is gathered for the row of that key; new, and zero, at its first mention. It is there until another row is asked for.
func (f *folded[T]) row(key core.Stream) *T {
	place, ok := f.places[key]
	if !ok {
		if f.places == nil {
			f.places = make(map[core.Stream]int)
		}
		place = len(f.rows)
		f.places[key] = place
		f.rows = append(f.rows, foldedRow[T]{key: key})
	}
	return &f.rows[place].change
}

// write writes every row, in the order of first mention, as one of them is written; what it is stands in errors.
func (f *folded[T]) write(ctx context.Context, tx *Tx, what string, one func(*T, *writer, core.Stream)) error {
	w := newWriter(ctx, tx)
	for i := range f.rows {
		one(&f.rows[i].change, w, f.rows[i].key)
	}
	if err := w.flush(); err != nil {
		return fmt.Errorf("%s: %w", oneOfRows(len(f.rows), what, f.rows[0].key.ID), err)
	}
	return nil
}

// oneOfRows is what an error of rows that were written at once is about: the engine does not say which of them it was. A batch of one event, as when a failed one is applied event by event,
// has one row, the first.
func oneOfRows(n int, what string, first fmt.Stringer) string {
	if n > 1 {
		return fmt.Sprintf("%s: one of %d", what, n)
	}
	return fmt.Sprintf("%s %s", what, first)
}

// The forms of values in columns: what is absent is NULL.

// uuidOf is an id in a row that a statement is given.
func uuidOf(id core.ID) any {
	if id.IsZero() {
		return nil
	}
	return id
}

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
