package core

import (
	"fmt"
	"slices"
	"strings"
)

// ResultStatus is the status of a result (contract §1). It is one byte, so that a million of them cost a megabyte.
type ResultStatus uint8

// The result statuses. Every one but PENDING is terminal.
const (
	NoResult ResultStatus = iota // there is no result yet; never sent, never stored
	ResultPending
	ResultCompleted
	ResultNotExecuted
	ResultCanceled
	ResultTransferred
)

// ActivityStatus is the status of an activity (contract §2.7).
type ActivityStatus uint8

// The activity statuses. COMPLETED, CANCELED and FAILED are terminal.
const (
	NoActivity ActivityStatus = iota // there is no such activity; never sent, never stored
	ActivityReady
	ActivityUnresolved
	ActivityDispatched
	ActivityCompleted
	ActivityCanceled
	ActivityFailed
)

var (
	resultStatusNames   = []string{"NONE", "PENDING", "COMPLETED", "NOT_EXECUTED", "CANCELED", "TRANSFERRED"}
	activityStatusNames = []string{"NONE", "READY", "UNRESOLVED", "DISPATCHED", "COMPLETED", "CANCELED", "FAILED"}
)

// activityAfter is the contract's table (§1): what a result of this status does to its parent activity.
var activityAfter = [...]ActivityStatus{
	NoResult:          NoActivity,
	ResultPending:     NoActivity, // no change
	ResultCompleted:   ActivityCompleted,
	ResultNotExecuted: ActivityFailed,
	ResultCanceled:    ActivityCanceled,
	ResultTransferred: ActivityCompleted,
}

// ActivityStatus is the status that a result of status s moves its activity to; NoActivity means no change.
func (s ResultStatus) ActivityStatus() ActivityStatus { return activityAfter[s] }

// String is the name on the wire.
func (s ResultStatus) String() string { return resultStatusNames[s] }

// MarshalText implements encoding.TextMarshaler with the name on the wire.
func (s ResultStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; the error lists what is allowed.
func (s *ResultStatus) UnmarshalText(text []byte) (err error) {
	*s, err = parseName[ResultStatus](resultStatusNames, string(text))
	return err
}

// Terminal reports whether an activity of status s has come to its end.
func (s ActivityStatus) Terminal() bool { return s >= ActivityCompleted }

// String is the name on the wire.
func (s ActivityStatus) String() string { return activityStatusNames[s] }

// MarshalText implements encoding.TextMarshaler with the name on the wire.
func (s ActivityStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; the error lists what is allowed.
func (s *ActivityStatus) UnmarshalText(text []byte) (err error) {
	*s, err = parseName[ActivityStatus](activityStatusNames, string(text))
	return err
}

// ActivityType tells tasks, which take results, from messages, which do not.
type ActivityType uint8

// The activity types.
const (
	NoType ActivityType = iota
	Task
	Message
)

var activityTypeNames = []string{"NONE", "TASK", "MESSAGE"}

// String is the name on the wire.
func (t ActivityType) String() string { return activityTypeNames[t] }

// MarshalText implements encoding.TextMarshaler with the name on the wire.
func (t ActivityType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; the error lists what is allowed.
func (t *ActivityType) UnmarshalText(text []byte) (err error) {
	*t, err = parseName[ActivityType](activityTypeNames, string(text))
	return err
}

// parseName finds text among names; names[0] is the zero value, which has no name on the wire.
func parseName[T ~uint8](names []string, text string) (T, error) {
	if i := slices.Index(names[1:], text); i >= 0 {
		return T(i + 1), nil
	}
	return 0, NotOneOf(names[1:])
}

// NotOneOf is the error of a name that is not in a list; it shows the list.
func NotOneOf[S ~string](names []S) error {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = string(name)
	}
	return fmt.Errorf("must be one of %s", strings.Join(list, ", "))
}
