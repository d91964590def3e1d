package audit

import (
	"context"

	"resultlog/core"
)

// Promise is a signed checkpoint that somebody has kept, opened: what the history must be the continuation of.
type Promise struct {
	Tenant core.ID
	Size   core.Position
	Root   core.Digest
	Source string // where it comes from, for people

	claimed bool // whoever can change the log can have signed it too
}

// Verification says what a log is held against.
type Verification struct {
	Promises []Promise     // kept by an auditor, opened by keys that are trusted
	Stored   *Stored       // what the service itself has kept; nil: nothing
	Exported bool          // the events come without their personal parts, and their positions are those in their tenant
	Found    func(Finding) // is told what is wrong, in the order in which it is met
}

// Verifier goes through a log from its first event and finds what is not as it must be: whether everything is there and in its place, every event can be read, the rules could have recorded
// it, and the trees over it have the roots that were signed. It takes the whole log, or one tenant's events with the tenant positions in place of the positions.
//
// Each tenant's history is verified by itself, as that tenant's auditors would: what is wrong with one says nothing of another. Of the log as a whole only its order is looked at.
type Verifier struct {
	Verification
	erasures *erasures
	tenants  map[core.ID]*tenantProof
	promised map[core.ID][]Promise // by size; what is left of them
	streams  map[core.ID]*tenantProof
	before   before
	told     map[about]told
	untold   int64
	events   int64
	holding  int64 // promises that hold
}

// NewVerifier begins a verification.
func NewVerifier(of Verification) *Verifier {
	v := &Verifier{
		Verification: of, erasures: newErasures(), tenants: make(map[core.ID]*tenantProof), promised: make(map[core.ID][]Promise),
		streams: make(map[core.ID]*tenantProof), told: make(map[about]told),
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
	if t == nil {
		return 0
	}
	return core.Position(t.size) - max(t.signed.good, t.claimed.good)
}

// Next takes the next event. The error says that the verification itself cannot go on; what is wrong with the event is told to Found.
func (v *Verifier) Next(ctx context.Context, p *Prepared) error {
	v.events++
	e := &p.Entry
	t, err := v.tenant(ctx, e.TenantID)
	if err != nil {
		return err
	}
	if !v.Exported {
		v.lookAtOrder(t, p)
	}
	if !t.cut && e.TenantPosition != core.Position(t.size+1) {
		v.cutAt(t, e)
	}
	v.judge(t, p)
	for _, f := range p.Wrong {
		v.found(t, f.Kind, e, "%s", f.Message)
	}
	if t.cut {
		return nil
	}
	if err := t.grow(ctx, v, e, p.Leaf); err != nil {
		return err
	}
	return v.keepPromises(ctx, t, e)
}

// Skip takes it that the log has a row at a position of which not even the columns can be read, and why; the verification goes on with what comes after it.
func (v *Verifier) Skip(at core.Position, why error) {
	v.lookAtPosition(at)
	v.before = before{position: at, tenant: v.before.tenant, at: v.before.at}
	v.tell(Finding{Kind: KindUnreadable, Position: at, Message: "cannot be read: " + why.Error()})
}

// tenant is what is known of a tenant.
func (v *Verifier) tenant(ctx context.Context, id core.ID) (*tenantProof, error) {
	if t, ok := v.tenants[id]; ok {
		return t, nil
	}
	t := &tenantProof{id: id, judge: core.NewJudge()}
	if v.Stored != nil {
		t.stored = &storedTree{ctx: ctx, q: v.Stored.db, tenant: id}
		t.storedSize, t.signedSize = v.Stored.sizeOf(id), v.Stored.signed[id]
	}
	v.tenants[id] = t
	return t, v.refill(ctx, t)
}
