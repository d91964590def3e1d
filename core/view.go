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
