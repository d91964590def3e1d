package projections_test

import (
	"testing"

	"resultlog/projections"
)

// BenchmarkResultDaily is what a day's figures cost when they are counted as they are asked for (docs/decisions/0015-analytics.md): over all days of a tenant, and of one of two tenants by its id.
func BenchmarkResultDaily(b *testing.B) {
	const rows = 1_000_000
	for _, e := range []engine{onSQLite, onPostgres} {
		b.Run(e.name, func(b *testing.B) {
			w := e.newWorld(b)
			w.viewed()
			w.unlimited(func(tx *projections.Tx) {
				for _, tenant := range tenants {
					if _, err := tx.Exec(w.engine.crowd[0], rows/len(tenants), tenant[:], int64(w.clock)); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := tx.Exec(`ANALYZE results`); err != nil {
					b.Fatal(err)
				}
			})
			for name, query := range map[string]string{
				"all": `SELECT sum(results) FROM analytics.result_daily`, "tenant": `SELECT sum(results) FROM analytics.result_daily WHERE tenant_id = '` + tenants[1].String() + `'`,
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						w.query(w.inView(query))
					}
					b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/query")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// unlimited is a transaction on the tables that may take its time.
func (w *world) unlimited(do func(*projections.Tx)) {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if w.tables.Write.Unlimited != "" {
		if _, err := tx.Exec(w.tables.Write.Unlimited); err != nil {
			w.t.Fatal(err)
		}
	}
	do(tx)
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}
