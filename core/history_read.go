package core

import (
	"fmt"
	"iter"
	"sort"
)

// EntriesFrom is how a log gives the entries of a tenant after a tenant position, or those of a stream after a version.
type EntriesFrom[P Position | Version] func(after P) iter.Seq2[Entry, error]

// first gives the first entry after a place.
func (from EntriesFrom[P]) first(after P) (e Entry, found bool, err error) {
	for e, err := range from(after) {
		return e, err == nil, err
	}
	return Entry{}, false, nil
}

// RecordedFrom finds the tenant position after which the events lie that were recorded at a time or later, among those after one position and up to another, by looking at a few.
func RecordedFrom(at Instant, after, head Position, tenant EntriesFrom[Position]) (Position, error) {
	var failed error
	n := sort.Search(int(max(0, head-after)), func(i int) bool {
		if failed != nil {
			return true
		}
		e, found, err := tenant.first(after + Position(i))
		if err == nil && !found {
			err = fmt.Errorf("there is no event after tenant position %d, and the last is %d", after+Position(i), head)
		}
		failed = err
		return e.RecordedAt >= at
	})
	return after + Position(n), failed
}

// EntriesAfter yields the events of several streams of one tenant after a tenant position, in the order of those. It ends at the first error.
func EntriesAfter(after Position, streams ...EntriesFrom[Version]) (iter.Seq2[Entry, error], error) {
	var wanted []iter.Seq2[Entry, error]
	for _, stream := range streams {
		version, err := versionAfter(after, stream)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, stream(version))
	}
	return merge(wanted), nil
}

// versionAfter finds the version after which the events of a stream lie that come after a tenant position, by looking at a few: at most twice as many as the version has binary digits.
func versionAfter(after Position, stream EntriesFrom[Version]) (Version, error) {
	if after <= 0 {
		return 0, nil
	}
	passed, step := Version(0), Version(1) // everything up to passed lies before
	for growing := true; step > 0; {
		e, found, err := stream.first(passed + step - 1)
		switch {
		case err != nil:
			return 0, err
		case found && e.TenantPosition <= after:
			passed += step
		default:
			growing = false
		}
		if growing {
			step *= 2
		} else {
			step /= 2
		}
	}
	return passed, nil
}

// merge yields the events of several streams in the order of their tenant positions.
func merge(streams []iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		heads := make([]mergeHead, len(streams))
		for i, stream := range streams {
			next, stop := iter.Pull2(stream)
			defer stop()
			heads[i].next = next
			heads[i].advance()
		}
		for h := lowest(heads); h != nil; h = lowest(heads) {
			if !yield(h.entry, h.err) || h.err != nil {
				return
			}
			h.advance()
		}
	}
}

// mergeHead is a stream and its next event. An error stands in its place, at tenant position 0: so it comes first.
type mergeHead struct {
	next  func() (Entry, error, bool)
	entry Entry
	err   error
	there bool
}

func (h *mergeHead) advance() { h.entry, h.err, h.there = h.next() }

// lowest is the stream whose next event comes first; nil if all are at their end.
func lowest(heads []mergeHead) (first *mergeHead) {
	for i := range heads {
		if h := &heads[i]; h.there && (first == nil || h.entry.TenantPosition < first.entry.TenantPosition) {
			first = h
		}
	}
	return first
}
