package core

// ResultQuery says which results a list shows, in which order, and which page of them (contract §2.8). A result is shown if it fits all that is set; zero means not set.
type ResultQuery struct {
	ActivityID         ID
	ProviderActivityID string
	CommerceExternalID string
	OperatorExternalID string
	Status             ResultStatus
	Source             Source
	Result             ResultCode
	ContactType        ContactType
	Classification     Classification // of the result's code, as the tenant has it now
	Occurred           Span
	Updated            Span
	Paging
}

// ActivityQuery says which activities a list shows, and which page of them (contract §2.7). An activity is shown if it fits all that is set; zero means not set.
type ActivityQuery struct {
	Status             ActivityStatus
	ActivityType       ActivityType
	Channel            Channel
	CommerceID         ID
	CommerceExternalID string
	ProviderActivityID string
	Scheduled          Span
	Search             string // what the reason, the commerce_external_id or the provider_activity_id begins with, of MaxSearch characters at most
	Paging
}

// APIKeyQuery says which page of a tenant's API keys a list shows (contract §2.9). They have no Sort but DefaultOrder.
type APIKeyQuery struct{ Paging }

// MaxSearch is the longest search, in characters: as long as the ids that it looks for may be (contract §2.3), and as much of a reason as is indexed.
const MaxSearch = 255

// Span is a stretch of time, both ends included; nil is open.
type Span struct{ From, To *Instant }

// Holds reports whether an instant is in the span.
func (s Span) Holds(i Instant) bool {
	return (s.From == nil || *s.From <= i) && (s.To == nil || i <= *s.To)
}

// Paging says which page of a list is asked for, and in which order.
type Paging struct {
	Page      int       // from 1; beside a Cursor it is the cursor's
	Limit     int       // the most rows on a page, at least 1
	Cursor    *Cursor   // where the page begins, instead of by its number; it must be of the walk that the query asks for
	Sort      Sort      //
	Ascending bool      // if Sort is not DefaultOrder
	After     *Position // only rows that an event after this tenant position has changed (contract §2.6)
}

// Sort is what a list is ordered by, and then by id, which goes the same way.
type Sort uint8

// The orders. DefaultOrder is by creation, newest first; with Paging.After it is by lastPosition, the lowest first: a row that changes while the list is walked comes again, at the end,
// where any other order might move it to where the walk has been already.
const (
	DefaultOrder Sort = iota
	SortUpdated
	SortOccurred // of results only
)

// ByPosition reports whether the order is that of lastPosition.
func (p Paging) ByPosition() bool { return p.Sort == DefaultOrder && p.After != nil }

// Cursor is where a walk through a list stands: behind the last row that was shown. Rows that are added meanwhile change nothing about it.
type Cursor struct {
	Page       int  // the number of the page that begins here, from 2
	ByPosition bool // the walk is that of Paging.ByPosition, else that of the default order

	CreatedAt Instant  // of the row, if not ByPosition
	ID        ID       // likewise
	Position  Position // of the row, if ByPosition
}

// Page is one page of a list.
type Page[V any] struct {
	Rows   []V
	Total  int     // how many rows fit the query, on all pages together; MaxTotal at most
	Capped bool    // it is more than that
	Next   *Cursor // where the next page begins; nil on the last page, and if the query has a Sort
}

// MaxTotal is how far the rows of a list are counted (contract §2.8): counting further would cost more than the page, and nobody reads so many pages.
const MaxTotal = 10_000

// StatusEventView is a row of the activity_transitions read table: a status that an activity came into (contract §2.7).
type StatusEventView struct {
	ID           ID             // of the event
	EventType    string         // CREATED, or the Reason of the transition
	From         ActivityStatus // NoActivity if it was created
	To           ActivityStatus //
	ErrorCode    string         // on FAILED: the code of the result that says so; empty: none
	ErrorMessage string         // on FAILED: that result's comment; empty: none
	OccurredAt   Instant        // when it was recorded
}
