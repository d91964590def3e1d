package httpapi

import (
	"fmt"

	"resultlog/core"
)

// appendSubmitted encodes the 201 of a submission, from its recorded event and nothing else: rendered again from the log, it is the same, byte for byte; of one whose personal part has been erased
// since, it is what is left.
func appendSubmitted(b []byte, r core.Recorded) ([]byte, error) {
	e, err := recordedAs[core.ResultSubmitted](r, "a submission needs a ResultSubmitted")
	if err != nil {
		return b, err
	}
	personal, err := e.Personal.Open()
	if err != nil {
		return b, fmt.Errorf("position %d: %w", r.Position, err)
	}
	o := core.OpenObject(b)
	appendOutcome(&o, outcome{
		id: e.ResultID, activity: e.ActivityID, source: e.Source, status: e.Status, occurredAt: e.OccurredAt, result: e.Submission.Result, contactType: e.ContactType,
		futureScheduledAt: e.FutureScheduledAt, personal: &personal, createdAt: e.CreatedAt, updatedAt: r.RecordedAt,
	})
	if e.Source == core.Standalone {
		o.Text("commerceExternalId", e.CommerceExternalID)
	}
	return o.Close(), nil
}

// AppendResult encodes the whole result, as a read shows it (contract §2.4): the eight keys of a submission's answer, and what else is set.
func AppendResult(b []byte, v *core.ResultView) []byte {
	o := core.OpenObject(b)
	appendOutcome(&o, outcome{
		id: v.ID, activity: v.ActivityID, source: v.Source, status: v.Status, occurredAt: v.OccurredAt, result: v.Result.String(), contactType: v.ContactType,
		futureScheduledAt: v.FutureScheduledAt, personal: &v.Personal, createdAt: v.CreatedAt, updatedAt: v.UpdatedAt,
	})
	o.Text("commerceExternalId", v.CommerceExternalID)
	o.OptionalText("providerActivityId", v.ProviderActivityID)
	o.OptionalText("externalStatus", v.ExternalStatus)
	o.Raw("rawPayload", v.Personal.RawPayload)
	o.Flag("hardOverride", v.HardOverride)
	o.Text("resultTypeLabel", v.Result.Type().Label)
	textOrNull(&o, "classification", v.Classification.String())
	o.OptionalInstant("erasedAt", v.ErasedAt)
	o.Integer("version", int64(v.Version))
	o.Integer("lastPosition", int64(v.LastPosition))
	return o.Close()
}

// outcome is what both answers have in common.
type outcome struct {
	id, activity      core.ID
	source            core.Source
	status            core.ResultStatus
	occurredAt        core.Instant
	result            string
	contactType       core.ContactType
	futureScheduledAt *core.Instant
	personal          *core.Personal
	createdAt         core.Instant
	updatedAt         core.Instant
}

// appendOutcome encodes the eight documented keys (contract §1), always all of them.
func appendOutcome(o *core.Object, v outcome) {
	o.ID("id", v.id)
	if v.activity.IsZero() {
		o.Null("activityId")
	} else {
		o.ID("activityId", v.activity)
	}
	o.Text("source", string(v.source))
	o.Text("resultStatus", v.status.String())
	o.Instant("occurredAt", v.occurredAt)
	o.Object("taskDetails", func(in *core.Object) { appendTaskDetails(in, &v) })
	o.Instant("createdAt", v.createdAt)
	o.Instant("updatedAt", v.updatedAt)
}

// appendTaskDetails encodes what task_result held when it was sent.
func appendTaskDetails(o *core.Object, v *outcome) {
	o.Text("result", v.result)
	o.OptionalText("comment", v.personal.Comment)
	o.OptionalText("contactType", string(v.contactType))
	o.OptionalText("operatorExternalId", v.personal.OperatorExternalID)
	o.OptionalInstant("futureScheduledAt", v.futureScheduledAt)
	o.Raw("payload", v.personal.Payload)
}
