package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// tenantProof is how far the verification of one tenant's history has come.
type tenantProof struct {
	Tree
	id     core.ID
	cut    bool          // its positions had a gap: where its events belong is not known from there on
	good   core.Position // the size of the largest promise that holds
	broken bool          // one does not

	due            []Promise   // by size: the next ones that the service has stored
	dueAfter       place       // where those end
	stored         *storedTree // what the service has stored of the tree; nil: nothing
	storedSize     int64
	wrong          bool          // the stored tree is not that of the events: it was told
	firstWrongLeaf core.Position // whose stored leaf is another
}

// place is where a signed checkpoint stands among a tenant's.
type place struct {
	size int64
	at   int64
}

// grow adds a leaf, and compares what the service has stored of it, and of the subtrees that it completes.
func (t *tenantProof) grow(ctx context.Context, v *Verifier, e *core.Entry, leaf tlog.Hash) error {
	if err := t.compare(ctx, v, e, leaf, 0, t.size, "the leaf that was stored when it was recorded"); err != nil {
		return err
	}
	var failed error
	t.Append(leaf, func(level int, n int64, root tlog.Hash) {
		if level >= tileLevel && failed == nil {
			failed = t.compare(ctx, v, e, root, level, n, fmt.Sprintf("the stored root of the subtree that ends here (level %d)", level))
		}
	})
	if failed == nil && t.size == t.storedSize {
		t.compareWhole(v, e)
	}
	return failed
}

// compare holds a hash against the stored one, as far as the stored tree comes.
func (t *tenantProof) compare(ctx context.Context, v *Verifier, e *core.Entry, h tlog.Hash, level int, n int64, what string) error {
	if t.stored == nil || (n+1)<<level > t.storedSize {
		return nil
	}
	stored, err := t.stored.node(level, n)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err == nil && stored == h {
		return nil
	}
	if level == 0 && t.firstWrongLeaf == 0 {
		t.firstWrongLeaf = e.TenantPosition
	}
	if !t.wrong {
		t.wrong = true
		if err != nil {
			what = err.Error()
		} else {
			what += " is not that of the event: the event was changed, or the tree"
		}
		v.found(KindTree, e, "%s", what)
	}
	return nil
}

// compareWhole holds the tree against the stored one, which is of the same size.
func (t *tenantProof) compareWhole(v *Verifier, e *core.Entry) {
	stored := v.Stored.sizes[t.id]
	if !t.wrong && !slices.Equal(stored.frontier, t.frontier) {
		t.wrong = true
		v.found(KindTree, e, "the stored tree of %d events is not that of the events", t.size)
	}
}

// storedHolds reports whether the tree that the service has stored is the one that a promise is of.
func (t *tenantProof) storedHolds(p Promise) bool {
	if t.stored == nil || int64(p.Size) > t.storedSize {
		return false
	}
	root, err := tlog.TreeHash(int64(p.Size), t.stored)
	return err == nil && core.Digest(root) == p.Root
}

// sortedPromises are promises by size.
func sortedPromises(promises []Promise) []Promise {
	return slices.SortedFunc(slices.Values(promises), func(a, b Promise) int { return cmp.Compare(a.Size, b.Size) })
}
