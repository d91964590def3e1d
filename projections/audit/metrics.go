package audit

import "github.com/prometheus/client_golang/prometheus"

// Collectors are the keeper's metrics, for whoever registers them.
func (k *Keeper) Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "resultlog_audit_position",
			Help: "Position in the log up to which events are in their tenants' trees. Beside resultlog_log_head it shows how far proofs are behind; standing still, that the trees stopped at what they cannot read.",
		}, func() float64 { return float64(k.position.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "resultlog_audit_signed_timestamp_seconds",
			Help: "When this node signed a checkpoint last, in seconds since 1970; 0 if it has not. On several nodes one of them signs at a time.",
		}, func() float64 { return float64(k.signedAt.Load()) / 1000 }),
	}
}
