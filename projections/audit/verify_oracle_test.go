package audit_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"slices"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// What an auditor must be told of a log that was tampered with is worked out here from the rows as they were and as they are, with none of the verifier's code.

// firstDiffering is the place, from 1, at which two rows of leaves are not the same; 0 if they are.
func firstDiffering(honest, forged [][]byte) core.Position {
	for i := range min(len(honest), len(forged)) {
		if !bytes.Equal(honest[i], forged[i]) {
			return core.Position(i + 1)
		}
	}
	if len(honest) != len(forged) {
		return core.Position(min(len(honest), len(forged)) + 1)
	}
	return 0
}

// worstRow is the first of a tenant's rows that shows by itself that it was changed, whatever was kept; 0: none does.
func worstRow(part []eventstore.Row) core.Position {
	for i, row := range part {
		r, err := row.Entry.Recorded()
		if err != nil {
			return core.Position(i + 1)
		}
		if submitted, ok := r.Event.(core.ResultSubmitted); ok {
			if digest := submitted.Personal.SHA256; digest != (core.Digest{}) && (row.Personal == nil || sha256.Sum256(row.Personal) != digest) {
				return core.Position(i + 1)
			}
		}
		if len(row.Slim) > 0 && row.Slim[0] == core.SlimVersion && !bytes.Equal(row.Slim, core.EncodeSlim(r)) {
			return core.Position(i + 1)
		}
	}
	return 0
}

// lawful reports whether the rules could have recorded a tenant's part, in the places that its rows say.
func lawful(part []eventstore.Row, exported bool) bool {
	judge := core.NewJudge()
	for i, row := range part {
		if exported {
			row.Personal, row.Slim = nil, nil
		}
		r, err := row.Entry.Recorded()
		if err != nil || row.TenantPosition != core.Position(i+1) {
			return false
		}
		r.Position = r.TenantPosition
		if judge.Next(r) != nil {
			return false
		}
	}
	return judge.End() == nil
}

// inOrder reports whether the log as a whole can be in the order in which it is.
func inOrder(rows []eventstore.Row) bool {
	owners, lasts := map[core.ID]core.ID{}, map[core.ID]core.ID{}
	for i, row := range rows {
		if row.Position != core.Position(i+1) {
			return false
		}
		var before eventstore.Row
		if i > 0 {
			before = rows[i-1]
		}
		if before.TenantID != row.TenantID && before.RecordedAt > row.RecordedAt {
			return false
		}
		last := lasts[row.TenantID]
		lasts[row.TenantID] = row.EventID
		r, err := row.Entry.Recorded()
		if err != nil {
			continue
		}
		if cause := r.Metadata.CausationID; !cause.IsZero() && cause == last && cause != before.EventID {
			return false
		}
		ids := []core.ID{row.StreamID}
		if issued, ok := r.Event.(core.APIKeyIssued); ok {
			ids = append(ids, issued.KeyID)
		}
		for _, id := range ids {
			if owner, known := owners[id]; known && owner != row.TenantID {
				return false
			}
			owners[id] = row.TenantID
		}
	}
	return true
}

// expectation is what is right to be found.
type expectation struct {
	honest, forged []eventstore.Row
	kept           map[core.ID][]core.Position // the sizes of which a checkpoint is there that a trusted key has signed
	claimed        map[core.ID][]core.Position // those of which one is there that some other key has signed: they say something where the others say nothing
	exact          bool                        // it can be told which event it is, wherever a checkpoint comes as far
	exported       bool
	quiet          bool // no stored tree can tell anything
	careless       bool // the stored tree may be wrong where the events are right, or the other way round
}

// check fails the test unless what was found is right; told is whether anything was.
func (x expectation) check(t fataler, found []audit.Finding) (told bool) {
	t.Helper()
	honest, forged := partsOf(x.honest), partsOf(x.forged)
	times := map[any]int{}
	for _, f := range found {
		times[[2]any{f.Tenant, f.Kind}]++
		if times[[2]any{f.Tenant, f.Kind}] > audit.MaxFindings && f.Kind != audit.KindPersonal {
			t.Fatalf("more than %d findings are %s of one tenant: %v", audit.MaxFindings, f.Kind, found)
		}
	}
	for tenant := range honest {
		if forged[tenant] == nil {
			forged[tenant] = []eventstore.Row{}
		}
	}
	for tenant, part := range forged {
		x.checkTenant(t, tenant, honest[tenant], part, slices.DeleteFunc(slices.Clone(found), func(f audit.Finding) bool { return f.Tenant != tenant || f.First == 0 }))
	}
	x.checkWhole(t, slices.DeleteFunc(slices.Clone(found), func(f audit.Finding) bool { return !f.Tenant.IsZero() }))
	return len(found) > 0
}

// checkTenant looks at the finding that is about the earliest event: it must be right.
func (x expectation) checkTenant(t fataler, tenant core.ID, honest, forged []eventstore.Row, found []audit.Finding) {
	t.Helper()
	bad := firstDiffering(leavesOf(honest), leavesOf(forged))
	slices.SortStableFunc(found, func(a, b audit.Finding) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	if x.careless { // of what no trusted checkpoint tells, nobody knows whether it is the event or the tree
		found = slices.DeleteFunc(found, func(f audit.Finding) bool {
			_, later := around(x.kept[tenant], f.First)
			return f.Kind == audit.KindTree && later == 0
		})
	}
	byRow := core.Position(0)
	if !x.exported {
		byRow = worstRow(forged)
	}
	if bad == 0 {
		switch {
		case byRow == 0 && len(found) > 0:
			t.Fatalf("tenant %s: nothing of it was changed, and yet: %v", tenant, found)
		case byRow > 0 && (len(found) == 0 || found[0].First != byRow || found[0].Last != byRow):
			t.Fatalf("tenant %s: position %d was changed in what no leaf tells of; found: %v", tenant, byRow, found)
		}
		return
	}
	proved, broken := around(x.kept[tenant], bad)
	if broken == 0 {
		proved, broken = around(append(x.claimed[tenant], x.kept[tenant]...), bad)
	}
	if broken == 0 {
		x.checkUnsigned(t, tenant, forged, bad, byRow, found)
		return
	}
	if len(found) == 0 {
		t.Fatalf("tenant %s: position %d is bad, and nothing was found; kept: %v", tenant, bad, x.kept[tenant])
	}
	f := found[0]
	if f.First <= proved || f.First > bad || f.Last < bad || f.Last > broken {
		t.Fatalf("tenant %s: position %d is bad, and kept are %v: %v", tenant, bad, x.kept[tenant], found)
	}
	if x.exact && f.First != f.Last {
		t.Fatalf("tenant %s: position %d is bad, which can be told exactly: %v", tenant, bad, found)
	}
}

// around gives the largest size before a position, and the smallest from there on; 0 if there is none.
func around(sizes []core.Position, bad core.Position) (proved, broken core.Position) {
	for _, size := range sizes {
		if size < bad {
			proved = max(proved, size)
		} else if broken == 0 || size < broken {
			broken = size
		}
	}
	return proved, broken
}

// checkUnsigned is for what comes after every checkpoint that was kept. Then only what is there can speak against itself: the rules, the order, and what each row says twice. It does so at the first bad
// event or later; and if it is consistent in itself, nothing can be found.
func (x expectation) checkUnsigned(t fataler, tenant core.ID, forged []eventstore.Row, bad, byRow core.Position, found []audit.Finding) {
	t.Helper()
	for _, f := range found {
		if f.First < bad || f.Kind == audit.KindCheckpoint || x.quiet && f.Kind == audit.KindTree {
			t.Fatalf("tenant %s: position %d is bad, after all that was kept (%v): %v", tenant, bad, x.kept[tenant], f)
		}
	}
	if consistent := byRow == 0 && lawful(forged, x.exported); consistent && x.quiet && len(found) > 0 || !consistent && len(found) == 0 {
		t.Fatalf("tenant %s: position %d is bad, after all that was kept (%v); consistent in itself: %v; found: %v", tenant, bad, x.kept[tenant], consistent, found)
	}
}

// checkWhole looks at what is said of the log as a whole: that it is out of order if it is, and nowhere before it was changed.
func (x expectation) checkWhole(t fataler, found []audit.Finding) {
	t.Helper()
	if x.exported {
		if len(found) > 0 {
			t.Fatalf("one tenant's part says something of the whole log: %v", found)
		}
		return
	}
	if inOrder(x.forged) != (len(found) == 0) {
		t.Fatalf("the log is in order: %v; found: %v", inOrder(x.forged), found)
	}
	changed := 0
	for changed < min(len(x.honest), len(x.forged)) && x.honest[changed].Differs(x.forged[changed]) == "" {
		changed++
	}
	for _, f := range found {
		if f.Position < core.Position(changed+1) {
			t.Fatalf("the log is as it was up to position %d: %v", changed, f)
		}
	}
}
