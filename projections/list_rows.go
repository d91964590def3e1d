package projections

import "resultlog/core"

// shape is how a table's row is read into a view, whole.
type shape[V any] struct {
	table   string
	columns string // all but tenant_id
	into    func(*V) []any
	place   func(*V) core.Cursor // where the row stands, in either walk
}

var results = shape[core.ResultView]{
	table: "results",
	columns: `id, activity_id, source, status, coalesce(provider_activity_id, ''), commerce_external_id, coalesce(external_status, ''), occurred_at, hard_override,
		result, coalesce(contact_type, ''), future_scheduled_at, coalesce(comment, ''), coalesce(operator_external_id, ''), raw_payload, payload,
		erased_at, created_at, updated_at, version, last_position`,
	into: func(v *core.ResultView) []any {
		return []any{
			intoID{&v.ID}, intoID{&v.ActivityID}, &v.Source, intoName{&v.Status}, &v.ProviderActivityID, &v.CommerceExternalID, &v.ExternalStatus, &v.OccurredAt, &v.HardOverride,
			intoName{&v.Result}, &v.ContactType, &v.FutureScheduledAt, &v.Personal.Comment, &v.Personal.OperatorExternalID, &v.Personal.RawPayload, &v.Personal.Payload,
			&v.ErasedAt, &v.CreatedAt, &v.UpdatedAt, &v.Version, &v.LastPosition,
		}
	},
	place: func(v *core.ResultView) core.Cursor {
		return core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
	},
}

var activities = shape[core.ActivityView]{
	table: "activities",
	columns: `id, type, status, reason, channel, commerce_id, coalesce(commerce_external_id, ''), coalesce(provider_activity_id, ''), idempotency_key, scheduled_at,
		coalesce(suggested_execution_time, ''), coalesce(user_status, ''), score, coalesce(assignment_reason, ''), assigned_route_id, assigned_operator_id, result_id,
		created_at, updated_at, version, last_position`,
	into: func(v *core.ActivityView) []any {
		return []any{
			intoID{&v.ID}, intoName{&v.ActivityType}, intoName{&v.Status}, &v.Reason, &v.Channel, intoID{&v.CommerceID}, &v.CommerceExternalID, &v.ProviderActivityID, &v.IdempotencyKey,
			&v.ScheduledAt, &v.SuggestedExecutionTime, &v.UserStatus, &v.Score, &v.AssignmentReason, intoID{&v.AssignedRouteID}, intoID{&v.AssignedOperatorID},
			intoID{&v.ResultID}, &v.CreatedAt, &v.UpdatedAt, &v.Version, &v.LastPosition,
		}
	},
	place: func(v *core.ActivityView) core.Cursor {
		return core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
	},
}

var apiKeys = shape[core.APIKeyView]{
	table:   "api_keys",
	columns: `id, name, prefix, permissions, expires_at, created_at, revoked_at, last_position`,
	into: func(v *core.APIKeyView) []any {
		return []any{intoID{&v.ID}, &v.Name, &v.Prefix, intoJSON{&v.Permissions}, &v.ExpiresAt, &v.CreatedAt, &v.RevokedAt, &v.LastPosition}
	},
	place: func(v *core.APIKeyView) core.Cursor {
		return core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
	},
}
