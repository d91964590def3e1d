package audit

import (
	"context"
	"database/sql"
	"fmt"

	"resultlog/core"
)

// promisesAtOnce is how many stored checkpoints of a tenant are read at a time.
const promisesAtOnce = 64

// Stored is what the service has kept beside the log, and what a log is held against when it is verified where it is.
type Stored struct {
	db      *sql.DB
	trusted []VerifierKey
	sizes   map[core.ID]*Tree // the trees as they were when the verification began
}

// ReadStored begins to read it. Without keys that are trusted, the keys are those that the tables themselves name: then a signature shows no more than that it was made by one of those.
// It must be called before the end of the log is looked up: the trees never come further than the log.
func ReadStored(ctx context.Context, db *sql.DB, trusted []VerifierKey) (*Stored, error) {
	s := &Stored{db: db, trusted: trusted, sizes: make(map[core.ID]*Tree)}
	if len(trusted) == 0 {
		var err error
		if s.trusted, err = readKeys(ctx, db); err != nil {
			return nil, err
		}
	}
	rows, err := db.QueryContext(ctx, `SELECT tenant_id, size, frontier FROM trees`)
	if err != nil {
		return nil, fmt.Errorf("read the trees: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var tenant core.ID
		var size int64
		var frontier []byte
		if err := rows.Scan(intoID{&tenant}, &size, &frontier); err != nil {
			return nil, err
		}
		hashes, _ := split(frontier) // one that is damaged is not that of the events: it is found
		s.sizes[tenant] = &Tree{size: size, frontier: hashes}
	}
	return s, rows.Err()
}

// Trusted are the keys by which the stored checkpoints are verified.
func (s *Stored) Trusted() []VerifierKey { return s.trusted }

// refill reads the next checkpoints that are stored of a tenant, if those that were read have been looked at.
func (v *Verifier) refill(ctx context.Context, t *tenantProof) error {
	if v.Stored == nil || len(t.due) > 0 {
		return nil
	}
	rows, err := v.Stored.db.QueryContext(ctx, `SELECT size, note, signed_at FROM signed_checkpoints WHERE tenant_id = $1 AND (size, signed_at) > ($2, $3) ORDER BY size, signed_at LIMIT $4`,
		t.id[:], t.dueAfter.size, t.dueAfter.at, promisesAtOnce)
	if err != nil {
		return fmt.Errorf("read the signed checkpoints of tenant %s: %w", t.id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var signed string
		if err := rows.Scan(&t.dueAfter.size, &signed, &t.dueAfter.at); err != nil {
			return err
		}
		at := core.Instant(t.dueAfter.at)
		tenant, c, err := OpenCheckpoint(signed, v.Stored.trusted)
		if err == nil && (tenant != t.id || c.Size != t.dueAfter.size) {
			err = fmt.Errorf("it is of %d events of tenant %s", c.Size, tenant)
		}
		if err != nil {
			v.Found(Finding{Kind: KindSignature, Tenant: t.id, Message: fmt.Sprintf("the stored checkpoint of %d events of %s: %v", t.dueAfter.size, at, err)})
			continue
		}
		t.due = append(t.due, Promise{Tenant: t.id, Size: core.Position(c.Size), Root: core.Digest(c.Root), Source: "signed checkpoint of " + at.String()})
	}
	return rows.Err()
}
