package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// tenantProof is how far the verification of one tenant's history has come.
type tenantProof struct {
	Tree
	id    core.ID
	judge *core.Judge // nil: the rules cannot say any more what may come
	last  core.ID     // the id of its last event
	cut   bool        // its positions had a gap: where its events belong is not known from there on

	signed  standing // of promises by trusted keys
	claimed standing // of promises by other keys

	due        []Promise   // by size: the next ones that the service has stored
	dueAfter   place       // where those end
	signedSize int64       // of the largest of them when the verification began
	stored     *storedTree // what the service has stored of the tree; nil: nothing
	storedSize int64       // when the verification began
	wrong      bool        // the stored tree is not that of the events
	wrongLeaf  eventPlace  // the first event whose stored leaf is another
	suspected  bool        // whether that event is bad is not known yet
}

// eventPlace is where an event stands.
type eventPlace struct {
	Position       core.Position
	TenantPosition core.Position
}

// place is where a signed checkpoint stands among a tenant's.
type place struct {
	size int64
	at   int64
}

// grow adds a leaf, and compares what the service has stored of it, and of the subtrees that it completes.
func (t *tenantProof) grow(ctx context.Context, v *Verifier, e *core.Entry, digest core.Digest) error {
	leaf := tlog.Hash(digest)
	if err := t.compare(ctx, v, e, leaf, 0, t.size); err != nil {
		return err
	}
	var failed error
	t.Append(leaf, func(level int, n int64, root tlog.Hash) {
		if level >= tileLevel && failed == nil {
			failed = t.compare(ctx, v, e, root, level, n)
		}
	})
	if failed == nil && t.stored != nil && t.size == t.storedSize && !slices.Equal(v.Stored.trees[t.id].frontier, t.frontier) {
		t.damaged(v, fmt.Errorf("the stored tree of %d events is not that of the events", t.size))
	}
	return failed
}

// compare holds a hash against the stored one, as far as the stored tree comes.
func (t *tenantProof) compare(ctx context.Context, v *Verifier, e *core.Entry, h tlog.Hash, level int, n int64) error {
	if t.stored == nil || (n+1)<<level > t.storedSize {
		return nil
	}
	stored, err := t.stored.node(level, n)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errDamaged):
		t.damaged(v, err)
	case err != nil:
		return fmt.Errorf("read the tree of tenant %s: %w", t.id, err)
	case stored == h:
	case level == 0:
		t.suspect(e)
	default:
		t.damaged(v, fmt.Errorf("the stored root of the subtree that ends with event %d (level %d) is not that of the events", e.TenantPosition, level))
	}
	return nil
}

// damaged tells that the stored tree is not that of the events, unless it was told, or will be. It says nothing of where the events are wrong, nor that they are.
func (t *tenantProof) damaged(v *Verifier, why error) {
	if !t.wrong {
		t.wrong = true
		v.tell(Finding{Kind: KindTree, Tenant: t.id, Message: why.Error()})
	}
}

// suspect notes the first event whose stored leaf is another. Either was changed: which, the next promise that is looked at tells.
func (t *tenantProof) suspect(e *core.Entry) {
	if !t.wrong {
		t.wrong, t.suspected = true, true
		t.wrongLeaf = eventPlace{e.Position, e.TenantPosition}
	}
}

// acquit tells of the event that is suspected, if one is, as what it turned out to be: bad, or not, or nobody knows, in which case it is no more than that the tree is another.
func (t *tenantProof) acquit(v *Verifier, bad bool, why string) {
	if !t.suspected {
		return
	}
	t.suspected = false
	f := Finding{Kind: KindTree, Tenant: t.id, Message: fmt.Sprintf("the leaf that was stored of event %d is not that of the event: %s", t.wrongLeaf.TenantPosition, why)}
	if bad {
		f.First, f.Last, f.Position = t.wrongLeaf.TenantPosition, t.wrongLeaf.TenantPosition, t.wrongLeaf.Position
	}
	v.tell(f)
}

// storedHolds reports whether the tree that the service has stored is the one that a promise is of.
func (t *tenantProof) storedHolds(p Promise) bool {
	if t.stored == nil || int64(p.Size) > t.storedSize {
		return false
	}
	root, err := tlog.TreeHash(int64(p.Size), t.stored)
	return err == nil && core.Digest(root) == p.Root
}
