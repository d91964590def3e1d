package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/sqlite"
)

// BenchmarkTick keeps the trees over a log of events of usual sizes in SQLite: what each event costs beside its commit and its projection.
func BenchmarkTick(b *testing.B) {
	const events = 50_000
	log, err := sqlite.OpenLog(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	rows := make([]eventstore.Row, 0, eventstore.MaxBatch)
	for n := core.Position(1); n <= events; n++ {
		rows = append(rows, eventstore.Row{Entry: core.Entry{
			Position: n, TenantID: id(1), TenantPosition: n, StreamID: id(uint64(n)), Version: 1, EventID: id(uint64(n)), Type: "ResultSubmitted", SchemaVersion: 1,
			Data: fmt.Appendf(nil, `{"n":"%s"}`, strings.Repeat("x", 450)), Personal: []byte(strings.Repeat("p", 150)), Metadata: fmt.Appendf(nil, `{"m":"%s"}`, strings.Repeat("m", 120)), RecordedAt: core.Instant(n),
		}})
		if len(rows) == cap(rows) || n == events {
			if err := log.AppendRows(b.Context(), rows); err != nil {
				b.Fatal(err)
			}
			rows = rows[:0]
		}
	}
	key := newKey(b)
	for b.Loop() {
		b.StopTimer()
		keeper := newKeeper(b, sqliteTables(b), log, key)
		b.StartTimer()
		mustTick(b, keeper)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}

// BenchmarkFeed is what each event costs of the node that appends it, beside its commit and its projection: handed over in commits, made a leaf of, put into the tree, signed.
func BenchmarkFeed(b *testing.B) {
	const count, each = 50_000, 250
	log := new(events)
	for n := core.Position(1); n <= count; n++ {
		log.all = append(log.all, core.Entry{
			Position: n, TenantID: id(1), TenantPosition: n, StreamID: id(uint64(n)), Version: 1, EventID: id(uint64(n)), Type: "ResultSubmitted", SchemaVersion: 1,
			Data: fmt.Appendf(nil, `{"n":"%s"}`, strings.Repeat("x", 450)), Metadata: fmt.Appendf(nil, `{"m":"%s"}`, strings.Repeat("m", 120)), RecordedAt: core.Instant(n),
		})
	}
	appended, all, key := log.recorded(0), log.all, newKey(b)
	for b.Loop() {
		b.StopTimer()
		log.all = nil
		keeper := newKeeper(b, sqliteTables(b), log, key)
		b.StartTimer()
		for n := 0; n < count; n += each {
			log.all = all[:n+each]
			keeper.Feed(appended[n : n+each])
			if n%(40*each) == 0 { // ten thousand events a second
				mustTick(b, keeper)
			}
		}
		mustTick(b, keeper)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/event")
}
