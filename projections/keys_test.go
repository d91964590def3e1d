package projections_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// idempotencyOf is what a request with a key leaves in its first event.
func idempotencyOf(key string) core.Idempotency {
	return core.Idempotency{Key: key, Endpoint: "POST /api/activity-results/tasks", Body: sha256.Sum256([]byte(key))}
}

// submitKeyed records a result for each key, one commit for all, a second apart; for an empty key without one. It gives the position of the first.
func (w *world) submitKeyed(tenant core.ID, keys ...string) core.Position {
	w.t.Helper()
	first := w.machine.Head() + 1
	err := w.log.Append(context.Background(), w.machine.Head(), func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		for _, key := range keys {
			w.clock += 1000
			c := core.Command{Tenant: tenant, At: w.clock, EventID: w.mint(), KeysAsOf: w.machine.Head(), Intent: core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{
				CommerceExternalID: "c", OccurredAt: w.clock, Status: core.ResultCompleted, Result: "success",
			}}}
			if key != "" {
				c.Metadata.Idempotency = idempotencyOf(key)
			}
			if _, err := w.machine.Step(c); err != nil {
				return nil, err
			}
		}
		return w.machine.Pending(), nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.machine.Commit()
	w.wakeUp()
	return first
}

// key looks a key up, as of the tables that are open.
func (w *world) key(tenant core.ID, key string) (position, asOf core.Position) {
	w.t.Helper()
	position, asOf, err := projections.NewQueries(w.tables.Read).Key(context.Background(), tenant, idempotencyOf(key).Name(tenant))
	if err != nil {
		w.t.Fatal(err)
	}
	return position, asOf
}

// keyRow is a row of the table.
type keyRow struct {
	Name       string
	Position   core.Position
	RecordedAt core.Instant
}

// keyRows is the whole table of a tenant, by position.
func (w *world) keyRows(tenant core.ID) (rows []keyRow) {
	w.t.Helper()
	found, err := w.tables.Read.Query(`SELECT name, position, recorded_at FROM idempotency_keys WHERE tenant_id = $1 ORDER BY position`, tenant[:])
	if err != nil {
		w.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var row keyRow
		if err := found.Scan(&row.Name, (*int64)(&row.Position), (*int64)(&row.RecordedAt)); err != nil {
			w.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// A key is found at the position of the event that was recorded with it, as far as the tables have come; and is a key of its tenant and endpoint alone.
func TestKeysAreFound(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		if position, asOf := w.key(tenants[0], "a"); position != 0 || asOf != 0 {
			t.Errorf("before the first delivery: position %d, as of %d", position, asOf)
		}
		first := w.submitKeyed(tenants[0], "a", "", "b")
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		foreign := w.submitKeyed(tenants[1], "b", "c")
		w.caughtUp(running)
		head := w.machine.Head()
		for _, row := range []struct {
			tenant core.ID
			key    string
			want   core.Position
		}{
			{tenants[0], "a", first}, {tenants[0], "b", first + 2}, {tenants[0], "c", 0}, {tenants[0], "A", 0}, {tenants[0], "", 0},
			{tenants[1], "a", 0}, {tenants[1], "b", foreign}, {tenants[1], "c", foreign + 1}, {core.ID{15: 1}, "a", 0},
		} {
			if position, asOf := w.key(row.tenant, row.key); position != row.want || asOf != head {
				t.Errorf("key %q of %s: position %d as of %d, want %d as of %d", row.key, row.tenant, position, asOf, row.want, head)
			}
		}
		elsewhere := idempotencyOf("a")
		elsewhere.Endpoint = "PATCH /elsewhere"
		q := projections.NewQueries(w.tables.Read)
		if position, _, err := q.Key(t.Context(), tenants[0], elsewhere.Name(tenants[0])); position != 0 || err != nil {
			t.Errorf("at another endpoint: position %d, %v", position, err)
		}
		if position, _, err := q.Key(t.Context(), tenants[1], idempotencyOf("a").Name(tenants[0])); position != 0 || err != nil {
			t.Errorf("by the name that it has in another tenant: position %d, %v", position, err)
		}
		if rows := len(w.keyRows(tenants[0])) + len(w.keyRows(tenants[1])); rows != 4 {
			t.Errorf("%d rows, want one for each of 4 keys", rows)
		}
		if _, _, err := q.Key(cancelled(), tenants[0], elsewhere.Name(tenants[0])); err == nil {
			t.Error("a read that failed says that there is no such key")
		}
	})
}

// What is as of a position that the log has left behind says so: keys that were recorded later are for the machine to know.
func TestKeysAreAsOfTheCheckpoint(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		first := w.submitKeyed(tenants[0], "a")
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		w.submitKeyed(tenants[0], "b")
		if position, asOf := w.key(tenants[0], "b"); position != 0 || asOf != first {
			t.Errorf("position %d as of %d, want none as of %d", position, asOf, first)
		}
	})
}

// Only the first event of a command has its key.
func TestKeyOfACommandOfSeveralEvents(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		activity := core.CreateActivity{ActivityID: w.mint(), ActivityDetails: core.ActivityDetails{ActivityType: core.Task, IdempotencyKey: "x", ProviderActivityID: "p"}}
		w.do(tenants[0], core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{ProviderActivityID: "p", CommerceExternalID: "c", Status: core.ResultCompleted, Result: "other"}})
		receipt, err := w.machine.Step(core.Command{Tenant: tenants[0], At: w.clock, EventID: w.mint(), Metadata: core.Metadata{Idempotency: idempotencyOf("a")}, Intent: activity})
		if err != nil || len(receipt.Events) != 3 {
			t.Fatalf("%d events, %v", len(receipt.Events), err)
		}
		w.apply(receipt.Events)
		if rows := w.keyRows(tenants[0]); len(rows) != 1 || rows[0].Position != receipt.Events[0].Position {
			t.Errorf("rows %v, want one at %d", rows, receipt.Events[0].Position)
		}
	})
}

// apply brings a batch into the table of keys, and into nothing else.
func (w *world) apply(batch []core.Recorded) {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := (projections.IdempotencyKeys{}).Apply(context.Background(), tx, batch); err != nil {
		w.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

// keyedEvents are events with a key each, recorded at a time; their positions go on from one.
func keyedEvents(from core.Position, at core.Instant, keys ...string) (batch []core.Recorded) {
	for i, key := range keys {
		r := core.Recorded{Position: from + core.Position(i), Stream: core.Stream{Tenant: tenants[0]}, RecordedAt: at}
		if key != "" {
			r.Metadata.Idempotency = idempotencyOf(key)
		}
		batch = append(batch, r)
	}
	return batch
}

// A key is kept for KeyRetention by the log's own time, whatever a clock says, and is removed with the first event that is later.
func TestKeysArePurgedByTheLogsTime(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		const at = core.Instant(1_000_000_000_000) // long ago by any clock
		retention := core.Instant(projections.KeyRetention.Milliseconds())
		w.apply(keyedEvents(1, at, "a"))
		w.apply(keyedEvents(2, at+1, "b"))
		for _, step := range []struct {
			now  core.Instant
			left int
		}{{at + retention - 1, 2}, {at + retention, 2}, {at + retention + 1, 1}, {at + retention + 1, 1}, {at + retention + 2, 0}} {
			w.apply(keyedEvents(3, step.now, ""))
			if got := len(w.keyRows(tenants[0])); got != step.left {
				t.Errorf("%d ms after the first: %d keys, want %d", step.now-at, got, step.left)
			}
		}
		if projections.KeyRetention < 24*time.Hour {
			t.Errorf("a key is kept for %s, not at least 24 h", projections.KeyRetention)
		}
	})
}

// One batch removes so many keys and no more, the oldest first; the next goes on.
func TestPurgingIsBounded(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		const more = 50
		retention := core.Instant(projections.KeyRetention.Milliseconds())
		var names []string
		for i := range projections.MaxPurged + more {
			names = append(names, fmt.Sprint("k", i))
		}
		for i, chunk := range slices.Collect(slices.Chunk(names, 210)) {
			w.apply(keyedEvents(core.Position(1+210*i), core.Instant(1+i), chunk...))
		}
		late := retention + 1000
		for _, want := range []int{more, 0} {
			w.apply(keyedEvents(9999, late, ""))
			rows := w.keyRows(tenants[0])
			if len(rows) != want {
				t.Fatalf("%d keys are left, want %d", len(rows), want)
			}
			for _, row := range rows {
				if row.Position <= 210*4 {
					t.Errorf("the key at %d is left, and younger ones are not", row.Position)
				}
			}
		}
	})
}

// A key that is used again when it is found no more leads to the later event; one that is applied again changes nothing.
func TestKeyUsedAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.apply(keyedEvents(1, 1000, "a"))
		w.apply(keyedEvents(7, 2000, "a"))
		w.apply(keyedEvents(1, 1000, "a"))
		if rows := w.keyRows(tenants[0]); len(rows) != 1 || rows[0].Position != 7 || rows[0].RecordedAt != 2000 {
			t.Errorf("rows %v, want one at 7", rows)
		}
	})
}

// A rebuild gives the keys that live projecting gave: those of the last KeyRetention.
func TestKeysEqualAfterARebuild(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		running := w.run(w.config(w.tables))
		for day := range 3 {
			for i := range 20 {
				w.submitKeyed(tenants[i%2], fmt.Sprint("day", day, "-", i), "", fmt.Sprint("day", day, "+", i))
				w.caughtUp(running)
			}
			w.clock += core.Instant((20 * time.Hour).Milliseconds())
		}
		live := [][]keyRow{w.keyRows(tenants[0]), w.keyRows(tenants[1])}
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		if len(live[0]) != 40 || live[0][0].Position <= 60 { // those of two days, of three
			t.Fatalf("%d keys of a tenant, from position %d on", len(live[0]), live[0][0].Position)
		}
		w.exec(`UPDATE idempotency_keys SET position = position + 1`)
		w.exec(`INSERT INTO idempotency_keys VALUES ($1, $2, 1, 1)`, tenants[0][:], make([]byte, 16))
		if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(live, [][]keyRow{w.keyRows(tenants[0]), w.keyRows(tenants[1])}); diff != "" {
			t.Errorf("-live +rebuilt:\n%s", diff)
		}
		var all int
		if w.scan(w.tables, &all, `SELECT count(*) FROM idempotency_keys`); all != len(live[0])+len(live[1]) {
			t.Errorf("%d keys in all", all)
		}
	})
}
