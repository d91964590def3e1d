package projections

import (
	"context"
	"fmt"
	"slices"

	"resultlog/core"
)

// TaskResultTypes is the read table of how tenants have the catalogue: a row for each code that a tenant has configured (contract §2.8).
type TaskResultTypes struct{}

// configureType replaces what was configured before.
var configureType = newRowStatement("uuid text bool text bigint bigint bigint", `
	INSERT INTO task_result_types (tenant_id, code, is_active, classification, updated_at, version, last_position) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (tenant_id, code) DO UPDATE SET is_active = excluded.is_active, classification = excluded.classification, updated_at = excluded.updated_at,
		version = excluded.version, last_position = excluded.last_position
	WHERE task_result_types.version < excluded.version`)

// Name implements Projection.
func (TaskResultTypes) Name() string { return "task_result_types" }

// Reset implements Projection.
func (TaskResultTypes) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM task_result_types`)
	return err
}

// Apply implements Projection.
func (TaskResultTypes) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	w := newWriter(ctx, tx)
	last := lastConfigured(batch)
	for _, r := range last {
		e := r.Event.(core.ResultTypeConfigured)
		w.must(configureType, uuidOf(r.Stream.Tenant), e.Code.String(), e.Active, textOf(nameOf(e.Classification)), int64(r.RecordedAt), int64(r.Version), int64(r.TenantPosition))
	}
	if err := w.flush(); err != nil {
		return fmt.Errorf("%s: %w", oneOfRows(len(last), "result type", last[0].Event.(core.ResultTypeConfigured).Code), err)
	}
	return nil
}

// lastConfigured gives, for each code of each tenant, the last event of a batch that configures it.
func lastConfigured(batch []core.Recorded) (last []core.Recorded) {
	type row struct {
		tenant core.ID
		code   core.ResultCode
	}
	seen := make(map[row]bool)
	for _, r := range slices.Backward(batch) {
		e, ok := r.Event.(core.ResultTypeConfigured)
		if key := (row{r.Stream.Tenant, e.Code}); ok && !seen[key] {
			seen[key] = true
			last = append(last, r)
		}
	}
	return last
}
