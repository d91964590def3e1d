package audit_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// fixture is an honest log with all that its service and its auditors have of it.
type fixture struct {
	rows  []eventstore.Row
	audit dump
	key   audit.SigningKey
	kept  []audit.Promise // every checkpoint that the service has signed
	every []audit.Promise // one of every size: of a service that signs as often
}

// newFixture has a store record a history, and looks whether all of it is proved by others' code.
func newFixture(t *testing.T, s *store, h history) fixture {
	t.Helper()
	f := fixture{key: newKey(t)}
	s.record(t, h, f.key)
	f.rows, f.audit = s.readBack(t), s.dump(t)
	log := &events{}
	for _, row := range f.rows {
		log.all = append(log.all, row.Entry)
	}
	for tenant, part := range partsOf(f.rows) {
		var positions []int
		for n := range part {
			positions = append(positions, n+1)
		}
		mustProve(t, s.tables, log, tenant, f.key.Verifier(), positions)
	}
	for _, row := range f.audit["signed_checkpoints"] {
		f.kept = append(f.kept, mustOpenPromise(t, row[3].(string), f.key))
	}
	f.every = signEverySize(t, f.rows, f.key)
	return f
}

// signEverySize signs each tenant's history of every size.
func signEverySize(t fataler, rows []eventstore.Row, key audit.SigningKey) (every []audit.Promise) {
	t.Helper()
	for tenant, part := range partsOf(rows) {
		var tree audit.Tree
		for _, leaf := range leavesOf(part) {
			tree.Append(tlog.Hash(leaf), nil)
			signed, err := key.Sign(tenant, &tree)
			if err != nil {
				t.Fatalf("sign: %v", err)
			}
			every = append(every, mustOpenPromise(t, signed, key))
		}
	}
	return every
}

func mustOpenPromise(t fataler, signed string, key audit.SigningKey) audit.Promise {
	t.Helper()
	tenant, c, err := audit.OpenCheckpoint(signed, []audit.VerifierKey{key.Verifier()})
	if err != nil {
		t.Fatalf("%v:\n%s", err, signed)
	}
	return audit.Promise{Tenant: tenant, Size: core.Position(c.Size), Root: core.Digest(c.Root), Source: "kept"}
}

// sizesOf are the sizes that promises are of.
func sizesOf(promises ...[]audit.Promise) map[core.ID][]core.Position {
	sizes := map[core.ID][]core.Position{}
	for _, p := range slices.Concat(promises...) {
		sizes[p.Tenant] = append(sizes[p.Tenant], p.Size)
	}
	return sizes
}

// drawKept draws what an auditor has kept.
func drawKept(t *rapid.T, signed, every []audit.Promise) (kept []audit.Promise) {
	switch pick(t, "kept", []string{"every size", "all that was signed", "some", "one", "none"}) {
	case "every size":
		return every
	case "all that was signed":
		return signed
	case "some":
		for _, p := range signed {
			if draw(t, "keep", 0, 5) == 0 {
				kept = append(kept, p)
			}
		}
		return kept
	case "one":
		return []audit.Promise{pick(t, "which", signed)}
	}
	return nil
}

// A log that was tampered with is found out, whatever was changed in it and whatever was forged beside it, as far as what was kept comes: the earliest event that is told of is the first bad one, or one of
// those between the checkpoints around it.
func TestEveryTamperingIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine alone: make test runs it")
	}
	eachStore(t, func(t *testing.T, s *store) {
		var fixtures []fixture
		for seed := range uint64(3) {
			if seed > 0 {
				s.clear(t)
			}
			fixtures = append(fixtures, newFixture(t, s, newHistory(rand.New(rand.NewPCG(seed, 1)), 20+int(seed)*20)))
			if seed == 0 {
				s.setFree(t)
			}
		}
		told, passed := map[string]int{}, map[string]int{}
		rapid.Check(t, func(rt *rapid.T) {
			f := pick(rt, "fixture", fixtures)
			how := pick(rt, "tampering", tamperings)
			forged := how.change(rt, slices.Clone(f.rows), draw(rt, "at", 0, len(f.rows)-1))
			if forged == nil || sameRows(f.rows, forged) {
				return // there is nothing there that it would change
			}
			if tamperedWith(t.Context(), rt, s, f, forged) {
				told[how.name]++
			} else {
				passed[how.name]++
			}
		})
		t.Logf("found: %v", told)
		t.Logf("not found, since nothing was kept that tells: %v", passed)
	})
}

func sameRows(a, b []eventstore.Row) bool {
	return slices.EqualFunc(a, b, func(a, b eventstore.Row) bool { return a.Differs(b) == "" })
}

// clear empties the log and the audit's tables.
func (s *store) clear(t *testing.T) {
	t.Helper()
	s.write(t, nil)
	s.restore(t, nil)
}

// tamperedWith puts a forged log in the place of a fixture's, forges what is beside it, and verifies it.
func tamperedWith(ctx context.Context, t *rapid.T, s *store, f fixture, forged []eventstore.Row) bool {
	x := expectation{honest: f.rows, forged: forged, quiet: true}
	kept := drawKept(t, f.kept, f.every)
	of := audit.Verification{Promises: kept}
	x.exact = len(kept) == len(f.every)
	forger := pick(t, "forger", []string{"naive", "thorough", "thorough", "careless"})
	thorough := forger == "thorough"
	tables, stood := f.audit, f.kept
	switch forger {
	case "thorough":
		slimToo(f.rows, forged)
		tables, stood = f.forgedTables(t, forged)
	case "careless":
		tables, x.careless = f.spoiledTables(t), true
	}
	s.write(t, forged)
	s.restore(t, tables)
	if thorough {
		forgeTrees(ctx, t, s)
	}
	x.kept = sizesOf(kept)
	if look := pick(t, "stored", []string{"is not looked at", "by the service's key", "by the keys it names"}); look != "is not looked at" {
		var trusted []audit.VerifierKey
		if look == "by the service's key" {
			trusted, x.kept = []audit.VerifierKey{f.key.Verifier()}, sizesOf(kept, stood)
		} else {
			x.claimed = sizesOf(stood)
		}
		var err error
		if of.Stored, err = audit.ReadStored(ctx, s.tables.Read, trusted); err != nil {
			t.Fatalf("read what is stored: %v", err)
		}
		x.quiet, x.exact = thorough, x.exact || forger == "naive"
	}
	found, v, err := s.verify(ctx, of)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if v.Events() != int64(len(forged)) {
		t.Fatalf("%d events were looked at, of %d", v.Events(), len(forged))
	}
	return x.check(t, found)
}

// forgedTables are the audit's tables without what a forged log contradicts, and the checkpoints that are left.
func (f fixture) forgedTables(t *rapid.T, forged []eventstore.Row) (left dump, stood []audit.Promise) {
	left = dump{"verifier_keys": f.audit["verifier_keys"]}
	if rapid.Bool().Draw(t, "all checkpoints deleted") {
		return left, nil
	}
	parts := partsOf(forged)
	for _, row := range f.audit["signed_checkpoints"] {
		p := mustOpenPromise(t, row[3].(string), f.key)
		if leaves := leavesOf(parts[p.Tenant]); int(p.Size) <= len(leaves) && string(naiveRoot(leaves[:p.Size])) == string(p.Root[:]) {
			left["signed_checkpoints"] = append(left["signed_checkpoints"], row)
			stood = append(stood, p)
		}
	}
	return left, stood
}

// spoiledTables are the audit's tables of the honest log, but for one row: whatever else was changed, they are the trees of neither.
func (f fixture) spoiledTables(t *rapid.T) dump {
	spoiled := maps.Clone(f.audit)
	table, column := "leaves", 2
	if draw(t, "a frontier", 0, 3) == 0 {
		table = "trees"
	}
	rows := slices.Clone(spoiled[table])
	i := draw(t, "spoiled", 0, len(rows)-1)
	if draw(t, "gone", 0, 2) == 0 {
		rows = slices.Delete(rows, i, i+1)
	} else {
		rows[i] = slices.Clone(rows[i])
		hashes := slices.Clone(rows[i][column].([]byte))
		hashes[draw(t, "byte", 0, len(hashes)-1)] ^= 1
		rows[i][column] = hashes
	}
	spoiled[table] = rows
	return spoiled
}

// forgeTrees makes the trees of a forged log, as far as a keeper makes any, and may sign them by a key that the tables then name.
func forgeTrees(ctx context.Context, t *rapid.T, s *store) {
	key, err := audit.NewSigningKey("audit.example/resultlog")
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	keeper := newForger(s, key)
	work := keeper.Tick
	if rapid.Bool().Draw(t, "not signed") {
		work = func(ctx context.Context) error { _, err := audit.Extend(keeper, ctx); return err }
	}
	if err := work(ctx); err != nil && !errors.Is(err, audit.ErrGap) {
		t.Fatalf("forge the trees: %v", err)
	}
}
