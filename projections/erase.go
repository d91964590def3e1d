package projections

import (
	"context"

	"resultlog/core"
)

// Erasure is that of a result's personal part: its event, and the activity that the result belongs to; none if it is standalone.
type Erasure struct {
	core.Recorded
	ActivityID core.ID
}

// erasedError takes the place of an error's text, which may quote what it is about.
const erasedError = "why it could not be applied was erased, with what may be about a person: resultlog deadletters retry tells it anew, if it still cannot be"

// Erase empties what the read tables hold of a result's personal part from before its erasure, whether or not they could apply that event: it is parked if another of its stream is, and the row then
// stays as it was before that one. Where they have applied it there is little left to do: the texts of errors in dead_letters. The tables must have come as far as the event, so that nothing of
// before it is on its way to them.
func Erase(ctx context.Context, tables Tables, e Erasure) error {
	tx, err := tables.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	tenant, result, before := idOf(e.Stream.Tenant), idOf(e.Stream.ID), int64(e.TenantPosition)
	_, err = tx.ExecContext(ctx, `UPDATE results SET comment = NULL, operator_external_id = NULL, raw_payload = NULL, payload = NULL WHERE tenant_id = $1 AND id = $2 AND version < $3`,
		tenant, result, int64(e.Version))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, emptyOperators, tenant, result, int64(e.Version)); err != nil {
		return err
	}
	streams := []any{result}
	if !e.ActivityID.IsZero() {
		streams = append(streams, idOf(e.ActivityID))
		if _, err := tx.ExecContext(ctx, emptyMessages, tenant, idOf(e.ActivityID), result, before); err != nil {
			return err
		}
	}
	for _, stream := range streams {
		_, err := tx.ExecContext(ctx, `UPDATE dead_letters SET error = $4 WHERE tenant_id = $1 AND stream_id = $2 AND tenant_position <= $3`, tenant, stream, before, erasedError)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
