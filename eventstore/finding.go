package eventstore

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotThere means that a part of a store has not been made yet. The first server that runs on the store makes it.
var ErrNotThere = errors.New("is not there yet")

// Health is how a finding is to be taken.
type Health string

// From good to bad.
const (
	HealthOK   Health = "ok"
	HealthWarn Health = "warn" // the store works, and somebody should look
	HealthFail Health = "fail" // it does not work, or loses what it should keep
)

// AdviceOnTriggers is what to do when the triggers that hold the history are not there.
const AdviceOnTriggers = "somebody has taken them away, and may have changed the history: resultlog verify tells; restore a backup if it was"

// Finding is what somebody who examines a store has found, in words for the operator who asked.
type Finding struct {
	Health Health
	Found  string // a fact, or some, with "; " between them
	Advice string // what to do next; empty if all is well
}

// Found is a finding that is well.
func Found(format string, args ...any) Finding {
	return Finding{Health: HealthOK, Found: fmt.Sprintf(format, args...)}
}

// Warn is the same finding, as one that somebody should look at.
func (f Finding) Warn(advice string) Finding { return Finding{HealthWarn, f.Found, advice} }

// Fail is the same finding, as one that is not as it must be.
func (f Finding) Fail(advice string) Finding { return Finding{HealthFail, f.Found, advice} }

// Together makes one finding of several: it is as bad as the worst of them, and says all that they say.
func Together(all ...Finding) Finding {
	whole := Finding{Health: HealthOK}
	var found, advice []string
	for _, f := range all {
		if f.Health == HealthFail || whole.Health == HealthOK {
			whole.Health = f.Health
		}
		found = append(found, f.Found)
		if f.Advice != "" {
			advice = append(advice, f.Advice)
		}
	}
	whole.Found, whole.Advice = strings.Join(found, "; "), strings.Join(advice, "; ")
	return whole
}
