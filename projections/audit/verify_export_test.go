package audit_test

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// exported is a tenant's part of a log as its auditor gets it: the places are those in the tenant, and nothing is personal.
func exported(part []eventstore.Row) []eventstore.Row {
	out := slices.Clone(part)
	for i := range out {
		out[i].Position, out[i].Personal, out[i].Slim = out[i].TenantPosition, nil, nil
	}
	return out
}

// sequence yields rows.
func sequence(rows []eventstore.Row) func(core.Position) iter.Seq2[eventstore.Row, error] {
	return func(core.Position) iter.Seq2[eventstore.Row, error] {
		return func(yield func(eventstore.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// What one tenant's auditor was given is held against what that auditor has kept, with nothing of the service's: whatever is changed is found, as far as what was kept comes.
func TestEveryTamperingWithAnExportIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine alone: make test runs it")
	}
	told, passed := map[string]int{}, map[string]int{}
	key := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "history"), 3)), draw(t, "events", 1, 60))
		tenant := pick(t, "tenant", h.rows()).TenantID
		part := exported(partsOf(h.rows())[tenant])
		every := slices.DeleteFunc(signEverySize(t, part, key), func(p audit.Promise) bool { return p.Tenant != tenant })
		kept := drawKept(t, every, every)
		of := audit.Verification{Promises: kept, Exported: true}
		if found, v, err := verifyRows(t.Context(), of, sequence(part)); err != nil || len(found) > 0 || v.Holding() != int64(len(kept)) {
			t.Fatalf("untouched, %d of %d checkpoints hold (%v), and there is found: %v", v.Holding(), len(kept), err, found)
		}
		how := pick(t, "tampering", tamperings)
		forged := how.change(t, slices.Clone(part), draw(t, "at", 0, len(part)-1))
		if forged == nil {
			return
		}
		if forged = exported(forged); sameRows(forged, part) {
			return
		}
		found, _, err := verifyRows(t.Context(), of, sequence(forged))
		if err != nil {
			t.Fatalf("verify: %v", err)
		}
		x := expectation{honest: part, forged: forged, kept: sizesOf(kept), exact: len(kept) == len(every), exported: true, quiet: true}
		if x.check(t, found) {
			told[how.name]++
		} else {
			passed[how.name]++
		}
	})
	t.Logf("found: %v", told)
	t.Logf("not found, since nothing was kept that tells: %v", passed)
}
