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
var recordKey = newRowStatement("uuid bytea bigint bigint", `
	INSERT INTO idempotency_keys (tenant_id, name, position, recorded_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (tenant_id, name) DO UPDATE SET position = excluded.position, recorded_at = excluded.recorded_at
	WHERE idempotency_keys.position < excluded.position`)

const purgeKeys = `
	DELETE FROM idempotency_keys WHERE (tenant_id, name) IN (SELECT tenant_id, name FROM idempotency_keys WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)`

// Name implements Projection.
func (IdempotencyKeys) Name() string { return "idempotency_keys" }

// Reset implements Projection.
func (IdempotencyKeys) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM idempotency_keys`)
	return err
}

// Apply implements Projection.
func (IdempotencyKeys) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	var uses folded[keyUse] // by the key's name, which is as long as an id
	for _, r := range batch {
		if r.Metadata.Key != "" {
			*uses.row(core.Stream{Tenant: r.Stream.Tenant, ID: core.ID(r.Metadata.Name(r.Stream.Tenant))}) = keyUse{r.Position, r.RecordedAt}
		}
	}
	if err := uses.write(ctx, tx, "idempotency key", (*keyUse).write); err != nil {
		return err
	}
	last := batch[len(batch)-1].RecordedAt
	_, err := tx.ExecContext(context.WithoutCancel(ctx), purgeKeys, int64(last)-KeyRetention.Milliseconds(), maxPurged)
	return err
}

// keyUse is the first event that was recorded with a key.
type keyUse struct {
	position   core.Position
	recordedAt core.Instant
}

func (u *keyUse) write(w *writer, key core.Stream) {
	w.exec(recordKey, uuidOf(key.Tenant), key.ID[:], int64(u.position), int64(u.recordedAt))
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
