package core

// Command is an intent with all that deciding it needs from outside: who asks, when, and ids for what may come of it. The core has no clock and mints nothing,
// so that a golden script is a file and a replay equals what was live.
type Command struct {
	Tenant   ID
	At       Instant // when it is decided: the log's clock, set under the log's write lock
	EventID  ID      // a fresh UUIDv7; the ids of the events are derived from it
	Metadata Metadata
	APIKey   ID       // of the API key that the command came with, to be judged once more; none: it came otherwise
	KeyAt    Position // of an event that was recorded with the command's idempotency key, as far as somebody has looked; 0: of none
	KeysAsOf Position // how far that is
	Intent   Intent
}

// Intent is what a command wants: SubmitResult, CreateActivity, DispatchActivity, CancelActivity, ErasePersonal, ConfigureResultType, IssueAPIKey or RevokeAPIKey.
type Intent interface{ intent() }

// SubmitResult asks to record a result (contract §1, §2.1, §2.2).
type SubmitResult struct {
	ResultID ID // a fresh UUIDv7, used if the submission makes a new result
	Submission
}

// CreateActivity asks for a new activity (contract §2.7).
type CreateActivity struct {
	ActivityID ID // a fresh UUIDv7
	ActivityDetails
}

// DispatchActivity says that a TASK was handed to whoever executes it (contract §2.7), and under which id they know it, if that is known only now.
type DispatchActivity struct {
	ActivityID         ID
	ProviderActivityID string
}

// CancelActivity asks that an activity not be executed any more (contract §2.7).
type CancelActivity struct {
	ActivityID ID
}

// ErasePersonal asks that what may be about a person be taken out of all that was submitted of a result so far. It names the result, or the activity whose result it is.
type ErasePersonal struct {
	ResultID   ID
	ActivityID ID
}

// ConfigureResultType asks that a tenant have a code of the catalogue like this from now on (contract §2.8).
type ConfigureResultType struct {
	ResultTypeSetting
}

// IssueAPIKey asks for a new API key (contract §2.9). Its text was made where the creator is answered, and is known nowhere else.
type IssueAPIKey struct {
	KeyID ID // a fresh UUIDv7
	APIKeyDetails
}

// RevokeAPIKey asks that an API key open nothing any more (contract §2.9).
type RevokeAPIKey struct {
	KeyID ID
}

func (SubmitResult) intent()        {}
func (CreateActivity) intent()      {}
func (DispatchActivity) intent()    {}
func (CancelActivity) intent()      {}
func (ErasePersonal) intent()       {}
func (ConfigureResultType) intent() {}
func (IssueAPIKey) intent()         {}
func (RevokeAPIKey) intent()        {}

// Receipt is what came of an accepted command: its events, one commit, in order. The first is the command's own; what follows are its consequences.
type Receipt struct {
	Events []Recorded

	// Replayed is not 0 if the command's idempotency key was used before: the position of the first event that was recorded with it. Nothing was decided anew, and
	// Events are those of that time; the Machine, which does not keep them, leaves them out.
	Replayed Position
}

// Outcome is what a command came to, where several are handed in together: its receipt, or why there is none.
type Outcome struct {
	Receipt Receipt
	Err     error
}

// MaxEvents is the most events that one command appends: a creation, or a dispatch, that links a result which moves the activity.
const MaxEvents = 3
