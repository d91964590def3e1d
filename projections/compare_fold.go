package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"resultlog/core"
)

const (
	// foldedAtOnce is how many events are folded into the scratch tables in a transaction. Nobody waits for it, so that it may be several deliveries: each row that they all change is written once.
	foldedAtOnce = 4096

	// foldedBytes ends a batch early when its personal parts are large: it is several times what foldedAtOnce take that are as usual, and little beside a page of the log at its largest.
	foldedBytes = 16 << 20

	// maxChases is how often the checkpoint is looked at again before the snapshot is taken. Each time there is as much less left as folding is faster than the servers write: if they are as fast,
	// more chases would end no sooner.
	maxChases = 10
)

// FoldingIndexes names the indexes, beside those of keys, by which folding finds rows: all that scratch tables need.
var FoldingIndexes = []string{"idempotency_keys_by_age"}

// scratchFold folds the log into the scratch tables.
type scratchFold struct {
	Comparison
	runner   *Runner // applies events one by one where a batch fails, and parks: as for the live tables
	done     core.Position
	last     core.ID      // of the event at done
	youngest core.Instant // the latest time at which any event was recorded
}

func newScratchFold(c Comparison) *scratchFold {
	quiet := slog.New(slog.DiscardHandler) // what is parked here is in the live tables' dead_letters, or counted
	return &scratchFold{Comparison: c, runner: &Runner{Config: Config{Tables: c.Scratch, Projections: All(), Logger: quiet, Now: time.Now}}}
}

// chase folds up to the live checkpoint, and again while that moves far, so that little is left to do when the snapshot is held.
func (f *scratchFold) chase(ctx context.Context, live *sql.DB) error {
	for chased := range maxChases {
		checkpoint, err := checkpointOf(ctx, live)
		if err != nil || chased > 0 && checkpoint < f.done+foldedAtOnce {
			return err
		}
		if err := f.to(ctx, checkpoint); err != nil {
			return err
		}
	}
	return nil
}

// reach folds up to the checkpoint in the snapshot of the live tables, which holds what the log says up to there and nothing beyond.
func (f *scratchFold) reach(ctx context.Context, live *sql.Tx) error {
	var checkpoint core.Position
	var applied cell
	err := live.QueryRowContext(ctx, `SELECT position, event_id FROM checkpoints WHERE subscription = $1`, subscription).Scan((*int64)(&checkpoint), &applied)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // none: nothing has been delivered yet
		return fmt.Errorf("read the checkpoint: %w", err)
	}
	if checkpoint < f.done {
		return ErrRebuilding
	}
	if err := f.to(ctx, checkpoint); err != nil {
		return err
	}
	id, err := normal(asID, applied.value)
	if err == nil && checkpoint > 0 && compareValues(f.last[:], id) != 0 {
		return fmt.Errorf("position %d: %w", checkpoint, errNotOfThisLog)
	}
	return err
}

// to folds up to a position. The next batch is read and decoded while one is applied.
func (f *scratchFold) to(ctx context.Context, target core.Position) (err error) {
	if target <= f.done {
		return nil
	}
	reading, cancel := context.WithCancel(ctx)
	batches, ended := make(chan delivered), make(chan error, 1)
	go func() {
		defer close(batches)
		ended <- f.read(reading, target, batches)
	}()
	defer func() { // it has ended when this returns
		cancel()
		if unread := <-ended; err == nil { // else that it was cancelled is no news
			err = unread
		}
	}()
	for batch := range batches {
		if err := f.apply(ctx, batch); err != nil {
			return err
		}
		f.Progress(f.done, target)
	}
	return nil
}

// read sends what the log holds after what is done, up to a position, in batches.
func (f *scratchFold) read(ctx context.Context, target core.Position, batches chan<- delivered) error {
	last, size := f.done, 0
	var batch delivered
	send := func() error {
		select {
		case batches <- batch:
			batch, size = delivered{events: make([]core.Recorded, 0, foldedAtOnce)}, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for r, err := range f.Events(ctx, last) {
		if err != nil && (errors.Is(err, core.ErrUnknownEvent) || r.Position == 0) {
			return err
		}
		if r.Position != last+1 {
			return fmt.Errorf("the log gives the event at position %d after that at %d", r.Position, last)
		}
		batch.add(r, err)
		last, size = r.Position, size+personalBytes(r)
		if last == target {
			return send()
		}
		if len(batch.events) == foldedAtOnce || size >= foldedBytes {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("position %d: %w", target, errNotOfThisLog) // the log ends before the checkpoint
}

func personalBytes(r core.Recorded) int {
	submitted, _ := r.Event.(core.ResultSubmitted)
	return len(submitted.Personal.Bytes)
}

// apply applies a batch: as a whole if it can; one by one if not, so that what is poison is parked.
func (f *scratchFold) apply(ctx context.Context, batch delivered) error {
	whole, err := f.applyWhole(ctx, batch)
	if err == nil && !whole {
		err = f.within(ctx, func(tx *Tx) error {
			streams, err := parked(ctx, tx, batch.events)
			if err != nil {
				return err
			}
			return f.runner.applyEach(ctx, tx, batch, streams, new(work))
		})
	}
	if err != nil {
		return err
	}
	for _, d := range batch.events {
		f.youngest = max(f.youngest, d.RecordedAt)
	}
	end := batch.last()
	f.done, f.last = end.Position, end.EventID
	return nil
}

// applyWhole reports whether a batch could be applied as a whole; if not, nothing of it was.
func (f *scratchFold) applyWhole(ctx context.Context, batch delivered) (whole bool, err error) {
	if batch.undecoded != nil {
		return false, nil
	}
	poisoned := errors.New("parked before, or poison")
	err = f.within(ctx, func(tx *Tx) error {
		streams, err := parked(ctx, tx, batch.events)
		if err != nil {
			return err
		}
		if len(streams) > 0 || recovered(func() error { return f.runner.apply(ctx, tx, batch.events) }) != nil {
			return poisoned
		}
		return nil
	})
	if errors.Is(err, poisoned) {
		return false, ctx.Err()
	}
	return err == nil, err
}

// within runs f in a transaction on the scratch tables.
func (f *scratchFold) within(ctx context.Context, do func(*Tx) error) error {
	tx, err := f.Scratch.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
