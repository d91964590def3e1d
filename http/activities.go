package httpapi

import (
	"net/http"

	"resultlog/core"
)

// creation is the body of POST /api/activities.
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

func (s *Server) createActivity(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	var body creation
	if err := receive(s, x, b, creationFields, &body); err != nil {
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
	v, err := read(s, x, s.Reader.Activity)
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = appendActivity(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}
