package eventstore

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// Metrics are what the sequencer tells about itself. Names follow Prometheus's rules: base units, _total for counters.
type Metrics struct {
	batchSize     prometheus.Histogram
	appendSeconds prometheus.Histogram
	decideSeconds prometheus.Histogram
	commits       prometheus.Counter
	events        prometheus.Counter
	replays       prometheus.Counter
	refusals      *prometheus.CounterVec
	failures      *prometheus.CounterVec
	conflicts     prometheus.Counter
	caughtUp      prometheus.Counter
	head          prometheus.Gauge
	replaySeconds prometheus.Gauge
	queueDepth    prometheus.GaugeFunc
	activities    prometheus.Gauge
	results       prometheus.Gauge
	bytes         prometheus.Gauge
}

func newMetrics(depth func() int) *Metrics {
	m := &Metrics{
		batchSize: histogram("resultlog_batch_commands", "Commands decided in one commit, the refused included.",
			prometheus.ExponentialBuckets(1, 2, 10)), // 1 to MaxBatch
		appendSeconds: histogram("resultlog_append_seconds", "Time of one turn of the sequencer: write lock, deciding, commit.",
			prometheus.ExponentialBuckets(0.00025, 2, 15)), // 0.25 ms to 4 s
		decideSeconds: histogram("resultlog_decide_seconds", "Time of deciding the commands of one turn, and of encoding their events, under the write lock.",
			prometheus.ExponentialBuckets(0.000004, 2, 15)), // 4 µs to 65 ms
		commits:       counter("resultlog_commits_total", "Commits by which this node made events durable."),
		events:        counter("resultlog_events_appended_total", "Events made durable by this node."),
		replays:       counter("resultlog_idempotent_replays_total", "Requests that were answered with the answer of an earlier one, by their Idempotency-Key."),
		refusals:      counters("resultlog_guard_refusals_total", "Commands that a guard refused when they were decided, by guard.", "guard"),
		failures:      counters("resultlog_append_failures_total", "Appends that failed: definite (nothing was written) or indefinite (the commit's answer was lost).", "kind"),
		conflicts:     counter("resultlog_conflicts_caught_up_total", "Turns of the sequencer that met events of other nodes in the log, and caught up with them before they decided."),
		caughtUp:      counter("resultlog_events_caught_up_total", "Events of other nodes that turns of the sequencer caught up with before they decided."),
		head:          gauge("resultlog_log_head", "Position of the last event that this node knows to be durable."),
		replaySeconds: gauge("resultlog_replay_seconds", "Time that replaying the log took at start."),
		activities:    gauge("resultlog_machine_activities", "Activities in this node's memory."),
		results:       gauge("resultlog_machine_results", "Results in this node's memory."),
		bytes:         gauge("resultlog_machine_bytes", "About how much of this node's memory is the state that it decides by: rows, and the room that their tables have to grow."),
		queueDepth: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "resultlog_queue_depth", Help: "Commands waiting to be decided.",
		}, func() float64 { return float64(depth()) }),
	}
	for _, kind := range []string{definite, indefinite} { // from the start, so that the first failure is an increase
		m.failures.WithLabelValues(kind)
	}
	for _, guard := range guards {
		m.refusals.WithLabelValues(guard)
	}
	return m
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

// The kinds of failure, as a label.
const (
	definite   = "definite"
	indefinite = "indefinite"
)

// guards are what refuses a command that is well-formed and whose sender may send it, by the code of the refusal (contract §2.1, §2.2, §2.7 to §2.9).
var guards = map[core.Code]string{
	core.CodeStaleResult:        "temporal",      // it did not occur after what is there was recorded
	core.CodeInvalidTransition:  "state",         // the result or the activity has come to its end
	core.CodeAmbiguousIDs:       "identity",      // its ids name two things
	core.CodeNotATask:           "activity_type", // messages take no results
	core.CodeNotReady:           "dispatch",      // only what is READY can be dispatched
	core.CodeDuplicateActivity:  "activity_key",  // one activity for each idempotency_key
	core.CodeProviderIDConflict: "provider_id",   // one activity for each provider id
	core.CodeKeyReused:          "idempotency",   // the Idempotency-Key came with another body
	core.CodeTooManyAPIKeys:     "api_keys",      // a tenant has as many as it may
	core.CodeAPIKeyRevoked:      "revocation",    // what is revoked is so for good
}

// Collectors lists the metrics, to be registered where everything is wired.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		m.batchSize, m.appendSeconds, m.decideSeconds, m.commits, m.events, m.replays, m.refusals, m.failures, m.conflicts, m.caughtUp, m.head, m.replaySeconds, m.queueDepth,
		m.activities, m.results, m.bytes,
	}
}

func (m *Metrics) committed(commands, events int, took time.Duration) {
	m.wrote(events)
	m.batchSize.Observe(float64(commands))
	m.appendSeconds.Observe(took.Seconds())
}

// wrote counts a commit, one whose answer was lost too.
func (m *Metrics) wrote(events int) {
	m.commits.Inc()
	m.events.Add(float64(events))
}

// refused counts what a guard has refused, once it is certain: a refusal may rest on what is not durable yet.
func (m *Metrics) refused(batch []*waiter) {
	for _, w := range batch {
		var refusal *core.Error
		if w.err == nil || !errors.As(w.err, &refusal) {
			continue
		}
		if guard, ok := guards[refusal.Code]; ok {
			m.refusals.WithLabelValues(guard).Inc()
		}
	}
}

// met counts events of other nodes that a turn has caught up with.
func (m *Metrics) met(events core.Position) {
	if events > 0 {
		m.conflicts.Inc()
		m.caughtUp.Add(float64(events))
	}
}

// advanced shows how far the machine has come, and what it holds.
func (m *Metrics) advanced(machine *core.Machine) {
	holding := machine.Holding()
	m.head.Set(float64(machine.Head()))
	m.activities.Set(float64(holding.Activities))
	m.results.Set(float64(holding.Results))
	m.bytes.Set(float64(holding.Bytes))
}
