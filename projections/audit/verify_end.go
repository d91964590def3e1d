package audit

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"resultlog/core"
)

// End says that the log ends here.
func (v *Verifier) End(ctx context.Context) error {
	if v.Stored != nil {
		if err := v.tenantsOf(ctx, v.Stored.tenants()); err != nil {
			return err
		}
	}
	if err := v.tenantsOf(ctx, slices.Collect(maps.Keys(v.promised))); err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(v.tenants), compareIDs) {
		v.judgeEnd(v.tenants[id])
		v.endOf(v.tenants[id])
	}
	v.erasures.end(v.tellGone)
	return nil
}

// tellGone tells that a personal part is gone without a record. Where something else is wrong with a tenant's history, the record may be what was changed or removed: then it is not said that
// this event is where it begins.
func (v *Verifier) tellGone(f Finding) {
	if v.blamed(f.Tenant) {
		f.Message = fmt.Sprintf("of event %d: %s, in what is left of this history", f.First, f.Message)
		f.First, f.Last, f.Position = 0, 0, 0
	}
	v.tell(f)
}

// blamed reports whether a tenant's history was found to be bad somewhere, not only in what is personal.
func (v *Verifier) blamed(tenant core.ID) bool {
	for _, kind := range []Kind{KindOrder, KindUnreadable, KindRules, KindCheckpoint, KindTree} {
		if v.told[about{tenant, kind}].first > 0 {
			return true
		}
	}
	return false
}

// tenantsOf sees to it that tenants are known of which the log may have no event.
func (v *Verifier) tenantsOf(ctx context.Context, ids []core.ID) error {
	for _, id := range ids {
		if _, err := v.tenant(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// endOf looks whether a tenant's history comes as far as was promised, and as its stored tree does. Where it ends too early, or has a gap, nothing says that what there is before is right.
func (v *Verifier) endOf(t *tenantProof) {
	longest, end := v.longest(t), eventPlace{TenantPosition: core.Position(t.size + 1)}
	switch {
	case longest.Size > 0 && t.cut:
		v.tellBroken(t, longest, end, "up to the gap after %d events, nothing proves that they are those that were signed (%s, of %d)", t.size, longest.Source, longest.Size)
	case longest.Size > 0:
		v.tellBroken(t, longest, end, "the history ends after %d events, and %d were signed (%s): some are gone, those after the end or others", t.size, longest.Size, longest.Source)
	case t.storedSize > t.size && !t.cut:
		v.tell(Finding{Kind: KindTree, Tenant: t.id, First: end.TenantPosition, Last: end.TenantPosition,
			Message: fmt.Sprintf("the history ends after %d events, and the stored tree is of %d: those after that are gone, or the tree was changed", t.size, t.storedSize)})
	}
	t.acquit(v, true, "the event was changed, or the tree: no checkpoint is there that tells")
}

func compareIDs(a, b core.ID) int { return bytes.Compare(a[:], b[:]) }
