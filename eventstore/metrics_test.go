package eventstore_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
)

// gathered are a node's metrics by name and label: of a histogram, how often something was observed.
func gathered(t *testing.T, n *node) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(n.Metrics().Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.Metric {
			name := f.GetName()
			for _, label := range m.Label {
				name += " " + label.GetValue()
			}
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()) // those that it is not say 0
		}
	}
	return all
}

// Two nodes share a log: each counts what it did itself, and what it met of the other's.
func TestMetricsTellWhatANodeDid(t *testing.T) {
	log := eventstoretest.NewFaulty(newMemory())
	quiet := eventstore.SequencerConfig{Log: log, Follow: time.Hour} // so that only turns catch up
	b := startWith(t, quiet)
	submitAll(t.Context(), b, standalone("zero"))
	a := startWith(t, quiet) // which replays that before it decides anything
	submitAll(t.Context(), a, standalone("one"))
	submitAll(t.Context(), a, standalone("two"))
	submitAll(t.Context(), b, standalone("three")) // which meets two events
	submitAll(t.Context(), b, standalone("one"))   // which is refused
	log.Next(eventstoretest.LosesWritten)
	submitAll(t.Context(), b, standalone("four"))
	log.Next(eventstoretest.FailsBeforeCommit)
	submitAll(t.Context(), b, standalone("five"))

	for node, want := range map[*node]map[string]float64{
		a: {
			"resultlog_commits_total": 2, "resultlog_events_appended_total": 2, "resultlog_decide_seconds": 2, "resultlog_append_seconds": 2, "resultlog_conflicts_caught_up_total": 0,
			"resultlog_events_caught_up_total": 0, "resultlog_guard_refusals_total temporal": 0, "resultlog_guard_refusals_total state": 0, "resultlog_log_head": 3, "resultlog_machine_results": 3,
			"resultlog_machine_activities": 0, "resultlog_queue_depth": 0,
		},
		b: {
			"resultlog_commits_total": 3, "resultlog_events_appended_total": 3, "resultlog_decide_seconds": 5, "resultlog_conflicts_caught_up_total": 1, "resultlog_events_caught_up_total": 2,
			"resultlog_guard_refusals_total temporal": 1, "resultlog_guard_refusals_total state": 0, "resultlog_log_head": 5, "resultlog_machine_results": 5,
			"resultlog_append_failures_total definite": 1, "resultlog_append_failures_total indefinite": 1,
		},
	} {
		got := gathered(t, node)
		for name, value := range want {
			if have, ok := got[name]; !ok || have != value {
				t.Errorf("%s is %v, want %v", name, have, value)
			}
		}
	}
}

// TestBytesOfTheMachine: what is told of the memory that the state takes is what it takes.
func TestBytesOfTheMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine alone: make test runs it")
	}
	const results = 100_000
	log := newMemory()
	machine := core.NewMachine()
	for i := range results {
		c := standalone(fmt.Sprint("provider-", i))
		c.At = core.Instant(i)
		if _, err := machine.Step(c); err != nil {
			t.Fatal(err)
		}
		if i%500 == 499 {
			appendAll(t, log, machine)
		}
	}
	before := heap()
	n := start(t, log)
	submitAll(t.Context(), n, standalone("afterwards")) // it is answered when the log has been replayed
	took := float64(heap() - before)
	told := gathered(t, n)["resultlog_machine_bytes"]
	if ratio := told / took; ratio < 0.9 || ratio > 1.1 { // beside it, the heap has what the sequencer works with
		t.Errorf("%d results are told to take %.1f MB, and the heap has grown by %.1f MB", results, told/1e6, took/1e6)
	}
	t.Logf("told %.1f MB, measured %.1f MB", told/1e6, took/1e6)
}

func appendAll(t *testing.T, log eventstore.Log, machine *core.Machine) {
	t.Helper()
	pending := machine.Pending()
	if err := log.Append(t.Context(), machine.Head(), func(time.Time, []core.Recorded) ([]core.Recorded, error) { return pending, nil }); err != nil {
		t.Fatal(err)
	}
	machine.Commit()
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
