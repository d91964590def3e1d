package core

import "fmt"

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
	ErasedAt           *Instant // when it was erased; nil: it was not
	CreatedAt          Instant
	UpdatedAt          Instant
	Version            Version
	LastPosition       Position       // the tenant position of the last event that changed the row
	Classification     Classification // what the tenant holds Result to be now
}

// Fold brings the view up to a recorded event of the result's stream; the events must come in the order of the log. It leaves Classification alone, which is the tenant's. A personal part that
// has been erased is not there any more, whenever the event was recorded: what was erased cannot come back. An error means that the event holds what was never decided.
func (v *ResultView) Fold(r Recorded) error {
	switch e := r.Event.(type) {
	case ResultSubmitted: // which replaces everything but id and created_at, and repeats those
		personal, err := e.Personal.Open()
		if err != nil {
			return err
		}
		code, err := ParseResultCode(e.Submission.Result)
		if err != nil {
			return fmt.Errorf("result %q %w", e.Submission.Result, err)
		}
		*v = ResultView{
			ID: e.ResultID, ActivityID: e.ActivityID, Source: e.Source, Status: e.Status, ProviderActivityID: e.ProviderActivityID, CommerceExternalID: e.CommerceExternalID,
			ExternalStatus: e.ExternalStatus, OccurredAt: e.OccurredAt, HardOverride: e.HardOverride, Result: code, ContactType: e.ContactType,
			FutureScheduledAt: e.FutureScheduledAt, Personal: personal, CreatedAt: e.CreatedAt, UpdatedAt: r.RecordedAt, Version: r.Version, LastPosition: r.TenantPosition,
			Classification: v.Classification,
		}
	case ResultLinked: // which is no submission, and so leaves updatedAt (contract §2.1)
		v.Source, v.ActivityID = RetenActivity, e.ActivityID
		v.Version, v.LastPosition = r.Version, r.TenantPosition
	case PersonalErased:
		v.Personal, v.ErasedAt = Personal{}, &r.RecordedAt // the log may hold it for a moment longer, or what was read from it before
		v.Version, v.LastPosition = r.Version, r.TenantPosition
	}
	return nil
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

// APIKeyView is a row of the api_keys read table. The key's text is nowhere, and its digest is not shown.
type APIKeyView struct {
	ID           ID
	Name         string
	Prefix       string
	Permissions  Permissions
	ExpiresAt    *Instant // nil: never
	CreatedAt    Instant
	RevokedAt    *Instant // nil: it is not revoked
	LastPosition Position // the tenant position of the last event that changed the row
}

// Fold brings the view up to a recorded event of the tenant's stream; those about other keys leave it as it is.
func (v *APIKeyView) Fold(r Recorded) {
	switch e := r.Event.(type) {
	case APIKeyIssued:
		if e.KeyID == v.ID {
			*v = APIKeyView{ID: e.KeyID, Name: e.Name, Prefix: e.Prefix, Permissions: e.Permissions, ExpiresAt: e.ExpiresAt, CreatedAt: r.RecordedAt, LastPosition: r.TenantPosition}
		}
	case APIKeyRevoked:
		if e.KeyID == v.ID {
			v.RevokedAt, v.LastPosition = &r.RecordedAt, r.TenantPosition
		}
	}
}
