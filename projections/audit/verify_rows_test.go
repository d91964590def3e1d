package audit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// unreadableRows are changes after which a row's columns cannot even be read, by engine.
var unreadableRows = map[string]map[string]string{
	"sqlite": {
		"an id of 15 bytes":    `UPDATE events SET stream_id = substr(stream_id, 2) WHERE position = %d`,
		"a tenant of no bytes": `UPDATE events SET tenant_id = x'' WHERE position = %d`,
		"no type":              `UPDATE events SET type = NULL WHERE position = %d`,
		"a version that is the same if it is cut to fit":   `UPDATE events SET version = version + 4294967296 WHERE position = %d`,
		"no time, and a type that there is not, beside it": `UPDATE events SET recorded_at = NULL, type = 'x' WHERE position = %d`,
	},
	"postgres": {
		"no version":         `UPDATE resultlog.events SET version = NULL WHERE position = %d`,
		"no tenant position": `UPDATE resultlog.events SET tenant_position = NULL WHERE position = %d`,
		"no type":            `UPDATE resultlog.events SET type = NULL WHERE position = %d`,
	},
}

// A row of which not even the columns can be read is told by its position, and the verification goes on behind it: to its tenant it is an event that is gone.
func TestARowThatCannotBeRead(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		f := newFixture(t, s, newHistory(rand.New(rand.NewPCG(7, 4)), 30))
		s.setFree(t)
		engine := "sqlite"
		if s.tables.TryLock != "" {
			engine = "postgres"
		}
		for name, statement := range unreadableRows[engine] {
			for _, at := range []int{1, 2, len(f.rows) / 2, len(f.rows)} {
				t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
					s.write(t, f.rows)
					mustExec(t, s.raw, fmt.Sprintf(statement, at))
					for _, stored := range []*audit.Stored{nil, s.mustReadStored(t)} {
						found, v, err := s.verify(t.Context(), audit.Verification{Promises: f.every, Stored: stored})
						if err != nil || int(v.Events()) != len(f.rows)-1 {
							t.Fatalf("%d events were looked at, of %d that can be read (%v)", v.Events(), len(f.rows)-1, err)
						}
						mustHaveFinding(t, found, audit.Finding{Kind: audit.KindUnreadable, Position: core.Position(at), Message: "cannot be read"})
						x := expectation{honest: f.rows, forged: slices.Delete(slices.Clone(f.rows), at-1, at), kept: sizesOf(f.every), exact: true, quiet: stored == nil}
						for tenant, part := range partsOf(f.rows) {
							x.checkTenant(t, tenant, part, partsOf(x.forged)[tenant], slices.DeleteFunc(slices.Clone(found), func(f audit.Finding) bool { return f.Tenant != tenant }))
						}
						whole := slices.DeleteFunc(slices.Clone(found), func(f audit.Finding) bool { return !f.Tenant.IsZero() })
						if len(whole) != 1 {
							t.Errorf("of the log as a whole is found: %v", whole)
						}
					}
				})
			}
		}
	})
}

// Rows that cannot be read, one after the other and behind a gap, are told each by its position.
func TestRowsThatCannotBeRead(t *testing.T) {
	s := sqliteStore(t)
	f := newFixture(t, s, newHistory(rand.New(rand.NewPCG(8, 4)), 30))
	s.setFree(t)
	s.write(t, f.rows)
	mustExec(t, s.raw, `DELETE FROM events WHERE position = 4`)
	mustExec(t, s.raw, `UPDATE events SET event_id = x'01' WHERE position IN (5, 6, 9)`)
	found, v, err := s.verify(t.Context(), audit.Verification{Promises: f.kept})
	if err != nil || int(v.Events()) != len(f.rows)-4 {
		t.Fatalf("%d events were looked at, of %d (%v)", v.Events(), len(f.rows)-4, err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindOrder, Position: 4, Message: "position 5 of the log comes after 3"})
	for _, at := range []core.Position{5, 6, 9} {
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindUnreadable, Position: at})
	}
}

// Positions that come twice, which no store lets be, and that go back are told, and what comes after them is looked at all the same.
func TestPositionsThatComeTwice(t *testing.T) {
	h := newHistory(rand.New(rand.NewPCG(9, 4)), 30)
	for name, change := range map[string]func(rows []eventstore.Row){
		"twice":       func(rows []eventstore.Row) { rows[10].Position = 10 },
		"going back":  func(rows []eventstore.Row) { rows[10].Position = 3 },
		"none at all": func(rows []eventstore.Row) { rows[10].Position = 0 },
		"below zero":  func(rows []eventstore.Row) { rows[10].Position = -1 << 62 },
	} {
		t.Run(name, func(t *testing.T) {
			rows := h.rows()
			change(rows)
			found, v, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows))
			if err != nil || int(v.Events()) != len(rows) || len(found) != 2 || found[0].Kind != audit.KindOrder || found[0].Position != rows[10].Position || !found[0].Tenant.IsZero() {
				t.Errorf("%d events were looked at, of %d (%v), found: %v", v.Events(), len(rows), err, found)
			}
		})
	}
}

// However much is wrong, of each tenant and of the whole log no more than some findings of a kind are told, the first of each tenant among them; how many there were besides is known.
func TestFindingsAreBounded(t *testing.T) {
	s := newScribe(rand.New(rand.NewPCG(10, 4)), 12)
	var rows []eventstore.Row
	for len(rows) < 1500 {
		for _, r := range s.commit() {
			rows = append(rows, eventstore.ToRow(r))
		}
	}
	firsts := map[core.ID]bool{}
	for i := range rows {
		if rows[i].TenantPosition > 3 {
			rows[i].Data = []byte(`{}`)
			firsts[rows[i].TenantID] = true
		}
		rows[i].Position *= 2
	}
	found, v, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows))
	if err != nil {
		t.Fatal(err)
	}
	for tenant := range firsts {
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindUnreadable, Tenant: tenant, First: 4, Last: 4})
	}
	if most := (2*len(s.tenants) + 1) * audit.MaxFindings; len(found) > most || v.Untold() < 1000 {
		t.Errorf("%d findings were told, %d not; the most are %d", len(found), v.Untold(), most)
	}
}

// What shows late and is about an early event is told, however much was told of later ones.
func TestAnEarlyEventIsToldOfLate(t *testing.T) {
	s := newScribe(rand.New(rand.NewPCG(11, 4)), 1)
	var rows []eventstore.Row
	for len(rows) < 300 {
		for _, r := range s.commit() {
			rows = append(rows, eventstore.ToRow(r))
		}
	}
	first := slices.IndexFunc(rows, func(r eventstore.Row) bool { return r.Personal != nil })
	rows[first].Personal = nil // shows at the end, when nobody has recorded that it was erased
	for i := range rows[first+1:] {
		if row := &rows[first+1+i]; row.Personal != nil {
			row.Personal = []byte(`{"comment":"of another"}`)
		}
	}
	found, v, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows))
	if err != nil || len(found) != audit.MaxFindings+1 || v.Untold() == 0 {
		t.Fatalf("%d findings were told, %d not (%v)", len(found), v.Untold(), err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindPersonal, Tenant: s.tenants[0].id, First: core.Position(first + 1), Last: core.Position(first + 1), Message: "nobody recorded that it was erased"})
}

// An id that two tenants have is found, though the history of each is lawful: no node could read such a log.
func TestTwoTenantsWithOneID(t *testing.T) {
	h := newHistory(rand.New(rand.NewPCG(12, 4)), 30)
	rows := h.rows()
	last, again := rows[len(rows)-1], rows[0] // a tenant begins with an activity
	again.Position, again.TenantID, again.RecordedAt = last.Position+1, stranger, last.RecordedAt
	rows = append(rows, again)
	found, _, err := verifyRows(t.Context(), audit.Verification{}, sequence(rows))
	if err != nil || len(found) == 0 {
		t.Fatalf("found: %v (%v)", found, err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindRules, Position: core.Position(len(h.rows()) + 1), Message: "is of tenant " + stranger.String() + " here, and of tenant"})
}
