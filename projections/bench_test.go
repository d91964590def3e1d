package projections_test

import (
	"fmt"
	"log/slog"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// BenchmarkCatchUp makes the tables from a log of tasks that were created, a hundred at a time, and then completed from the field: three events each, of a thousand commerces.
func BenchmarkCatchUp(b *testing.B) {
	for _, e := range []engine{onSQLite, onPostgres} {
		b.Run(e.name, func(b *testing.B) {
			w := e.newWorld(b)
			w.field(10_000)
			cfg := w.config(w.tables)
			cfg.Logger = slog.New(slog.DiscardHandler)
			topic := w.engine.topic
			topic.Most = 0 // as a server's
			cfg.Schema = w.topic(w.tables, topic)
			for b.Loop() {
				b.StopTimer()
				w.truncate()
				b.StartTimer()
				cfg.Checkpoint = projections.NewCheckpoint(w.tables.Read)
				running := w.run(cfg)
				w.caughtUp(running)
				if err := running.stop(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(w.machine.Head())/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// truncate makes the tables as good as new: rows that were deleted would be in the way on PostgreSQL.
func (w *world) truncate() {
	for _, p := range projections.All() {
		w.exec(map[string]string{onSQLite.name: `DELETE FROM `, onPostgres.name: `TRUNCATE `}[w.engine.name] + p.Name())
	}
	w.exec(`DELETE FROM checkpoints`)
}

// field is a log of so many tasks that the field has completed.
func (w *world) field(tasks int) {
	const atOnce = 100
	for n := 0; n < tasks; n += atOnce {
		var created, completed []core.Intent
		for i := n; i < n+atOnce; i++ {
			provider, commerce := fmt.Sprintf("ext-%07d", i), fmt.Sprintf("store-%04d", i%1000)
			task := w.task(provider)
			task.CommerceExternalID = commerce
			done := succeeding(w.failing(provider, ""))
			done.CommerceExternalID = commerce
			done.Personal = core.Personal{Comment: "Order placed successfully", OperatorExternalID: fmt.Sprint("op-", i%200), Payload: []byte(`{"order":"A-1","items":[1,2,3]}`)}.Seal()
			created, completed = append(created, task), append(completed, done)
		}
		w.do(tenants[0], created...)
		w.do(tenants[0], completed...)
	}
}
