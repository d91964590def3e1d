package projections

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds each query that a scrape makes: it should rather lack a number than hang.
const scrapeTimeout = time.Second

// Metrics are what the read tables tell about themselves. Names follow Prometheus's rules: base units, _total for counters.
type Metrics struct {
	batch    prometheus.Histogram
	events   prometheus.Counter
	apply    prometheus.Histogram
	delay    prometheus.Histogram
	failures prometheus.Counter
	parked   prometheus.Counter
	gauges   []prometheus.Collector
}

// NewMetrics makes the metrics. With a barrier they also tell, at each scrape, the lag and how many dead letters there are.
func NewMetrics(barrier *Barrier) *Metrics {
	m := &Metrics{
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "resultlog_projection_batch_events", Help: "Events in one committed delivery to the read tables.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 10), // 1 to 512
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_projection_events_total", Help: "Events delivered to the read tables and committed there, the parked included.",
		}),
		apply: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "resultlog_projection_apply_seconds", Help: "Time of applying one delivery to all read tables.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 2, 15), // 0.25 ms to 4 s
		}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "resultlog_projection_delay_seconds", Help: "From the recording of a delivery's oldest event until it was seen committed in the read tables.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 20), // 1 ms to 9 min
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_projection_failures_total", Help: "Deliveries to the read tables that failed and were, or will be, tried again.",
		}),
		parked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_projection_parked_total", Help: "Events set aside in dead_letters by this node.",
		}),
	}
	if barrier != nil {
		m.gauges = append(barrier.lagGauges(), barrier.deadLettersGauge())
	}
	return m
}

// Collectors lists the metrics, to be registered where everything is wired.
func (m *Metrics) Collectors() []prometheus.Collector {
	return append([]prometheus.Collector{m.batch, m.events, m.apply, m.delay, m.failures, m.parked}, m.gauges...)
}

func (m *Metrics) committed(w work, now time.Time) {
	m.batch.Observe(float64(w.events))
	m.events.Add(float64(w.events))
	m.apply.Observe(w.took.Seconds())
	m.delay.Observe(max(0, now.Sub(w.oldest.Time()).Seconds()))
	m.parked.Add(float64(w.parked))
}

func (b *Barrier) lagGauges() []prometheus.Collector {
	gauge := func(name, help string, of func(Lag) float64) prometheus.Collector {
		return atScrape(name, help, func(ctx context.Context) (float64, error) {
			lag, err := b.Lag(ctx)
			return of(lag), err
		})
	}
	return []prometheus.Collector{
		gauge("resultlog_projection_lag_events", "Events in the log that are not in the read tables yet.",
			func(l Lag) float64 { return float64(l.Events) }),
		gauge("resultlog_projection_lag_seconds", "Time since the first event was recorded that is in the log and not in the read tables yet; 0 if there is none.",
			func(l Lag) float64 { return l.Time.Seconds() }),
	}
}

func (b *Barrier) deadLettersGauge() prometheus.Collector {
	return atScrape("resultlog_projection_dead_letters", "Events in dead_letters, waiting for somebody.", func(ctx context.Context) (n float64, err error) {
		err = b.Checkpoint.db.QueryRowContext(ctx, `SELECT count(*) FROM dead_letters`).Scan(&n)
		return n, err
	})
}

// atScrape is a gauge that is looked up when it is asked for; NaN if that fails.
func atScrape(name, help string, look func(context.Context) (float64, error)) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
		defer cancel()
		n, err := look(ctx)
		if err != nil {
			return math.NaN()
		}
		return n
	})
}
