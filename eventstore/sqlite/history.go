package sqlite

import (
	"context"
	"database/sql"
	"iter"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	selectTenantHead = `SELECT coalesce(max(tenant_position), 0) FROM events WHERE tenant_id = ?`
	selectTenant     = `SELECT ` + rowColumns + ` FROM events WHERE tenant_id = ? AND tenant_position > ? ORDER BY tenant_position LIMIT ?`
)

// bareColumns are as many as rowColumns, for eventstore.ScanRow too: personal is left out.
const bareColumns = `position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version,
	CAST(data AS BLOB), NULL, CAST(metadata AS BLOB), NULL, recorded_at`

const selectBare = `SELECT ` + bareColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`

// Entries implements eventstore.History.
func (l *Log) Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{Position: after}, func(last core.Entry, most int) (*sql.Rows, error) {
		return l.readers.QueryContext(ctx, selectBare, int64(last.Position), most)
	})
}

// TenantHead implements eventstore.History.
func (l *Log) TenantHead(ctx context.Context, tenant core.ID) (head core.Position, err error) {
	if err := l.readable(ctx); err != nil {
		return 0, err
	}
	err = l.readers.QueryRowContext(ctx, selectTenantHead, tenant[:]).Scan((*int64)(&head))
	return head, l.orClosed(err)
}

// TenantEntries implements eventstore.History.
func (l *Log) TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{TenantPosition: after}, func(last core.Entry, most int) (*sql.Rows, error) {
		return l.readers.QueryContext(ctx, selectTenant, tenant[:], int64(last.TenantPosition), most)
	})
}

// StreamEntries implements eventstore.History.
func (l *Log) StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, core.Entry{Version: after}, func(last core.Entry, most int) (*sql.Rows, error) {
		return l.readers.QueryContext(ctx, selectStream, stream.Tenant[:], stream.ID[:], int64(last.Version), most)
	})
}

// entries yields page after page; query asks for the most events after an event.
func (l *Log) entries(ctx context.Context, after core.Entry, query func(last core.Entry, most int) (*sql.Rows, error)) iter.Seq2[core.Entry, error] {
	return eventstore.PagedEntries(after, func(last core.Entry, most int) ([]eventstore.Row, error) {
		return l.pageOfRows(ctx, func() (*sql.Rows, error) { return query(last, most) })
	})
}
