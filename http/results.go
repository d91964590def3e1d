package httpapi

import (
	"crypto/rand"
	"net/http"

	"resultlog/core"
)

// submission is the body of POST /api/activity-results/tasks, and an item of a batch.
type submission struct {
	said     core.Submission
	personal core.Personal // the payloads point into the body
	key      string        // of an item of a batch: what is a header elsewhere
}

// submissionFields is the contract's table "Request Body" (§1).
var submissionFields = []field[submission]{
	{"activity_id", optional, func(d *decoder, r *submission) { d.into(&r.said.SentActivityID) }},
	{"provider_activity_id", optional, func(d *decoder, r *submission) { r.said.ProviderActivityID = d.text(1, maxID) }},
	{"commerce_external_id", required, func(d *decoder, r *submission) { r.said.CommerceExternalID = d.text(1, maxID) }},
	{"occurred_at", required, func(d *decoder, r *submission) { r.said.OccurredAt = d.past() }},
	{"status", required, func(d *decoder, r *submission) { d.into(&r.said.Status) }},
	{"external_status", optional, func(d *decoder, r *submission) { r.said.ExternalStatus = d.text(0, maxID) }},
	{"hard_override", optional, func(d *decoder, r *submission) { r.said.HardOverride = d.boolean() }},
	{"raw_payload", optional, func(d *decoder, r *submission) { r.personal.RawPayload = d.object() }},
	{"task_result", required, func(d *decoder, r *submission) { nested(d, taskResultFields, r) }},
}

// taskResultFields is the contract's table "task_result Object" (§1). That result is a code of the catalogue is judged when the submission is decided (§2.3).
var taskResultFields = []field[submission]{
	{"result", required, func(d *decoder, r *submission) { r.said.Result = d.text(1, maxID) }},
	{"comment", optional, func(d *decoder, r *submission) { r.personal.Comment = d.text(0, maxComment) }},
	{"contact_type", optional, func(d *decoder, r *submission) { r.said.ContactType = oneOf(d, core.ContactTypes) }},
	{"operator_external_id", optional, func(d *decoder, r *submission) { r.personal.OperatorExternalID = d.text(1, maxID) }},
	{"future_scheduled_at", optional, func(d *decoder, r *submission) { at := d.instant(); r.said.FutureScheduledAt = &at }},
	{"payload", optional, func(d *decoder, r *submission) { r.personal.Payload = d.object() }},
}

// intent is the command's part of it. It seals the personal part: here, where requests run side by side, and not where they are decided one by one.
func (r *submission) intent(id core.ID) core.SubmitResult {
	rand.Read(r.personal.Salt[:]) // never fails
	r.said.Personal = r.personal.Seal()
	return core.SubmitResult{ResultID: id, Submission: r.said}
}

func (s *Server) submitResult(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	var body submission
	if err := receive(s, x, b, submissionFields, &body); err != nil {
		return err
	}
	receipt, err := s.submit(x, body.intent(s.NewID()))
	if err != nil {
		return err
	}
	if b.out, err = s.appendAccepted(b.out, receipt); err != nil {
		return err
	}
	x.Header()["Resultlog-Leaf"] = []string{core.NewEntry(receipt.Events[0]).Leaf().String()} // by which the inclusion proof of this submission is asked for later
	x.answerJSON(http.StatusCreated, b.out)
	return nil
}

// appendAccepted encodes what came of a submission, and counts it, unless it is an earlier one that is answered again.
func (s *Server) appendAccepted(b []byte, receipt core.Receipt) ([]byte, error) {
	b, err := appendSubmitted(b, receipt.Events[0])
	if err == nil && receipt.Replayed == 0 {
		s.Metrics.submitted(receipt.Events[0])
	}
	return b, err
}

func (s *Server) getResult(x *exchange) error {
	v, err := readAsOf(s, x, s.Reader.Result, s.resultAsOf)
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = AppendResult(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}
