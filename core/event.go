package core

// Event is a fact: something that was decided and cannot be undone. The eight types below are all there are; docs/events.md is their catalogue.
type Event interface {
	// Type is the stable name under which the event is stored.
	Type() string
	// StreamID is the id of the stream it belongs to: the activity's, the result's or the tenant's.
	StreamID() ID
	// subjects are what it is about.
	subjects() subjects
	// encode writes the fields of Data, in their stored order.
	encode(*Object)
	// sealed is the personal part.
	sealed() Sealed
	// complete reports whether it has what every event of its type has: what is read back was once decided, or the log is damaged.
	complete() bool
}

// subjects are what an event is about, and so what it changes. Each may be none.
type subjects struct {
	activity ID
	result   ID
	apiKey   ID
	tenant   bool // the tenant itself
}

// ActivityCreated begins an activity's stream; the activity is READY.
type ActivityCreated struct {
	ActivityID ID `json:"activity_id"`
	ActivityDetails
}

// ActivityDetails is what a client says of an activity when it creates one (contract §2.7). Empty strings and nil mean absent.
type ActivityDetails struct {
	ActivityType           ActivityType `json:"type"`
	Reason                 string       `json:"reason"`
	Channel                Channel      `json:"channel"`
	CommerceID             ID           `json:"commerce_id"`
	IdempotencyKey         string       `json:"idempotency_key"`
	ScheduledAt            Instant      `json:"scheduled_at"`
	CommerceExternalID     string       `json:"commerce_external_id"`
	ProviderActivityID     string       `json:"provider_activity_id"`
	SuggestedExecutionTime string       `json:"suggested_execution_time"`
	UserStatus             string       `json:"user_status"`
	Score                  *float64     `json:"score"`
	AssignmentReason       string       `json:"assignment_reason"`
	AssignedRouteID        ID           `json:"assigned_route_id"`
	AssignedOperatorID     ID           `json:"assigned_operator_id"`
}

// ResultSubmitted is an accepted submission: it creates its result, or replaces everything of it but id and createdAt (contract §2.2).
// It carries all that its answer shows, so that the answer can be rendered again from the event alone.
type ResultSubmitted struct {
	ResultID   ID      `json:"result_id"`
	Source     Source  `json:"source"`
	ActivityID ID      `json:"activity_id"` // the activity that was matched; none if STANDALONE
	CreatedAt  Instant `json:"created_at"`  // when the result's first submission was recorded
	Overridden bool    `json:"overridden"`  // the state guard would have refused it, and hard_override lifted it
	Submission
}

// Submission is what a client says of a result. Empty strings and nil mean absent.
type Submission struct {
	SentActivityID     ID           `json:"sent_activity_id"` // activity_id as sent, whether or not it names anything
	ProviderActivityID string       `json:"provider_activity_id"`
	CommerceExternalID string       `json:"commerce_external_id"`
	OccurredAt         Instant      `json:"occurred_at"`
	Status             ResultStatus `json:"status"`
	ExternalStatus     string       `json:"external_status"`
	HardOverride       bool         `json:"hard_override"` // as sent, whether or not a guard needed lifting
	Result             string       `json:"result"`        // a code of the catalogue
	ContactType        ContactType  `json:"contact_type"`
	FutureScheduledAt  *Instant     `json:"future_scheduled_at"`
	Personal           Sealed       `json:"-"`
}

// ActivityTransitioned moves an activity from one status to another.
type ActivityTransitioned struct {
	ActivityID         ID             `json:"activity_id"`
	From               ActivityStatus `json:"from"`
	To                 ActivityStatus `json:"to"`
	Reason             Reason         `json:"reason"`
	ResultID           ID             `json:"result_id"`            // its result at that moment, if it has one: for ByResult and ByLink the one that moved it
	Result             string         `json:"result"`               // the code of the result that moved it, if one did
	Overridden         bool           `json:"overridden"`           // the lifecycle would have refused it, and hard_override lifted it
	ProviderActivityID string         `json:"provider_activity_id"` // the provider id that a dispatch gave it, if it had none before; since schema 2
}

// ResultLinked makes a standalone result that of an activity which became known under a provider id that the result carries (contract §2.1, late linking).
// It belongs to the result's stream, and changes neither its id nor its updatedAt.
type ResultLinked struct {
	ResultID           ID     `json:"result_id"`
	ActivityID         ID     `json:"activity_id"`
	ProviderActivityID string `json:"provider_activity_id"`
}

// PersonalErased takes what may be about a person out of every submission of a result that stands before it in the result's stream: their personal parts are emptied in the log, which is the one
// change that it lets through. It says so before it is done, so that whoever reads the log knows why they are empty; a submission after it may bring a personal part again.
type PersonalErased struct {
	ResultID ID `json:"result_id"`
}

// ResultTypeConfigured says how a tenant has a code of the catalogue from now on (contract §2.8).
type ResultTypeConfigured struct {
	TenantID ID `json:"tenant_id"`
	ResultTypeSetting
}

// ResultTypeSetting is how a tenant has a code of the catalogue.
type ResultTypeSetting struct {
	Code           ResultCode     `json:"code"`
	Active         bool           `json:"is_active"`
	Classification Classification `json:"classification"`
}

// APIKeyIssued gives somebody an API key of a tenant (contract §2.9).
type APIKeyIssued struct {
	TenantID ID `json:"tenant_id"`
	KeyID    ID `json:"key_id"`
	APIKeyDetails
}

// APIKeyDetails is what is recorded of an API key when it is issued. Of its text only the beginning is, and its digest.
type APIKeyDetails struct {
	Name        string      `json:"name"`
	Prefix      string      `json:"key_prefix"` // how its text begins, so that people recognise it
	Digest      Digest      `json:"key_sha256"`
	Permissions Permissions `json:"permissions"`
	ExpiresAt   *Instant    `json:"expires_at"` // nil: never
}

// APIKeyRevoked ends an API key.
type APIKeyRevoked struct {
	TenantID      ID      `json:"tenant_id"`
	KeyID         ID      `json:"key_id"`
	IssuedVersion Version `json:"issued_version"` // of the key's APIKeyIssued, in the same stream
}

// Channel is how an activity reaches its commerce.
type Channel string

// Channels lists the channels that there are (contract §2.7).
var Channels = []Channel{"SALESMAN", "CALLCENTER", "WHATSAPP", "EMAIL", "SMS", "PUSH"}

// ContactType says who contacted whom (contract §1).
type ContactType string

// ContactTypes lists the directions that there are.
var ContactTypes = []ContactType{"INBOUND", "OUTBOUND"}

// Source says whether a result belongs to an activity (contract §1).
type Source string

// The sources of a result.
const (
	Standalone    Source = "STANDALONE"
	RetenActivity Source = "RETEN_ACTIVITY"
)

// Reason says what moved an activity: the eventType of contract §2.7's status events.
type Reason string

// The reasons of a transition.
const (
	ByDispatch Reason = "DISPATCH_SUCCESS"
	ByResult   Reason = "RESULT"
	ByLink     Reason = "LINKED"
	ByCancel   Reason = "CANCELED"
)

// Type implements Event.
func (ActivityCreated) Type() string { return "ActivityCreated" }

// Type implements Event.
func (ResultSubmitted) Type() string { return "ResultSubmitted" }

// Type implements Event.
func (ActivityTransitioned) Type() string { return "ActivityTransitioned" }

// Type implements Event.
func (ResultLinked) Type() string { return "ResultLinked" }

// Type implements Event.
func (PersonalErased) Type() string { return "PersonalErased" }

// Type implements Event.
func (ResultTypeConfigured) Type() string { return "ResultTypeConfigured" }

// Type implements Event.
func (APIKeyIssued) Type() string { return "APIKeyIssued" }

// Type implements Event.
func (APIKeyRevoked) Type() string { return "APIKeyRevoked" }

// StreamID implements Event.
func (e ActivityCreated) StreamID() ID { return e.ActivityID }

// StreamID implements Event.
func (e ResultSubmitted) StreamID() ID { return e.ResultID }

// StreamID implements Event.
func (e ActivityTransitioned) StreamID() ID { return e.ActivityID }

// StreamID implements Event.
func (e ResultLinked) StreamID() ID { return e.ResultID }

// StreamID implements Event.
func (e PersonalErased) StreamID() ID { return e.ResultID }

// StreamID implements Event.
func (e ResultTypeConfigured) StreamID() ID { return e.TenantID }

// StreamID implements Event.
func (e APIKeyIssued) StreamID() ID { return e.TenantID }

// StreamID implements Event.
func (e APIKeyRevoked) StreamID() ID { return e.TenantID }

func (e ActivityCreated) subjects() subjects { return subjects{activity: e.ActivityID} }
func (e ResultSubmitted) subjects() subjects {
	return subjects{activity: e.ActivityID, result: e.ResultID}
}
func (e ActivityTransitioned) subjects() subjects { return subjects{activity: e.ActivityID} }
func (e ResultLinked) subjects() subjects {
	return subjects{activity: e.ActivityID, result: e.ResultID}
}
func (e PersonalErased) subjects() subjects     { return subjects{result: e.ResultID} }
func (ResultTypeConfigured) subjects() subjects { return subjects{tenant: true} }
func (e APIKeyIssued) subjects() subjects       { return subjects{tenant: true, apiKey: e.KeyID} }
func (e APIKeyRevoked) subjects() subjects      { return subjects{tenant: true, apiKey: e.KeyID} }

func (ActivityCreated) sealed() Sealed      { return Sealed{} }
func (e ResultSubmitted) sealed() Sealed    { return e.Personal }
func (ActivityTransitioned) sealed() Sealed { return Sealed{} }
func (ResultLinked) sealed() Sealed         { return Sealed{} }
func (PersonalErased) sealed() Sealed       { return Sealed{} }
func (ResultTypeConfigured) sealed() Sealed { return Sealed{} }
func (APIKeyIssued) sealed() Sealed         { return Sealed{} }
func (APIKeyRevoked) sealed() Sealed        { return Sealed{} }

func (e ActivityCreated) complete() bool { return !e.ActivityID.IsZero() && e.ActivityType != NoType }
func (e ResultSubmitted) complete() bool {
	return !e.ResultID.IsZero() && e.Status != NoResult && (e.Source == RetenActivity && !e.ActivityID.IsZero() || e.Source == Standalone && e.ActivityID.IsZero())
}
func (e ActivityTransitioned) complete() bool {
	return !e.ActivityID.IsZero() && e.From != NoActivity && e.To != NoActivity
}
func (e ResultLinked) complete() bool         { return !e.ResultID.IsZero() && !e.ActivityID.IsZero() }
func (e PersonalErased) complete() bool       { return !e.ResultID.IsZero() }
func (e ResultTypeConfigured) complete() bool { return !e.TenantID.IsZero() && e.Code != 0 }
func (e APIKeyIssued) complete() bool {
	return !e.TenantID.IsZero() && !e.KeyID.IsZero() && e.Digest != Digest{} && e.Permissions != 0
}
func (e APIKeyRevoked) complete() bool {
	return !e.TenantID.IsZero() && !e.KeyID.IsZero() && e.IssuedVersion > 0
}
