package audit_test

import (
	"iter"
	"math/rand/v2"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// BenchmarkVerify is one event of a log of 100,000, as random commands make it, read from memory, prepared and verified with a checkpoint of every thousand. Each round takes a whole log.
func BenchmarkVerify(b *testing.B) {
	const size = 100_000
	s := newScribe(rand.New(rand.NewPCG(1, 5)), 20)
	var rows []eventstore.Row
	for len(rows) < size {
		for _, r := range s.commit() {
			rows = append(rows, eventstore.ToRow(r))
		}
	}
	read := iter.Seq2[eventstore.Row, error](sequence(rows)(0))
	prepare := func(row eventstore.Row) audit.Prepared { return audit.Prepare(row.Entry, row.Slim) }
	b.ReportAllocs()
	events := int64(0)
	for b.Loop() {
		v := audit.NewVerifier(audit.Verification{Found: func(f audit.Finding) { b.Fatal(f) }})
		for p, err := range audit.InOrder(b.Context(), read, prepare) {
			if err != nil {
				b.Fatal(err)
			}
			if err := v.Next(b.Context(), p); err != nil {
				b.Fatal(err)
			}
		}
		if err := v.End(b.Context()); err != nil {
			b.Fatal(err)
		}
		events += v.Events()
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}

// BenchmarkPrepare is one event of that log prepared: what all processors share.
func BenchmarkPrepare(b *testing.B) {
	rows := newHistory(rand.New(rand.NewPCG(1, 5)), 1000).rows()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if p := audit.Prepare(rows[n].Entry, rows[n].Slim); p.Err != nil || p.Leaf == (core.Digest{}) {
			b.Fatal(p.Err)
		}
		n = (n + 1) % len(rows)
	}
}
