package memory

import (
	"context"
	"iter"

	"resultlog/core"
	"resultlog/eventstore"
)

// Entries implements eventstore.History.
func (l *Log) Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	return func(yield func(core.Entry, error) bool) {
		for row, err := range l.Rows(ctx, after) {
			row.Personal = nil
			if !yield(row.Entry, err) {
				return
			}
		}
	}
}

// TenantHead implements eventstore.History.
func (l *Log) TenantHead(ctx context.Context, tenant core.ID) (head core.Position, err error) {
	for e, err := range l.TenantEntries(ctx, tenant, 0) {
		if err != nil {
			return 0, err
		}
		head = e.TenantPosition
	}
	return head, nil
}

// TenantEntries implements eventstore.History.
func (l *Log) TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, func(row eventstore.Row) bool { return row.TenantID == tenant && row.TenantPosition > after })
}

// StreamEntries implements eventstore.History.
func (l *Log) StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return l.entries(ctx, func(row eventstore.Row) bool {
		return row.TenantID == stream.Tenant && row.StreamID == stream.ID && row.Version > after
	})
}

func (l *Log) entries(ctx context.Context, wanted func(eventstore.Row) bool) iter.Seq2[core.Entry, error] {
	return func(yield func(core.Entry, error) bool) {
		for row, err := range l.Rows(ctx, 0) {
			if (err != nil || wanted(row)) && !yield(row.Entry, err) {
				return
			}
		}
	}
}

// Rows yields the events after a position as they are kept, decoded by nobody.
func (l *Log) Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error] {
	return func(yield func(eventstore.Row, error) bool) {
		rows, err := l.snapshot()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(eventstore.Row{}, err)
			return
		}
		for _, row := range rows[min(int(after), len(rows)):] {
			if !yield(row, nil) {
				return
			}
		}
	}
}
