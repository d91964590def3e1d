package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"resultlog/core"
)

// firstParked finds where a stream's first event in dead_letters stands in the log; no row if it has none.
const firstParked = `SELECT position FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2 ORDER BY version LIMIT 1`

// parked finds which streams of a batch have an event in dead_letters: whatever follows it on the stream builds on what was never applied, and is parked too.
// There are none, nearly always, which costs one query on an empty table.
func parked(ctx context.Context, tx *Tx, batch []core.Recorded) (map[core.Stream]core.Position, error) {
	var some bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM dead_letters)`).Scan(&some); err != nil || !some {
		return nil, err
	}
	first, err := tx.PrepareContext(ctx, firstParked)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	streams, asked := make(map[core.Stream]core.Position), make(map[core.Stream]bool)
	for _, d := range batch {
		if asked[d.Stream] {
			continue
		}
		asked[d.Stream] = true
		var position int64
		err := first.QueryRowContext(ctx, d.Stream.Tenant[:], d.Stream.ID[:]).Scan(&position)
		if err == nil {
			streams[d.Stream] = core.Position(position)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	return streams, nil
}

// park sets an event aside. Its idempotency key, if it came with one, is found all the same, since a retry of the request must be answered as ever: writes know nothing of this.
// If even this cannot be written, it is not the event that is wrong but the disk, say: the error then ends the delivery, and nothing is parked.
func park(ctx context.Context, tx *Tx, r core.Recorded, now time.Time, why error) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO dead_letters (tenant_id, stream_id, version, position, tenant_position, event_id, recorded_at, parked_at, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Stream.Tenant[:], r.Stream.ID[:], int64(r.Version), int64(r.Position), int64(r.TenantPosition), r.EventID[:],
		int64(r.RecordedAt), now.UnixMilli(), sayable(why))
	if err != nil {
		return fmt.Errorf("park the event at position %d: %w", r.Position, err)
	}
	return IdempotencyKeys{}.Apply(ctx, tx, []core.Recorded{r})
}

// sayable is the text of an error as every database takes it: PostgreSQL refuses NUL, and what is not UTF-8, and either may be in what an error quotes.
func sayable(why error) string {
	return strings.ReplaceAll(strings.ToValidUTF8(why.Error(), "\uFFFD"), "\x00", "\uFFFD")
}
