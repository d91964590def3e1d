package eventstore

import (
	"context"
	"iter"

	"resultlog/core"
)

// PagedAhead is Paged for a caller that has work with each one: while it works, another goroutine fetches the next page, and has ended when the walk has. No more than that page is fetched ahead,
// and none unless the one in hand is full: who follows a log pays for nothing but the few events at its end. The end is where the caller finds nothing when it comes there, as with Paged.
func PagedAhead[T any](ctx context.Context, after T, fetch func(ctx context.Context, after T, most int, into []T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w := &aheadWalk[T]{fetch: fetch, last: after, done: make(chan page[T], 1)}
		ctx, cancel := context.WithCancel(ctx)
		defer func() { // a panic of the caller comes through here too
			cancel()
			w.await()
		}()
		for p := w.now(ctx, FirstPage); ; p = w.next(ctx, p) {
			if p.full() {
				w.begin(ctx, p.all[len(p.all)-1])
			}
			for _, one := range p.all {
				if !yield(one, nil) {
					return
				}
				w.last = one
			}
			if p.err != nil {
				var none T
				yield(none, p.err)
			}
			if p.err != nil || !p.ahead && !p.full() {
				return
			}
		}
	}
}

// aheadWalk is one walk of PagedAhead.
type aheadWalk[T any] struct {
	fetch    func(ctx context.Context, after T, most int, into []T) ([]T, error)
	last     T            // that the caller has had
	spare    []T          // a page that it has no more
	done     chan page[T] // what is fetched ahead comes here
	underWay bool         // something does
}

// page is what fetching has come to.
type page[T any] struct {
	all   []T
	most  int
	err   error
	ahead bool // it was fetched before the caller came there
}

// full reports whether there may be more behind a page.
func (p page[T]) full() bool { return p.err == nil && len(p.all) == p.most }

// now fetches what comes after the last one.
func (w *aheadWalk[T]) now(ctx context.Context, most int) page[T] {
	all, err := w.fetch(ctx, w.last, most, w.spare[:0])
	return page[T]{all: all, most: most, err: err}
}

// begin fetches ahead what comes after one.
func (w *aheadWalk[T]) begin(ctx context.Context, after T) {
	w.underWay = true
	into := w.spare[:0]
	go func() {
		all, err := w.fetch(ctx, after, PageSize, into)
		w.done <- page[T]{all: all, most: PageSize, err: err, ahead: true}
	}()
}

// next gives the page behind one that the caller has had: the one that is under way, if there is.
func (w *aheadWalk[T]) next(ctx context.Context, had page[T]) page[T] {
	p, ahead := w.await()
	w.spare = had.all
	if !ahead {
		return w.now(ctx, PageSize)
	}
	if err := ctx.Err(); err != nil { // it may have come to its end after the page was there
		return page[T]{err: err}
	}
	return p
}

// await gives what was fetched ahead, if anything is.
func (w *aheadWalk[T]) await() (p page[T], ahead bool) {
	if !w.underWay {
		return p, false
	}
	w.underWay = false
	return <-w.done, true
}

// Decoded decodes the rows of a walk, and ends at the first error.
func Decoded(decode Decoder, rows iter.Seq2[Row, error]) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for row, err := range rows {
			var r core.Recorded
			if err == nil {
				r, err = decode(row)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
