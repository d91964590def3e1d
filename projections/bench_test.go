package projections_test

import (
	"log/slog"
	"math/rand/v2"
	"testing"

	"resultlog/projections"
)

// BenchmarkCatchUp rebuilds the tables from a log of some ten thousand events: decode, fold, two tables, checkpoint.
func BenchmarkCatchUp(b *testing.B) {
	w := sqliteWorld(b)
	w.fill(rand.New(rand.NewPCG(40, 1)), 20_000)
	cfg := w.config(w.tables)
	cfg.Logger = slog.New(slog.DiscardHandler)
	for b.Loop() {
		if err := projections.Rebuild(b.Context(), cfg, w.machine.Head(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(w.machine.Head())/b.Elapsed().Seconds(), "events/s")
}
