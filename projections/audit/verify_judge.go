package audit

import (
	"errors"

	"resultlog/core"
)

// judge has the rules judge an event of a tenant, as long as they can: after one that cannot be read, or a gap, they know no longer what came before.
func (v *Verifier) judge(t *tenantProof, p *Prepared) {
	if p.Err != nil {
		v.found(t, KindUnreadable, &p.Entry, "cannot be read: %v", p.Err)
		t.judge = nil
		return
	}
	if !v.Exported {
		if f, wrong := v.erasures.see(p); wrong {
			v.tell(f)
		}
	}
	if t.judge == nil {
		return
	}
	r := p.Recorded
	r.Position = r.TenantPosition // a tenant's history is judged by itself: no decision reads another's
	err := t.judge.Next(r)
	switch {
	case errors.Is(err, core.ErrOutOfOrder):
		v.found(t, KindOrder, &p.Entry, "%v; by the rules, nothing that comes after it in this tenant can be judged", err)
		t.judge = nil
	case err != nil:
		v.found(t, KindRules, &p.Entry, "%v", err)
	}
}

// judgeEnd has the rules say whether a tenant's history may end where it does.
func (v *Verifier) judgeEnd(t *tenantProof) {
	if t.judge == nil {
		return
	}
	if err := t.judge.End(); err != nil {
		next := core.Position(t.size + 1)
		v.tell(Finding{Kind: KindRules, Tenant: t.id, First: next, Last: next, Message: err.Error()})
	}
}
