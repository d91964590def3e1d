package projections

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"resultlog/core"
)

const (
	// KeyRetention is how long an idempotency key is found at least (contract §2.5).
	KeyRetention = 24 * time.Hour

	// maxPurged is how many keys that are older one batch removes: twice what it can add, so that the table shrinks back to what it must hold, and a batch after a quiet day
	// takes no longer than another.
	maxPurged = 1000
)

// IdempotencyKeys is the table in which a key is found that the machine has forgotten. It holds those of the last KeyRetention, by the time of the log, and sometimes older ones that have not been purged yet.
type IdempotencyKeys struct{}

// recordKey replaces a key that was used before and is found no more. It changes nothing if the key is there already: one of an event that could not be applied elsewhere is
// recorded when that is parked, and again when it is taken up.
const recordKey = `
	INSERT INTO idempotency_keys (tenant_id, name, position, recorded_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (tenant_id, name) DO UPDATE SET position = excluded.position, recorded_at = excluded.recorded_at
	WHERE idempotency_keys.position < excluded.position`

const purgeKeys = `
	DELETE FROM idempotency_keys WHERE (tenant_id, name) IN (SELECT tenant_id, name FROM idempotency_keys WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)`

// Name implements Projection.
func (IdempotencyKeys) Name() string { return "idempotency_keys" }

// Reset implements Projection.
func (IdempotencyKeys) Reset(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM idempotency_keys`)
	return err
}

// Apply implements Projection.
func (IdempotencyKeys) Apply(ctx context.Context, tx *sql.Tx, batch []core.Recorded) error {
	w := newWriter(ctx, tx)
	defer w.close()
	for _, r := range batch {
		if r.Metadata.Key == "" {
			continue
		}
		name := r.Metadata.Name(r.Stream.Tenant)
		if _, err := w.exec(recordKey, idOf(r.Stream.Tenant), name[:], int64(r.Position), int64(r.RecordedAt)); err != nil {
			return err
		}
	}
	last := batch[len(batch)-1].RecordedAt
	_, err := w.exec(purgeKeys, int64(last)-KeyRetention.Milliseconds(), maxPurged)
	return err
}

// Key finds an idempotency key: the position of the first event that was recorded with it, 0 if none was; and how far in the log that holds.
func (q *Queries) Key(ctx context.Context, tenant core.ID, name core.KeyName) (position, asOf core.Position, err error) {
	err = q.db.QueryRowContext(ctx, `
		SELECT coalesce((SELECT position FROM idempotency_keys WHERE tenant_id = $1 AND name = $2), 0), position
		FROM checkpoints WHERE subscription = $3`, tenant[:], name[:], subscription).Scan((*int64)(&position), (*int64)(&asOf))
	if errors.Is(err, sql.ErrNoRows) { // nothing has been delivered yet
		return 0, 0, nil
	}
	return position, asOf, err
}
