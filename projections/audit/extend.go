package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"resultlog/core"
)

// subscription is the name of the trees' own.
const subscription = "trees"

// mark is an event's place and its id.
type mark struct {
	position core.Position
	id       core.ID
}

// ErrGap means that a tenant's events are not counted without a gap: the log was changed by somebody else than its service.
var ErrGap = errors.New("the log has a gap or a repeat")

// extend adds the next events of the log to their trees, in one transaction with the checkpoint, and reports whether there may be more.
func (k *Keeper) extend(ctx context.Context) (more bool, err error) {
	at, err := readMark(ctx, k.Tables.Read)
	if err != nil {
		return false, err
	}
	k.position.Store(int64(at.position))
	page, err := k.page(ctx, at)
	if len(page) == 0 && !errors.Is(err, errForeign) {
		return false, err // nothing to do but what the error keeps from being done; what was read before it comes first
	}
	var reached mark
	err = k.Tables.change(ctx, func(tx *sql.Tx) error {
		now, err := readMark(ctx, tx)
		if err != nil || now != at { // another node was quicker
			return err
		}
		if len(page) == 0 {
			return k.drop(ctx, tx)
		}
		reached, err = k.add(ctx, tx, at, page)
		return err
	})
	if err != nil || reached == (mark{}) {
		k.known = nil // whatever was added to them is not in the tables
		return err == nil, err
	}
	k.knownAt = reached
	k.position.Store(int64(reached.position))
	return true, nil
}

// errForeign means that the log is not the one that the trees were made of.
var errForeign = errors.New("the log is another than the trees were made of")

// page gives what comes after an event: what this node was handed, or else what the log has; then the event must be there, and it is errForeign if it is not. With another error, the page is
// what could be read before it.
func (k *Keeper) page(ctx context.Context, at mark) (page []leaf, err error) {
	if handed := k.handed(at); len(handed) > 0 {
		return handed, nil
	}
	begin := max(0, at.position-1)
	met := at.position == 0
	size := 0
	for e, err := range k.Log.Entries(ctx, begin) {
		if err != nil {
			return page, err
		}
		if !met {
			if e.Position != at.position || e.EventID != at.id {
				return nil, errForeign
			}
			met = true
			continue
		}
		page = append(page, leafOf(&e))
		if size += len(e.Data) + len(e.Metadata); len(page) == MaxExtended || size >= MaxExtendedBytes {
			break
		}
	}
	if !met {
		return nil, errForeign
	}
	return page, nil
}

// add puts events into their trees and writes what has grown.
func (k *Keeper) add(ctx context.Context, tx *sql.Tx, at mark, page []leaf) (mark, error) {
	if k.known == nil || k.knownAt != at || len(k.known) > maxKnown {
		k.known = make(map[core.ID]Tree)
	}
	g := growth{trees: make(map[core.ID]*growing)}
	for _, l := range page {
		if l.position != at.position+1 {
			return mark{}, fmt.Errorf("%w: position %d comes after %d", ErrGap, l.position, at.position)
		}
		at = l.mark
		tree, err := g.of(l.tenant, func() (Tree, error) { return k.tree(ctx, tx, l.tenant) })
		if err != nil {
			return mark{}, err
		}
		if l.tenantPosition != core.Position(tree.size+1) {
			return mark{}, fmt.Errorf("%w: position %d is a tenant's position %d, which has had %d", ErrGap, l.position, l.tenantPosition, tree.size)
		}
		tree.grow(l.hash)
	}
	if err := g.write(ctx, tx); err != nil {
		return mark{}, err
	}
	for _, tenant := range g.order {
		k.known[tenant] = g.trees[tenant].Tree
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO checkpoints (subscription, position, event_id) VALUES ($1, $2, $3)
		ON CONFLICT (subscription) DO UPDATE SET position = excluded.position, event_id = excluded.event_id`, subscription, int64(at.position), at.id[:])
	return at, err
}

// maxKnown is how many trees a keeper remembers: about a kilobyte each.
const maxKnown = 10_000

// tree gives a tenant's tree: as it is remembered, or as the tables have it.
func (k *Keeper) tree(ctx context.Context, tx *sql.Tx, tenant core.ID) (Tree, error) {
	if known, ok := k.known[tenant]; ok {
		return known, nil
	}
	return readTree(ctx, tx, tenant)
}

// drop empties all that is made of the log: it is another one, and what was handed over may be of the one before. The signed checkpoints stay.
func (k *Keeper) drop(ctx context.Context, tx *sql.Tx) error {
	k.Logger.Error("audit: the log is not the one that the trees were made of, as after restoring an older copy: they are made again; what was signed before stays, and may not hold for this log")
	k.ahead = nil
	for _, table := range []string{"checkpoints", "trees", "leaves", "nodes"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
			return err
		}
	}
	return nil
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readMark is how far the trees have come.
func readMark(ctx context.Context, q querier) (at mark, err error) {
	err = q.QueryRowContext(ctx, `SELECT position, event_id FROM checkpoints WHERE subscription = $1`, subscription).Scan((*int64)(&at.position), intoID{&at.id})
	if errors.Is(err, sql.ErrNoRows) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, fmt.Errorf("read how far the trees have come: %w", err)
	}
	return at, nil
}

// readTree is a tenant's tree as the tables have it; the empty one if they have none.
func readTree(ctx context.Context, q querier, tenant core.ID) (Tree, error) {
	var size int64
	var frontier []byte
	err := q.QueryRowContext(ctx, `SELECT size, frontier FROM trees WHERE tenant_id = $1`, tenant[:]).Scan(&size, &frontier)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Tree{}, nil
	case err != nil:
		return Tree{}, fmt.Errorf("read the tree of tenant %s: %w", tenant, err)
	}
	return decodeTree(size, frontier)
}
