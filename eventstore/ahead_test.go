package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
)

// numbers is a store of the numbers from 1, which is read in pages.
type numbers struct {
	most    atomic.Int64 // the last
	fetches atomic.Int64
	running atomic.Int64
}

func newNumbers(most int) *numbers {
	n := new(numbers)
	n.most.Store(int64(most))
	return n
}

func (n *numbers) fetch(_ context.Context, after core.Position, most int, into []int) ([]int, error) {
	n.fetches.Add(1)
	n.running.Add(1)
	defer n.running.Add(-1)
	for i := int(after) + 1; i <= int(after)+most && i <= int(n.most.Load()); i++ {
		into = append(into, i)
	}
	return into, nil
}

func asPosition(n int) core.Position { return core.Position(n) }

// mustYield walks a sequence to its end, and fails the test unless it is the numbers from 1.
func mustYield(t *testing.T, walk iter.Seq2[int, error], most int) {
	t.Helper()
	last := 0
	for one, err := range walk {
		if err != nil || one != last+1 {
			t.Fatalf("after %d comes %d (%v)", last, one, err)
		}
		last = one
	}
	if last != most {
		t.Errorf("it ends at %d, want %d", last, most)
	}
}

func TestPagedAheadYieldsAll(t *testing.T) {
	const first, page = eventstore.FirstPage, eventstore.AheadPage
	for _, most := range []int{0, 1, first - 1, first, first + 1, first + page - 1, first + page, first + page + 1, first + 3*page, first + 3*page + 1} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			n := newNumbers(most)
			walk := eventstore.PagedAhead(t.Context(), 0, asPosition, n.fetch)
			mustYield(t, walk, most)
			mustYield(t, walk, most) // it may be walked again
			if fetches := n.fetches.Load(); most < first && fetches != 2 {
				t.Errorf("%d fetches for two walks that are over in a page", fetches)
			}
		})
	}
}

// TestPagedAheadFetchesAhead would wait for ever if the next pages were not fetched while the caller has the one before; and would find three if there were more than two ahead.
func TestPagedAheadFetchesAhead(t *testing.T) {
	const first, page, pages = eventstore.FirstPage, eventstore.AheadPage, 5
	n := newNumbers(first + pages*page)
	begun := make(chan core.Position, 10)
	walk := eventstore.PagedAhead(t.Context(), 0, asPosition, func(ctx context.Context, after core.Position, most int, into []int) ([]int, error) {
		begun <- after
		return n.fetch(ctx, after, most, into)
	})
	mustBegin := func(want ...core.Position) {
		t.Helper()
		for range want {
			if after := <-begun; !slices.Contains(want, after) {
				t.Errorf("what comes after %d is fetched, want %v", after, want)
			}
		}
		if len(begun) > 0 {
			t.Errorf("%d more are fetched than those after %v", len(begun), want)
		}
	}
	for one, err := range walk {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case one == 1:
			mustBegin(0, first, first+page)
		case one > first && (one-first)%page == 1: // the first of a page: the second one behind it
			mustBegin(core.Position(one - 1 + 2*page))
		}
	}
}

// TestPagedAheadFindsWhatComes: what is there when the caller comes to the end is found, though the page ahead was fetched before.
func TestPagedAheadFindsWhatComes(t *testing.T) {
	const most = eventstore.FirstPage + 5
	n := newNumbers(most)
	last := 0
	for one, err := range eventstore.PagedAhead(t.Context(), 0, asPosition, n.fetch) {
		if err != nil {
			t.Fatal(err)
		}
		if last = one; one == most {
			n.most.Store(most + 5)
		}
	}
	if last != most+5 {
		t.Errorf("it ends at %d, want %d", last, most+5)
	}
}

// TestPagedAheadLeavesNothingOut: a page that was read before others came is not followed by one that was read after.
func TestPagedAheadLeavesNothingOut(t *testing.T) {
	const first, page, most = eventstore.FirstPage, eventstore.AheadPage, eventstore.FirstPage + 3*eventstore.AheadPage
	n, grown := newNumbers(first+5), make(chan struct{})
	mustYield(t, eventstore.PagedAhead(t.Context(), 0, asPosition, func(ctx context.Context, after core.Position, want int, into []int) ([]int, error) {
		if after == first+page {
			<-grown
		}
		all, err := n.fetch(ctx, after, want, into)
		if after == first && n.most.Swap(most) != most {
			close(grown)
		}
		return all, err
	}), most)
}

// TestPagedAheadEnds: however a walk ends, nothing of it goes on; what is being fetched is cancelled.
func TestPagedAheadEnds(t *testing.T) {
	failed := errors.New("no")
	cancelled := func(ctx context.Context) error {
		<-ctx.Done()
		for range 1000 { // it takes its time, and is waited for
			runtime.Gosched()
		}
		return ctx.Err()
	}
	for name, end := range map[string]struct {
		ahead func(ctx context.Context) error // what comes of the page that is fetched ahead
		walk  func(cancel func()) bool        // whether the caller goes on, with the first of the first page
		err   error
		last  int
	}{
		"the caller stops":         {cancelled, func(func()) bool { return false }, nil, 1},
		"the context ends":         {cancelled, func(cancel func()) bool { cancel(); return true }, context.Canceled, eventstore.FirstPage},
		"it ended after the fetch": {func(context.Context) error { return nil }, func(cancel func()) bool { cancel(); return true }, context.Canceled, eventstore.FirstPage},
		"a fetch fails":            {func(context.Context) error { return failed }, func(func()) bool { return true }, failed, eventstore.FirstPage + 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNumbers(eventstore.FirstPage + 2*eventstore.AheadPage)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			last, ended, begun := 0, error(nil), make(chan struct{})
			for one, err := range eventstore.PagedAhead(ctx, 0, asPosition, func(ctx context.Context, after core.Position, most int, into []int) ([]int, error) {
				all, _ := n.fetch(ctx, after, most, into)
				n.running.Add(1)
				defer n.running.Add(-1)
				if after != eventstore.FirstPage {
					return all, nil
				}
				close(begun)
				if err := end.ahead(ctx); err != nil {
					return all[:1], err
				}
				return all, nil
			}) {
				if err != nil {
					ended = err
					continue
				}
				if last = one; one > 1 {
					continue
				}
				<-begun
				if !end.walk(cancel) {
					break
				}
			}
			if !errors.Is(ended, end.err) || last != end.last {
				t.Errorf("it ends at %d with %v, want %d and %v", last, ended, end.last, end.err)
			}
			if running := n.running.Load(); running != 0 {
				t.Errorf("%d fetches are still running", running)
			}
		})
	}
}
