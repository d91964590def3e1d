package projections_test

import (
	"testing"
	"time"

	"resultlog/core"
)

// BenchmarkComparison compares the tables of a log of 45,000 events: how fast they are folded into scratch tables, and how fast rows are compared then.
func BenchmarkComparison(b *testing.B) {
	for _, e := range []engine{onSQLite, onPostgres} {
		b.Run(e.name, func(b *testing.B) {
			w := e.newWorld(b)
			for range 100 { // creations, and the results that the field then sends, which move them: three events each
				var intents []core.Intent
				for range 150 {
					task := w.task("")
					s := succeeding(w.failing("", ""))
					s.SentActivityID = task.ActivityID
					s.Personal = core.Personal{Comment: "Order placed successfully", OperatorExternalID: "op-7", Payload: []byte(`{"order":"A-1"}`)}.Seal()
					intents = append(intents, task, s)
				}
				w.do(tenants[0], intents...)
			}
			w.projected()
			var folding, comparing time.Duration
			var rows, events int64
			for b.Loop() {
				c, _ := w.comparison()
				begin := time.Now()
				folded := begin
				c.Progress = func(done, _ core.Position) { folded = time.Now() }
				done, err := c.Compare(b.Context())
				if err != nil || done.Differences > 0 {
					b.Fatal(done, err)
				}
				folding, comparing = folding+folded.Sub(begin), comparing+time.Since(folded)
				rows, events = rows+done.Rows, events+int64(done.Position)
			}
			b.ReportMetric(float64(events)/folding.Seconds(), "events/s")
			b.ReportMetric(float64(rows)/comparing.Seconds(), "rows/s")
		})
	}
}
