package projections

import (
	"context"
	"database/sql"
	"fmt"

	"resultlog/core"
)

// TaskResultTypes is the read table of how tenants have the catalogue: a row for each code that a tenant has configured (contract §2.8).
type TaskResultTypes struct{}

// configureType replaces what was configured before.
const configureType = `
	INSERT INTO task_result_types (tenant_id, code, is_active, classification, updated_at, version, last_position) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (tenant_id, code) DO UPDATE SET is_active = excluded.is_active, classification = excluded.classification, updated_at = excluded.updated_at,
		version = excluded.version, last_position = excluded.last_position
	WHERE task_result_types.version < excluded.version`

// Name implements Projection.
func (TaskResultTypes) Name() string { return "task_result_types" }

// Reset implements Projection.
func (TaskResultTypes) Reset(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM task_result_types`)
	return err
}

// Apply implements Projection. It writes event by event: nobody configures so much that gathering it first would pay.
func (TaskResultTypes) Apply(ctx context.Context, tx *sql.Tx, batch []core.Recorded) error {
	w := newWriter(ctx, tx)
	defer w.close()
	for _, r := range batch {
		e, ok := r.Event.(core.ResultTypeConfigured)
		if !ok {
			continue
		}
		err := w.must(configureType, idOf(r.Stream.Tenant), e.Code.String(), e.Active, textOf(nameOf(e.Classification)), int64(r.RecordedAt), int64(r.Version), int64(r.TenantPosition))
		if err != nil {
			return fmt.Errorf("event at position %d: result type %s: %w", r.Position, e.Code, err)
		}
	}
	return nil
}
