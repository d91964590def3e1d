package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"resultlog/core"
)

// Rebuild empties the read tables and the checkpoint, in one transaction, and then applies the log to them again by a Runner of its own, until they reach head.
// Progress is told each checkpoint that was reached on the way; it may be nil.
//
// It is safe to kill at any moment. Before the first commit nothing has happened; after it, the tables hold exactly what the checkpoint says, and whoever runs next, a server
// or another rebuild, goes on.
//
// It is safe beside running servers. Tables and checkpoint only ever move together, in a transaction that takes the write lock of the read tables before it reads the
// checkpoint. So the emptying falls between two deliveries of a server, never into one; and whoever gets the lock for the next delivery, the server or the rebuild, finds the
// checkpoint that the other has left, and delivers what comes after it. Nothing is applied twice, whoever does the work; reads that wait for their own write see that the tables
// are behind, and are answered once they no longer are.
func Rebuild(ctx context.Context, cfg Config, head core.Position, progress func(done, total core.Position)) error {
	runner, err := NewRunner(cfg)
	if err != nil {
		return err
	}
	if err := reset(ctx, cfg.Tables, cfg.Projections); err != nil {
		return fmt.Errorf("empty the read tables: %w", err)
	}
	// A crash from here on leaves tables that are behind their log, as after a restart; no more.
	if _, err := cfg.Checkpoint.read(ctx); err != nil {
		return err
	}
	return runner.runTo(ctx, head, progress)
}

// CatchUp has a Runner of its own apply to the read tables what they lack, until they reach head. It is safe beside running servers, as Rebuild is.
func CatchUp(ctx context.Context, cfg Config, head core.Position, progress func(done, total core.Position)) error {
	runner, err := NewRunner(cfg)
	if err != nil {
		return err
	}
	if _, err := cfg.Checkpoint.read(ctx); err != nil {
		return err
	}
	return runner.runTo(ctx, head, progress)
}

// runTo runs until the tables have reached head. Progress may be nil.
func (r *Runner) runTo(ctx context.Context, head core.Position, progress func(done, total core.Position)) error {
	if progress == nil {
		progress = func(_, _ core.Position) {}
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(running) }()
	err := follow(running, r.Checkpoint, head, progress, ended)
	cancel()
	return errors.Join(err, <-ended)
}

// EventID gives the id of the log's event at a position; found is false if the log does not come that far.
type EventID func(ctx context.Context, at core.Position) (id core.ID, found bool, err error)

// DropIfForeign empties the read tables if they were made of another log than the one that there is now, and reports whether they were: log.db was replaced by an older copy, and
// what the tables say did not happen. Whoever runs next makes them again. Two logs that have the same event at the checkpoint are the same up to there, since an id is never given
// twice; so it does not matter how far the log has come since. It must be called before anything is read from the tables, and before a Runner goes on from their checkpoint.
func DropIfForeign(ctx context.Context, cfg Config, eventID EventID) (dropped bool, err error) {
	foreign, err := isForeign(ctx, cfg.Tables.DB, eventID)
	if err != nil || !foreign {
		return false, err
	}
	if err := reset(ctx, cfg.Tables, cfg.Projections); err != nil {
		return false, fmt.Errorf("empty the read tables: %w", err)
	}
	_, err = cfg.Checkpoint.read(ctx)
	return true, err
}

// isForeign reports whether the log has another event at the checkpoint than the tables were made of, or none.
func isForeign(ctx context.Context, db *sql.DB, eventID EventID) (bool, error) {
	var at core.Position
	var applied core.ID
	err := db.QueryRowContext(ctx, `SELECT position, event_id FROM checkpoints WHERE subscription = $1`, subscription).Scan((*int64)(&at), intoID{&applied})
	if errors.Is(err, sql.ErrNoRows) { // nothing has been delivered yet
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the checkpoint: %w", err)
	}
	id, found, err := eventID(ctx, at)
	if err != nil {
		return false, fmt.Errorf("read the log at the checkpoint %d: %w", at, err)
	}
	return !found || id != applied, nil
}

// follow reports every checkpoint until head is reached, or the runner has ended; ended then still holds why.
func follow(ctx context.Context, checkpoint *Checkpoint, head core.Position, progress func(done, total core.Position), ended chan error) error {
	for {
		position, changed := checkpoint.watch()
		progress(min(position, head), head)
		if position >= head {
			return nil
		}
		select {
		case <-changed:
		case err := <-ended:
			ended <- err
			return ctx.Err()
		}
	}
}

// reset empties all that the log feeds.
func reset(ctx context.Context, tables Tables, projections []Projection) error {
	tx, err := tables.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if tables.Unlimited != "" {
		if _, err := tx.ExecContext(ctx, tables.Unlimited); err != nil {
			return err
		}
	}
	for _, p := range projections {
		if err := p.Reset(ctx, tx); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM dead_letters`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM checkpoints WHERE subscription = $1`, subscription); err != nil {
		return err
	}
	return tx.Commit()
}
