package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	selectBare       = `SELECT ` + places + `data, NULL::bytea, metadata, NULL::bytea, recorded_at FROM resultlog.events WHERE position > $1 ORDER BY position LIMIT $2`
	selectTenantHead = `SELECT coalesce(max(tenant_position), 0) FROM resultlog.events WHERE tenant_id = $1`
	selectTenant     = `SELECT ` + places + `data, personal, metadata, NULL::bytea, recorded_at FROM resultlog.events
		WHERE tenant_id = $1 AND tenant_position > $2 ORDER BY tenant_position LIMIT $3`
)

// Entries implements eventstore.History.
func (l *Log) Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{Position: after}, func(ctx context.Context, last core.Entry, most int) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectBare, int64(last.Position), most)
	})
}

// TenantHead implements eventstore.History.
func (l *Log) TenantHead(ctx context.Context, tenant core.ID) (head core.Position, err error) {
	if err := l.readable(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	err = l.readers.QueryRow(ctx, selectTenantHead, [16]byte(tenant)).Scan((*int64)(&head))
	return head, l.explain(ctx, err)
}

// TenantEntries implements eventstore.History.
func (l *Log) TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{TenantPosition: after}, func(ctx context.Context, last core.Entry, most int) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectTenant, [16]byte(tenant), int64(last.TenantPosition), most)
	})
}

// StreamEntries implements eventstore.History.
func (l *Log) StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{Version: after}, func(ctx context.Context, last core.Entry, most int) (pgx.Rows, error) {
		return l.readers.Query(ctx, selectStream, [16]byte(stream.Tenant), [16]byte(stream.ID), int64(last.Version), most)
	})
}

// entries yields page after page; query asks for the most events after an event.
func (l *Log) entries(ctx context.Context, after core.Entry, query func(ctx context.Context, last core.Entry, most int) (pgx.Rows, error)) iter.Seq2[core.Entry, error] {
	return eventstore.PagedEntries(after, func(last core.Entry, most int) ([]eventstore.Row, error) {
		return l.pageOfRows(ctx, func(ctx context.Context) (pgx.Rows, error) { return query(ctx, last, most) })
	})
}
