package httpapi

import "resultlog/core"

// appendCreated encodes the 201 of a creation from its recorded events: the status is the one after linking (contract §2.1).
func appendCreated(b []byte, events []core.Recorded) ([]byte, error) {
	if _, err := recordedAs[core.ActivityCreated](events[0], "a creation needs an ActivityCreated"); err != nil {
		return b, err
	}
	var v core.ActivityView
	for _, r := range events {
		v.Fold(r)
	}
	o := core.OpenObject(b)
	appendDetails(&o, &v)
	return o.Close(), nil
}

// AppendActivity encodes an activity, as a read shows it.
func AppendActivity(b []byte, v *core.ActivityView) []byte {
	o := core.OpenObject(b)
	appendDetails(&o, v)
	o.Integer("version", int64(v.Version))
	o.Integer("lastPosition", int64(v.LastPosition))
	return o.Close()
}

// appendDetails encodes what both answers show: what was sent, and what came of it.
func appendDetails(o *core.Object, v *core.ActivityView) {
	o.ID("id", v.ID)
	o.Text("type", v.ActivityType.String())
	o.Text("status", v.Status.String())
	o.Text("reason", v.Reason)
	o.Text("channel", string(v.Channel))
	o.ID("commerceId", v.CommerceID)
	o.OptionalText("commerceExternalId", v.CommerceExternalID)
	o.OptionalText("providerActivityId", v.ProviderActivityID)
	o.Text("idempotencyKey", v.IdempotencyKey)
	o.Instant("scheduledAt", v.ScheduledAt)
	o.OptionalText("suggestedExecutionTime", v.SuggestedExecutionTime)
	o.OptionalText("userStatus", v.UserStatus)
	o.OptionalNumber("score", v.Score)
	o.OptionalText("assignmentReason", v.AssignmentReason)
	o.ID("assignedRouteId", v.AssignedRouteID)
	o.ID("assignedOperatorId", v.AssignedOperatorID)
	o.ID("resultId", v.ResultID)
	o.Instant("createdAt", v.CreatedAt)
	o.Instant("updatedAt", v.UpdatedAt)
}
