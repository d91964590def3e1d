package projections_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// A log that has lost an event is not passed over: the tables stop before the gap, wherever in a delivery it is, say so and count it, and go on when it is there again.
func TestNothingIsSkipped(t *testing.T) {
	for name, after := range map[string]core.Position{"right after the checkpoint": 0, "within what is delivered": 2} {
		t.Run(name, func(t *testing.T) { mustNotSkip(t, after) })
	}
}

// mustNotSkip leaves out the event that comes so many after the checkpoint.
func mustNotSkip(t *testing.T, after core.Position) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(74, 1))
		w.live(r, 3)
		whole := w.run(w.config(w.tables))
		w.caughtUp(whole)
		if err := whole.stop(); err != nil {
			t.Fatal(err)
		}
		before := w.machine.Head() + after
		w.live(r, 6)

		cfg := w.config(w.tables)
		cfg.Metrics = projections.NewMetrics(nil)
		from := map[string]string{"sqlite": "FROM log.events", "postgres": "FROM resultlog.events"}[w.engine.name]
		gap := w.engine.topic
		gap.Select = strings.Replace(gap.Select, from, fmt.Sprintf("FROM (SELECT * %s WHERE position <> %d) AS rest", from, before+1), 1)
		cfg.Schema = w.topic(w.tables, gap)
		running := w.run(cfg)
		w.until("the gap was met", func() bool { return gather(t, cfg.Metrics)["resultlog_projection_skipped_total"] > 0 })
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		if n := gather(t, cfg.Metrics)["resultlog_projection_skipped_total"]; n != 1 {
			t.Errorf("%v positions were counted, and one is missing", n)
		}
		var at int64
		if w.scan(w.tables, &at, `SELECT position FROM checkpoints`); core.Position(at) != before {
			t.Errorf("the checkpoint is at %d, and was at %d before the gap", at, before)
		}
		w.verify(w.tables)

		cfg = w.config(w.tables)
		cfg.Metrics = projections.NewMetrics(nil)
		w.caughtUp(w.run(cfg))
		if n := gather(t, cfg.Metrics)["resultlog_projection_skipped_total"]; n != 0 {
			t.Errorf("%v positions of a whole log were counted", n)
		}
		w.verify(w.tables)
	})
}

// What a scrape looks up in the tables: how far they have come, and what was set aside.
func TestMetricsOfTheTables(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		now := w.clock.Time()
		head := core.Position(0)
		barrier := projections.NewBarrier(projections.BarrierConfig{
			Head: func(context.Context) (core.Position, error) {
				if head < 0 {
					return 0, errors.New("the log cannot be read")
				}
				return head, nil
			}, Checkpoint: projections.NewCheckpoint(w.tables.Read), Now: func() time.Time { return now },
			RecordedAt: func(context.Context, core.Position) (core.Instant, error) { return w.clock, nil },
		})
		metrics := projections.NewMetrics(barrier)
		mustSay := func(when string, checkpoint, progress, letters, age float64) {
			t.Helper()
			got := gather(t, metrics)
			for name, want := range map[string]float64{"resultlog_projection_checkpoint": checkpoint, "resultlog_rebuild_progress_ratio": progress,
				"resultlog_projection_dead_letters": letters, "resultlog_projection_oldest_dead_letter_age_seconds": age} {
				if got[name] != want && !(math.IsNaN(want) && math.IsNaN(got[name])) {
					t.Errorf("%s, %s is %v, want %v", when, name, got[name], want)
				}
			}
		}
		mustSay("with an empty log", 0, 1, 0, 0)
		w.exec(map[string]string{
			"sqlite":   `INSERT INTO checkpoints (subscription, position, event_id, generation) VALUES ('read_tables', 30, x'01', 1)`,
			"postgres": `INSERT INTO checkpoints (subscription, position, event_id, generation) VALUES ('read_tables', 30, '00000000-0000-0000-0000-000000000001', 1)`,
		}[w.engine.name])
		head = 120
		mustSay("during a rebuild", 30, 0.25, 0, 0)
		for i := range 2 {
			at := w.clock + core.Instant(i*60_000)
			w.exec(`INSERT INTO dead_letters (tenant_id, stream_id, version, position, tenant_position, event_id, recorded_at, parked_at, error) VALUES ($1, $1, $2, 1, 1, $1, 1, $3, 'why')`,
				tenants[0][:], i, int64(at))
		}
		now = now.Add(time.Hour)
		mustSay("with two set aside, a minute apart, an hour ago", 30, 0.25, 2, 3600)
		now = w.clock.Time().Add(-time.Hour)
		mustSay("by a clock that is behind", 30, 0.25, 2, 0)
		head = -1
		mustSay("when the log cannot be read", 30, math.NaN(), 2, 0)
		w.exec(`DROP TABLE dead_letters`)
		mustSay("when the tables cannot be asked", 30, math.NaN(), math.NaN(), math.NaN())
	})
}
