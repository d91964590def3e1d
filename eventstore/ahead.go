package eventstore

import (
	"context"
	"iter"

	"resultlog/core"
)

// AheadPage is how many events PagedAhead fetches at a time, after the first page. A replay takes little of each, without what is personal, so that it can be more than PageSize: a megabyte usually.
const AheadPage = 4 * PageSize

// pagesAhead is how many pages are fetched at a time ahead of a caller that works: what replays a log does so in half the time that fetching takes it.
const pagesAhead = 2

// PagedAhead is Paged for a caller that has work with each one: while it works, other goroutines fetch the next pages, and have ended when the walk has. They are begun only if the page in hand is
// full: who follows a log pays for nothing but the few at its end. The end is where the caller finds nothing when it comes there, as with Paged. What is read has positions, as the log's events have:
// one after the other, so that it is known where the page behind the next one begins.
func PagedAhead[T any](ctx context.Context, after core.Position, position func(T) core.Position, fetch func(ctx context.Context, after core.Position, most int, into []T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w := &aheadWalk[T]{fetch: fetch, last: after}
		ctx, cancel := context.WithCancel(ctx)
		defer func() { // a panic of the caller comes through here too
			cancel()
			w.drop()
		}()
		for p := w.now(ctx, FirstPage); ; p = w.next(ctx, p) {
			if p.full() {
				w.begin(ctx, position(p.all[len(p.all)-1]))
			}
			for _, one := range p.all {
				if !yield(one, nil) {
					return
				}
				w.last = position(one)
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
	fetch    func(ctx context.Context, after core.Position, most int, into []T) ([]T, error)
	last     core.Position  // that the caller has had
	spare    [][]T          // pages that it has no more
	underWay []chan page[T] // what is fetched ahead, the next page first
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
	all, err := w.fetch(ctx, w.last, most, w.room())
	return page[T]{all: all, most: most, err: err}
}

// begin has as many pages under way as may be, behind the page in hand, which is full.
func (w *aheadWalk[T]) begin(ctx context.Context, last core.Position) {
	for len(w.underWay) < pagesAhead {
		after, into, done := last+core.Position(len(w.underWay)*AheadPage), w.room(), make(chan page[T], 1)
		w.underWay = append(w.underWay, done)
		go func() {
			all, err := w.fetch(ctx, after, AheadPage, into)
			done <- page[T]{all: all, most: AheadPage, err: err, ahead: true}
		}()
	}
}

// next gives the page behind one that the caller has had: the one that is under way, if that begins where this one ends.
func (w *aheadWalk[T]) next(ctx context.Context, had page[T]) page[T] {
	w.spare = append(w.spare, had.all)
	if !had.full() {
		w.drop()
	}
	if len(w.underWay) == 0 {
		return w.now(ctx, AheadPage)
	}
	p := <-w.underWay[0]
	w.underWay = w.underWay[1:]
	if err := ctx.Err(); err != nil { // it may have come to its end after the page was there
		return page[T]{err: err}
	}
	return p
}

// drop waits for what is under way, and forgets it.
func (w *aheadWalk[T]) drop() {
	for _, done := range w.underWay {
		w.spare = append(w.spare, (<-done).all)
	}
	w.underWay = nil
}

// room is a buffer for a page.
func (w *aheadWalk[T]) room() []T {
	if len(w.spare) == 0 {
		return nil
	}
	room := w.spare[len(w.spare)-1]
	w.spare = w.spare[:len(w.spare)-1]
	return room[:0]
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
