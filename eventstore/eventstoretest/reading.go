package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

func emptyLog(t *testing.T, b *bench) {
	mustHold(t, b.node(t).log, nil)
}

// pages reads logs of a few lengths around where pages end, from positions around there.
func pages(t *testing.T, b *bench) {
	n := b.node(t)
	var all []core.Recorded
	const first, second, third = eventstore.FirstPage, eventstore.FirstPage + eventstore.PageSize, eventstore.FirstPage + 2*eventstore.PageSize
	for _, length := range []int{1, first - 1, first, first + 1, second - 1, second, second + 1, third, third + 1} {
		all = append(all, n.mustSubmit(t, n.submissions(tenant(1), length-len(all))...).appended...)
		for _, after := range []int{0, 1, length - second, length - first - 1, length - first, length - 1, length, length + 1} {
			if after >= 0 {
				same(t, mustRead(t, n.log, core.Position(after)), all[min(after, length):])
			}
		}
	}
}

// readsOn appends while a reader is at work: it ends at the head of the moment when it gets there.
func readsOn(t *testing.T, b *bench) {
	n := b.node(t)
	n.mustSubmit(t, n.submissions(tenant(1), eventstore.FirstPage)...)
	read := 0
	for _, err := range n.log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if read++; read == 1 {
			n.mustSubmit(t, n.submission(tenant(1))) // no transaction of the reader is in the way
		}
	}
	if want := eventstore.FirstPage + 1; read != want {
		t.Errorf("read %d events, want %d", read, want)
	}
}

func stopsAndBeginsAgain(t *testing.T, b *bench) {
	n := b.node(t)
	all := n.mustSubmit(t, n.submissions(tenant(1), 3)...).appended
	events := n.log.ReadAll(t.Context(), 0)
	for r, err := range events {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if r.Position == 2 {
			break
		}
	}
	for range 2 {
		again, err := collect(events)
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		same(t, again, all)
	}
}

func readingCancelled(t *testing.T, b *bench) {
	n := b.node(t)
	n.mustSubmit(t, n.submissions(tenant(1), eventstore.FirstPage+1)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := 0
	var last error
	for _, err := range n.log.ReadAll(ctx, 0) {
		cancel()
		if last = err; err == nil {
			read++
		}
	}
	isError(t, last, context.Canceled)
	if read > eventstore.FirstPage { // a page in hand may be handed out
		t.Errorf("read %d events after the context was cancelled", read)
	}
	_, err := n.log.Head(ctx)
	isError(t, err, context.Canceled)
	_, err = collect(n.log.ReadStream(ctx, core.Stream{Tenant: tenant(1)}, 0))
	isError(t, err, context.Canceled)
}

// slim replays a log in both ways, with events of all kinds in it.
func slim(t *testing.T, b *bench) {
	n := b.node(t)
	n.mustSubmit(t, n.submission(tenant(1)), n.oddities(tenant(2), `{}`), n.issue(tenant(1), "key"), n.update(tenant(1), "p-1", 1))
	n.mustSubmit(t, n.creation(tenant(1), "p-1"), n.creation(tenant(2), "p-2"))
	whole, err := collect(n.log.ReadAll(t.Context(), 0))
	if err != nil || len(whole) != 7 {
		t.Fatalf("%d events, %v", len(whole), err)
	}
	for after := range whole {
		got, err := collect(n.log.ReadSlim(t.Context(), core.Position(after)))
		if err != nil {
			t.Fatal(err)
		}
		sameSlim(t, got, whole[after:])
	}
	if err := eventstore.Replay(t.Context(), n.log, core.NewMachine(), nil); err != nil {
		t.Errorf("replay: %v", err)
	}
}

// otherSlim puts events into the log whose slim encodings begin with other versions: their data says what they are.
func otherSlim(t *testing.T, b *bench) {
	if b.Exec == nil {
		t.Skip("nothing but this program can write to this log")
	}
	n, other := b.node(t), b.node(t)
	n.mustSubmit(t, n.oddities(tenant(1), `{}`))
	for i, from := range []int{5, 24} { // the first byte of no activity's id, which is 0; and one of a time, which is above a hundred for some years to come
		insert := fmt.Sprintf(`INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, slim, recorded_at)
			SELECT %[1]d, tenant_id, %[1]d, stream_id, %[1]d, event_id, type, schema_version, data, NULL, metadata, substr(slim, %[2]d), recorded_at FROM events WHERE position = 1`, i+2, from)
		if err := b.Exec(t, insert); err != nil {
			t.Fatal(err)
		}
	}
	whole := mustRead(t, n.log, 0)
	got, err := collect(n.log.ReadSlim(t.Context(), 0))
	if err != nil || len(got) != 3 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	sameSlim(t, got, whole)
	same(t, got[1:], whole[1:]) // decoded from data, they lack nothing
	same(t, other.mustSubmit(t).missed[1:], whole[1:])
}

// streams puts a stream longer than a page into the log, between others, and the same once more for another tenant, id and all.
func streams(t *testing.T, b *bench) {
	n := b.node(t)
	const updates = eventstore.FirstPage + eventstore.PageSize + 2
	const later core.Instant = 32_503_680_000_000 // the year 3000: after whatever is recorded
	var one, two []core.Recorded
	for i := range core.Instant(updates) {
		one = append(one, n.mustSubmit(t, n.update(tenant(1), "p-1", later+i), n.submission(tenant(1))).appended[0])
	}
	for i, r := range one {
		r.Stream.Tenant, r.TenantPosition, r.Position = tenant(2), core.Position(i+1), n.machine.Head()+core.Position(i+1)
		two = append(two, r)
	}
	if err := n.log.Append(t.Context(), n.machine.Head(), func(time.Time, []core.Recorded) ([]core.Recorded, error) { return two, nil }); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]core.Recorded{one, two} {
		for _, after := range []int{0, 1, updates - 1, updates} {
			got, err := collect(n.log.ReadStream(t.Context(), want[0].Stream, core.Version(after)))
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			same(t, got, want[after:])
			sameEntries(t, n.history(t).StreamEntries(t.Context(), want[0].Stream, core.Version(after)), want[after:])
		}
	}
	if got, err := collect(n.log.ReadStream(t.Context(), core.Stream{Tenant: tenant(3), ID: one[0].Stream.ID}, 0)); len(got) > 0 || err != nil {
		t.Errorf("a third tenant reads %d events (%v)", len(got), err)
	}
}

// tenantEntries puts the events of two tenants into the log, one after the other's, more than a page of each.
func tenantEntries(t *testing.T, b *bench) {
	n := b.node(t)
	const rounds = 6
	const each = (eventstore.FirstPage + eventstore.PageSize + rounds) / rounds
	of := map[core.ID][]core.Recorded{}
	for range rounds {
		for number := byte(1); number <= 2; number++ {
			of[tenant(number)] = append(of[tenant(number)], n.mustSubmit(t, n.submissions(tenant(number), each)...).appended...)
		}
	}
	of[tenant(3)] = nil
	for id, want := range of {
		if head, err := n.history(t).TenantHead(t.Context(), id); err != nil || head != core.Position(len(want)) {
			t.Errorf("tenant %s: head %d (%v), want %d", id, head, err, len(want))
		}
		for _, after := range []int{0, 1, eventstore.FirstPage, len(want)} {
			sameEntries(t, n.history(t).TenantEntries(t.Context(), id, core.Position(after)), want[min(after, len(want)):])
		}
	}
	all := mustRead(t, n.log, 0)
	for i := range all {
		if submitted, ok := all[i].Event.(core.ResultSubmitted); ok {
			submitted.Personal.Bytes = nil
			all[i].Event = submitted
		}
	}
	for _, after := range []int{0, 1, eventstore.FirstPage, len(all)} {
		sameEntries(t, n.history(t).Entries(t.Context(), core.Position(after)), all[after:])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range n.history(t).TenantEntries(ctx, tenant(1), 0) {
		isError(t, err, context.Canceled)
	}
}

// unknownEvent puts an event of a type from the future at the end.
func unknownEvent(t *testing.T, b *bench) {
	if b.Exec == nil {
		t.Skip("nothing but this program can write to this log")
	}
	n, other := b.node(t), b.node(t)
	known := n.mustSubmit(t, n.submissions(tenant(1), 2)...).appended
	insert := `INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, slim, recorded_at)
		SELECT 3, tenant_id, 3, stream_id, version + 1, event_id, 'ResultForeseen', 1, data, personal, metadata, slim, recorded_at FROM events WHERE position = 2`
	if err := b.Exec(t, insert); err != nil {
		t.Fatal(err)
	}
	got, err := collect(n.log.ReadAll(t.Context(), 0))
	same(t, got, known)
	isError(t, err, core.ErrUnknownEvent)
	got, err = collect(n.log.ReadSlim(t.Context(), 0))
	sameSlim(t, got, known)
	isError(t, err, core.ErrUnknownEvent)
	got, err = collect(n.log.ReadStream(t.Context(), known[1].Stream, 0))
	same(t, got, known[1:])
	isError(t, err, core.ErrUnknownEvent)
	isError(t, other.log.Append(t.Context(), 0, unreachable), core.ErrUnknownEvent)
	if _, err := n.submit(t.Context(), n.submission(tenant(1))); !errors.Is(err, core.ErrUnknownEvent) {
		t.Errorf("a node goes on after an event that it does not know: %v", err)
	}
}
