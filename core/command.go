package core

// Command is an intent with all that deciding it needs from outside: who asks, when, and ids for what may come of it. The core has no clock and mints nothing,
// so that a golden script is a file and a replay equals what was live.
type Command struct {
	Tenant   ID
	At       Instant // when it is decided: the log's clock, set under the log's write lock
	EventID  ID      // a fresh UUIDv7; the ids of the events are derived from it
	Metadata Metadata
	Intent   Intent
}

// Intent is what a command wants: SubmitResult or CreateActivity.
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

func (SubmitResult) intent()   {}
func (CreateActivity) intent() {}

// Receipt is what came of an accepted command: its events, one commit, in order. The first is the command's own; what follows are its consequences.
type Receipt struct {
	Events []Recorded
}

// MaxEvents is the most events that one command appends: a creation that links a result which moves the activity.
const MaxEvents = 3
