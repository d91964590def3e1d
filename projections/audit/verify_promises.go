package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"resultlog/core"
)

// standing is how far promises of one kind hold. There are two kinds: those that are signed by keys that are trusted, and those that are signed by keys that only the tables name. The latter
// are worth looking at, and no reason to look less closely at what the former are about.
type standing struct {
	good   core.Position // the size of the largest that holds
	broken bool          // one that is larger does not
}

// standing is that of promises like p, and from where on what p promises is not proved by others.
func (t *tenantProof) standing(p Promise) (s *standing, good core.Position) {
	if p.claimed {
		return &t.claimed, max(t.claimed.good, t.signed.good)
	}
	return &t.signed, t.signed.good
}

// keepPromises compares the tree, to which the event e was added last, with the promises that are of its size. One of no events at all, which no service signs, promises nothing.
func (v *Verifier) keepPromises(ctx context.Context, t *tenantProof, e *core.Entry) error {
	kept, size := v.promised[t.id], core.Position(t.size)
	for ; len(kept) > 0 && kept[0].Size <= size; kept = kept[1:] {
		if kept[0].Size == size {
			v.hold(t, kept[0], e)
		}
	}
	v.promised[t.id] = kept
	for len(t.due) > 0 && t.due[0].Size <= size {
		if t.due[0].Size == size {
			v.hold(t, t.due[0], e)
		}
		t.due = t.due[1:]
		if err := v.refill(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// hold compares the tree with a promise of its size. The first that does not hold says where to look; those after it cannot hold either, unless another history was signed since, as after a
// restore.
func (v *Verifier) hold(t *tenantProof, p Promise, e *core.Entry) {
	s, _ := t.standing(p)
	if core.Digest(t.Root()) == p.Root {
		s.good, s.broken = p.Size, false
		v.holding++
		if !p.claimed {
			t.acquit(v, false, "the tree was changed, and the event is as it was signed")
		}
		return
	}
	if s.broken {
		return
	}
	v.tellBroken(t, p, eventPlace{e.Position, p.Size},
		"the first %d events are not those that were signed (%s): something up to there was changed, removed or put in", p.Size, p.Source)
}

// tellBroken tells that a promise does not hold, and that what is bad first stands at a place at the latest. The leaves that the service has stored tell exactly where, if they are those that
// were signed: at the first that is not the event's, and if there is none so far, at that place. Else it is after what is proved, or between that and a smaller promise that does not hold, which
// was told then.
func (v *Verifier) tellBroken(t *tenantProof, p Promise, latest eventPlace, format string, args ...any) {
	s, good := t.standing(p)
	f := Finding{Kind: KindCheckpoint, Tenant: t.id, Message: fmt.Sprintf(format, args...)}
	if !s.broken {
		f.First, f.Last = good+1, latest.TenantPosition
	}
	s.broken = true
	told := t.storedHolds(p) && (!t.wrong || t.wrongLeaf.TenantPosition > good)
	if told {
		if t.wrongLeaf.TenantPosition > 0 {
			latest = t.wrongLeaf
		}
		f.First, f.Last = latest.TenantPosition, latest.TenantPosition
	}
	if f.First > 0 && f.First == f.Last {
		f.Position = latest.Position
	}
	switch {
	case told:
		t.acquit(v, true, "the event was changed")
	case !p.claimed:
		t.acquit(v, false, "the tree was changed, whatever was done to the events besides")
	}
	v.tell(f)
}

// longest is the largest promise that has not been looked at, one that is signed by a trusted key if there is any; none if there is none.
func (v *Verifier) longest(t *tenantProof) (longest Promise) {
	for _, p := range slices.Concat(t.due, v.promised[t.id]) {
		if longest.Size == 0 || longest.claimed && !p.claimed || longest.claimed == p.claimed && p.Size > longest.Size {
			longest = p
		}
	}
	return longest
}

// sortedPromises are promises by size.
func sortedPromises(promises []Promise) []Promise {
	return slices.SortedFunc(slices.Values(promises), func(a, b Promise) int { return cmp.Compare(a.Size, b.Size) })
}
