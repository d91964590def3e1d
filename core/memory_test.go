package core

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestMemory: an activity that a result has closed takes no more memory than is promised, with its key and its provider id, however full the last of everything is.
func TestMemory(t *testing.T) {
	const activities, most = 60_000, 150
	m := NewMachine()
	for i := range activities {
		for _, r := range closedActivity(i) {
			if err := m.Replay(r); err != nil {
				t.Fatal(err)
			}
		}
		if n := i + 1; n >= activities/2 && m.Holding().Bytes > n*most {
			t.Fatalf("%d activities take %d bytes, which is more than %d each", n, m.Holding().Bytes, most)
		}
	}
	want := Holding{Activities: activities, Results: activities, Names: 2 * activities, Tenants: 1, Bytes: m.Holding().Bytes}
	if got := m.Holding(); got != want {
		t.Errorf("it holds %+v, want %+v", got, want)
	}
	const keys = 1000
	for i := range keys {
		m.base.keys.add(recordedKey{KeyName(benchID('k', i)), Position(i + 1)})
	}
	if got := m.Holding(); got.Keys != keys || got.Bytes < want.Bytes+keys*2*keyBytes {
		t.Errorf("with %d idempotency keys it takes %d bytes more", got.Keys, got.Bytes-want.Bytes)
	}
}

// BenchmarkMemory is what a machine keeps of an activity that was created with an idempotency_key and a provider id and was completed by a result, as B/activity of heap; and what the garbage
// collector takes to go over a million of them, of which it has nothing to free.
func BenchmarkMemory(b *testing.B) {
	const activities = 1_000_000
	for b.Loop() {
		before := heapInUse()
		m := NewMachine()
		for i := range activities {
			for _, r := range closedActivity(i) {
				if err := m.Replay(r); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(heapInUse()-before)/activities, "B/activity")
		begin := time.Now()
		runtime.GC()
		b.ReportMetric(float64(time.Since(begin).Microseconds()), "µs/GC")
		runtime.KeepAlive(m)
	}
}

// heapInUse is what is left on the heap when everything is gone that nobody needs.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// closedActivity is what the log says of the n-th activity, if there is nothing else in it.
func closedActivity(n int) []Recorded {
	tenant, activity, result := benchID('t', 1), benchID('a', n), benchID('b', n)
	events := []Event{
		ActivityCreated{activity, ActivityDetails{ActivityType: Task, IdempotencyKey: fmt.Sprint("key-", n), ProviderActivityID: fmt.Sprint("ext-", n)}},
		ResultSubmitted{ResultID: result, Source: RetenActivity, ActivityID: activity, CreatedAt: start, Submission: Submission{Status: ResultCompleted, Result: "success"}},
		ActivityTransitioned{ActivityID: activity, From: ActivityReady, To: ActivityCompleted, Reason: ByResult, ResultID: result},
	}
	recorded := make([]Recorded, len(events))
	for i, e := range events {
		position := Position(n*len(events) + i + 1)
		recorded[i] = Recorded{
			Position: position, TenantPosition: position, Stream: Stream{tenant, e.StreamID()}, Version: 1, EventID: benchID('e', int(position)), RecordedAt: start, Event: e,
		}
	}
	recorded[2].Version = 2
	return recorded
}
