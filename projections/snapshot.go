package projections

import (
	"context"
	"database/sql"
	"errors"

	"resultlog/core"
)

// Snapshot is a transaction that sees the read tables as they were at one moment, for as long as it takes. Servers may write meanwhile; but while it is held, what they replace cannot be tidied up.
// To end it, roll it back.
type Snapshot struct {
	*sql.Tx
	Position core.Position // up to which the tables had come in the log; 0: nothing of it is in them
	Parked   int64         // streams of which events are set aside, in dead_letters: what they are about is not as the log has it
}

// parkedStreams counts the streams of which events are set aside.
const parkedStreams = `SELECT count(*) FROM (SELECT DISTINCT tenant_id, stream_id FROM dead_letters) AS streams`

// Snapshot begins one, on a pool that may be one for reading.
func (t Tables) Snapshot(ctx context.Context) (*Snapshot, error) {
	tx, err := t.beginReading(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Tx: tx}
	s.Position, err = checkpointOf(ctx, tx) // the first read: what it sees, all others do
	if err == nil {
		err = tx.QueryRowContext(ctx, parkedStreams).Scan(&s.Parked)
	}
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return s, nil
}

// beginReading begins the transaction of a snapshot, which its first read takes.
func (t Tables) beginReading(ctx context.Context) (*sql.Tx, error) {
	tx, err := t.DB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}) // SQLite knows no less
	if err != nil || t.Unlimited == "" {
		return tx, err
	}
	if _, err := tx.ExecContext(ctx, t.Unlimited); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}
