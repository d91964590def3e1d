package core

// ResultView is a row of the results read table, as the queries give it and the answers show it (contract §2.4).
type ResultView struct {
	ID                 ID
	ActivityID         ID // none if STANDALONE
	Source             Source
	Status             ResultStatus
	ProviderActivityID string
	CommerceExternalID string
	ExternalStatus     string
	OccurredAt         Instant
	HardOverride       bool
	Result             ResultCode
	ContactType        ContactType
	FutureScheduledAt  *Instant
	Personal           Personal // Salt is not part of the view
	CreatedAt          Instant
	UpdatedAt          Instant
	Version            Version
	LastPosition       Position // the tenant position of the last event that changed the row
}

// ActivityView is a row of the activities read table.
type ActivityView struct {
	ID ID
	ActivityDetails
	Status       ActivityStatus
	ResultID     ID // its current result, if any
	CreatedAt    Instant
	UpdatedAt    Instant
	Version      Version
	LastPosition Position // the tenant position of the last event that changed the row
}

// Fold brings the view up to a recorded event that is about the activity; the events must come in the order of the log. An activity's own stream gives all of it but what a
// PENDING submission, which moves nothing there, has made of it: its result, and when that was.
func (v *ActivityView) Fold(r Recorded) {
	switch e := r.Event.(type) {
	case ActivityCreated:
		*v = ActivityView{ID: e.ActivityID, ActivityDetails: e.ActivityDetails, Status: ActivityReady, CreatedAt: r.RecordedAt, Version: r.Version}
	case ActivityTransitioned:
		v.Status, v.Version = e.To, r.Version
		if e.ProviderActivityID != "" {
			v.ProviderActivityID = e.ProviderActivityID
		}
		if !e.ResultID.IsZero() {
			v.ResultID = e.ResultID
		}
	case ResultSubmitted:
		if v.ResultID == e.ResultID {
			return // an update of its result changes nothing here, and so neither when it was changed
		}
		v.ResultID = e.ResultID
	case ResultLinked:
		v.ResultID = e.ResultID
	}
	v.UpdatedAt, v.LastPosition = r.RecordedAt, r.TenantPosition
}
