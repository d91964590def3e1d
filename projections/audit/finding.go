package audit

import (
	"fmt"

	"resultlog/core"
)

// Kind says what is wrong, for programs.
type Kind string

// The kinds of findings.
const (
	KindOrder      Kind = "order"      // positions, versions or times have a gap, a repeat, or go back
	KindUnreadable Kind = "unreadable" // an event that cannot be decoded
	KindRules      Kind = "rules"      // an event that the rules could not have recorded
	KindPersonal   Kind = "personal"   // a personal part that is not the one that was recorded, or that was erased and nobody recorded it
	KindSlim       Kind = "slim"       // a slim encoding that is not that of the event
	KindTree       Kind = "tree"       // the stored tree is not that of the events
	KindCheckpoint Kind = "checkpoint" // what a signed checkpoint promised does not hold
	KindSignature  Kind = "signature"  // a checkpoint that no trusted key has signed
	KindReadTables Kind = "read_tables"
)

// Finding is something that is not as it must be. Of those about one tenant, the one about the earliest place says where its history was changed first; what comes after it may be no more than what
// follows from that. Those without a place, and those about the whole log, say what is wrong besides.
type Finding struct {
	Kind        Kind
	Tenant      core.ID       // none: it is about the whole log
	First, Last core.Position // the first event that is bad is one of these, by tenant position; the same if it is known which one. 0: it is about none
	Position    core.Position // in the whole log, of First, if that is known
	Message     string
}

// String is the finding for a person.
func (f Finding) String() string {
	place := ""
	switch {
	case f.First > 0 && f.First == f.Last:
		place = fmt.Sprintf("tenant %s, position %d", f.Tenant, f.First)
	case f.First > 0:
		place = fmt.Sprintf("tenant %s, one of positions %d to %d", f.Tenant, f.First, f.Last)
	case !f.Tenant.IsZero():
		place = fmt.Sprintf("tenant %s", f.Tenant)
	}
	if f.Position > 0 {
		place += fmt.Sprintf(" (position %d of the log)", f.Position)
	}
	if place != "" {
		place += ": "
	}
	return place + f.Message
}
