package projections

import (
	"context"
	"database/sql"
	"fmt"

	"resultlog/core"
)

// Standing is what read tables say of themselves, to who only looks at them. It asks for nothing that tables of an older program lack.
type Standing struct {
	Position core.Position // in the log, of the last event that was applied or set aside
	Parked   int64         // events in dead_letters
	Oldest   core.Instant  // when the one was set aside that has been there longest
}

// ReadStanding reads it, by a pool over the read tables. Read it before the log's head: then the tables are ahead of the log only if it is another.
func ReadStanding(ctx context.Context, read *sql.DB) (s Standing, err error) {
	position, err := checkpointOf(ctx, read)
	if err != nil {
		return s, err
	}
	s.Position = position
	s.Parked, s.Oldest, err = deadLettersOf(ctx, read)
	return s, err
}

// deadLettersOf tells how many events are set aside, and when the one was that has been so longest; 0 if there is none.
func deadLettersOf(ctx context.Context, read *sql.DB) (n int64, oldest core.Instant, err error) {
	if err := read.QueryRowContext(ctx, `SELECT count(*), coalesce(min(parked_at), 0) FROM dead_letters`).Scan(&n, &oldest); err != nil {
		return 0, 0, fmt.Errorf("count dead letters: %w", err)
	}
	return n, oldest, nil
}
