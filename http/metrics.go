package httpapi

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// Metrics is what this package counts. Every label has few values: routes are patterns, and all that match none are one.
type Metrics struct {
	requests    *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	submissions *prometheus.CounterVec
	refusals    *prometheus.CounterVec
	streams     *prometheus.GaugeVec

	unmatched *durations
	tenants   *tenantLabels // nil: submissions are not counted by tenant
}

// NewMetrics makes the metrics; whoever shows them registers Collectors.
func NewMetrics() *Metrics {
	m := newMetrics("status", "source")
	for _, status := range []core.ResultStatus{core.ResultPending, core.ResultCompleted, core.ResultNotExecuted, core.ResultCanceled, core.ResultTransferred} {
		for _, source := range []core.Source{core.RetenActivity, core.Standalone} {
			m.submissions.WithLabelValues(status.String(), string(source))
		}
	}
	return m
}

// NewMetricsByTenant makes metrics that also count whose submissions they are, of MaxTenantLabels tenants one by one.
func NewMetricsByTenant() *Metrics {
	m := newMetrics("status", "source", "tenant")
	m.tenants = &tenantLabels{texts: make(map[core.ID]string)}
	return m
}

// newMetrics makes the metrics, all series from the start whose labels are known, so that the first of each is an increase.
func newMetrics(submissionLabels ...string) *Metrics {
	m := &Metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "resultlog_http_request_duration_seconds", Help: "Time from a request's headers to its answer, or to the beginning of one that streams, by route pattern, method and class of status.",
			// From a request that is refused at the door, through a group commit (1 to 30 ms), to the longest wait there is.
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "resultlog_http_requests_in_flight", Help: "Requests that are being answered."}),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "resultlog_submissions_total", Help: "Accepted submissions of results, by result status and source; and by tenant, if that is wanted.",
		}, submissionLabels),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "resultlog_refusals_total", Help: "Requests, and items of batches, answered with an error, by the code in its body.",
		}, []string{"code"}),
	}
	m.streams = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "resultlog_event_streams", Help: "Answers that stream a tenant's events, by kind: exports, and tails that go on."}, []string{"kind"})
	for _, kind := range []string{exportKind, tailKind} {
		m.streams.WithLabelValues(kind)
	}
	m.unmatched = m.durationsOf("any", unmatched) // the method of such a request can be anything
	for code := range problems {
		m.refusals.WithLabelValues(string(code))
	}
	return m
}

// Collectors gives everything to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.inFlight, m.submissions, m.refusals, m.streams}
}

// submitted counts an accepted submission.
func (m *Metrics) submitted(r core.Recorded) {
	e, ok := r.Event.(core.ResultSubmitted)
	switch {
	case !ok:
	case m.tenants == nil:
		m.submissions.WithLabelValues(e.Status.String(), string(e.Source)).Inc()
	default:
		m.submissions.WithLabelValues(e.Status.String(), string(e.Source), m.tenants.of(r.Stream.Tenant)).Inc()
	}
}

const (
	// MaxTenantLabels is how many tenants are counted one by one: ten series each, and a Prometheus server has a few million in all.
	MaxTenantLabels = 1000

	// otherTenants is the label of all those that come when there are as many.
	otherTenants = "other"
)

// tenantLabels gives tenants their label. It remembers no more of them than have one.
type tenantLabels struct {
	mu    sync.Mutex
	texts map[core.ID]string
}

func (l *tenantLabels) of(tenant core.ID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, known := l.texts[tenant]
	switch {
	case known:
		return text
	case len(l.texts) == MaxTenantLabels:
		return otherTenants
	}
	text = tenant.String()
	l.texts[tenant] = text
	return text
}

// durations are the observers of one route, by class of status: found once, when the route is registered.
type durations struct{ success, refusal, failure, other prometheus.Observer }

func (m *Metrics) durationsOf(method, pattern string) *durations {
	of := func(class string) prometheus.Observer { return m.requests.WithLabelValues(pattern, method, class) }
	return &durations{success: of("2xx"), refusal: of("4xx"), failure: of("5xx"), other: of("other")}
}

func (d *durations) observe(status int, took time.Duration) {
	o := d.other // nothing was answered
	switch status / 100 {
	case 2:
		o = d.success
	case 4:
		o = d.refusal
	case 5:
		o = d.failure
	}
	o.Observe(took.Seconds())
}
