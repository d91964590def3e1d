package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	insertEvents = `INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, slim, recorded_at)
		SELECT c1, c2, c3, c4, c5, c6, c7, c8, CAST(c9 AS TEXT), c10, CAST(c11 AS TEXT), c12, c13 FROM given(?)`
	selectHead = `SELECT coalesce(max(position), 0) FROM events`
	selectAll  = `SELECT ` + rowColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`
)

const selectStored = `SELECT ` + storedColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`

var selectSlim = `SELECT ` + slimColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`

// writer is the one connection that appends. Begin comes first; then any of the others; then commit, or rollback.
type writer struct{ conn *sql.Conn }

func newWriter(ctx context.Context, pool *sql.DB) (*writer, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{conn}, nil
}

// discard closes the connection itself, instead of giving it back to the pool; SQLite rolls back what it had open.
func (w *writer) discard() {
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // the error is what makes database/sql close it
}

// beginTransaction takes the write lock; ctx may end the wait for it.
func (w *writer) beginTransaction(ctx context.Context) error {
	_, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

func (w *writer) commitTransaction(ctx context.Context) error {
	_, err := w.conn.ExecContext(ctx, "COMMIT")
	return err
}

func (w *writer) rollbackTransaction(ctx context.Context) error {
	_, err := w.conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// missed gives the log's head and the events after a position. Normally there are none, and only the head is looked up.
func (w *writer) missed(ctx context.Context, after core.Position) (head core.Position, events []core.Recorded, err error) {
	if err := w.conn.QueryRowContext(ctx, selectHead).Scan((*int64)(&head)); err != nil {
		return 0, nil, err
	}
	if err := eventstore.MayCatchUp(after, head); err != nil || after == head {
		return head, nil, err
	}
	rows, err := w.conn.QueryContext(ctx, selectSlim, int64(after), eventstore.MaxMissed)
	if err != nil {
		return 0, nil, err
	}
	events, err = scanAll(rows, make([]core.Recorded, 0, head-after), eventstore.Row.SlimRecorded, eventstore.MaxMissedBytes)
	return head, events, err
}

// insertAll writes rows.
func (w *writer) insertAll(ctx context.Context, rows []eventstore.Row) error {
	if _, err := w.conn.ExecContext(ctx, insertEvents, givenEvents(rows)); err != nil {
		return fmt.Errorf("append positions %d to %d: %w", rows[0].Position, rows[len(rows)-1].Position, err)
	}
	return nil
}

// givenEvents are rows of the events table, for insertEvents.
type givenEvents []eventstore.Row

func (g givenEvents) rows() int { return len(g) }

func (g givenEvents) value(row, column int) any {
	switch r := &g[row]; column {
	case 0:
		return int64(r.Position)
	case 1:
		return r.TenantID
	case 2:
		return int64(r.TenantPosition)
	case 3:
		return r.StreamID
	case 4:
		return int64(r.Version)
	case 5:
		return r.EventID
	case 6:
		return r.Type
	case 7:
		return int64(r.SchemaVersion)
	case 8:
		return r.Data
	case 9:
		return bytesOrNull(r.Personal)
	case 10:
		return r.Metadata
	case 11:
		return bytesOrNull(r.Slim)
	default:
		return int64(r.RecordedAt)
	}
}

// bytesOrNull is NULL for bytes that are not there; of those that are, but are none, it is not.
func bytesOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
