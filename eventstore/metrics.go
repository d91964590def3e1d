package eventstore

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are what the sequencer tells about itself. Names follow Prometheus's rules: base units, _total for counters.
type Metrics struct {
	batchSize     prometheus.Histogram
	appendSeconds prometheus.Histogram
	events        prometheus.Counter
	replays       prometheus.Counter
	failures      *prometheus.CounterVec
	head          prometheus.Gauge
	replaySeconds prometheus.Gauge
	queueDepth    prometheus.GaugeFunc
}

func newMetrics(depth func() int) *Metrics {
	m := &Metrics{
		batchSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "resultlog_batch_commands", Help: "Commands decided in one commit, the refused included.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10), // 1 to MaxBatch
		}),
		appendSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "resultlog_append_seconds", Help: "Time of one turn of the sequencer: write lock, deciding, commit.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 2, 15), // 0.25 ms to 4 s
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_events_appended_total", Help: "Events made durable by this node.",
		}),
		replays: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_idempotent_replays_total", Help: "Requests that were answered with the answer of an earlier one, by their Idempotency-Key.",
		}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "resultlog_append_failures_total", Help: "Appends that failed: definite (nothing was written) or indefinite (the commit's answer was lost).",
		}, []string{"kind"}),
		head: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "resultlog_log_head", Help: "Position of the last event that this node knows to be durable.",
		}),
		replaySeconds: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "resultlog_replay_seconds", Help: "Time that replaying the log took at start.",
		}),
		queueDepth: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "resultlog_queue_depth", Help: "Commands waiting to be decided.",
		}, func() float64 { return float64(depth()) }),
	}
	for _, kind := range []string{definite, indefinite} { // from the start, so that the first failure is an increase
		m.failures.WithLabelValues(kind)
	}
	return m
}

// The kinds of failure, as a label.
const (
	definite   = "definite"
	indefinite = "indefinite"
)

// Collectors lists the metrics, to be registered where everything is wired.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.batchSize, m.appendSeconds, m.events, m.replays, m.failures, m.head, m.replaySeconds, m.queueDepth}
}

func (m *Metrics) committed(commands, events int, took time.Duration) {
	m.batchSize.Observe(float64(commands))
	m.appendSeconds.Observe(took.Seconds())
	m.events.Add(float64(events))
}
