package audit

import (
	"context"
	"database/sql"
	"fmt"

	"resultlog/core"
)

// unsigned is a tree that has grown since it was signed.
type unsigned struct {
	tenant core.ID
	tree   Tree
}

// sign signs trees that have grown since they were signed, and reports whether there may be more. Several nodes never do so at once, and each signs by its own key.
func (k *Keeper) sign(ctx context.Context) (more bool, err error) {
	var waiting bool
	if err := k.Tables.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM trees WHERE size > signed_size)`).Scan(&waiting); err != nil || !waiting {
		return false, err
	}
	now := core.InstantOf(k.Now())
	signed := 0
	err = k.Tables.change(ctx, func(tx *sql.Tx) error {
		trees, err := readUnsigned(ctx, tx)
		if err != nil {
			return err
		}
		signed = len(trees)
		_, err = tx.ExecContext(ctx, `INSERT INTO verifier_keys (verifier_key, first_used) VALUES ($1, $2) ON CONFLICT (verifier_key) DO NOTHING`, k.Key.Verifier().String(), int64(now))
		if err != nil {
			return err
		}
		for _, u := range trees {
			if err := k.signOne(ctx, tx, u, now); err != nil {
				return fmt.Errorf("sign the tree of tenant %s: %w", u.tenant, err)
			}
		}
		return nil
	})
	if err == nil {
		k.signedAt.Store(int64(now))
	}
	return err == nil && signed == MaxSigned, err
}

// signOne signs one tree. The checkpoint is shown to nobody before it is committed; and then it is about events that are durable, since the trees are made of nothing else.
func (k *Keeper) signOne(ctx context.Context, tx *sql.Tx, u unsigned, now core.Instant) error {
	signed, err := k.Key.Sign(u.tenant, &u.tree)
	if err != nil {
		return err
	}
	root := u.tree.Root()
	if _, err := tx.ExecContext(ctx, `INSERT INTO signed_checkpoints (tenant_id, size, root, note, signed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		u.tenant[:], u.tree.size, root[:], signed, int64(now)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE trees SET signed_size = size WHERE tenant_id = $1`, u.tenant[:])
	return err
}

// readUnsigned gives some trees that have grown since they were signed.
func readUnsigned(ctx context.Context, tx *sql.Tx) (trees []unsigned, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT tenant_id, size, frontier FROM trees WHERE size > signed_size ORDER BY tenant_id LIMIT $1`, MaxSigned)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var u unsigned
		var size int64
		var frontier []byte
		if err := rows.Scan(intoID{&u.tenant}, &size, &frontier); err != nil {
			return nil, err
		}
		if u.tree, err = decodeTree(size, frontier); err != nil {
			return nil, err
		}
		trees = append(trees, u)
	}
	return trees, rows.Err()
}
