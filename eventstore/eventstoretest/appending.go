package eventstoretest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// unreachable is a decide that must not be called.
func unreachable(time.Time, []core.Recorded) ([]core.Recorded, error) {
	panic("decide was called")
}

func clock(t *testing.T, b *bench) {
	n := b.node(t)
	before := time.Now()
	at := n.mustSubmit(t, n.submission(tenant(1))).appended[0].RecordedAt.Time()
	const skew = time.Minute // the log's clock may be another machine's
	if at.Before(before.Add(-skew)) || at.After(time.Now().Add(skew)) {
		t.Errorf("decide got %v, it is %v", at, before)
	}
}

func decideFails(t *testing.T, b *bench) {
	n := b.node(t)
	first := n.mustSubmit(t, n.submission(tenant(1))).appended
	refusal := errors.New("no")
	err := n.log.Append(t.Context(), 1, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return first, refusal })
	if err != refusal {
		t.Errorf("got error %v, want decide's own", err)
	}
	mustHold(t, n.log, first)
	mustHold(t, n.log, append(first, n.mustSubmit(t, n.submission(tenant(1))).appended...))
}

func nothingToAppend(t *testing.T, b *bench) {
	n := b.node(t)
	if err := n.log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return nil, nil }); err != nil {
		t.Errorf("append of nothing: %v", err)
	}
	mustHold(t, n.log, nil)
	mustHold(t, n.log, n.mustSubmit(t, n.submission(tenant(1))).appended)
}

// refusedWhole appends batches whose last event does not fit, so that those before it would have to be taken back.
func refusedWhole(t *testing.T, b *bench) {
	n := b.node(t)
	history := n.mustSubmit(t, n.submissions(tenant(1), 3)...).appended
	var next []core.Recorded // two events that fit
	{
		scratch := core.NewMachine()
		for _, r := range history {
			if err := scratch.Replay(r); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range n.submissions(tenant(1), 2) {
			c.At = history[2].RecordedAt
			if _, err := scratch.Step(c); err != nil {
				t.Fatal(err)
			}
		}
		next = scratch.Pending()
	}
	for _, wrong := range []struct {
		name  string
		spoil func(last *core.Recorded)
	}{
		{"a gap", func(r *core.Recorded) { r.Position++ }},
		{"a position twice in the batch", func(r *core.Recorded) { r.Position-- }},
		{"a position that is taken", func(r *core.Recorded) { r.Position = 1 }},
		{"a tenant position that is taken", func(r *core.Recorded) { r.TenantPosition = 1 }},
		{"a tenant position twice in the batch", func(r *core.Recorded) { r.TenantPosition-- }},
		{"a version that is taken", func(r *core.Recorded) { r.Stream, r.Version = history[0].Stream, history[0].Version }},
		{"a version twice in the batch", func(r *core.Recorded) { r.Stream, r.Version = next[0].Stream, next[0].Version }},
	} {
		batch := []core.Recorded{next[0], next[1]}
		wrong.spoil(&batch[1])
		err := n.log.Append(t.Context(), 3, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return batch, nil })
		if isDefinite(t, err); t.Failed() {
			t.Fatalf("%s was not refused", wrong.name)
		}
		mustHold(t, n.log, history)
	}
	if err := n.log.Append(t.Context(), 3, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return next, nil }); err != nil {
		t.Fatalf("append after refusals: %v", err)
	}
	mustHold(t, n.log, append(history, next...))
}

func decidePanics(t *testing.T, b *bench) {
	n, other := b.node(t), b.node(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		_ = n.log.Append(t.Context(), 0, unreachable)
	}()
	events := n.mustSubmit(t, n.submission(tenant(1))).appended
	events = append(events, other.mustSubmit(t, other.submission(tenant(1))).appended...) // no lock was left behind
	mustHold(t, n.log, events)
}

func cancelledBefore(t *testing.T, b *bench) {
	n := b.node(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	isError(t, n.log.Append(ctx, 0, unreachable), context.Canceled)
	mustHold(t, n.log, n.mustSubmit(t, n.submission(tenant(1))).appended)
}

func cancelledWithin(t *testing.T, b *bench) {
	n := b.node(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := n.submission(tenant(1))
	err := n.log.Append(ctx, 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		cancel()
		c.At = core.InstantOf(now)
		if _, err := n.machine.Step(c); err != nil {
			return nil, err
		}
		return n.machine.Pending(), nil
	})
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	mustHold(t, n.log, n.machine.Pending())
}

func ahead(t *testing.T, b *bench) {
	n := b.node(t)
	events := n.mustSubmit(t, n.submission(tenant(1))).appended
	isError(t, n.log.Append(t.Context(), 2, unreachable), eventstore.ErrDiverged)
	mustHold(t, n.log, events)
}

func farBehind(t *testing.T, b *bench) {
	n, other := b.node(t), b.node(t)
	for range eventstore.MaxMissed / 512 {
		n.mustSubmit(t, n.submissions(tenant(1), 512)...)
	}
	var got int
	err := other.log.Append(t.Context(), 0, func(_ time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		got = len(missed)
		return nil, nil
	})
	if err != nil || got != eventstore.MaxMissed {
		t.Errorf("got %d missed events (%v), want %d", got, err, eventstore.MaxMissed)
	}
	n.mustSubmit(t, n.submission(tenant(1)))
	isError(t, other.log.Append(t.Context(), 0, unreachable), eventstore.ErrFarBehind)

	if err := eventstore.Replay(t.Context(), other.log, other.machine, nil); err != nil {
		t.Fatalf("replay: %v", err)
	}
	other.mustSubmit(t, other.submission(tenant(1)))
}

func farBehindInBytes(t *testing.T, b *bench) {
	n, other := b.node(t), b.node(t)
	name := strings.Repeat("x", 250<<10) // of an API key: what is issued has no slim encoding
	for sent := 0; sent <= eventstore.MaxMissedBytes; sent += len(name) {
		n.mustSubmit(t, n.issue(tenant(1), name))
	}
	isError(t, other.log.Append(t.Context(), 0, unreachable), eventstore.ErrFarBehind)
	if err := eventstore.Replay(t.Context(), other.log, other.machine, nil); err != nil {
		t.Fatalf("replay: %v", err)
	}
	other.mustSubmit(t, other.submission(tenant(1)))
}
