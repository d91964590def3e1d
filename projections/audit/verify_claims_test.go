package audit_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// changedAt is a log in which the n-th event of a tenant has another id.
func changedAt(rows []eventstore.Row, tenant core.ID, n core.Position) []eventstore.Row {
	rows = slices.Clone(rows)
	for i := range rows {
		if rows[i].TenantID == tenant && rows[i].TenantPosition == n {
			rows[i].EventID = id(1<<53 + uint64(n))
		}
	}
	return rows
}

// What has come after the last checkpoint is held against the stored leaves: which event is another than when it was recorded is told exactly, though not whether it was the event or the leaf that was changed.
func TestWhatIsNotSignedYetIsHeldAgainstItsLeaf(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		h, key := newHistory(rand.New(rand.NewPCG(40, 4)), 60), newKey(t)
		s.record(t, history{commits: h.commits[:3]}, key)
		s.setFree(t)
		s.write(t, h.rows())
		if _, err := audit.Extend(newKeeper(t, s.tables, s.log, key), t.Context()); err != nil {
			t.Fatal(err)
		}
		s.mustVerify(t, audit.Verification{Stored: s.mustReadStored(t)})
		last := h.rows()[len(h.rows())-1]
		s.write(t, changedAt(h.rows(), last.TenantID, last.TenantPosition))
		found, _, err := s.verify(t.Context(), audit.Verification{Stored: s.mustReadStored(t)})
		if err != nil {
			t.Fatal(err)
		}
		mustHaveFinding(t, found, audit.Finding{
			Kind: audit.KindTree, Tenant: last.TenantID, First: last.TenantPosition, Last: last.TenantPosition, Position: last.Position, Message: "the event was changed, or the tree",
		})
	})
}

// A stored tree that is consistent with a checkpoint of the forger's own does not lead away from what was changed: what a kept checkpoint proves is proved.
func TestAForgersTreeLeadsNobodyAway(t *testing.T) {
	s := sqliteStore(t)
	h, key := newHistory(rand.New(rand.NewPCG(41, 4)), 60), newKey(t)
	s.record(t, h, key)
	s.setFree(t)
	tenant := h.rows()[0].TenantID
	n := core.Position(len(partsOf(h.rows())[tenant]))
	kept := slices.DeleteFunc(signEverySize(t, h.rows(), key), func(p audit.Promise) bool { return p.Tenant != tenant || p.Size != 3 && p.Size != n-1 })
	for _, table := range auditTables {
		mustExec(t, s.tables.Write, `DELETE FROM `+table)
	}
	s.write(t, changedAt(h.rows(), tenant, 2))
	mustTick(t, newForger(s, newKey(t))) // trees, and checkpoints, by which the second event is bad
	s.write(t, changedAt(h.rows(), tenant, 7))
	found, _, err := s.verify(t.Context(), audit.Verification{Promises: kept, Stored: s.mustReadStored(t)})
	if err != nil {
		t.Fatal(err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: 4, Last: n - 1})
	for _, f := range found {
		if f.Tenant == tenant && f.First > 0 && f.First < 4 {
			t.Errorf("the first three events are proved: %v", f)
		}
	}
}

// A checkpoint that does not hold is no reason to look less closely at what comes after one that does: as after a restore, when there are some of the history that is gone.
func TestABrokenCheckpointHidesNoLaterOne(t *testing.T) {
	rows, key := newHistory(rand.New(rand.NewPCG(42, 4)), 60).rows(), newKey(t)
	tenant := rows[0].TenantID
	promises := signEverySize(t, changedAt(rows, tenant, 5), key)
	promises = slices.DeleteFunc(promises, func(p audit.Promise) bool { return p.Tenant != tenant || p.Size != 5 })
	promises = append(promises, slices.DeleteFunc(signEverySize(t, rows, key), func(p audit.Promise) bool { return p.Tenant == tenant && p.Size == 5 })...)
	found, _, err := verifyRows(t.Context(), audit.Verification{Promises: promises}, sequence(changedAt(rows, tenant, 9)))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []core.Position{5, 9} {
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: at, Last: at})
	}
}

// Where a checkpoint has said between which places to look, one that comes further than the history says no more than that there is less of it.
func TestAHistoryThatLacksAnEventIsShorterToo(t *testing.T) {
	rows, key := newHistory(rand.New(rand.NewPCG(43, 4)), 60).rows(), newKey(t)
	tenant := rows[0].TenantID
	n := core.Position(len(partsOf(rows)[tenant]))
	promises := slices.DeleteFunc(signEverySize(t, rows, key), func(p audit.Promise) bool { return p.Tenant != tenant || p.Size != 3 && p.Size != 6 && p.Size != n })
	part := slices.Delete(exported(partsOf(rows)[tenant]), 3, 4)
	for i := range part {
		part[i].TenantPosition, part[i].Position = core.Position(i+1), core.Position(i+1)
	}
	found, _, err := verifyRows(t.Context(), audit.Verification{Promises: promises, Exported: true}, sequence(part))
	if err != nil {
		t.Fatal(err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: 4, Last: 6})
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, Message: "the history ends after"})
}

// A gap says that something is bad there at the latest: what was put in before it may have a place that fits.
func TestAGapIsWhereItShowsAtTheLatest(t *testing.T) {
	rows, key := newHistory(rand.New(rand.NewPCG(44, 4)), 60).rows(), newKey(t)
	tenant := rows[0].TenantID
	part := exported(partsOf(rows)[tenant])
	promises := slices.DeleteFunc(signEverySize(t, rows, key), func(p audit.Promise) bool {
		return p.Tenant != tenant || p.Size != 3 && p.Size != core.Position(len(part))
	})
	put := invented(tenant, part[6].RecordedAt)
	put.TenantPosition = 7
	found, _, err := verifyRows(t.Context(), audit.Verification{Promises: promises, Exported: true}, sequence(slices.Insert(part, 6, put)))
	if err != nil {
		t.Fatal(err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindOrder, Tenant: tenant, First: 8, Last: 8})
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: 4, Last: 8, Message: "up to the gap"})
}
