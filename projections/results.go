package projections

import (
	"context"
	"fmt"

	"resultlog/core"
)

// Results is the read table of results: one row each, as its last submission left it (contract §2.2).
type Results struct{}

// resultChange is what a batch does to one result. Without a submission in the batch, only what ResultLinked and PersonalErased change is set.
type resultChange struct {
	core.ResultView
	submitted bool
}

// submitResult replaces everything but id and created_at, which the event repeats.
var submitResult = newRowStatement("uuid uuid uuid text text text text text bigint bool text text bigint text text text text bigint bigint bigint bigint bigint", `
	INSERT INTO results (tenant_id, id, activity_id, source, status, provider_activity_id, commerce_external_id, external_status, occurred_at, hard_override,
		result, contact_type, future_scheduled_at, comment, operator_external_id, raw_payload, payload, erased_at, created_at, updated_at, version, last_position)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
	ON CONFLICT (tenant_id, id) DO UPDATE SET activity_id = excluded.activity_id, source = excluded.source, status = excluded.status,
		provider_activity_id = excluded.provider_activity_id, commerce_external_id = excluded.commerce_external_id, external_status = excluded.external_status,
		occurred_at = excluded.occurred_at, hard_override = excluded.hard_override, result = excluded.result, contact_type = excluded.contact_type,
		future_scheduled_at = excluded.future_scheduled_at, comment = excluded.comment, operator_external_id = excluded.operator_external_id,
		raw_payload = excluded.raw_payload, payload = excluded.payload, erased_at = excluded.erased_at, updated_at = excluded.updated_at, version = excluded.version,
		last_position = excluded.last_position
	WHERE results.version < excluded.version`)

// linkResult leaves updated_at alone: linking is not a submission (contract §2.1).
var linkResult = newRowStatement("uuid uuid uuid text bigint bigint", `
	UPDATE results SET activity_id = $3, source = $4, version = $5, last_position = $6
	WHERE tenant_id = $1 AND id = $2 AND version < $5`)

// eraseResult empties what is personal, and links if the batch does that too: two statements for one row would have to come in their order, and of many rows each may come in another.
var eraseResult = newRowStatement("uuid uuid uuid text bigint bigint bigint", `
	UPDATE results SET activity_id = coalesce($3, activity_id), source = coalesce($4, source), comment = NULL, operator_external_id = NULL, raw_payload = NULL, payload = NULL,
		erased_at = $5, version = $6, last_position = $7
	WHERE tenant_id = $1 AND id = $2 AND version < $6`)

// Name implements Projection.
func (Results) Name() string { return "results" }

// Reset implements Projection.
func (Results) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM results`)
	return err
}

// Apply implements Projection.
func (Results) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	changes, err := foldResults(batch)
	if err != nil {
		return err
	}
	return changes.write(ctx, tx, "result", (*resultChange).write)
}

func foldResults(batch []core.Recorded) (folded[resultChange], error) {
	var changes folded[resultChange]
	for _, r := range batch {
		switch r.Event.(type) {
		case core.ResultSubmitted, core.ResultLinked, core.PersonalErased:
			c := changes.row(r.Stream)
			if err := c.Fold(r); err != nil {
				return changes, fmt.Errorf("event at position %d: %w", r.Position, err)
			}
			c.submitted = c.submitted || r.Event.Type() == core.ResultSubmitted{}.Type()
		}
	}
	return changes, nil
}

func (c *resultChange) write(w *writer, key core.Stream) {
	switch {
	case c.submitted:
		c.replace(w, key)
	case c.ErasedAt != nil:
		w.must(eraseResult, uuidOf(key.Tenant), uuidOf(key.ID), uuidOf(c.ActivityID), textOf(c.Source), instantOf(c.ErasedAt), int64(c.Version), int64(c.LastPosition))
	default:
		w.must(linkResult, uuidOf(key.Tenant), uuidOf(key.ID), uuidOf(c.ActivityID), string(c.Source), int64(c.Version), int64(c.LastPosition))
	}
}

func (c *resultChange) replace(w *writer, key core.Stream) {
	w.must(submitResult, uuidOf(key.Tenant), uuidOf(key.ID), uuidOf(c.ActivityID), string(c.Source), c.Status.String(), textOf(c.ProviderActivityID),
		c.CommerceExternalID, textOf(c.ExternalStatus), int64(c.OccurredAt), c.HardOverride,
		c.Result.String(), textOf(c.ContactType), instantOf(c.FutureScheduledAt), textOf(c.Personal.Comment), textOf(c.Personal.OperatorExternalID),
		jsonOf(c.Personal.RawPayload), jsonOf(c.Personal.Payload), instantOf(c.ErasedAt), int64(c.CreatedAt), int64(c.UpdatedAt), int64(c.Version), int64(c.LastPosition))
}
