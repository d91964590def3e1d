package postgres

import "github.com/prometheus/client_golang/prometheus"

// Collectors lists the metrics of the connections to the log, to be registered where everything is wired.
func (l *Log) Collectors() []prometheus.Collector { return []prometheus.Collector{l.opened} }

func newOpened() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: "resultlog_log_connections_total", Help: "Connections to PostgreSQL that this node has opened to append: each after the first means that one was lost.",
	})
}
