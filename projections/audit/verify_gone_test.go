package audit_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// A tenant of which nothing is left but what was once signed, or kept, or stored, is found to lack all of its history.
func TestATenantOfWhichNothingIsLeft(t *testing.T) {
	s := sqliteStore(t)
	f := newFixture(t, s, newHistory(rand.New(rand.NewPCG(30, 4)), 40))
	s.setFree(t)
	gone := f.rows[len(f.rows)-1].TenantID
	left := slices.DeleteFunc(slices.Clone(f.rows), func(r eventstore.Row) bool { return r.TenantID == gone })
	for i := range left {
		left[i].Position = core.Position(i + 1)
	}
	s.write(t, left)
	mustFind := func(of audit.Verification, kind audit.Kind) {
		t.Helper()
		found, _, err := s.verify(t.Context(), of)
		if err != nil || len(found) != 1 || found[0].Kind != kind || found[0].Tenant != gone || found[0].First != 1 {
			t.Errorf("found: %v (%v)", found, err)
		}
	}
	mustFind(audit.Verification{Promises: f.kept}, audit.KindCheckpoint)
	mustFind(audit.Verification{Stored: s.mustReadStored(t)}, audit.KindCheckpoint)
	mustExec(t, s.tables.Write, `DELETE FROM trees WHERE tenant_id = $1`, gone[:])
	mustFind(audit.Verification{Stored: s.mustReadStored(t)}, audit.KindCheckpoint)
	s.restore(t, f.audit)
	mustExec(t, s.tables.Write, `DELETE FROM signed_checkpoints WHERE tenant_id = $1`, gone[:])
	mustFind(audit.Verification{Stored: s.mustReadStored(t)}, audit.KindTree)
}

// That a personal part is gone says nothing of where a history was changed that lacks more: what is gone may be the record of its erasure.
func TestAPersonalPartThatIsGoneFromAChangedHistory(t *testing.T) {
	rows, key := newHistory(rand.New(rand.NewPCG(32, 4)), 60).rows(), newKey(t)
	promises := signEverySize(t, rows, key)
	first := slices.IndexFunc(rows, func(r eventstore.Row) bool { return r.Personal != nil })
	tenant, at := rows[first].TenantID, rows[first].TenantPosition
	rows[first].Personal = nil
	later := partsOf(rows)[tenant][at+4]
	rows[later.Position-1].EventID = id(1 << 52)
	for _, of := range []audit.Verification{{Promises: promises}, {Promises: promises[:0]}} {
		found, _, err := verifyRows(t.Context(), of, sequence(rows))
		if err != nil || len(found) == 0 {
			t.Fatalf("found: %v (%v)", found, err)
		}
		if len(of.Promises) == 0 { // nothing else shows
			mustHaveFinding(t, found, audit.Finding{Kind: audit.KindPersonal, Tenant: tenant, First: at, Last: at})
			continue
		}
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: at + 5, Last: at + 5})
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindPersonal, Tenant: tenant, Message: "is gone, and nobody recorded that it was erased, in what is left of this history"})
	}
}

// After a gap nothing is said of places before it, whatever place an event says that it has.
func TestWhatComesAfterAGapIsNotBeforeIt(t *testing.T) {
	rows := newHistory(rand.New(rand.NewPCG(31, 4)), 60).rows()
	part := partsOf(rows)[rows[0].TenantID]
	for i := range rows {
		switch rows[i].Position {
		case part[6].Position:
			rows[i].TenantPosition = 9 // the gap
		case part[9].Position:
			rows[i].TenantPosition, rows[i].Data = 2, []byte(`{}`)
		}
	}
	found, _, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows))
	if err != nil || len(found) != 2 {
		t.Fatalf("found: %v (%v)", found, err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindOrder, Tenant: rows[0].TenantID, First: 7, Last: 7})
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindUnreadable, Tenant: rows[0].TenantID, First: 7, Last: 7, Position: part[9].Position})
}

// A log that ends within what was one command is found by the rules alone, at the place where the next event was to be; one that ends between two may be a whole one, for all that it says itself.
func TestALogThatEndsWithinACommand(t *testing.T) {
	rows := newHistory(rand.New(rand.NewPCG(33, 4)), 80).rows()
	within := 0
	for n := range rows {
		next, err := rows[n].Entry.Recorded()
		if err != nil {
			t.Fatal(err)
		}
		found, _, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows[:n]))
		switch {
		case err != nil:
			t.Fatal(err)
		case next.Metadata.CausationID.IsZero() && len(found) > 0:
			t.Errorf("the first %d events are found to be: %v", n, found)
		case !next.Metadata.CausationID.IsZero():
			within++
			if len(found) != 1 {
				t.Errorf("the first %d events are found to be: %v", n, found)
			}
			mustHaveFinding(t, found, audit.Finding{Kind: audit.KindRules, Tenant: rows[n].TenantID, First: rows[n].TenantPosition, Last: rows[n].TenantPosition})
		}
	}
	if within < 5 {
		t.Errorf("it ends within a command %d times", within)
	}
}
