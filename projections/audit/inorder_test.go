package audit_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"resultlog/projections/audit"
)

// counting yields 0 to n-1 and then an error, if there is one; read is how many were asked for.
func counting(n int, end error, read *atomic.Int64) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			read.Add(1)
			if !yield(i, nil) {
				return
			}
		}
		if end != nil {
			yield(0, end)
		}
	}
}

// Whatever the length of a sequence, what is made of it comes in its order; its error after all that came before it; and who stops early, or gives up, gets no more. That no goroutine is left is looked
// at when all tests have run.
func TestPropertyInOrder(t *testing.T) {
	broken := errors.New("the disk is bad there")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 511, 512, 513, 1024, 5000, 20_000}).Draw(t, "length") + draw(t, "more", 0, 3)
		stop := draw(t, "stop after", 0, 2)*draw(t, "of", 0, n) + n*draw(t, "not at all", 0, 1)
		var end error
		if rapid.Bool().Draw(t, "ends with an error") {
			end = broken
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		gaveUp := rapid.Bool().Draw(t, "is cancelled")
		var read atomic.Int64
		got, failed := 0, error(nil)
		for v, err := range audit.InOrder(ctx, counting(n, end, &read), func(i int) int { return 2 * i }) {
			if err != nil {
				failed = err
				continue // nothing comes after an error
			}
			if failed != nil || *v != 2*got {
				t.Fatalf("%d came where %d was to, after the error %v", *v, 2*got, failed)
			}
			if got++; got != stop {
				continue
			}
			if !gaveUp {
				break
			}
			cancel()
		}
		switch {
		case gaveUp && got >= stop && stop > 0:
			if got < n && !errors.Is(failed, context.Canceled) {
				t.Fatalf("given up after %d, of %d came %d, and the error %v", stop, n, got, failed)
			}
		case stop > 0 && stop <= n:
			if got != stop || failed != nil {
				t.Fatalf("stopped after %d, came %d, and the error %v", stop, got, failed)
			}
			if ahead := int(read.Load()) - got; ahead > 512*(4*16+4) { // portions that wait, for 16 processors at most
				t.Fatalf("%d were read ahead", ahead)
			}
		case got != n || !errors.Is(failed, end):
			t.Fatalf("of %d came %d, and the error %v, want %v", n, got, failed, end)
		}
	})
}
