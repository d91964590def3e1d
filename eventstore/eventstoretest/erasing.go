package eventstoretest

import (
	"context"
	"testing"

	"resultlog/core"
)

// eraser is a log in which what may be about a person can be erased, while others have it open. That its files hold nothing of it when they have been swept is for each backend's own tests.
type eraser interface {
	MayErase(ctx context.Context) error
	Erase(ctx context.Context, stream core.Stream, before core.Version) (emptied int64, err error)
}

func erases(t *testing.T, b *bench) {
	n, other := b.node(t), b.open(t)
	log, ok := n.log.(eraser)
	if !ok {
		t.Skip("nothing is erased from this log")
	}
	sent := func(tenant core.ID, at core.Instant) core.Command {
		c := n.update(tenant, "p", at)
		s := c.Intent.(core.SubmitResult)
		s.Personal = core.Personal{Comment: "of a person"}.Seal()
		c.Intent = s
		return c
	}
	const late = core.Instant(1) << 45 // after whatever is recorded now
	events := n.mustSubmit(t, sent(tenant(1), late), sent(tenant(2), late), sent(tenant(1), late), sent(tenant(1), late)).appended
	stream := events[0].Stream
	if err := log.MayErase(t.Context()); err != nil {
		t.Fatalf("may not erase: %v", err)
	}
	want := []bool{true, false, true, false} // the last one stands at the version, and not before it
	for i, r := range events {
		if want[i] {
			e := r.Event.(core.ResultSubmitted)
			e.Personal.Bytes = nil
			events[i].Event = e
		}
	}
	for _, row := range []struct {
		stream  core.Stream
		before  core.Version
		emptied int64
	}{
		{core.Stream{Tenant: tenant(2), ID: stream.ID}, 9, 0}, // another tenant has no such stream
		{stream, 1, 0},
		{stream, 3, 2},
		{stream, 3, 0}, // again
	} {
		if emptied, err := log.Erase(t.Context(), row.stream, row.before); err != nil || emptied != row.emptied {
			t.Errorf("%+v: emptied %d, %v", row, emptied, err)
		}
	}
	mustHold(t, other, events)
	events = append(events, n.mustSubmit(t, n.submission(tenant(1))).appended...)
	mustHold(t, other, events)
}
