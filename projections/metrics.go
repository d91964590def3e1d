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
	skipped  prometheus.Counter
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
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "resultlog_projection_skipped_total",
			Help: "Positions after the checkpoint of the read tables at which the log had no event: the tables stop before them, rather than skip them. It must stay 0.",
		}),
	}
	if barrier != nil {
		m.gauges = append(append(barrier.lagGauges(), barrier.progressGauges()...), deadLetters{barrier})
	}
	return m
}

// Collectors lists the metrics, to be registered where everything is wired.
func (m *Metrics) Collectors() []prometheus.Collector {
	return append([]prometheus.Collector{m.batch, m.events, m.apply, m.delay, m.failures, m.parked, m.skipped}, m.gauges...)
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

func (b *Barrier) progressGauges() []prometheus.Collector {
	return []prometheus.Collector{
		atScrape("resultlog_projection_checkpoint", "Position in the log up to which the read tables hold it.", func(ctx context.Context) (float64, error) {
			position, err := checkpointOf(ctx, b.Checkpoint.db)
			return float64(position), err
		}),
		atScrape("resultlog_rebuild_progress_ratio", "Share of the log that the read tables hold, from 0 to 1: how far a rebuild in place has come. One that is done online shows its own progress, and leaves this at 1.",
			func(ctx context.Context) (float64, error) {
				head, position, err := b.look(ctx)
				if err != nil || head == 0 {
					return 1, err
				}
				return min(1, float64(position)/float64(head)), nil
			}),
	}
}

// deadLetters tells of what was set aside, by one look at each scrape.
type deadLetters struct{ *Barrier }

var (
	deadLettersDesc      = prometheus.NewDesc("resultlog_projection_dead_letters", "Events in dead_letters, waiting for somebody.", nil, nil)
	oldestDeadLetterDesc = prometheus.NewDesc("resultlog_projection_oldest_dead_letter_age_seconds", "Time since the oldest event in dead_letters was set aside; 0 if there is none.", nil, nil)
)

// Describe implements prometheus.Collector.
func (deadLetters) Describe(to chan<- *prometheus.Desc) {
	to <- deadLettersDesc
	to <- oldestDeadLetterDesc
}

// Collect implements prometheus.Collector; NaN says that the tables could not be asked.
func (d deadLetters) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	n, age := math.NaN(), math.NaN()
	if count, oldest, err := deadLettersOf(ctx, d.Checkpoint.db); err == nil {
		n, age = float64(count), 0
		if count > 0 {
			age = max(0, d.Now().Sub(oldest.Time()).Seconds())
		}
	}
	to <- prometheus.MustNewConstMetric(deadLettersDesc, prometheus.GaugeValue, n)
	to <- prometheus.MustNewConstMetric(oldestDeadLetterDesc, prometheus.GaugeValue, age)
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
