package projections_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// What parked streams hold back is no difference, whatever it is of: rows that are as they were, that are missing, or that lack what another stream has to say. Retried, there is nothing left out.
func TestComparisonLeavesOutWhatIsParked(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for _, seed := range []uint64{1, 2} {
			w := newWorld(t)
			w.keyed = true
			r := rand.New(rand.NewPCG(95, seed))
			broken, cfg := w.breaking(func(e core.Recorded) bool {
				return (int(e.Stream.ID[13])<<8+int(e.Stream.ID[14])+int(e.Version))%9 == 0
			})
			running := w.run(cfg)
			for range 5 {
				w.whole(r, 20)
				w.caughtUp(running)
			}
			d := w.deadLetters(w.tables, broken)
			streams := streamsOf(w.letters(d, projections.Which{}))
			if done := w.equal(); done.Parked != int64(len(streams)) || done.Parked < 10 || done.Unapplied != 0 {
				t.Errorf("seed %d: %+v, with %d streams parked", seed, done, len(streams))
			}
			broken.broken.Store(false)
			for _, stream := range streams {
				w.retry(d, stream, 0)
			}
			if done := w.equal(); done.Parked != 0 {
				t.Errorf("seed %d: retried: %+v", seed, done)
			}
		}
	})
}

// Only what a parked stream may hold back is left out: not another row, nor what does not come from that stream.
func TestComparisonOfWhatIsBesideParkedStreams(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		var first core.ID
		broken, cfg := w.breaking(func(e core.Recorded) bool { return e.Stream.ID == first || e.Event.Type() == "APIKeyRevoked" })
		running := w.run(cfg)
		known, other, key := w.task("p-1"), w.task("p-2"), w.issue(rand.New(rand.NewPCG(96, 1)))
		parked, sound := w.failing("p-1", "one"), w.failing("p-2", "two")
		first = parked.ResultID
		w.do(tenants[0], known, other, parked, sound, key, configured(core.Positive))
		w.do(tenants[0], core.RevokeAPIKey{KeyID: key.KeyID}, configured(core.Negative))
		w.do(tenants[1], configured(core.Positive))
		w.caughtUp(running)
		if done := w.equal(); done.Parked != 2 {
			t.Fatalf("%+v", done)
		}
		for _, row := range []struct {
			name, table, set string
			id               core.ID
			of               int // how many differences
		}{
			{"an activity of its own", "activities", "reason = 'x'", known.ActivityID, 1},
			{"an activity's result, which is parked", "activities", "result_id = NULL, updated_at = 1, last_position = 1", known.ActivityID, 0},
			{"an activity's result, which is not", "activities", "result_id = NULL, updated_at = 1, last_position = 1", other.ActivityID, 3},
			{"a status event's comment, of what is parked, and one of the creation", "activity_transitions", "error_message = 'x'", known.ActivityID, 1},
			{"a status event's code", "activity_transitions", "error_code = 'x'", known.ActivityID, 2},
			{"a status event's comment", "activity_transitions", "error_message = 'x'", other.ActivityID, 2},
			{"another result", "results", "status = 'x'", sound.ResultID, 1},
			{"a submission of another result", "submissions", "status = 'x'", sound.ResultID, 1},
			{"a key of a tenant that is parked", "api_keys", "name = 'x'", key.KeyID, 0},
		} {
			column := map[string]string{"activity_transitions": "activity_id", "submissions": "result_id"}[row.table]
			if column == "" {
				column = "id"
			}
			before := w.query(`SELECT `+column+` FROM `+row.table+` WHERE `+column+` = $1`, row.id[:])
			if len(before) == 0 {
				t.Fatalf("%s: no row", row.name)
			}
			w.exec(`UPDATE `+row.table+` SET `+row.set+` WHERE `+column+` = $1`, row.id[:])
			if _, found := w.compare(); len(found) != row.of {
				t.Errorf("%s: %v", row.name, found)
			}
			w.exec(`DELETE FROM dead_letters`)
			w.exec(`DELETE FROM checkpoints`)
			broken.broken.Store(true)
			running = w.again(running, cfg)
		}
		w.exec(`UPDATE task_result_types SET is_active = NOT is_active`)
		if _, found := w.compare(); len(found) != 1 || found[0].Table != "task_result_types" || found[0].Column != "is_active" {
			t.Errorf("result types, of a tenant that is parked and of one that is not: %v", found)
		}
	})
}

// again makes the tables again from the log, with what cannot be applied.
func (w *world) again(r running, cfg projections.Config) running {
	w.t.Helper()
	if err := r.stop(); err != nil {
		w.t.Fatal(err)
	}
	cfg.Checkpoint = projections.NewCheckpoint(w.tables.Read)
	if err := projections.Rebuild(w.t.Context(), cfg, w.machine.Head(), nil); err != nil {
		w.t.Fatal(err)
	}
	return w.run(cfg)
}

// An event that was dropped from dead_letters is what the tables lack, and is found, if it can be applied. If it cannot be decoded, nobody knows what the rows of its stream should be: they are left
// out, and the stream is counted.
func TestComparisonOfWhatWasDropped(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, _, d, stream := parkedStream(t, newWorld, 1)
		if _, err := d.Drop(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		done, found := w.compare()
		if len(found) != 2 || found[0].Table != "results" || found[1].Table != "submissions" || found[0].Have != "no row" || found[1].Have != "no row" || done.Parked+done.Unapplied != 0 {
			t.Errorf("%+v, %v", done, found)
		}
		c, undecodable := w.comparison()
		c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
			return func(yield func(core.Recorded, error) bool) {
				for r, err := range w.log.ReadAll(ctx, after) {
					if r.Stream == stream {
						r.Event, err = nil, errTest
					}
					if !yield(r, err) {
						return
					}
				}
			}
		}
		if done, err := c.Compare(t.Context()); err != nil || len(*undecodable) > 0 || done.Unapplied != 1 || done.Parked != 0 {
			t.Errorf("undecodable: %+v, %v, %v", done, *undecodable, err)
		}
	})
}

// Idempotency keys that are older than they must be kept may be purged or not; of the others each must be there.
func TestComparisonOfIdempotencyKeys(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		var names []string
		for i := range projections.MaxPurged + 300 { // more than a fold of all at once purges
			names = append(names, fmt.Sprint("old-", i))
		}
		w.submitKeyed(tenants[0], names...)
		w.projected()
		w.clock += core.Instant(projections.KeyRetention.Milliseconds())
		for _, young := range []string{"young-1", "young-2", "young-3"} {
			w.submitKeyed(tenants[0], young)
			w.projected()
		}
		if n := len(w.keyRows(tenants[0])); n != 3 {
			t.Fatalf("%d keys are left", n)
		}
		w.equal()
		w.exec(`INSERT INTO idempotency_keys VALUES ($1, $2, 1, $3)`, tenants[0][:], make([]byte, 16), int64(1_700_000_000_000))
		w.equal()
		horizon := int64(w.clock) - projections.KeyRetention.Milliseconds()
		for _, row := range []struct {
			name      string
			statement string
			of        int
		}{
			{"one too many that is just too old", fmt.Sprintf(`UPDATE idempotency_keys SET recorded_at = %d WHERE position = 1`, horizon-1), 0},
			{"one too many that is just young enough", fmt.Sprintf(`UPDATE idempotency_keys SET recorded_at = %d WHERE position = 1`, horizon), 1},
			{"that one gone", `DELETE FROM idempotency_keys WHERE position = 1`, 0},
			{"a young one that was made old", fmt.Sprintf(`UPDATE idempotency_keys SET recorded_at = 5 WHERE position = %d`, w.machine.Head()), 1},
			{"a young one that is gone too", fmt.Sprintf(`DELETE FROM idempotency_keys WHERE position = %d`, w.machine.Head()-1), 2},
		} {
			w.exec(row.statement)
			if _, found := w.compare(); len(found) != row.of {
				t.Errorf("%s: %v", row.name, found)
			}
		}
	})
}

// What is erased between two reads is no difference: the log may have been read before or after, and the tables too. What was erased from one of them alone is.
func TestComparisonBesideAnErasure(t *testing.T) {
	const emptied = `UPDATE results SET comment = NULL, operator_external_id = NULL, raw_payload = NULL, payload = NULL`
	const silenced = `UPDATE activity_transitions SET error_message = NULL`
	const unnamed = `UPDATE submissions SET operator_external_id = NULL`
	const restored = `UPDATE results SET comment = 'secret', operator_external_id = 'secret', raw_payload = '{"a":"secret"}', payload = '{}'`
	const said = `UPDATE activity_transitions SET error_message = 'secret' WHERE version = 2`
	const named = `UPDATE submissions SET operator_external_id = 'secret'`
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		s := w.failing("p-1", "secret")
		s.Personal = core.Personal{Comment: "secret", OperatorExternalID: "secret", RawPayload: []byte(`{"a":"secret"}`), Payload: []byte(`{}`)}.Seal()
		w.do(tenants[0], w.task("p-1"), s)
		w.projected()
		for _, row := range []struct {
			name             string
			folded, now      bool // whether the log was erased when it was folded, and is now
			before, meantime []string
			of               int // how many differences
		}{
			{"nothing", false, false, nil, nil, 0},
			{"before all", true, true, []string{emptied, silenced, unnamed}, nil, 0},
			{"the log after it was folded, and then the tables", false, true, []string{emptied, silenced, unnamed}, nil, 0},
			{"the log before it was folded, the tables after the snapshot", true, true, nil, []string{emptied, silenced, unnamed}, 0},
			{"the log alone", true, true, nil, nil, 6},
			{"the tables alone", false, false, []string{emptied, silenced, unnamed}, nil, 6},
			{"the log, and two tables", true, true, []string{emptied, unnamed}, nil, 1},
			{"one table alone", false, false, []string{silenced}, nil, 1},
			{"another alone", false, false, []string{unnamed}, nil, 1},
			{"the log after it was folded, and nothing of the tables but what is wrong", false, true, []string{`UPDATE results SET comment = 'x'`}, nil, 1},
		} {
			for _, statement := range append([]string{restored, said, named}, row.before...) {
				w.exec(statement)
			}
			c, found := w.comparison()
			c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
				return erased(w.log.ReadAll(ctx, after), row.folded)
			}
			asked := 0
			c.History = func(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
				if asked++; asked == 1 { // the snapshot is open
					for _, statement := range row.meantime {
						w.exec(statement)
					}
				}
				return erased(w.log.ReadStream(ctx, stream, after), row.now)
			}
			if _, err := c.Compare(t.Context()); err != nil || len(*found) != row.of {
				t.Errorf("%s: %v, %v", row.name, *found, err)
			}
			for _, d := range *found {
				if d.Have != "differs" || d.Want != "" || d.String() != d.Table+" "+d.ID+" "+d.Column+": differs" {
					t.Errorf("%s: it shows %+v", row.name, d)
				}
			}
		}
	})
}

// What was submitted after an erasure is not erased by it, and what a status event and the first submission show is of before: the one is found, the other is lawful.
func TestComparisonBesideAnErasureOfWhatCameBefore(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.do(tenants[0], w.task("p-1"), w.failing("p-1", "secret"))
		w.do(tenants[0], w.failing("p-1", "later"))
		w.projected()
		c, found := w.comparison()
		c.History = func(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
			return erased(w.log.ReadStream(ctx, stream, after), true)
		}
		w.exec(`UPDATE activity_transitions SET error_message = NULL`)
		w.exec(`UPDATE results SET comment = NULL`)
		w.exec(`UPDATE submissions SET operator_external_id = NULL`)
		_, err := c.Compare(t.Context())
		var places []string
		for _, d := range *found {
			places = append(places, d.Table+" "+d.Column+d.ID[strings.LastIndex(d.ID, " "):])
		}
		if len(places) != 2 || !strings.HasPrefix(places[0], "results comment") || places[1] != "submissions operator_external_id version=2" || err != nil {
			t.Errorf("%v, %v", places, err)
		}
		c, _ = w.comparison()
		c.History = func(context.Context, core.Stream, core.Version) iter.Seq2[core.Recorded, error] {
			return func(yield func(core.Recorded, error) bool) { yield(core.Recorded{}, errTest) }
		}
		if _, err := c.Compare(t.Context()); !errors.Is(err, errTest) {
			t.Errorf("the log cannot be read: %v", err)
		}
	})
}

// A key whose order is not that of bytes would make rows look as if they were missing.
func TestComparisonNeedsTheOrderOfBytes(t *testing.T) {
	unraced(t)
	w := postgresWorld(t)
	w.do(tenants[0], configured(core.Positive))
	w.projected()
	w.exec(`ALTER TABLE task_result_types ALTER COLUMN code TYPE text COLLATE "und-x-icu"`)
	for _, code := range []string{"a", "Z"} {
		w.exec(`INSERT INTO task_result_types VALUES ($1, $2, TRUE, NULL, 1, 1, 1)`, tenants[1][:], code)
	}
	c, _ := w.comparison()
	if _, err := c.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), `task_result_types gives its rows out of the order of its key, at tenant_id=`+tenants[1].String()+` code="Z"`) {
		t.Error(err)
	}
}

// erased is what a log gives of which the personal parts of first submissions were erased, or not.
func erased(events iter.Seq2[core.Recorded, error], really bool) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for r, err := range events {
			if e, ok := r.Event.(core.ResultSubmitted); ok && really && r.Version == 1 {
				e.Personal.Bytes = nil
				r.Event = e
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Tables that were made of another log, or that somebody empties meanwhile, cannot be compared: it says so, and what to do.
func TestComparisonThatCannotBe(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(97, 1)), 10)
		w.projected()
		refused := func(name string, c projections.Comparison, want string) {
			t.Helper()
			if _, err := c.Compare(t.Context()); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("%s: %v", name, err)
			}
		}
		c, _ := w.comparison()
		c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
			return func(yield func(core.Recorded, error) bool) { yield(core.Recorded{}, errTest) }
		}
		refused("the log cannot be read", c, errTest.Error())
		c, _ = w.comparison()
		c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
			return w.log.ReadAll(ctx, after+1)
		}
		refused("the log lacks an event", c, "position 2 after that at 0")
		c, _ = w.comparison()
		c.Events = func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
			return func(yield func(core.Recorded, error) bool) {
				yield(core.Recorded{Position: 1, EventID: core.ID{1}}, fmt.Errorf("newer: %w", core.ErrUnknownEvent))
			}
		}
		refused("the log holds what a newer program wrote", c, "newer")
		c, _ = w.comparison()
		c.Live.DB = closed(t)
		refused("the tables cannot be read", c, "closed")
		c, _ = w.comparison()
		stopped, cancel := context.WithCancel(t.Context())
		c.Progress = func(_, _ core.Position) { cancel() }
		if _, err := c.Compare(stopped); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}

		c, _ = w.comparison()
		c.Progress = func(_, _ core.Position) { w.exec(`UPDATE checkpoints SET position = position - 1`) }
		refused("the tables are rebuilt", c, "being rebuilt: compare them when")
		w.exec(`UPDATE checkpoints SET position = position + 2`)
		c, _ = w.comparison()
		refused("the log ends before the checkpoint", c, "made of another log; resultlog rebuild")
		w.exec(`UPDATE checkpoints SET position = position - 1`)
		w.equal()
		w.exec(`UPDATE activities SET assigned_operator_id = $1`, make([]byte, 16)) // no id that there can be
		if _, found := w.compare(); len(found) == 0 || found[0].Have != (core.ID{}).String() {
			t.Errorf("found %v", found)
		}
		w.exec(`UPDATE checkpoints SET event_id = $1`, make([]byte, 16))
		c, _ = w.comparison()
		refused("the log has another event at the checkpoint", c, "made of another log; resultlog rebuild")
	})
}
