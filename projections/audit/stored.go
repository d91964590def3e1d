package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

// storedTree reads the nodes of a tenant's tree: those of large subtrees as they are stored, those of small ones from the leaves.
type storedTree struct {
	ctx    context.Context
	q      querier
	tenant core.ID
	tile   int64 // whose leaves these are: of the leaves from tile * tileLeaves on
	leaves []tlog.Hash
}

var _ tlog.HashReader = (*storedTree)(nil)

// ReadHashes implements tlog.HashReader.
func (t *storedTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var err error
		if hashes[i], err = t.node(tlog.SplitStoredHashIndex(index)); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// node is the root of the n-th complete subtree of 2^level leaves.
func (t *storedTree) node(level int, n int64) (h tlog.Hash, err error) {
	if level >= tileLevel {
		var b []byte
		err := t.q.QueryRowContext(t.ctx, `SELECT hash FROM nodes WHERE tenant_id = $1 AND level = $2 AND n = $3`, t.tenant[:], level, n).Scan(&b)
		if errors.Is(err, sql.ErrNoRows) || err == nil && len(b) != len(h) {
			return h, fmt.Errorf("%w: the tree of tenant %s lacks subtree %d of level %d", errDamaged, t.tenant, n, level)
		}
		copy(h[:], b)
		return h, err
	}
	first := n << level
	if err := t.read(first / tileLeaves); err != nil {
		return h, err
	}
	within, size := first%tileLeaves, int64(1)<<level
	if within+size > int64(len(t.leaves)) {
		return h, fmt.Errorf("%w: the tree of tenant %s lacks leaf %d", errDamaged, t.tenant, first+size-1)
	}
	var subtree Tree
	for _, leaf := range t.leaves[within : within+size] {
		subtree.Append(leaf, nil)
	}
	return subtree.Root(), nil
}

// errDamaged means that the tables do not hold a tree, or not all of it.
var errDamaged = errors.New("the stored tree is damaged")

// read has the leaves of a tile, as many as there are in a row.
func (t *storedTree) read(tile int64) (err error) {
	if t.leaves != nil && t.tile == tile {
		return nil
	}
	defer func() {
		if err != nil {
			t.leaves = nil
		}
	}()
	t.tile, t.leaves = tile, make([]tlog.Hash, 0, tileLeaves)
	rows, err := t.q.QueryContext(t.ctx, `SELECT first, hashes FROM leaves WHERE tenant_id = $1 AND first >= $2 AND first < $3 ORDER BY first`,
		t.tenant[:], tile*tileLeaves, (tile+1)*tileLeaves)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var first int64
		var b []byte
		if err := rows.Scan(&first, &b); err != nil {
			return err
		}
		hashes, err := split(b)
		if err != nil || first != tile*tileLeaves+int64(len(t.leaves)) {
			break // what is asked for beyond it is lacking
		}
		t.leaves = append(t.leaves, hashes...)
	}
	return rows.Err()
}
