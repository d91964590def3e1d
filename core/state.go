package core

// Activity is the slim state of an activity: only what decisions read. It has no pointer, so that millions of them cost the garbage collector nothing.
type Activity struct {
	Tenant   ID
	ResultID ID // its one current result (contract §2.2), if any
	Version  Version
	Status   ActivityStatus
	Type     ActivityType
	Provided bool // it has a provider id, which never changes
}

// Result is the slim state of a result.
type Result struct {
	Tenant     ID
	ActivityID ID // none while it is STANDALONE
	CreatedAt  Instant
	UpdatedAt  Instant
	Version    Version
	Status     ResultStatus
	Code       ResultCode
	Erased     bool // what was personal in its submissions has been erased, up to the last one
}

// State is what a decision reads and an event changes: the tenant, one activity, one result and one API key, of which the last three may be none.
// For CreateActivity, and for DispatchActivity of an activity that has no result yet, the result is the standalone one that waits for the provider id, if there is one.
type State struct {
	ActivityID ID
	Activity   Activity
	ResultID   ID
	Result     Result
	APIKey     APIKey
	Tenant     Tenant

	// Who holds what a command claims for an activity.
	KeyHolder      ID // the activity that was created with the same idempotency_key
	ProviderHolder ID // the activity that the provider id belongs to
}
