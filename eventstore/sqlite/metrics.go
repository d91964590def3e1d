package sqlite

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
)

// Collectors lists the metrics of the log's file, to be registered where everything is wired.
func (l *Log) Collectors() []prometheus.Collector {
	return []prometheus.Collector{prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "resultlog_log_wal_bytes", Help: "Size of the log's write-ahead file. It grows while somebody reads from an old snapshot, and costs reads when it is large.",
	}, func() float64 {
		info, err := os.Stat(l.path + "-wal") // a stat opens nothing, and so touches no lock
		if err != nil {
			return 0 // a log that nobody has open has none
		}
		return float64(info.Size())
	})}
}
