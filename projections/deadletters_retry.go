package projections

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
)

// retriedAtOnce is the most events that are applied again in one transaction. They are applied one by one, so that it is a fifth of a full delivery: a server that wants to project
// meanwhile waits for no longer than for another server's. What is left of the stream is still parked between two of them, and what is appended to it meanwhile is parked behind it.
const retriedAtOnce = 100

// Retried is what came of retrying a stream.
type Retried struct {
	Applied int           // how many events are in the read tables now, and parked no more
	Failed  *DeadLetter   // the one that could not be applied, with the new error; nil if none failed
	From    core.Position // the tenant's position of the first of them; 0: none was applied
	Left    int           // how many of those that were asked for are still parked
}

// Retry applies the parked events of a stream again, in the order of their versions, through a version; 0: all of them. It stops at the first that fails, whose text of the error it
// renews. Afterwards the tables are as if the events that were applied had never been parked: what others have written since is kept where it is later. An error means that the
// events of the last transaction are parked as they were before it.
func (d DeadLetters) Retry(ctx context.Context, stream core.Stream, through core.Version) (Retried, error) {
	if through == 0 {
		through = wholeStream
	}
	var done Retried
	for {
		before := done
		err := d.transaction(ctx, func(ctx context.Context, tx *Tx) error { return d.retry(ctx, tx, stream, through, &done) })
		if err != nil {
			return before, fmt.Errorf("retry stream %s: %w", stream.ID, err)
		}
		if done.Failed != nil || done.Left == 0 {
			return done, nil
		}
	}
}

// transaction runs a change of the tables: as a delivery, under their write lock, and within the time that one try of a delivery has.
func (d DeadLetters) transaction(ctx context.Context, change func(context.Context, *Tx) error) error {
	tx, err := d.Tables.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	ctx, cancel := context.WithTimeout(ctx, HandlerTimeout)
	defer cancel()
	if err := change(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// retry is one transaction of Retry.
func (d DeadLetters) retry(ctx context.Context, tx *Tx, stream core.Stream, through core.Version, done *Retried) error {
	parked, err := letters(ctx, tx, ofStream(stream, through, retriedAtOnce))
	if err != nil {
		return err
	}
	applied, err := d.applyParked(ctx, tx, parked, done)
	if err != nil {
		return err
	}
	if len(applied) > 0 {
		if err := d.mend(ctx, tx, applied); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2 AND version <= $3`,
			stream.Tenant[:], stream.ID[:], int64(applied[len(applied)-1].Version))
		if err != nil {
			return err
		}
		done.Applied += len(applied)
		if done.From == 0 {
			done.From = applied[0].TenantPosition
		}
	}
	if f := done.Failed; f != nil {
		_, err := tx.ExecContext(ctx, `UPDATE dead_letters SET error = $4 WHERE tenant_id = $1 AND stream_id = $2 AND version = $3`,
			stream.Tenant[:], stream.ID[:], int64(f.Version), f.Error)
		if err != nil {
			return err
		}
	}
	return tx.QueryRowContext(ctx, `SELECT count(*) FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2 AND version <= $3`,
		stream.Tenant[:], stream.ID[:], int64(through)).Scan(&done.Left)
}

// errNotOfThisLog means that the log does not hold what was parked.
var errNotOfThisLog = errors.New("the log has no such event there: the read tables were made of another log; resultlog rebuild makes them again")

// applyParked applies events one by one, each behind a savepoint, until one fails, which it notes. It gives those that were applied.
func (d DeadLetters) applyParked(ctx context.Context, tx *Tx, parked []DeadLetter, done *Retried) (applied []core.Recorded, err error) {
	if len(parked) == 0 {
		return nil, nil
	}
	for r, err := range d.History(ctx, parked[0].Stream, parked[0].Version-1) {
		letter := parked[len(applied)]
		if err == nil && r.EventID != letter.EventID {
			return nil, fmt.Errorf("position %d: %w", letter.Position, errNotOfThisLog)
		}
		if err == nil {
			err = guarded(ctx, tx, "event", func() error { return applyAll(ctx, tx, d.Projections, []core.Recorded{r}) })
		}
		switch {
		case errors.Is(err, errLost):
			return nil, err
		case ctx.Err() != nil: // out of time, or stopping: that says nothing of the event
			return nil, ctx.Err()
		case err != nil:
			letter.Error = sayable(err)
			done.Failed = &letter
			return applied, nil
		}
		if applied = append(applied, r); len(applied) == len(parked) {
			return applied, nil
		}
	}
	return nil, fmt.Errorf("position %d: %w", parked[len(applied)].Position, errNotOfThisLog)
}
