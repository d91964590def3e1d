package core

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// differ shows where two values differ. Nearly always they do not, and reflect.DeepEqual sees that ten times faster.
func differ(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, cmp.AllowUnexported(oracleAnswer{}, ResultTypes{})) + "(unequal)"
}

// same fails unless two machines know the same, and hold nothing back.
func same(t *rapid.T, what string, a, b *Machine) {
	t.Helper()
	if diff := differ(snapshotOf(a.base), snapshotOf(b.base)); diff != "" {
		t.Fatalf("%s: the durable states differ:\n%s", what, diff)
	}
	if diff := differ(snapshotOf(a.overlay), snapshotOf(b.overlay)); diff != "" {
		t.Fatalf("%s: the decided states differ:\n%s", what, diff)
	}
}

// TestPropertyReplayEqualsLive: what a log rebuilds, event by event and through the codec, is what was live when it was written, and decides the same.
func TestPropertyReplayEqualsLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTrace(t).play()
		again := newLive()
		for _, r := range v.log {
			s, err := store(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := differ(r, s); diff != "" {
				t.Fatalf("the event was not stored as it is:\n%s", diff)
			}
			if err := again.Replay(s); err != nil {
				t.Fatal(err)
			}
			again.log = append(again.log, s)
		}
		same(t, "after replay", v.Machine, again.Machine)
		for i, p := range drawTrace(t) { // and so it goes on
			p.Command.EventID = fixedID('e', (traceParts+1+i)*eventIDs)
			p = p.reminted(traceParts + 1 + i)
			want, _ := v.do(p)
			got, _ := again.do(p)
			if diff := differ(want, got); diff != "" {
				t.Fatalf("decided differently after replay:\n%s", diff)
			}
		}
		v.commit()
		again.commit()
		if diff := differ(v.log, again.log); diff != "" {
			t.Fatalf("the logs go on differently:\n%s", diff)
		}
	})
}

// reminted is the same part with the ids of the n-th.
func (p tracePart) reminted(n int) tracePart {
	switch in := p.Command.Intent.(type) {
	case CreateActivity:
		in.ActivityID = fixedID('a', n)
		p.Command.Intent = in
	case SubmitResult:
		in.ResultID = fixedID('r', n)
		p.Command.Intent = in
	case IssueAPIKey:
		in.KeyID = fixedID('k', n)
		p.Command.Intent = in
	}
	return p
}

// TestPropertyBatches: however commands are gathered into batches, the log is the same.
func TestPropertyBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := drawTrace(t).kept()
		many := slices.Clone(one)
		for i := range one {
			one[i].Ends = true
			many[i].Ends = rapid.Bool().Draw(t, "split")
		}
		a, b := one.play(), many.play()
		if diff := differ(a.log, b.log); diff != "" {
			t.Fatalf("one by one, and in batches:\n%s", diff)
		}
		same(t, "one by one, and in batches", a.Machine, b.Machine)
	})
}

// TestPropertyRollback: what was rolled back leaves no trace, neither at once nor in what is decided later.
func TestPropertyRollback(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrace(t)
		v, before := newLive(), snapshot{}
		durable := func() snapshot { return snapshotOf(v.base) }
		for _, p := range tr {
			before = durable()
			v.do(p)
			if diff := differ(before, durable()); diff != "" && p.Command.Intent != nil {
				t.Fatalf("a step has changed what is durable:\n%s", diff)
			}
			if p.Ends || p.Command.Intent == nil {
				v.commit()
			} else if p.Drops {
				v.Rollback()
				if diff := differ(durable(), snapshotOf(v.overlay)); diff != "" || len(v.Pending()) > 0 {
					t.Fatalf("%d events and this are left:\n%s", len(v.Pending()), diff)
				}
				same(t, "after a rollback", mustReplayIn(t, v.log), v.Machine)
			}
		}
		v.commit()
		never := tr.kept().play()
		if diff := differ(never.log, v.log); diff != "" {
			t.Fatalf("without what was rolled back, and with it:\n%s", diff)
		}
		same(t, "without what was rolled back, and with it", never.Machine, v.Machine)
	})
}

func mustReplayIn(t *rapid.T, log []Recorded) *Machine {
	m, err := replayed(log)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPropertyPlaces: positions, tenant positions and versions are gapless from 1, and recorded times never decrease, even if the clock does.
func TestPropertyPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawTrace(t).play().log
		tenants, streams, ids := map[ID]Position{}, map[Stream]Version{}, map[ID]bool{}
		var at Instant
		for i, r := range log {
			tenants[r.Stream.Tenant]++
			streams[r.Stream]++
			if r.Position != Position(i+1) || r.TenantPosition != tenants[r.Stream.Tenant] || r.Version != streams[r.Stream] {
				t.Fatalf("event %d has position %d, tenant position %d and version %d; want tenant position %d and version %d",
					i+1, r.Position, r.TenantPosition, r.Version, tenants[r.Stream.Tenant], streams[r.Stream])
			}
			if r.RecordedAt < at || ids[r.EventID] || r.Stream.ID != r.Event.StreamID() {
				t.Fatalf("event %d: recorded at %s after %s, id %s seen before %v, stream %s of %s", i+1, r.RecordedAt, at, r.EventID, ids[r.EventID], r.Stream.ID, r.Event.StreamID())
			}
			at, ids[r.EventID] = r.RecordedAt, true
		}
	})
}

// TestPropertyRefusals: a refusal changes nothing, and says enough; a replay changes nothing either.
func TestPropertyRefusals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := newLive()
		for _, p := range drawTrace(t) {
			if p.Command.Intent == nil {
				v.do(p)
				continue
			}
			before, pending := snapshotOf(v.overlay), len(v.Pending())
			answer, refusal := v.do(p)
			if refusal == nil {
				if n := len(v.Pending()) - pending; n != len(answer.events) || n > MaxEvents || (n < 1) != (answer.replayed > 0) {
					t.Fatalf("accepted with %d events, %d in the receipt, replayed %d", n, len(answer.events), answer.replayed)
				}
				if diff := differ(before, snapshotOf(v.overlay)); diff != "" && answer.replayed > 0 {
					t.Fatalf("replayed, and yet:\n%s", diff)
				}
				continue
			}
			if diff := differ(before, snapshotOf(v.overlay)); diff != "" || len(v.Pending()) != pending {
				t.Fatalf("refused with %s, and yet:\n%s", refusal.Code, diff)
			}
			if refusal.Message == "" || refusal.Code == CodeStaleResult && refusal.Existing == nil || (refusal.Code == CodeInvalid) != (len(refusal.Fields) > 0) {
				t.Fatalf("a refusal that says too little: %+v", refusal)
			}
		}
	})
}
