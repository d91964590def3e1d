package projections

import (
	"context"
	"fmt"

	"resultlog/core"
)

// Submissions is the read table of accepted submissions: one row for each, where Results keeps the last of each result (contract §2.2). Nothing but an erasure changes a row.
type Submissions struct{}

// addSubmission takes no conflict: an event is recorded once, and a second time means that events were applied twice.
var addSubmission = newRowStatement("uuid uuid bigint uuid uuid text text text text text text text text bigint bigint bool bool bigint bigint", `
	INSERT INTO submissions (tenant_id, result_id, version, event_id, activity_id, source, status, result, contact_type, provider_activity_id, commerce_external_id,
		external_status, operator_external_id, occurred_at, future_scheduled_at, hard_override, overridden, recorded_at, position)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`)

// emptyOperators finds the rows of a result before a version by the key.
const emptyOperators = `
	UPDATE submissions SET operator_external_id = NULL WHERE tenant_id = $1 AND result_id = $2 AND version < $3 AND operator_external_id IS NOT NULL`

// Name implements Projection.
func (Submissions) Name() string { return "submissions" }

// Reset implements Projection.
func (Submissions) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM submissions`)
	return err
}

// Apply implements Projection.
func (Submissions) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	w := newWriter(ctx, tx)
	for _, r := range batch {
		var err error
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			err = addTo(w, r, e)
		case core.PersonalErased:
			if err = w.flush(); err == nil { // rows of this batch may hold what is erased
				_, err = tx.ExecContext(context.WithoutCancel(ctx), emptyOperators, idOf(r.Stream.Tenant), idOf(r.Stream.ID), int64(r.Version))
			}
		}
		if err != nil {
			return fmt.Errorf("event at position %d: %w", r.Position, err)
		}
	}
	return w.flush()
}

// addTo writes the row of a submission.
func addTo(w *writer, r core.Recorded, e core.ResultSubmitted) error {
	var v core.ResultView // as the submission alone leaves it, which replaces everything
	if err := v.Fold(r); err != nil {
		return err
	}
	w.must(addSubmission, uuidOf(r.Stream.Tenant), uuidOf(v.ID), int64(v.Version), r.EventID, uuidOf(v.ActivityID), string(v.Source), v.Status.String(), v.Result.String(),
		textOf(v.ContactType), textOf(v.ProviderActivityID), v.CommerceExternalID, textOf(v.ExternalStatus), textOf(v.Personal.OperatorExternalID), int64(v.OccurredAt),
		instantOf(v.FutureScheduledAt), v.HardOverride, e.Overridden, int64(v.UpdatedAt), int64(v.LastPosition))
	return nil
}
