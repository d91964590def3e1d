package projections

import (
	"context"
	"database/sql"
	"encoding"
	"errors"
	"fmt"

	"resultlog/core"
)

// Queries reads the read tables. All SQL that reads them for clients is in this file. Safe for concurrent use.
type Queries struct{ db *sql.DB }

// NewQueries makes queries over a pool that reads the read tables.
func NewQueries(read *sql.DB) *Queries { return &Queries{db: read} }

// Result gives one result of a tenant, from tables that hold everything up to a position. The error is a *core.Error of CodeReadsBehind if they do not, and of CodeNotFound if
// the tenant has no such result: another tenant's looks exactly like none.
func (q *Queries) Result(ctx context.Context, after core.Position, tenant, id core.ID) (core.ResultView, error) {
	v := core.ResultView{ID: id}
	err := q.row(ctx, after, `
		SELECT activity_id, source, status, coalesce(provider_activity_id, ''), commerce_external_id, coalesce(external_status, ''), occurred_at, hard_override,
			result, coalesce(contact_type, ''), future_scheduled_at, coalesce(comment, ''), coalesce(operator_external_id, ''), raw_payload, payload,
			created_at, updated_at, version, last_position
		FROM results WHERE tenant_id = $1 AND id = $2`, tenant, id,
		intoID{&v.ActivityID}, &v.Source, intoName{&v.Status}, &v.ProviderActivityID, &v.CommerceExternalID, &v.ExternalStatus, &v.OccurredAt, &v.HardOverride,
		intoName{&v.Result}, &v.ContactType, &v.FutureScheduledAt, &v.Personal.Comment, &v.Personal.OperatorExternalID, &v.Personal.RawPayload, &v.Personal.Payload,
		&v.CreatedAt, &v.UpdatedAt, &v.Version, &v.LastPosition)
	if err != nil {
		return core.ResultView{}, readError("result", id, err)
	}
	return v, nil
}

// Activity gives one activity of a tenant; see Result for the error.
func (q *Queries) Activity(ctx context.Context, after core.Position, tenant, id core.ID) (core.ActivityView, error) {
	v := core.ActivityView{ID: id}
	err := q.row(ctx, after, `
		SELECT type, status, reason, channel, commerce_id, coalesce(commerce_external_id, ''), coalesce(provider_activity_id, ''), idempotency_key, scheduled_at,
			coalesce(suggested_execution_time, ''), coalesce(user_status, ''), score, coalesce(assignment_reason, ''), assigned_route_id, assigned_operator_id, result_id,
			created_at, updated_at, version, last_position
		FROM activities WHERE tenant_id = $1 AND id = $2`, tenant, id,
		intoName{&v.ActivityType}, intoName{&v.Status}, &v.Reason, &v.Channel, intoID{&v.CommerceID}, &v.CommerceExternalID, &v.ProviderActivityID, &v.IdempotencyKey,
		&v.ScheduledAt, &v.SuggestedExecutionTime, &v.UserStatus, &v.Score, &v.AssignmentReason, intoID{&v.AssignedRouteID}, intoID{&v.AssignedOperatorID},
		intoID{&v.ResultID}, &v.CreatedAt, &v.UpdatedAt, &v.Version, &v.LastPosition)
	if err != nil {
		return core.ActivityView{}, readError("activity", id, err)
	}
	return v, nil
}

// row reads one row by its key into columns. Row and checkpoint are of one snapshot: the tables may be emptied at any time, to be rebuilt, and a row that is missing
// says something only as of a position.
func (q *Queries) row(ctx context.Context, after core.Position, query string, tenant, id core.ID, columns ...any) error {
	tx, err := q.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing was written
	if after > 0 {
		position, err := checkpointOf(ctx, tx)
		if err != nil {
			return err
		}
		if position < after {
			return behind(position, after)
		}
	}
	return tx.QueryRowContext(ctx, query, tenant[:], id[:]).Scan(columns...)
}

func readError(what string, id core.ID, err error) error {
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &core.Error{Code: core.CodeNotFound, Message: fmt.Sprintf("this tenant has no %s %s: check the id, and the tenant of the request", what, id)}
	}
	return fmt.Errorf("read %s %s: %w", what, id, err)
}

// intoID scans an id's 16 bytes; NULL is none.
type intoID struct{ id *core.ID }

// Scan implements sql.Scanner.
func (to intoID) Scan(column any) error {
	b, ok := column.([]byte)
	switch {
	case column == nil:
		*to.id = core.ID{}
	case !ok || len(b) != len(to.id):
		return fmt.Errorf("want %d bytes of a UUID, got %T of %d", len(to.id), column, len(b))
	default:
		*to.id = core.ID(b)
	}
	return nil
}

// intoName scans a name on the wire.
type intoName struct{ name encoding.TextUnmarshaler }

// Scan implements sql.Scanner.
func (to intoName) Scan(column any) error {
	switch text := column.(type) {
	case string:
		return to.name.UnmarshalText([]byte(text))
	case []byte:
		return to.name.UnmarshalText(text)
	default:
		return fmt.Errorf("want a name, got %T", column)
	}
}
