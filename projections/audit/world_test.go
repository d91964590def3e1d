package audit_test

import (
	"context"
	"encoding/binary"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"

	"resultlog/core"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
	"resultlog/projections/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Stopping{M: m}) }

// eachEngine runs a test on tables in SQLite and in PostgreSQL.
func eachEngine(t *testing.T, test func(t *testing.T, tables audit.Tables)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, sqliteTables(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, postgresTables(t)) })
}

func sqliteTables(t testing.TB) audit.Tables {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "log.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := sqlite.OpenAuditTables(t.Context(), dir, audit.SQLiteSchema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return audit.Tables{Write: opened.Write, Read: opened.Read}
}

func postgresTables(t testing.TB) audit.Tables {
	t.Helper()
	opened, err := postgres.OpenAuditTables(t.Context(), postgrestest.Database(t), audit.PostgresSchema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return audit.Tables{Write: opened.Write, Read: opened.Read, TryLock: postgres.TryLockAuditTables}
}

// events is a log in a slice: what an auditor's program of its own would have.
type events struct {
	mu  sync.Mutex
	all []core.Entry
	err error // what reading ends with
}

// Entries implements audit.Log.
func (l *events) Entries(_ context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	return func(yield func(core.Entry, error) bool) {
		l.mu.Lock()
		all, err := l.all, l.err
		l.mu.Unlock()
		for _, e := range all[min(int(after), len(all)):] {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(core.Entry{}, err)
		}
	}
}

// grow appends an event of a tenant.
func (l *events) grow(tenant core.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.all) + 1
	l.all = append(l.all, core.Entry{
		Position: core.Position(n), TenantID: tenant, TenantPosition: l.headLocked(tenant) + 1, StreamID: tenant, Version: 1, EventID: id(uint64(n)), Type: "ResultSubmitted",
		SchemaVersion: 1, Data: []byte(`{}`), Metadata: []byte(`{"actor":{}}`), RecordedAt: core.Instant(n),
	})
}

// restore makes it another log: an older copy, with so many events of its, which has gone on by other events of the tenant.
func (l *events) restore(kept int, tenant core.ID, others int) {
	l.all = l.all[:kept:kept]
	for range others {
		l.grow(tenant)
		l.all[len(l.all)-1].EventID = id(uint64(1000 + len(l.all)))
	}
}

// tenant is a tenant's part of the log.
func (l *events) tenant(tenant core.ID) []core.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tenantLocked(tenant)
}

// head implements audit.TenantHead.
func (l *events) head(_ context.Context, tenant core.ID) (core.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.headLocked(tenant), nil
}

// headLocked is the tenant position of a tenant's last event.
func (l *events) headLocked(tenant core.ID) core.Position {
	for i := len(l.all) - 1; i >= 0; i-- {
		if l.all[i].TenantID == tenant {
			return l.all[i].TenantPosition
		}
	}
	return 0
}

func (l *events) tenantLocked(tenant core.ID) (its []core.Entry) {
	for _, e := range l.all {
		if e.TenantID == tenant {
			its = append(its, e)
		}
	}
	return its
}

func id(n uint64) (id core.ID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func newKey(t testing.TB) audit.SigningKey {
	t.Helper()
	key, err := audit.NewSigningKey("audit.example/resultlog")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newKeeper(t testing.TB, tables audit.Tables, log audit.Log, key audit.SigningKey) *audit.Keeper {
	return audit.NewKeeper(audit.Config{Tables: tables, Log: log, Key: key, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return time.UnixMilli(1_736_949_000_000) }})
}

func mustTick(t testing.TB, k *audit.Keeper) {
	t.Helper()
	if err := k.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// leafHashes are the leaves of a tenant's first events, by the other implementation: computed from what the documentation says that a leaf is.
func leafHashes(its []core.Entry) [][]byte {
	hashes := make([][]byte, len(its))
	for i, e := range its {
		hashes[i] = rfc6962.DefaultHasher.HashLeaf(e.AppendLeafData(nil))
	}
	return hashes
}

// naiveRoot is RFC 6962, section 2.1, word for word.
func naiveRoot(leaves [][]byte) []byte {
	switch len(leaves) {
	case 0:
		return rfc6962.DefaultHasher.EmptyRoot()
	case 1:
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return rfc6962.DefaultHasher.HashChildren(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

// mustProve fails the test unless every event of a tenant is proved to be in its newest checkpoint, each older history to be the beginning of that, and the signature to be the key's: by others' code.
func mustProve(t *testing.T, tables audit.Tables, log *events, tenant core.ID, key audit.VerifierKey, positions []int) {
	t.Helper()
	proofs := audit.NewProofs(tables.Read, log.head)
	its := log.tenant(tenant)
	leaves := leafHashes(its)
	checkpoint, err := proofs.Checkpoint(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	if int(checkpoint.Size) != len(its) || string(checkpoint.Root[:]) != string(naiveRoot(leaves)) {
		t.Fatalf("the checkpoint is of %d events and root %s, want %d and %x", checkpoint.Size, checkpoint.Root, len(its), naiveRoot(leaves))
	}
	verifier, err := note.NewVerifier(key.Of(tenant))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(checkpoint.Note), note.VerifierList(verifier)); err != nil {
		t.Errorf("%v:\n%s", err, checkpoint.Note)
	}
	for _, n := range positions {
		included, err := proofs.Inclusion(t.Context(), tenant, core.Position(n))
		if err != nil {
			t.Fatal(err)
		}
		if string(included.Leaf[:]) != string(leaves[n-1]) {
			t.Errorf("position %d: leaf %s, want %x", n, included.Leaf, leaves[n-1])
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n-1), uint64(len(its)), leaves[n-1], bytesOf(included.Hashes), checkpoint.Root[:]); err != nil {
			t.Errorf("position %d of %d: %v", n, len(its), err)
		}
		consistent, err := proofs.Consistency(t.Context(), tenant, core.Position(n))
		if err != nil {
			t.Fatal(err)
		}
		root := naiveRoot(leaves[:n])
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(n), uint64(len(its)), bytesOf(consistent.Hashes), root, checkpoint.Root[:]); err != nil {
			t.Errorf("history of %d in %d: %v", n, len(its), err)
		}
		if string(consistent.FromRoot[:]) != string(root) {
			t.Errorf("history of %d: root %s, want %x", n, consistent.FromRoot, root)
		}
	}
}

func bytesOf(digests []core.Digest) [][]byte {
	all := make([][]byte, len(digests))
	for i, d := range digests {
		all[i] = d[:]
	}
	return all
}
