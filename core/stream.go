package core

// Position is an event's place in the log, or in its tenant's part of it: gapless, from 1. Zero is "before the first".
type Position int64

// Version is an event's place in its stream: gapless, from 1. Zero is "before the first".
type Version int32

// Stream names one stream of a tenant: an activity's or a result's, by its id, or the tenant's own, by the tenant's. The ids of the former are minted here, and no two streams share one.
type Stream struct {
	Tenant ID
	ID     ID
}

// Recorded is an event with its place in the log and what is known about its making. It never changes, except that the personal part of its event may be erased.
type Recorded struct {
	Position       Position // in the whole log; assigned under the log's write lock
	TenantPosition Position // in the tenant's part: the order that auditors see
	Stream         Stream
	Version        Version // in the stream
	EventID        ID
	RecordedAt     Instant // when it was decided; never decreases along the log (contract §2.2)
	Metadata       Metadata
	Event          Event
	Stored         *Entry // the same as it is stored, kept by who encoded it to append it; nil: not yet, or by nobody
}

// Metadata says who caused an event, and by which request.
type Metadata struct {
	Actor       Actor  `json:"actor"`
	RequestID   string `json:"request_id,omitempty"`
	Traceparent string `json:"traceparent,omitempty"` // W3C Trace Context, as the client sent it
	Idempotency        // on the first event of a command, if a key came with it
	CausationID ID     `json:"causation_id,omitzero"` // the event before it that the same command caused, if any
}

// Actor is the credential that a command came with: a token's subject and role, or an API key's id.
type Actor struct {
	Subject string `json:"subject,omitempty"`
	Role    string `json:"role,omitempty"`
	Key     string `json:"key,omitempty"`
}
