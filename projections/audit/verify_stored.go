package audit

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"resultlog/core"
)

// promisesAtOnce is how many stored checkpoints of a tenant are read at a time.
const promisesAtOnce = 64

// Stored is what the service has kept beside the log, and what a log is held against when it is verified where it is.
type Stored struct {
	db      *sql.DB
	trusted []VerifierKey
	claimed bool              // nobody but the tables says that those are the service's
	trees   map[core.ID]*Tree // as they were when the verification began
	signed  map[core.ID]int64 // the size of the largest tree that was signed until then
}

// ReadStored begins to read it. Without keys that are trusted, the keys are those that the tables themselves name: then a signature shows no more than that it was made by one of those.
// It must be called before the end of the log is looked up: the trees never come further than the log.
func ReadStored(ctx context.Context, db *sql.DB, trusted []VerifierKey) (*Stored, error) {
	s := &Stored{db: db, trusted: trusted, trees: make(map[core.ID]*Tree), signed: make(map[core.ID]int64)}
	if len(trusted) == 0 {
		var err error
		s.claimed = true
		if s.trusted, err = readKeys(ctx, db); err != nil {
			return nil, err
		}
	}
	if err := s.readTrees(ctx); err != nil {
		return nil, fmt.Errorf("read the trees: %w", err)
	}
	if err := s.readSigned(ctx); err != nil {
		return nil, fmt.Errorf("read which trees were signed: %w", err)
	}
	return s, nil
}

func (s *Stored) readTrees(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, `SELECT tenant_id, size, frontier FROM trees`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant core.ID
		var size int64
		var frontier []byte
		if err := rows.Scan(intoID{&tenant}, &size, &frontier); err != nil {
			return err
		}
		hashes, _ := split(frontier) // one that is damaged is not that of the events: it is found
		s.trees[tenant] = &Tree{size: size, frontier: hashes}
	}
	return rows.Err()
}

func (s *Stored) readSigned(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, `SELECT tenant_id, max(size) FROM signed_checkpoints GROUP BY tenant_id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant core.ID
		var size int64
		if err := rows.Scan(intoID{&tenant}, &size); err != nil {
			return err
		}
		s.signed[tenant] = size
	}
	return rows.Err()
}

// sizeOf is how many leaves a tenant's stored tree has; 0 if there is none.
func (s *Stored) sizeOf(tenant core.ID) int64 {
	if tree, ok := s.trees[tenant]; ok {
		return tree.size
	}
	return 0
}

// tenants are those of which something is stored.
func (s *Stored) tenants() []core.ID {
	return slices.AppendSeq(slices.Collect(maps.Keys(s.trees)), maps.Keys(s.signed))
}

// Trusted are the keys by which the stored checkpoints are verified.
func (s *Stored) Trusted() []VerifierKey { return s.trusted }

// refill reads the next checkpoints that are stored of a tenant, if those that were read have been looked at. What is signed while the verification goes on is of events that it may not come
// to.
func (v *Verifier) refill(ctx context.Context, t *tenantProof) error {
	for more := v.Stored != nil; more && len(t.due) == 0; {
		var err error
		if more, err = v.readDue(ctx, t); err != nil {
			return fmt.Errorf("read the signed checkpoints of tenant %s: %w", t.id, err)
		}
	}
	return nil
}

// readDue reads some of them, and reports whether there may be more.
func (v *Verifier) readDue(ctx context.Context, t *tenantProof) (more bool, err error) {
	rows, err := v.Stored.db.QueryContext(ctx, `
		SELECT size, root, note, signed_at FROM signed_checkpoints WHERE tenant_id = $1 AND (size, signed_at) > ($2, $3) AND size <= $4 ORDER BY size, signed_at LIMIT $5`,
		t.id[:], t.dueAfter.size, t.dueAfter.at, t.signedSize, promisesAtOnce)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	read := 0
	for ; rows.Next(); read++ {
		var root []byte
		var signed string
		if err := rows.Scan(&t.dueAfter.size, &root, &signed, &t.dueAfter.at); err != nil {
			return false, err
		}
		at := core.Instant(t.dueAfter.at)
		tenant, c, err := OpenCheckpoint(signed, v.Stored.trusted)
		if err == nil && (tenant != t.id || c.Size != t.dueAfter.size || string(root) != string(c.Root[:])) {
			err = fmt.Errorf("what is signed is that tenant %s has %d events of root %s", tenant, c.Size, c.Root)
		}
		if err != nil {
			v.tell(Finding{Kind: KindSignature, Tenant: t.id, Message: fmt.Sprintf("the stored checkpoint of %d events of %s: %v", t.dueAfter.size, at, err)})
			continue
		}
		t.due = append(t.due, Promise{Tenant: t.id, Size: core.Position(c.Size), Root: core.Digest(c.Root), Source: "signed checkpoint of " + at.String(), claimed: v.Stored.claimed})
	}
	return read == promisesAtOnce, rows.Err()
}
