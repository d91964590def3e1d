package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// TenantHead gives how many events a tenant has.
type TenantHead func(ctx context.Context, tenant core.ID) (core.Position, error)

// Proofs answers auditors, out of the trees. Safe for concurrent use.
type Proofs struct {
	db   *sql.DB
	head TenantHead
}

// NewProofs reads the tables of a database; head is asked for what they do not have.
func NewProofs(db *sql.DB, head TenantHead) *Proofs { return &Proofs{db, head} }

// Checkpoint gives a tenant's newest signed checkpoint: *core.Error with CodeNotFound if it has no events, with CodeProofUnavailable if none of them is in one yet.
func (p *Proofs) Checkpoint(ctx context.Context, tenant core.ID) (core.SignedCheckpoint, error) {
	return p.reaching(ctx, p.db, tenant, 1)
}

// reaching gives the newest signed checkpoint, which must come as far as a position: CodeNotFound if there is no such event, CodeProofUnavailable if it is in none yet.
func (p *Proofs) reaching(ctx context.Context, q querier, tenant core.ID, position core.Position) (core.SignedCheckpoint, error) {
	checkpoint, err := newestCheckpoint(ctx, q, tenant)
	if err != nil || position <= checkpoint.Size {
		return checkpoint, err
	}
	head, err := p.head(ctx, tenant)
	switch {
	case err != nil:
		return checkpoint, err
	case position > head:
		return checkpoint, &core.Error{Code: core.CodeNotFound, Message: fmt.Sprintf("this tenant has %d events: there is no position %d", head, position)}
	}
	return checkpoint, &core.Error{
		Code:    core.CodeProofUnavailable,
		Message: fmt.Sprintf("the newest signed checkpoint is of %d events, and does not come as far as %d: each event is in one a second or two after it was recorded; retry then", checkpoint.Size, position),
	}
}

// Keys gives the keys by which the tenant's checkpoints can be verified, as notes' verifier keys, the first that was ever used first.
func (p *Proofs) Keys(ctx context.Context, tenant core.ID) ([]string, error) {
	keys, err := readKeys(ctx, p.db)
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = key.Of(tenant)
	}
	return texts, err
}

// readKeys gives the keys that have signed.
func readKeys(ctx context.Context, q querier) (keys []VerifierKey, err error) {
	rows, err := q.QueryContext(ctx, `SELECT verifier_key FROM verifier_keys ORDER BY first_used, verifier_key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		key, err := ParseVerifierKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// Inclusion proves that a tenant's event is in the history of its newest checkpoint; the errors are those of Checkpoint.
func (p *Proofs) Inclusion(ctx context.Context, tenant core.ID, position core.Position) (proof core.InclusionProof, err error) {
	err = p.snapshot(ctx, func(tx *sql.Tx) error {
		checkpoint, err := p.reaching(ctx, tx, tenant, position)
		if err != nil {
			return err
		}
		tree := &storedTree{ctx: ctx, q: tx, tenant: tenant}
		hashes, err := tlog.ProveRecord(int64(checkpoint.Size), int64(position-1), tree)
		if err != nil {
			return err
		}
		leaf, err := tree.node(0, int64(position-1))
		proof = core.InclusionProof{Position: position, Leaf: core.Digest(leaf), Hashes: digests(hashes), Checkpoint: checkpoint}
		return err
	})
	return proof, err
}

// Consistency proves that the tenant's history of so many events is the beginning of that of its newest checkpoint; the errors are those of Checkpoint.
func (p *Proofs) Consistency(ctx context.Context, tenant core.ID, from core.Position) (proof core.ConsistencyProof, err error) {
	err = p.snapshot(ctx, func(tx *sql.Tx) error {
		checkpoint, err := p.reaching(ctx, tx, tenant, from)
		if err != nil {
			return err
		}
		tree := &storedTree{ctx: ctx, q: tx, tenant: tenant}
		root, err := tlog.TreeHash(int64(from), tree)
		if err != nil {
			return err
		}
		hashes, err := tlog.ProveTree(int64(checkpoint.Size), int64(from), tree)
		proof = core.ConsistencyProof{From: from, FromRoot: core.Digest(root), Hashes: digests(hashes), Checkpoint: checkpoint}
		return err
	})
	return proof, err
}

// snapshot runs f on the tables as they are at one moment.
func (p *Proofs) snapshot(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	defer tx.Rollback() // it has written nothing
	return f(tx)
}

// newestCheckpoint is the one that was signed last of the tree as it is, the zero one if there is none: what was signed of another log is not offered.
func newestCheckpoint(ctx context.Context, q querier, tenant core.ID) (c core.SignedCheckpoint, err error) {
	var root []byte
	err = q.QueryRowContext(ctx, `
		SELECT c.size, c.root, c.note, c.signed_at FROM trees t JOIN signed_checkpoints c ON c.tenant_id = t.tenant_id AND c.size = t.signed_size
		WHERE t.tenant_id = $1 ORDER BY c.signed_at DESC LIMIT 1`, tenant[:]).Scan((*int64)(&c.Size), &root, &c.Note, (*int64)(&c.SignedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	if err == nil && len(root) != len(c.Root) {
		err = fmt.Errorf("the checkpoint of %d events of tenant %s has a root of %d bytes", c.Size, tenant, len(root))
	}
	copy(c.Root[:], root)
	return c, err
}

func digests(hashes []tlog.Hash) []core.Digest {
	all := make([]core.Digest, len(hashes))
	for i, h := range hashes {
		all[i] = core.Digest(h)
	}
	return all
}
