package httpapi

import (
	"net/http"

	"resultlog/core"
)

// creation is the body of POST /api/activities, and of POST /api/activities/tasks.
type creation struct{ said core.ActivityDetails }

// creationFields is the contract's list of fields (§2.7).
var creationFields = []field[creation]{
	{"type", required, func(d *decoder, r *creation) { d.into(&r.said.ActivityType) }},
	{"reason", required, func(d *decoder, r *creation) { r.said.Reason = d.text(1, maxComment) }},
	{"channel", required, func(d *decoder, r *creation) { r.said.Channel = oneOf(d, core.Channels) }},
	{"commerce_id", required, func(d *decoder, r *creation) { d.into(&r.said.CommerceID) }},
	{"idempotency_key", required, func(d *decoder, r *creation) { r.said.IdempotencyKey = d.text(1, maxID) }},
	{"scheduled_at", required, func(d *decoder, r *creation) { r.said.ScheduledAt = d.instant() }},
	{"commerce_external_id", optional, func(d *decoder, r *creation) { r.said.CommerceExternalID = d.text(1, maxID) }},
	{"provider_activity_id", optional, func(d *decoder, r *creation) { r.said.ProviderActivityID = d.text(1, maxID) }},
	{"suggested_execution_time", optional, func(d *decoder, r *creation) { r.said.SuggestedExecutionTime = d.text(0, maxID) }},
	{"user_status", optional, func(d *decoder, r *creation) { r.said.UserStatus = d.text(0, maxID) }},
	{"score", optional, func(d *decoder, r *creation) { n := d.number(); r.said.Score = &n }},
	{"assignment_reason", optional, func(d *decoder, r *creation) { r.said.AssignmentReason = d.text(0, maxComment) }},
}

// taskFields is the same for POST /api/activities/tasks: the type is implied, and the route and operator must be known.
var taskFields = append([]field[creation]{
	{"assigned_route_id", required, func(d *decoder, r *creation) { d.into(&r.said.AssignedRouteID) }},
	{"assigned_operator_id", required, func(d *decoder, r *creation) { d.into(&r.said.AssignedOperatorID) }},
	{"type", optional, func(d *decoder, _ *creation) { oneOf(d, []string{core.Task.String()}) }},
}, creationFields[1:]...)

func (s *Server) createActivity(x *exchange) error {
	return create(s, x, creationFields, core.NoType)
}

func (s *Server) createTask(x *exchange) error {
	return create(s, x, taskFields, core.Task)
}

// create makes an activity of what the fields say, of the implied type if there is one.
func create(s *Server, x *exchange, fields []field[creation], implied core.ActivityType) error {
	b := borrow()
	defer b.giveBack()
	body := creation{said: core.ActivityDetails{ActivityType: implied}}
	if err := receive(s, x, b, fields, &body); err != nil {
		return err
	}
	receipt, err := s.submit(x, core.CreateActivity{ActivityID: s.NewID(), ActivityDetails: body.said})
	if err != nil {
		return err
	}
	if b.out, err = appendCreated(b.out, receipt.Events); err != nil {
		return err
	}
	x.answerJSON(http.StatusCreated, b.out)
	return nil
}

func (s *Server) getActivity(x *exchange) error {
	v, err := readAsOf(s, x, s.Reader.Activity, s.activityAsOf)
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = AppendActivity(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}
