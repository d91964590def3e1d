package audit

import (
	"fmt"

	"resultlog/core"
)

// MaxFindings is how many findings of one kind are told of each tenant, and of the log as a whole: the first of them says where to look, and one event that is gone can make all that come
// after it look wrong. One that is about an earlier event than all before it is told nevertheless.
const MaxFindings = 8

// about is what findings are counted by.
type about struct {
	tenant core.ID
	kind   Kind
}

// told is what was told so far.
type told struct {
	times int
	first core.Position // 0: none was about a place
}

// tell tells a finding, unless enough was told.
func (v *Verifier) tell(f Finding) {
	place := f.First
	if f.Tenant.IsZero() {
		place = f.Position
	}
	so := v.told[about{f.Tenant, f.Kind}]
	earliest := place > 0 && (so.first == 0 || place < so.first)
	if so.times >= MaxFindings && !earliest {
		v.untold++
		return
	}
	if earliest {
		so.first = place
	}
	so.times++
	v.told[about{f.Tenant, f.Kind}] = so
	v.Found(f)
}

// Untold is how many more findings there were than were told.
func (v *Verifier) Untold() int64 { return v.untold }

// found tells a finding about one event.
func (v *Verifier) found(t *tenantProof, kind Kind, e *core.Entry, format string, args ...any) {
	at := e.TenantPosition
	if t.cut { // the event says that it belongs there; but all up to there have been seen
		at = max(at, core.Position(t.size+1))
	}
	v.tell(Finding{Kind: kind, Tenant: t.id, First: at, Last: at, Position: e.Position, Message: fmt.Sprintf(format, args...)})
}
