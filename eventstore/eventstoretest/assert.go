package eventstoretest

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
)

// collect walks a sequence to its end.
func collect(events iter.Seq2[core.Recorded, error]) (all []core.Recorded, err error) {
	for r, err := range events {
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

// mustRead is everything in the log after a position.
func mustRead(t *testing.T, log eventstore.Log, after core.Position) []core.Recorded {
	t.Helper()
	all, err := collect(log.ReadAll(t.Context(), after))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return all
}

// mustHold fails the test unless the log holds exactly these events.
func mustHold(t *testing.T, log eventstore.Log, want []core.Recorded) {
	t.Helper()
	same(t, mustRead(t, log, 0), want)
	head, err := log.Head(t.Context())
	if err != nil || head != core.Position(len(want)) {
		t.Errorf("head is %d (%v), want %d", head, err, len(want))
	}
}

// same fails the test unless got are these events, down to the bytes that are stored.
func same(t *testing.T, got, want []core.Recorded) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i := range want {
		if g, w := eventstore.ToRow(got[i]), eventstore.ToRow(want[i]); !reflect.DeepEqual(g, w) {
			t.Fatalf("event %d (-want +got):\n%s", i, cmp.Diff(w, g))
		}
	}
}

// sameEntries fails the test unless a sequence is these events, as they are stored.
func sameEntries(t *testing.T, entries iter.Seq2[core.Entry, error], want []core.Recorded) {
	t.Helper()
	n := 0
	for got, err := range entries {
		if err != nil {
			t.Fatalf("after %d entries: %v", n, err)
		}
		if n == len(want) {
			t.Fatalf("more than %d entries", n)
		}
		if w := core.NewEntry(want[n]); !reflect.DeepEqual(got, w) {
			t.Fatalf("entry %d (-want +got):\n%s", n, cmp.Diff(w, got))
		}
		n++
	}
	if n < len(want) {
		t.Fatalf("%d entries, want %d", n, len(want))
	}
}

// sameSlim fails the test unless got are the events of want, as far as a machine reads them.
func sameSlim(t *testing.T, got, want []core.Recorded) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := eventstore.ToRow(got[i]), eventstore.ToRow(want[i])
		if w.Slim != nil {
			g.Data, g.Personal, g.Metadata = w.Data, w.Personal, w.Metadata // they may be left out
		}
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("event %d (-want +got):\n%s", i, cmp.Diff(w, g))
		}
	}
}

// isError fails the test unless err wraps want.
func isError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// isDefinite fails the test unless err says that surely nothing was written.
func isDefinite(t *testing.T, err error) {
	t.Helper()
	if err == nil || errors.Is(err, eventstore.ErrIndefinite) {
		t.Errorf("got error %v, want a definite one", err)
	}
}

// everything calls each method of a log, and gives their errors by name.
func everything(ctx context.Context, log eventstore.Log) map[string]error {
	_, headErr := log.Head(ctx)
	_, allErr := collect(log.ReadAll(ctx, 0))
	_, slimErr := collect(log.ReadSlim(ctx, 0))
	_, streamErr := collect(log.ReadStream(ctx, core.Stream{}, 0))
	return map[string]error{"Append": log.Append(ctx, 0, unreachable), "Head": headErr, "ReadAll": allErr, "ReadSlim": slimErr, "ReadStream": streamErr}
}
