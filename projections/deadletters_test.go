package projections_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// failing is a projection that cannot apply some events as long as it is broken.
type failing struct {
	broken *atomic.Bool
	poison func(core.Recorded) bool
}

func (failing) Name() string                                 { return "failing" }
func (failing) Reset(context.Context, *projections.Tx) error { return nil }

func (f failing) Apply(_ context.Context, _ *projections.Tx, batch []core.Recorded) error {
	if i := slices.IndexFunc(batch, f.poison); f.broken.Load() && i >= 0 {
		return fmt.Errorf("version %d: %w", batch[i].Version, errTest)
	}
	return nil
}

// breaking makes a projection that is broken. It comes last, so that the others have written what it undoes.
func (w *world) breaking(poison func(core.Recorded) bool) (f failing, cfg projections.Config) {
	f = failing{new(atomic.Bool), poison}
	f.broken.Store(true)
	cfg = w.config(w.tables)
	cfg.Projections = append(cfg.Projections, f)
	return f, cfg
}

// deadLetters opens what an operator has, over tables that may be another process's.
func (w *world) deadLetters(tables *readTables, all ...projections.Projection) projections.DeadLetters {
	return projections.DeadLetters{Tables: tables.Write, Read: tables.Read, Projections: append(projections.All(), all...), History: w.log.ReadStream}
}

// letters lists dead letters.
func (w *world) letters(d projections.DeadLetters, of projections.Which) (all []projections.DeadLetter) {
	w.t.Helper()
	for l, err := range d.List(w.t.Context(), of) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// streamsOf gives the streams of dead letters.
func streamsOf(letters []projections.DeadLetter) (streams []core.Stream) {
	for _, l := range letters {
		streams = append(streams, l.Stream)
	}
	return slices.Compact(streams)
}

// retry retries a stream, which must give no error.
func (w *world) retry(d projections.DeadLetters, stream core.Stream, through core.Version) projections.Retried {
	w.t.Helper()
	done, err := d.Retry(w.t.Context(), stream, through)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// readTableKeys are the read tables, and what their rows go by.
var readTableKeys = map[string]string{
	"results": "id", "activities": "id", "activity_transitions": "activity_id, version", "idempotency_keys": "position", "dead_letters": "position", "checkpoints": "position",
	"submissions": "tenant_id, result_id, version", "task_result_types": "tenant_id, code", "api_keys": "tenant_id, id",
}

// rows gives every row of a table.
func (w *world) rows(table string) (columns []string, all [][]any) { return w.rowsOf(w.tables, table) }

func (w *world) rowsOf(tables *readTables, table string) (columns []string, all [][]any) {
	w.t.Helper()
	rows, err := tables.Read.Query(`SELECT * FROM ` + table + ` ORDER BY ` + readTableKeys[table])
	if err == nil {
		columns, err = rows.Columns()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, values)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		w.t.Fatal(err)
	}
	return columns, all
}

// dump gives every row of every read table, as text.
func (w *world) dump() map[string][]string {
	w.t.Helper()
	tables := make(map[string][]string)
	for table := range readTableKeys {
		columns, rows := w.rows(table)
		for _, values := range rows {
			var row strings.Builder
			for i, column := range columns {
				fmt.Fprintf(&row, "%s=%v ", column, values[i])
			}
			tables[table] = append(tables[table], row.String())
		}
	}
	return tables
}

// whole does n random commits of all that can happen: activities are dispatched and cancelled too.
func (w *world) whole(r *rand.Rand, n int) {
	var activities []core.Stream
	for _, e := range w.history() {
		if _, ok := e.Event.(core.ActivityCreated); ok {
			activities = append(activities, e.Stream)
		}
	}
	for range n {
		w.live(r, 1)
		if len(activities) == 0 {
			continue
		}
		switch one := activities[r.IntN(len(activities))]; r.IntN(6) {
		case 0:
			w.do(one.Tenant, core.CancelActivity{ActivityID: one.ID})
		case 1, 2:
			w.do(one.Tenant, core.DispatchActivity{ActivityID: one.ID, ProviderActivityID: fmt.Sprint("ext-", r.IntN(12))})
		case 3, 4: // of the same activity, and so nearly always of the same result
			s := w.submission(r, "")
			s.SentActivityID, s.OccurredAt, s.HardOverride = one.ID, w.clock+500, true
			s.Personal = core.Personal{Comment: fmt.Sprint("comment ", w.minted)}.Seal()
			w.do(one.Tenant, s)
		}
	}
}

// What was parked and is retried leaves the tables as if it had never been parked, whatever came meanwhile on other streams, of the same activity and result too; and whatever the
// order in which the streams are retried. It is done by another process, beside a server that projects what keeps coming.
func TestRetriedTablesEqualARebuild(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		var parked, of int
		for _, seed := range []uint64{4, 5, 6} {
			w := newWorld(t)
			w.keyed = true
			r := rand.New(rand.NewPCG(50, seed))
			broken, cfg := w.breaking(func(e core.Recorded) bool {
				return (int(e.Stream.ID[13])<<8+int(e.Stream.ID[14])+int(e.Version))%5 == 0
			})
			running := w.run(cfg)
			for range 6 {
				w.whole(r, 12)
				w.caughtUp(running)
			}
			tool := w.open()
			d := w.deadLetters(tool)
			streams := streamsOf(w.letters(d, projections.Which{}))
			parked, of = parked+len(w.letters(d, projections.Which{})), of+int(w.machine.Head())
			broken.broken.Store(false)
			w.whole(r, 5) // what is parked already still keeps what follows it
			r.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
			for _, stream := range streams {
				if done := w.retry(d, stream, 0); done.Failed != nil || done.Left != 0 {
					t.Fatalf("seed %d: retried %s: %+v", seed, stream.ID, done)
				}
				w.whole(r, 1)
			}
			w.caughtUp(running)
			w.close(tool)
			if err := running.stop(); err != nil {
				t.Fatal(err)
			}
			retried := w.dump()
			w.verify(w.tables)
			if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
				t.Fatal(err)
			}
			if diff := difference(w.dump(), retried); diff != "" {
				t.Fatalf("seed %d: -rebuilt +retried\n%s", seed, diff)
			}
		}
		if parked < of/5 {
			t.Errorf("%d of %d events were parked: too few to tell anything", parked, of)
		}
	})
}
