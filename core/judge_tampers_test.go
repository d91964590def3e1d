package core

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

var tampers = [][]tamper{placeTampers, metadataTampers, submittedTampers, transitionedTampers, otherTampers, logTampers}

var placeTampers = []tamper{
	anywhere("position", here, func(t *rapid.T, r *Recorded, _ []Recorded) { r.Position += Position(another(t, 0, 1, 2, 100)) }),
	anywhere("tenant position", here, func(t *rapid.T, r *Recorded, _ []Recorded) { r.TenantPosition += Position(another(t, 0, -1, 1, 100)) }),
	anywhere("version", here, func(t *rapid.T, r *Recorded, _ []Recorded) { r.Version += Version(another(t, 0, -1, 1, 100)) }),
	anywhere("stream", here, func(t *rapid.T, r *Recorded, log []Recorded) { r.Stream.ID = anID(t, log, r.Stream.ID) }),
	{name: "tenant", told: here, event: func(t *rapid.T, r *Recorded, _ []Recorded) bool {
		r.Stream.Tenant = stranger
		return r.TenantPosition > 1
	}},
	{name: "recorded earlier than the one before", told: here, event: func(t *rapid.T, r *Recorded, log []Recorded) bool {
		if r.Position == 1 {
			return false
		}
		r.RecordedAt = log[r.Position-2].RecordedAt - 1
		return true
	}},
	{name: "a consequence recorded later", told: here, event: func(t *rapid.T, r *Recorded, _ []Recorded) bool {
		r.RecordedAt++
		return !r.Metadata.CausationID.IsZero()
	}},
	{name: "recorded later than the one after", told: next, event: func(t *rapid.T, r *Recorded, log []Recorded) bool {
		if int(r.Position) < len(log) {
			r.RecordedAt = log[r.Position].RecordedAt + 1
		}
		_, begins := created(*r)
		return !begins && r.Event.Type() != "APIKeyIssued" && r.Metadata.Actor.Key == "" && r.Metadata.CausationID.IsZero()
	}},
	{name: "a new result recorded later", told: here, event: func(t *rapid.T, r *Recorded, _ []Recorded) bool {
		r.RecordedAt++
		e, begins := created(*r)
		return begins && e.Status != NoResult
	}},
}

// created is the submission, if r is the first of a result.
func created(r Recorded) (ResultSubmitted, bool) {
	e, ok := r.Event.(ResultSubmitted)
	return e, ok && r.Version == 1
}

var metadataTampers = []tamper{
	anywhere("event_id", here, func(t *rapid.T, r *Recorded, _ []Recorded) { r.EventID[15] ^= byte(another(t, 0, 1, 2, 3)) }),
	anywhere("event_id of another command", bySomething, func(t *rapid.T, r *Recorded, _ []Recorded) { r.EventID = stranger.event(0) }),
	anywhere("causation_id", here, func(t *rapid.T, r *Recorded, log []Recorded) {
		r.Metadata.CausationID = another(t, r.Metadata.CausationID, ID{}, stranger, pick(t, "cause", log).EventID, r.EventID)
	}),
	anywhere("actor", bySomething, func(t *rapid.T, r *Recorded, _ []Recorded) {
		r.Metadata.Actor = Actor{Subject: "mallory", Role: "ADMIN"}
	}),
	anywhere("API key of the actor", bySomething, func(t *rapid.T, r *Recorded, log []Recorded) {
		r.Metadata.Actor = Actor{Key: stranger.String()}
		if e, ok := pick(t, "of", log).Event.(APIKeyIssued); ok {
			r.Metadata.Actor.Key = e.KeyID.String()
		}
	}),
	anywhere("request_id", bySomething, func(t *rapid.T, r *Recorded, _ []Recorded) { r.Metadata.RequestID = "another" }),
	anywhere("traceparent", bySomething, func(t *rapid.T, r *Recorded, _ []Recorded) { r.Metadata.Traceparent = "another" }),
	anywhere("idempotency_key", bySomething, func(t *rapid.T, r *Recorded, log []Recorded) {
		r.Metadata.Idempotency = pick(t, "key of", log).Metadata.Idempotency
	}),
	{name: "idempotency_key of a consequence", told: here, event: func(t *rapid.T, r *Recorded, _ []Recorded) bool {
		r.Metadata.Idempotency = Idempotency{Key: "new", Endpoint: "POST /x"}
		return !r.Metadata.CausationID.IsZero()
	}},
	{name: "idempotency_body_sha256", told: never, event: func(t *rapid.T, r *Recorded, _ []Recorded) bool {
		r.Metadata.Body[0] ^= 1
		return r.Metadata.Key != ""
	}},
}

var submittedTampers = []tamper{
	on("result_id", here, func(t *rapid.T, e *ResultSubmitted, log []Recorded) { e.ResultID = anID(t, log, e.ResultID) }),
	{name: "result_id and stream", told: bySomething, event: func(t *rapid.T, r *Recorded, log []Recorded) bool {
		e, ok := r.Event.(ResultSubmitted)
		e.ResultID = stranger
		r.Stream.ID, r.Event = e.ResultID, e
		return ok
	}},
	on("source", here, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) {
		e.Source = another(t, e.Source, Standalone, RetenActivity)
	}),
	on("activity_id", here, func(t *rapid.T, e *ResultSubmitted, log []Recorded) {
		e.ActivityID = another(t, e.ActivityID, ID{}, stranger, anID(t, log, e.ActivityID))
	}),
	on("created_at", here, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.CreatedAt += Instant(another(t, 0, -1000, 1)) }),
	on("overridden", here, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.Overridden = !e.Overridden }),
	on("sent_activity_id", bySomething, func(t *rapid.T, e *ResultSubmitted, log []Recorded) {
		e.SentActivityID = another(t, e.SentActivityID, ID{}, anID(t, log, e.SentActivityID))
	}),
	on("provider_activity_id", bySomething, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) {
		e.ProviderActivityID = another(t, e.ProviderActivityID, "", "p1", "p2", "p3")
	}),
	on("commerce_external_id", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.CommerceExternalID = "store-666" }),
	on("occurred later", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.OccurredAt++ }),
	on("occurred earlier", bySomething, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) {
		e.OccurredAt -= 1000 * Instant(pick(t, "s", []int{1, 2, 5, 60}))
	}),
	on("status", bySomething, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) {
		e.Status = another(t, e.Status, ResultPending, ResultCompleted, ResultNotExecuted, ResultCanceled, ResultTransferred)
	}),
	on("external_status", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.ExternalStatus = "MOVED" }),
	on("hard_override", bySomething, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.HardOverride = !e.HardOverride }),
	on("result", bySomething, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) {
		e.Submission.Result = another(t, e.Submission.Result, "success", "other", "not_home", "nonsense")
	}),
	on("contact_type", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.ContactType = "INBOUND" }),
	on("future_scheduled_at", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.FutureScheduledAt = &e.OccurredAt }),
	on("personal_sha256", never, func(t *rapid.T, e *ResultSubmitted, _ []Recorded) { e.Personal.SHA256[0] ^= 1 }),
}

var transitionedTampers = []tamper{
	on("activity_id", here, func(t *rapid.T, e *ActivityTransitioned, log []Recorded) { e.ActivityID = anID(t, log, e.ActivityID) }),
	on("from", here, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) {
		e.From = another(t, e.From, ActivityReady, ActivityUnresolved, ActivityDispatched, ActivityCompleted, ActivityCanceled, ActivityFailed)
	}),
	on("to", here, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) {
		e.To = another(t, e.To, ActivityReady, ActivityUnresolved, ActivityDispatched, ActivityCompleted, ActivityCanceled, ActivityFailed)
	}),
	on("reason", here, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) {
		e.Reason = another(t, e.Reason, ByDispatch, ByResult, ByLink, ByCancel, "NO_ROUTE")
	}),
	on("result_id", here, func(t *rapid.T, e *ActivityTransitioned, log []Recorded) {
		e.ResultID = another(t, e.ResultID, ID{}, anID(t, log, e.ResultID))
	}),
	on("result", here, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) {
		e.Result = another(t, e.Result, "", "success", "is_closed")
	}),
	on("overridden", here, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) { e.Overridden = !e.Overridden }),
	on("provider_activity_id", bySomething, func(t *rapid.T, e *ActivityTransitioned, _ []Recorded) {
		e.ProviderActivityID = another(t, e.ProviderActivityID, "", "p1", "p2", "p3")
	}),
}

var otherTampers = []tamper{
	on("result_id", here, func(t *rapid.T, e *ResultLinked, log []Recorded) { e.ResultID = anID(t, log, e.ResultID) }),
	on("activity_id", here, func(t *rapid.T, e *ResultLinked, log []Recorded) { e.ActivityID = anID(t, log, e.ActivityID) }),
	on("provider_activity_id", here, func(t *rapid.T, e *ResultLinked, _ []Recorded) { e.ProviderActivityID += "x" }),
	on("activity_id", here, func(t *rapid.T, e *ActivityCreated, log []Recorded) { e.ActivityID = anID(t, log, e.ActivityID) }),
	on("type", bySomething, func(t *rapid.T, e *ActivityCreated, _ []Recorded) {
		e.ActivityType = another(t, e.ActivityType, Task, Message)
	}),
	on("idempotency_key", bySomething, func(t *rapid.T, e *ActivityCreated, _ []Recorded) {
		e.IdempotencyKey = fmt.Sprint("key-", dice(t, "key", traceKeys))
	}),
	on("provider_activity_id", bySomething, func(t *rapid.T, e *ActivityCreated, _ []Recorded) {
		e.ProviderActivityID = another(t, e.ProviderActivityID, "", "p1", "p2", "p3")
	}),
	on("what else a creation says", never, func(t *rapid.T, e *ActivityCreated, _ []Recorded) {
		e.Reason, e.Channel, e.CommerceID, e.ScheduledAt, e.CommerceExternalID, e.AssignedRouteID = "x", "SMS", stranger, e.ScheduledAt+1, "x", stranger
	}),
	on("tenant_id", here, func(t *rapid.T, e *ResultTypeConfigured, log []Recorded) { e.TenantID = stranger }),
	on("is_active", bySomething, func(t *rapid.T, e *ResultTypeConfigured, _ []Recorded) { e.Active = !e.Active }),
	on("code", bySomething, func(t *rapid.T, e *ResultTypeConfigured, _ []Recorded) { e.Code = another(t, e.Code, 1, 2, 10) }),
	on("classification", never, func(t *rapid.T, e *ResultTypeConfigured, _ []Recorded) {
		e.Classification = another(t, e.Classification, Unclassified, Positive, Negative)
	}),
	on("tenant_id", here, func(t *rapid.T, e *APIKeyIssued, log []Recorded) { e.TenantID = stranger }),
	on("key_id", bySomething, func(t *rapid.T, e *APIKeyIssued, log []Recorded) { e.KeyID = stranger }),
	on("expires_at", bySomething, func(t *rapid.T, e *APIKeyIssued, log []Recorded) {
		e.ExpiresAt = drawExpiry(t, pick(t, "at", log).RecordedAt)
	}),
	on("what else an API key has", never, func(t *rapid.T, e *APIKeyIssued, _ []Recorded) {
		e.Name, e.Prefix, e.Digest, e.Permissions = "x", "x", Digest{99}, AllPermissions
	}),
	on("tenant_id", here, func(t *rapid.T, e *APIKeyRevoked, log []Recorded) { e.TenantID = stranger }),
	on("key_id", here, func(t *rapid.T, e *APIKeyRevoked, log []Recorded) { e.KeyID = anID(t, log, e.KeyID) }),
	on("issued_version", here, func(t *rapid.T, e *APIKeyRevoked, _ []Recorded) { e.IssuedVersion++ }),
}

// insert is the log with an event more, in front of the i-th.
func insert(log []Recorded, i int, r Recorded) []Recorded {
	return slices.Insert(slices.Clone(log), i, r)
}

var logTampers = []tamper{
	rest("dropped", here, func(t *rapid.T, log []Recorded, i int) []Recorded {
		if i == len(log)-1 { // that there was one more is seen by who knows the head
			return nil
		}
		return slices.Delete(log, i, i+1)
	}),
	rest("dropped, and all places made good", bySomething, func(t *rapid.T, log []Recorded, i int) []Recorded { return renumbered(slices.Delete(log, i, i+1)) }),
	rest("repeated", here, func(t *rapid.T, log []Recorded, i int) []Recorded { return insert(log, i, log[i]) }),
	rest("repeated, and all places made good", bySomething, func(t *rapid.T, log []Recorded, i int) []Recorded { return renumbered(insert(log, i, log[i])) }),
	rest("swapped", here, func(t *rapid.T, log []Recorded, i int) []Recorded {
		if i == len(log)-1 {
			return nil
		}
		log[i], log[i+1] = log[i+1], log[i]
		return log
	}),
	rest("swapped, and all places made good", bySomething, func(t *rapid.T, log []Recorded, i int) []Recorded {
		j := dice(t, "with", len(log))
		log[i], log[j] = log[j], log[i]
		return renumbered(log)
	}),
	rest("a forged command, and all places made good", bySomething, func(t *rapid.T, log []Recorded, i int) []Recorded {
		forged := drawPart(t, 200, log[i].RecordedAt, drawnFrom(log)).Command
		if forged.Intent == nil {
			return nil
		}
		r := Recorded{Stream: Stream{Tenant: forged.Tenant}, EventID: forged.EventID, RecordedAt: forged.At, Metadata: forged.Metadata}
		switch in := forged.Intent.(type) { // as the forger thinks that it is recorded
		case SubmitResult:
			r.Event = ResultSubmitted{ResultID: in.ResultID, Source: Standalone, CreatedAt: forged.At, Submission: in.Submission}
		case CreateActivity:
			r.Event = ActivityCreated(in)
		case DispatchActivity:
			r.Event = ActivityTransitioned{ActivityID: in.ActivityID, From: ActivityReady, To: ActivityDispatched, Reason: ByDispatch, ProviderActivityID: in.ProviderActivityID}
		case CancelActivity:
			r.Event = ActivityTransitioned{ActivityID: in.ActivityID, From: ActivityReady, To: ActivityCanceled, Reason: ByCancel}
		case IssueAPIKey:
			r.Event = APIKeyIssued{forged.Tenant, in.KeyID, in.APIKeyDetails}
		case RevokeAPIKey:
			r.Event = APIKeyRevoked{forged.Tenant, in.KeyID, 1}
		default:
			return nil
		}
		r.Stream.ID = r.Event.StreamID()
		return renumbered(insert(log, i, r))
	}),
}

// drawnFrom is what a forger knows of a log.
func drawnFrom(log []Recorded) (d drawn) {
	for _, r := range log {
		switch e := r.Event.(type) {
		case ActivityCreated:
			d.activities = append(d.activities, r.Stream)
		case ResultSubmitted:
			d.providers = append(d.providers, e.ProviderActivityID)
		case APIKeyIssued:
			d.apiKeys = append(d.apiKeys, Stream{r.Stream.Tenant, e.KeyID})
		}
	}
	return d
}
