package projections

import (
	"context"

	"resultlog/core"
)

// Activities is the read table of activities: what each was created with, its status, and its one current result (contract §2.2, §2.7).
type Activities struct{}

// activityChange is what a batch does to one activity.
type activityChange struct {
	created  *core.ActivityView // the whole row, if it was created in this batch; the rest is folded into it
	status   core.ActivityStatus
	version  core.Version
	moved    touch  // by the last transition, if any
	provider string // that a dispatch gave it, if one did
	result   core.ID
	linked   touch // by the first event that named its result, if any did
}

// touch is when an event changed a row.
type touch struct {
	at       core.Instant
	position core.Position // the tenant's; 0: not at all
}

// createActivity takes no conflict: an activity is created once, and a second time means that events were applied twice.
var createActivity = newRowStatement("uuid uuid text text text text uuid text text text bigint text text float8 text uuid uuid uuid bigint bigint bigint bigint", `
	INSERT INTO activities (tenant_id, id, type, status, reason, channel, commerce_id, commerce_external_id, provider_activity_id, idempotency_key, scheduled_at,
		suggested_execution_time, user_status, score, assignment_reason, assigned_route_id, assigned_operator_id, result_id, created_at, updated_at, version, last_position)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`)

// moveActivity and linkActivity leave a row with the later of what it says and of the event: one that waited in dead_letters is applied after others that came later.

var moveActivity = newRowStatement("uuid uuid text bigint bigint bigint uuid", `
	UPDATE activities SET status = $3, version = $4, result_id = coalesce($7, result_id),
		updated_at = CASE WHEN last_position < $6 THEN $5 ELSE updated_at END, last_position = CASE WHEN last_position < $6 THEN $6 ELSE last_position END
	WHERE tenant_id = $1 AND id = $2 AND version < $4`)

// provideActivity is apart, since few moves give an activity a provider id, and setting it writes the index by it.
var provideActivity = newRowStatement("uuid uuid text", `UPDATE activities SET provider_activity_id = $3 WHERE tenant_id = $1 AND id = $2`)

// linkActivity changes nothing if the activity has that result already.
var linkActivity = newRowStatement("uuid uuid uuid bigint bigint", `
	UPDATE activities SET result_id = $3,
		updated_at = CASE WHEN last_position < $5 THEN $4 ELSE updated_at END, last_position = CASE WHEN last_position < $5 THEN $5 ELSE last_position END
	WHERE tenant_id = $1 AND id = $2 AND result_id IS DISTINCT FROM $3`)

// Name implements Projection.
func (Activities) Name() string { return "activities" }

// Reset implements Projection.
func (Activities) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM activities`)
	return err
}

// Apply implements Projection.
func (Activities) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	changes := foldActivities(batch)
	return changes.write(ctx, tx, "activity", (*activityChange).write)
}

func foldActivities(batch []core.Recorded) folded[activityChange] {
	var changes folded[activityChange]
	activity := func(r core.Recorded, id core.ID) *activityChange {
		return changes.row(core.Stream{Tenant: r.Stream.Tenant, ID: id})
	}
	for _, r := range batch {
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			created := new(core.ActivityView)
			created.Fold(r)
			activity(r, e.ActivityID).created = created
		case core.ActivityTransitioned:
			activity(r, e.ActivityID).move(r, e)
		case core.ResultSubmitted:
			if !e.ActivityID.IsZero() {
				activity(r, e.ActivityID).link(r, e.ResultID)
			}
		case core.ResultLinked:
			activity(r, e.ActivityID).link(r, e.ResultID)
		}
	}
	return changes
}

func (c *activityChange) move(r core.Recorded, e core.ActivityTransitioned) {
	if c.created != nil {
		c.created.Fold(r)
		return
	}
	c.status, c.version, c.moved = e.To, r.Version, touch{r.RecordedAt, r.TenantPosition}
	if e.ProviderActivityID != "" {
		c.provider = e.ProviderActivityID
	}
	if !e.ResultID.IsZero() { // which was mentioned before, unless that event is parked
		c.link(r, e.ResultID)
	}
}

// link notes the result that belongs to the activity. Only the first mention can change the row: an activity has one result, once and for all.
func (c *activityChange) link(r core.Recorded, result core.ID) {
	if c.created == nil {
		if c.result != result {
			c.result, c.linked = result, touch{r.RecordedAt, r.TenantPosition}
		}
		return
	}
	if c.created.ResultID != result {
		c.created.ResultID = result
		c.created.UpdatedAt, c.created.LastPosition = r.RecordedAt, r.TenantPosition
	}
}

func (c *activityChange) write(w *writer, key core.Stream) {
	if c.created != nil {
		c.create(w, key)
		return
	}
	linksFirst := c.linked.position <= c.moved.position // then the move has the last word on the row, whether or not the link changes it
	if c.moved.position > 0 {
		var result any
		if linksFirst {
			result = uuidOf(c.result)
		}
		w.must(moveActivity, uuidOf(key.Tenant), uuidOf(key.ID), c.status.String(), int64(c.version), int64(c.moved.at), int64(c.moved.position), result)
		if c.provider != "" {
			w.must(provideActivity, uuidOf(key.Tenant), uuidOf(key.ID), c.provider)
		}
		if linksFirst {
			return
		}
	}
	// The activity may be missing here, if its own stream is parked: its result is none the worse.
	w.exec(linkActivity, uuidOf(key.Tenant), uuidOf(key.ID), uuidOf(c.result), int64(c.linked.at), int64(c.linked.position))
}

func (c *activityChange) create(w *writer, key core.Stream) {
	v := c.created
	w.must(createActivity, uuidOf(key.Tenant), uuidOf(key.ID), v.ActivityType.String(), v.Status.String(), v.Reason, string(v.Channel), uuidOf(v.CommerceID),
		textOf(v.CommerceExternalID), textOf(v.ProviderActivityID), v.IdempotencyKey, int64(v.ScheduledAt), textOf(v.SuggestedExecutionTime), textOf(v.UserStatus),
		numberOf(v.Score), textOf(v.AssignmentReason), uuidOf(v.AssignedRouteID), uuidOf(v.AssignedOperatorID), uuidOf(v.ResultID),
		int64(v.CreatedAt), int64(v.UpdatedAt), int64(v.Version), int64(v.LastPosition))
}
