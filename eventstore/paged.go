package eventstore

import (
	"iter"

	"resultlog/core"
)

// Paged yields what comes after one of a kind, page after page, the first of FirstPage and the others of PageSize. Fetch reads the most of them that come after one into a buffer, to their end:
// while the caller works, nothing of the store is open. With an error it gives those before it. The sequence may be walked more than once.
func Paged[T any](after T, fetch func(after T, most int, into []T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var page []T
		var none T
		for last, most := after, FirstPage; ; most = PageSize {
			var err error
			page, err = fetch(last, most, page[:0])
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
				last = one
			}
			if err != nil {
				yield(none, err)
				return
			}
			if len(page) < most {
				return
			}
		}
	}
}

// PagedEntries is Paged for rows of which only the events as such are wanted. Each page is of rows of its own: who asks for entries may keep them.
func PagedEntries(after core.Entry, fetch func(after core.Entry, most int) ([]Row, error)) iter.Seq2[core.Entry, error] {
	return Paged(after, func(last core.Entry, most int, into []core.Entry) ([]core.Entry, error) {
		rows, err := fetch(last, most)
		for _, row := range rows {
			into = append(into, row.Entry)
		}
		return into, err
	})
}
