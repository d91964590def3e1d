package audit_test

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
	"resultlog/projections/audit"
)

// What the audit's tables say is held against the log too: whatever is changed in them alone is found, and it is not said of the log, which is as it was signed.
func TestAuditTablesThatWereTamperedWith(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		scribe, h := newScribe(rand.New(rand.NewPCG(20, 4)), 1), history{}
		for n := 0; n < 600; {
			var commit []core.Recorded
			for len(commit) < 50 {
				commit = append(commit, scribe.commit()...)
			}
			h.commits = append(h.commits, commit)
			n += len(commit)
		}
		key := newKey(t)
		s.record(t, h, key)
		s.setFree(t)
		honest := s.dump(t)
		tenant := scribe.tenants[0].id
		every := signEverySize(t, h.rows(), key)
		end := core.Position(len(h.recorded()) + 1)
		for _, row := range []struct {
			name, statement string
			want            audit.Finding
		}{
			{"a leaf", `UPDATE leaves SET hashes = (SELECT substr(o.hashes, 1, length(leaves.hashes)) FROM leaves o WHERE length(o.hashes) >= length(leaves.hashes) ORDER BY o.first DESC LIMIT 1) WHERE first = 0`,
				audit.Finding{Kind: audit.KindTree, Message: "the leaf that was stored of event 1 is not that of the event: the tree was changed"}},
			{"a leaf that is gone", `DELETE FROM leaves WHERE first = 256`, audit.Finding{Kind: audit.KindTree, Message: "lacks leaf 256"}},
			{"the leaves at the end gone", `DELETE FROM leaves WHERE first = (SELECT max(first) FROM leaves)`, audit.Finding{Kind: audit.KindTree, Message: "lacks leaf"}},
			{"a subtree", `UPDATE nodes SET hash = (SELECT hash FROM nodes WHERE level = 9) WHERE level = 8 AND n = 1`,
				audit.Finding{Kind: audit.KindTree, Message: "event 512 (level 8)"}},
			{"a subtree that is gone", `DELETE FROM nodes WHERE level = 9`, audit.Finding{Kind: audit.KindTree, Message: "lacks subtree 0 of level 9"}},
			{"the frontier", `UPDATE trees SET frontier = (SELECT hash FROM nodes WHERE level = 9)`, audit.Finding{Kind: audit.KindTree, Message: "the stored tree of"}},
			{"a tree that comes too far", `UPDATE trees SET size = size + 1`, audit.Finding{Kind: audit.KindTree, First: end, Last: end, Message: "the history ends after"}},
			{"the root of a checkpoint", `UPDATE signed_checkpoints SET root = (SELECT hash FROM nodes WHERE level = 9) WHERE size = (SELECT max(size) FROM signed_checkpoints)`,
				audit.Finding{Kind: audit.KindSignature, Message: "of root"}},
			{"the size of a checkpoint", `UPDATE signed_checkpoints SET size = 7 WHERE size = (SELECT min(size) FROM signed_checkpoints)`, audit.Finding{Kind: audit.KindSignature, Message: "the stored checkpoint of 7 events"}},
			{"the text of a checkpoint", `UPDATE signed_checkpoints SET note = replace(note, 'audit', 'odd') WHERE size = (SELECT min(size) FROM signed_checkpoints)`,
				audit.Finding{Kind: audit.KindSignature, Message: "not signed by a key that is trusted"}},
			{"a checkpoint that is another's", `UPDATE signed_checkpoints SET note = (SELECT max(note) FROM signed_checkpoints) WHERE size = (SELECT min(size) FROM signed_checkpoints)`,
				audit.Finding{Kind: audit.KindSignature, Message: "what is signed is that"}},
		} {
			t.Run(row.name, func(t *testing.T) {
				s.restore(t, honest)
				mustExec(t, s.tables.Write, row.statement)
				for _, trusted := range [][]audit.VerifierKey{nil, {key.Verifier()}} {
					found, v, err := s.verify(t.Context(), audit.Verification{Promises: every, Stored: s.mustReadStored(t, trusted...)})
					if err != nil || len(found) != 1 || v.Holding() < int64(len(every)) {
						t.Fatalf("%d checkpoints hold, found: %v (%v)", v.Holding(), found, err)
					}
					row.want.Tenant = tenant
					mustHaveFinding(t, found, row.want)
				}
			})
		}
	})
}

// Checkpoints by keys that are not trusted, more of them than are read at a time, do not hide those by keys that are.
func TestCheckpointsByAnotherKeyHideNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		h, before, key := newHistory(rand.New(rand.NewPCG(21, 4)), 400), newKey(t), newKey(t)
		h.commits = mergedFrom(h.commits, 150)
		s.record(t, history{commits: h.commits[:150]}, before)
		s.setFree(t)
		keeper := newKeeper(t, s.tables, s.log, key)
		s.write(t, h.rows())
		mustTick(t, keeper)
		rows := h.rows()
		forged := rows
		last := &forged[len(forged)-1]
		last.EventID[9] ^= 1
		s.write(t, forged)
		found, _, err := s.verify(t.Context(), audit.Verification{Stored: s.mustReadStored(t, key.Verifier())})
		if err != nil {
			t.Fatal(err)
		}
		mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: last.TenantID, First: last.TenantPosition, Last: last.TenantPosition, Position: last.Position})
		signatures := map[core.ID]int{}
		for _, f := range found {
			if f.Kind == audit.KindSignature {
				signatures[f.Tenant]++
			}
		}
		for tenant, n := range signatures {
			if n != audit.MaxFindings {
				t.Errorf("tenant %s: %d checkpoints are told of that are not signed by a trusted key, want %d", tenant, n, audit.MaxFindings)
			}
		}
	})
}

// mergedFrom makes one commit of all from one on.
func mergedFrom(commits [][]core.Recorded, n int) [][]core.Recorded {
	var rest []core.Recorded
	for _, commit := range commits[n:] {
		rest = append(rest, commit...)
	}
	return append(commits[:n:n], rest)
}

// A checkpoint of no events promises nothing, and hides nothing that others promise.
func TestACheckpointOfNothing(t *testing.T) {
	h, key := newHistory(rand.New(rand.NewPCG(22, 4)), 30), newKey(t)
	rows := h.rows()
	tenant := rows[0].TenantID
	signed, err := key.Sign(tenant, &audit.Tree{})
	if err != nil {
		t.Fatal(err)
	}
	promises := append(signEverySize(t, rows, key), mustOpenPromise(t, signed, key))
	part := partsOf(rows)[tenant]
	for i := range rows {
		if rows[i].Position == part[4].Position {
			rows[i].EventID = id(1 << 50)
		}
	}
	found, _, err := verifyRows(t.Context(), audit.Verification{Promises: promises}, sequence(rows))
	if err != nil {
		t.Fatal(err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: 5, Last: 5, Position: part[4].Position})
}

// What an auditor has kept says where to look, however far the checkpoints come that a forger has signed, if the tables name the forger's key and nobody else names any.
func TestAForgersCheckpointsSayNothingToWhoKeptSome(t *testing.T) {
	s := sqliteStore(t)
	h, key, forgers := newHistory(rand.New(rand.NewPCG(23, 4)), 60), newKey(t), newKey(t)
	s.record(t, h, key)
	s.setFree(t)
	rows := h.rows()
	tenant := rows[0].TenantID
	part := partsOf(rows)[tenant]
	kept := signEverySize(t, rows, key)
	keptOf := func(size int) []audit.Promise {
		for _, p := range kept {
			if p.Tenant == tenant && int(p.Size) == size {
				return []audit.Promise{p}
			}
		}
		return nil
	}
	rows[part[6].Position-1].EventID = id(1 << 51) // the seventh
	s.write(t, rows)
	for _, table := range auditTables {
		mustExec(t, s.tables.Write, `DELETE FROM `+table)
	}
	mustExec(t, s.tables.Write, `INSERT INTO verifier_keys (verifier_key, first_used) VALUES ($1, 1)`, forgers.Verifier().String())
	var tree audit.Tree
	for n, leaf := range leavesOf(partsOf(rows)[tenant]) {
		tree.Append(tlog.Hash(leaf), nil)
		signed, err := forgers.Sign(tenant, &tree)
		if err != nil {
			t.Fatal(err)
		}
		root := tree.Root()
		mustExec(t, s.tables.Write, `INSERT INTO signed_checkpoints (tenant_id, size, root, note, signed_at) VALUES ($1, $2, $3, $4, 1)`, tenant[:], n+1, root[:], signed)
	}
	promises := append(keptOf(3), keptOf(10)...)
	found, _, err := s.verify(t.Context(), audit.Verification{Promises: promises, Stored: s.mustReadStored(t)})
	if err != nil || len(found) != 1 {
		t.Fatalf("found: %v (%v)", found, err)
	}
	mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: 4, Last: 10})
}
