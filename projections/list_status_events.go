package projections

import (
	"context"
	"database/sql"

	"resultlog/core"
)

// StatusEvents gives the statuses that an activity of a tenant came into, the oldest first; see Result for the error.
func (q *Queries) StatusEvents(ctx context.Context, after core.Position, tenant, activity core.ID) (events []core.StatusEventView, err error) {
	err = q.snapshot(ctx, after, func(tx *sql.Tx) error {
		if err := notParked(ctx, tx, tenant, activity); err != nil {
			return err
		}
		var there int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM activities WHERE tenant_id = $1 AND id = $2`, tenant[:], activity[:]).Scan(&there)
		if err != nil {
			return err
		}
		s := new(statement).add(`
			SELECT event_id, event_type, from_status, to_status, coalesce(error_code, ''), coalesce(error_message, ''), occurred_at
			FROM activity_transitions WHERE tenant_id = ? AND activity_id = ? ORDER BY version`, tenant[:], activity[:])
		events, err = scanAll(ctx, tx, s, func(rows *sql.Rows) (v core.StatusEventView, err error) {
			err = rows.Scan(intoID{&v.ID}, &v.EventType, intoOptionalName{&v.From}, intoName{&v.To}, &v.ErrorCode, &v.ErrorMessage, &v.OccurredAt)
			return v, err
		})
		return err
	})
	if err != nil {
		return nil, readError("activity", activity, err)
	}
	return events, nil
}
