package audit

import (
	"context"
	"database/sql"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

const (
	// tileLevel is the level of the subtrees from which on roots are stored; those of smaller ones are computed from tileLeaves leaves at most.
	tileLevel = 8

	// tileLeaves is how many leaves such a subtree has: 8 KiB of hashes, as much as a proof reads for each of its ends.
	tileLeaves = 1 << tileLevel
)

// growth is what a transaction adds to the trees.
type growth struct {
	trees map[core.ID]*growing
	order []core.ID // of first mention
}

// growing is a tree, and what was added to it.
type growing struct {
	Tree
	chunks []chunk
	nodes  []treeNode
}

// chunk is some leaves in a row, within one subtree of tileLeaves.
type chunk struct {
	first  int64
	hashes []tlog.Hash
}

// treeNode is the root of a complete subtree.
type treeNode struct {
	level int
	n     int64
	hash  tlog.Hash
}

// of gives a tenant's tree; load gives it as it was before.
func (g *growth) of(tenant core.ID, load func() (Tree, error)) (*growing, error) {
	if t, ok := g.trees[tenant]; ok {
		return t, nil
	}
	tree, err := load()
	if err != nil {
		return nil, err
	}
	t := &growing{Tree: tree}
	t.frontier = append([]tlog.Hash(nil), tree.frontier...) // who loaded it keeps its own
	g.trees[tenant] = t
	g.order = append(g.order, tenant)
	return t, nil
}

// grow adds a leaf.
func (t *growing) grow(leaf tlog.Hash) {
	last := len(t.chunks) - 1
	if last < 0 || t.size%tileLeaves == 0 {
		t.chunks = append(t.chunks, chunk{first: t.size})
		last++
	}
	t.chunks[last].hashes = append(t.chunks[last].hashes, leaf)
	t.Append(leaf, func(level int, n int64, root tlog.Hash) {
		if level >= tileLevel {
			t.nodes = append(t.nodes, treeNode{level, n, root})
		}
	})
}

const (
	insertLeaves = `INSERT INTO leaves (tenant_id, first, hashes) VALUES ($1, $2, $3)`
	insertNode   = `INSERT INTO nodes (tenant_id, level, n, hash) VALUES ($1, $2, $3, $4)`
	upsertTree   = `INSERT INTO trees (tenant_id, size, frontier, signed_size) VALUES ($1, $2, $3, 0)
		ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, frontier = excluded.frontier`
)

// write stores what was added. Each statement is prepared once for all of it.
func (g *growth) write(ctx context.Context, tx *sql.Tx) error {
	var leaves, nodes, trees *sql.Stmt
	for text, stmt := range map[string]**sql.Stmt{insertLeaves: &leaves, insertNode: &nodes, upsertTree: &trees} {
		var err error
		if *stmt, err = tx.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	for _, tenant := range g.order {
		t := g.trees[tenant]
		for _, c := range t.chunks {
			if _, err := leaves.ExecContext(ctx, tenant[:], c.first, concat(c.hashes)); err != nil {
				return fmt.Errorf("tenant %s: leaves from %d: %w", tenant, c.first, err)
			}
		}
		for _, n := range t.nodes {
			if _, err := nodes.ExecContext(ctx, tenant[:], n.level, n.n, n.hash[:]); err != nil {
				return fmt.Errorf("tenant %s: subtree %d of level %d: %w", tenant, n.n, n.level, err)
			}
		}
		if _, err := trees.ExecContext(ctx, tenant[:], t.size, t.encodeFrontier()); err != nil {
			return fmt.Errorf("tenant %s: %w", tenant, err)
		}
	}
	return nil
}

// intoID scans a UUID in whichever form the engine's driver gives it.
type intoID struct{ id *core.ID }

// Scan implements sql.Scanner.
func (to intoID) Scan(column any) (err error) {
	switch v := column.(type) {
	case []byte:
		if len(v) != len(to.id) {
			return fmt.Errorf("want %d bytes of a UUID, got %d", len(to.id), len(v))
		}
		*to.id = core.ID(v)
	case string:
		*to.id, err = core.ParseID(v)
	default:
		err = fmt.Errorf("want a UUID, got %T", column)
	}
	return err
}
