package audit

import (
	"fmt"

	"resultlog/core"
)

// before is the event before the next one, of whichever tenant.
type before struct {
	position core.Position
	tenant   core.ID
	id       core.ID
	at       core.Instant
}

// lookAtOrder looks whether an event may stand in the log where it does. No leaf says where that is, since it would tell of other tenants: what is found here is about no tenant, and says only
// where in the log it shows.
func (v *Verifier) lookAtOrder(t *tenantProof, p *Prepared) {
	e, last := &p.Entry, v.before
	v.before = before{e.Position, e.TenantID, e.EventID, e.RecordedAt}
	lastOfTenant := t.last
	t.last = e.EventID
	v.lookAtPositionAfter(last.position, e.Position)
	if e.RecordedAt < last.at && last.tenant != t.id { // within a tenant the judge says so
		v.tell(atPosition(KindOrder, e.Position, "it was recorded at %s, before what stands before it, at %s: one of the two was changed, or moved", e.RecordedAt, last.at))
	}
	if p.Err != nil {
		return
	}
	if cause := p.Recorded.Metadata.CausationID; !cause.IsZero() && cause == lastOfTenant && cause != last.id {
		v.tell(atPosition(KindOrder, e.Position, "between it and the event that caused it stands one of another tenant: both were one commit"))
	}
	v.own(t, e.StreamID, e.Position)
	if issued, ok := p.Recorded.Event.(core.APIKeyIssued); ok {
		v.own(t, issued.KeyID, e.Position)
	}
}

// own notes whose an id is: ids are minted, and a log in which two tenants have the same is read by no node.
func (v *Verifier) own(t *tenantProof, id core.ID, at core.Position) {
	owner, known := v.streams[id]
	if !known {
		v.streams[id] = t
	} else if owner != t {
		v.tell(atPosition(KindRules, at, "%s is of tenant %s here, and of tenant %s before", id, t.id, owner.id))
	}
}

// lookAtPosition looks whether a position is the next.
func (v *Verifier) lookAtPosition(at core.Position) { v.lookAtPositionAfter(v.before.position, at) }

func (v *Verifier) lookAtPositionAfter(last, at core.Position) {
	if at != last+1 {
		v.tell(atPosition(KindOrder, min(at, last+1), "position %d of the log comes after %d: what was between is gone, or something was put in", at, last))
	}
}

// cutAt ends what can be said of a tenant's order: where its events belong is not known from here on. What is bad is the place where another event was to come.
func (v *Verifier) cutAt(t *tenantProof, e *core.Entry) {
	first := core.Position(t.size + 1)
	t.cut, t.judge = true, nil
	v.tell(Finding{
		Kind: KindOrder, Tenant: t.id, First: first, Last: first,
		Message: fmt.Sprintf("after the tenant's position %d comes %d, at position %d of the log: what was between is gone, or something was put in", t.size, e.TenantPosition, e.Position),
	})
}

// atPosition is a finding about the log as a whole.
func atPosition(kind Kind, at core.Position, format string, args ...any) Finding {
	return Finding{Kind: kind, Position: at, Message: fmt.Sprintf(format, args...)}
}
