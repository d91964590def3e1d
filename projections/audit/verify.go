package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// Promise is a signed checkpoint that somebody has kept, opened: what the history must be the continuation of.
type Promise struct {
	Tenant core.ID
	Size   core.Position
	Root   core.Digest
	Source string // where it comes from, for people
}

// Verification says what a log is held against.
type Verification struct {
	Promises []Promise     // kept by an auditor, opened by keys that are trusted
	Stored   *Stored       // what the service itself has kept; nil: nothing
	Exported bool          // the events come without their personal parts
	Found    func(Finding) // is told what is wrong, in the order in which it is met
}

// Verifier goes through a log from its first event and finds what is not as it must be: whether everything is there and in its place, every event can be read, the rules could have recorded
// it, and the trees over it have the roots that were signed. It takes the whole log, or one tenant's events with the tenant positions in place of the positions.
type Verifier struct {
	Verification
	judge    *core.Judge
	judging  bool
	erasures *erasures
	tenants  map[core.ID]*tenantProof
	promised map[core.ID][]Promise // by size; what is left of them
	last     core.Position
	events   int64
	holding  int64 // promises that hold
}

// NewVerifier begins a verification.
func NewVerifier(of Verification) *Verifier {
	v := &Verifier{
		Verification: of, judge: core.NewJudge(), judging: true, erasures: newErasures(), tenants: make(map[core.ID]*tenantProof), promised: make(map[core.ID][]Promise),
	}
	for _, p := range sortedPromises(of.Promises) {
		v.promised[p.Tenant] = append(v.promised[p.Tenant], p)
	}
	return v
}

// Events is how many events were looked at so far.
func (v *Verifier) Events() int64 { return v.events }

// Holding is how many signed checkpoints hold.
func (v *Verifier) Holding() int64 { return v.holding }

// Trees gives how many events of each tenant were looked at, and the root of the tree over them.
func (v *Verifier) Trees() map[core.ID]core.SignedCheckpoint {
	trees := make(map[core.ID]core.SignedCheckpoint, len(v.tenants))
	for id, t := range v.tenants {
		trees[id] = core.SignedCheckpoint{Size: core.Position(t.size), Root: core.Digest(t.Root())}
	}
	return trees
}

// Unsigned gives how many events of each tenant come after the longest history that was signed.
func (v *Verifier) Unsigned(tenant core.ID) core.Position {
	t := v.tenants[tenant]
	return core.Position(t.size) - t.good
}

// Next takes the next event. The error says that the verification itself cannot go on; what is wrong with the event is told to Found.
func (v *Verifier) Next(ctx context.Context, p *Prepared) error {
	v.events++
	e := &p.Entry
	if e.Position != v.last+1 {
		v.found(KindOrder, e, "position %d of the log comes after %d: what was between is gone, or it was put in", e.Position, v.last)
	}
	v.last = e.Position
	v.judgeEvent(p)
	for _, f := range p.Wrong {
		v.found(f.Kind, e, "%s", f.Message)
	}
	return v.prove(ctx, p)
}

// judgeEvent has the rules judge an event, as long as they can: after one that cannot be read, or a gap, they know no longer what came before.
func (v *Verifier) judgeEvent(p *Prepared) {
	if p.Err != nil {
		v.found(KindUnreadable, &p.Entry, "cannot be read: %v", p.Err)
		v.judging = false
		return
	}
	if !v.Exported {
		if f, wrong := v.erasures.see(p); wrong {
			v.Found(f)
		}
	}
	if !v.judging {
		return
	}
	err := v.judge.Next(p.Recorded)
	switch {
	case errors.Is(err, core.ErrOutOfOrder):
		v.found(KindOrder, &p.Entry, "%v", err)
		v.judging = false
	case err != nil:
		v.found(KindRules, &p.Entry, "%v", err)
	}
}

// prove adds the event to its tenant's tree, and holds that against what was kept of it.
func (v *Verifier) prove(ctx context.Context, p *Prepared) error {
	e := &p.Entry
	t, err := v.tenant(ctx, e.TenantID)
	if err != nil || t.cut {
		return err
	}
	if e.TenantPosition != core.Position(t.size+1) {
		v.found(KindOrder, e, "the tenant's position %d comes after %d: what was between is gone, or it was put in", e.TenantPosition, t.size)
		t.cut = true
		return nil
	}
	if err := t.grow(ctx, v, e, tlog.Hash(p.Leaf)); err != nil {
		return err
	}
	return v.keepPromises(ctx, t)
}

// tenant is what is known of a tenant.
func (v *Verifier) tenant(ctx context.Context, id core.ID) (*tenantProof, error) {
	if t, ok := v.tenants[id]; ok {
		return t, nil
	}
	t := &tenantProof{id: id}
	if v.Stored != nil {
		t.stored = &storedTree{ctx: ctx, q: v.Stored.db, tenant: id}
		t.storedSize = v.Stored.sizes[id].Size()
	}
	v.tenants[id] = t
	return t, v.refill(ctx, t)
}

// keepPromises compares the tree with the promises that are of its size.
func (v *Verifier) keepPromises(ctx context.Context, t *tenantProof) error {
	for kept := v.promised[t.id]; len(kept) > 0 && kept[0].Size == core.Position(t.size); kept = kept[1:] {
		v.hold(t, kept[0])
		v.promised[t.id] = kept[1:]
	}
	for len(t.due) > 0 && t.due[0].Size == core.Position(t.size) {
		v.hold(t, t.due[0])
		t.due = t.due[1:]
		if err := v.refill(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// hold compares the tree with a promise of its size. The first that does not hold says where to look; those after it cannot hold either.
func (v *Verifier) hold(t *tenantProof, p Promise) {
	if core.Digest(t.Root()) == p.Root {
		t.good = p.Size
		v.holding++
		return
	}
	if t.broken {
		return
	}
	t.broken = true
	first, last := t.good+1, p.Size
	if t.firstWrongLeaf > 0 && t.storedHolds(p) { // the stored leaves are those that were signed: they tell which event it is
		first, last = t.firstWrongLeaf, t.firstWrongLeaf
	}
	v.Found(Finding{
		Kind: KindCheckpoint, Tenant: t.id, First: first, Last: last,
		Message: fmt.Sprintf("the first %d events are not those that were signed (%s): something up to there was changed, removed or put in", p.Size, p.Source),
	})
}

// End says that the log ends here.
func (v *Verifier) End(ctx context.Context) error {
	if v.judging {
		if err := v.judge.End(); err != nil {
			v.Found(Finding{Kind: KindRules, Message: err.Error(), Position: v.last})
		}
	}
	v.erasures.end(v.Found)
	if v.Stored != nil {
		for id := range v.Stored.sizes {
			if _, err := v.tenant(ctx, id); err != nil {
				return err
			}
		}
	}
	for id := range v.promised {
		if _, err := v.tenant(ctx, id); err != nil {
			return err
		}
	}
	for _, t := range v.tenants {
		if err := v.endOf(t); err != nil {
			return err
		}
	}
	return nil
}

// endOf looks whether a tenant's history comes as far as was promised, and as its stored tree does.
func (v *Verifier) endOf(t *tenantProof) error {
	if t.cut {
		return nil
	}
	longest := Promise{}
	for _, p := range append(v.promised[t.id], t.due...) {
		if p.Size > longest.Size {
			longest = p
		}
	}
	switch {
	case longest.Size > core.Position(t.size):
		v.Found(Finding{Kind: KindCheckpoint, Tenant: t.id, First: core.Position(t.size + 1), Last: core.Position(t.size + 1),
			Message: fmt.Sprintf("the history ends after %d events, and %d were signed (%s): those after that are gone", t.size, longest.Size, longest.Source)})
	case t.storedSize > t.size:
		v.Found(Finding{Kind: KindTree, Tenant: t.id, First: core.Position(t.size + 1), Last: core.Position(t.size + 1),
			Message: fmt.Sprintf("the history ends after %d events, and the stored tree is of %d: those after that are gone", t.size, t.storedSize)})
	}
	return nil
}

// found tells a finding about one event.
func (v *Verifier) found(kind Kind, e *core.Entry, format string, args ...any) {
	v.Found(Finding{Kind: kind, Tenant: e.TenantID, First: e.TenantPosition, Last: e.TenantPosition, Position: e.Position, Message: fmt.Sprintf(format, args...)})
}
