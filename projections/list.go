package projections

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"resultlog/core"
)

// Results gives a page of a tenant's results, from tables that hold everything up to a position. The error is a *core.Error of CodeReadsBehind if they do not.
func (q *Queries) Results(ctx context.Context, after core.Position, tenant core.ID, query core.ResultQuery) (core.Page[core.ResultView], error) {
	return snapshotPage(ctx, q, after, results, func(tx *sql.Tx) (page core.Page[core.ResultView], err error) {
		types, err := resultTypes(ctx, tx, tenant)
		if err != nil {
			return page, err
		}
		page, err = listPage(ctx, tx, results, list{filter: filterResults(&query, types), sorting: sortingOf(query.Paging), tenant: tenant}, query.Paging)
		for i := range page.Rows {
			page.Rows[i].Classification = types.Classification(page.Rows[i].Result)
		}
		return page, err
	})
}

// Activities gives a page of a tenant's activities; see Results for the error.
func (q *Queries) Activities(ctx context.Context, after core.Position, tenant core.ID, query core.ActivityQuery) (core.Page[core.ActivityView], error) {
	return snapshotPage(ctx, q, after, activities, func(tx *sql.Tx) (core.Page[core.ActivityView], error) {
		return listPage(ctx, tx, activities, list{filter: filterActivities(tenant, &query), sorting: sortingOf(query.Paging), tenant: tenant}, query.Paging)
	})
}

// APIKeys gives a page of a tenant's API keys. The error is that of Results, or a *core.Error of CodeParked if an event of the tenant's own stream could not be applied: a list that
// shows a key as it was before it was revoked would be worse than none.
func (q *Queries) APIKeys(ctx context.Context, after core.Position, tenant core.ID, query core.APIKeyQuery) (core.Page[core.APIKeyView], error) {
	return snapshotPage(ctx, q, after, apiKeys, func(tx *sql.Tx) (page core.Page[core.APIKeyView], err error) {
		if err := notParked(ctx, tx, tenant, tenant); err != nil {
			return page, err
		}
		return listPage(ctx, tx, apiKeys, list{filter: filterAPIKeys(&query), sorting: sortingOf(query.Paging), tenant: tenant}, query.Paging)
	})
}

// snapshotPage reads one page of a list. Its total, its rows, what is told of them and the checkpoint are of one snapshot.
func snapshotPage[V any](ctx context.Context, q *Queries, after core.Position, of shape[V], read func(*sql.Tx) (core.Page[V], error)) (page core.Page[V], err error) {
	err = q.snapshot(ctx, after, func(tx *sql.Tx) (err error) {
		page, err = read(tx)
		return err
	})
	if err != nil {
		return core.Page[V]{}, fmt.Errorf("list %s: %w", of.table, err)
	}
	return page, nil
}

// listPage reads one page of a list, in a snapshot.
func listPage[V any](ctx context.Context, tx *sql.Tx, of shape[V], l list, p core.Paging) (page core.Page[V], err error) {
	if l.impossible() {
		return page, nil
	}
	l.table = of.table
	count := l.count()
	if err := tx.QueryRowContext(ctx, count.text.String(), count.args...).Scan(&page.Total); err != nil {
		return page, err
	}
	page.Capped = page.Total > core.MaxTotal
	page.Total = min(page.Total, core.MaxTotal)
	ids, err := l.page(ctx, tx, p, page.Capped)
	if err != nil {
		return page, err
	}
	page.Rows, err = of.rows(ctx, tx, l.tenant, ids[:min(len(ids), p.Limit)])
	if err == nil && len(ids) > p.Limit && p.Sort == core.DefaultOrder {
		next := of.place(&page.Rows[p.Limit-1])
		next.Page, next.ByPosition = p.Page+1, p.ByPosition()
		page.Next = &next
	}
	return page, err
}

// maxWalk is how many rows are looked at along a list's order before those that fit are sorted instead. As many as are counted: it takes some milliseconds, as counting does.
const maxWalk = core.MaxTotal

// page gives the ids of the rows on a page, and of one more if there is one. If the index that finds the rows does not give their order, they must be sorted: all that fit. Are
// they too many for that, they are also so dense, nearly always, that the page is filled by the first few that are met along the order itself.
func (l list) page(ctx context.Context, tx *sql.Tx, p core.Paging, many bool) ([]core.ID, error) {
	skip := (p.Page - 1) * p.Limit
	if p.Cursor != nil {
		skip = 0
	}
	l.filter = l.filter.beyond(p.Cursor)
	if many && !l.given() {
		ids, enough, err := l.met(ctx, tx, skip+p.Limit+1)
		if enough || err != nil {
			return ids[min(skip, len(ids)):], err
		}
	}
	ids := l.ids(p.Limit+1, skip)
	return scanAll(ctx, tx, ids, func(rows *sql.Rows) (id core.ID, err error) {
		err = rows.Scan(intoID{&id})
		return id, err
	})
}

// met gives the ids of the first rows that fit, as they are met along the list's order; enough is false if there may be more of them than were met.
func (l *list) met(ctx context.Context, tx *sql.Tx, wanted int) (ids []core.ID, enough bool, err error) {
	walk := l.walk(maxWalk)
	rows, err := tx.QueryContext(ctx, walk.text.String(), walk.args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	looked := 0
	for ; len(ids) < wanted && rows.Next(); looked++ {
		var id core.ID
		var fits bool
		if err := rows.Scan(intoID{&id}, &fits); err != nil {
			return nil, false, err
		}
		if fits {
			ids = append(ids, id)
		}
	}
	return ids, len(ids) == wanted || looked < maxWalk, rows.Err()
}

// rows reads whole rows, in the order of their ids.
func (of shape[V]) rows(ctx context.Context, tx *sql.Tx, tenant core.ID, ids []core.ID) ([]V, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	place := make(map[core.ID]int, len(ids))
	s := new(statement).add("SELECT "+of.columns+" FROM "+of.table+" WHERE tenant_id = ? AND id IN (", tenant[:])
	for i, id := range ids {
		place[id] = i
		s.add([]string{"?", ", ?"}[min(i, 1)], id[:])
	}
	ordered := make([]V, len(ids))
	found, err := scanAll(ctx, tx, s.add(")"), func(rows *sql.Rows) (v V, err error) {
		err = rows.Scan(of.into(&v)...)
		return v, err
	})
	if err == nil && len(found) != len(ids) {
		err = fmt.Errorf("%d of %d rows are there", len(found), len(ids))
	}
	for i := range found {
		ordered[place[of.place(&found[i]).ID]] = found[i]
	}
	return ordered, err
}

// scanAll runs a query and scans every row that it gives.
func scanAll[T any](ctx context.Context, tx *sql.Tx, s *statement, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := tx.QueryContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return slices.Clip(all), rows.Err()
}
