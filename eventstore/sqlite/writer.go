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
	insertEvent = `INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, slim, recorded_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?)`
	selectHead = `SELECT coalesce(max(position), 0) FROM events`
	selectAll  = `SELECT ` + rowColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`
)

const selectStored = `SELECT ` + storedColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`

var selectSlim = `SELECT ` + slimColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`

// writer is the one connection that appends, with its prepared statements. Begin comes first; then any of the others; then commit, or rollback.
type writer struct {
	conn                    *sql.Conn
	begin, commit, rollback *sql.Stmt
	head, after, insert     *sql.Stmt
}

func newWriter(ctx context.Context, pool *sql.DB) (*writer, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn}
	err = prepareAll(ctx, conn, map[string]**sql.Stmt{
		"BEGIN IMMEDIATE": &w.begin, "COMMIT": &w.commit, "ROLLBACK": &w.rollback,
		selectHead: &w.head, selectSlim: &w.after, insertEvent: &w.insert,
	})
	if err != nil {
		w.discard()
		return nil, err
	}
	return w, nil
}

// discard closes the connection itself, instead of giving it back to the pool; SQLite rolls back what it had open. The statements come first: SQLite keeps
// a connection, its transaction and its locks until the last of them is gone.
func (w *writer) discard() {
	for _, stmt := range []*sql.Stmt{w.begin, w.commit, w.rollback, w.head, w.after, w.insert} {
		if stmt != nil { // not all were prepared
			_ = stmt.Close()
		}
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // the error is what makes database/sql close it
}

// beginTransaction takes the write lock; ctx may end the wait for it.
func (w *writer) beginTransaction(ctx context.Context) error {
	_, err := w.begin.ExecContext(ctx)
	return err
}

func (w *writer) commitTransaction(ctx context.Context) error {
	_, err := w.commit.ExecContext(ctx)
	return err
}

func (w *writer) rollbackTransaction(ctx context.Context) error {
	_, err := w.rollback.ExecContext(ctx)
	return err
}

// missed gives the log's head and the events after a position. Normally there are none, and only the head is looked up.
func (w *writer) missed(ctx context.Context, after core.Position) (head core.Position, events []core.Recorded, err error) {
	if err := w.head.QueryRowContext(ctx).Scan((*int64)(&head)); err != nil {
		return 0, nil, err
	}
	if err := eventstore.MayCatchUp(after, head); err != nil || after == head {
		return head, nil, err
	}
	rows, err := w.after.QueryContext(ctx, int64(after), eventstore.MaxMissed)
	if err != nil {
		return 0, nil, err
	}
	events, err = scanAll(rows, make([]core.Recorded, 0, head-after), eventstore.Row.SlimRecorded, eventstore.MaxMissedBytes)
	return head, events, err
}

// insertAll writes rows.
func (w *writer) insertAll(ctx context.Context, rows []eventstore.Row) error {
	for _, row := range rows {
		_, err := w.insert.ExecContext(ctx, int64(row.Position), row.TenantID[:], int64(row.TenantPosition), row.StreamID[:], int64(row.Version), row.EventID[:],
			row.Type, int64(row.SchemaVersion), row.Data, row.Personal, row.Metadata, row.Slim, int64(row.RecordedAt))
		if err != nil {
			return fmt.Errorf("append position %d: %w", row.Position, err)
		}
	}
	return nil
}
