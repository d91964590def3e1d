package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"resultlog/core"
)

// MaxDifferences is how many differences a Comparison reports; those beyond it are counted. They tell an operator what kind of damage it is; the whole of it is mended by a rebuild in any case.
const MaxDifferences = 100

// Comparison finds out whether the read tables are what the log says. It folds the log once more, by the same projections but into scratch tables, and then looks at every row of both, in one
// snapshot of the live tables. Servers may run and write meanwhile. What it holds in memory are a few batches of events, and then a row of
// either side.
type Comparison struct {
	Live    Tables // for reading, with their Catalog, and Unlimited for a transaction that reads: the pool may be one that can do nothing else
	Scratch Tables // empty, with their Catalog, and used by nobody else; to be thrown away afterwards

	// Events reads the log after a position, in order. An event that cannot be decoded may come as an error beside its place, and is then parked, as it is in the live tables; any other error ends
	// the comparison.
	Events func(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error]

	History  History                         // tells what has been erased since
	Progress func(done, total core.Position) // is told how far the log has been folded, and how far it will be as things stand; may be nil
	Found    func(Difference) error          // is told each of the first MaxDifferences; an error ends the comparison
}

// Compared is what came of a Comparison.
type Compared struct {
	Position    core.Position // the checkpoint of the live tables: they were compared as of here, whatever the log holds beyond
	Rows        int64         // that the live tables have, in all tables that are made of the log
	Differences int64         // all of them, whether reported or not
	Parked      int64         // streams that have events in dead_letters: what those hold back was left out
	Unapplied   int64         // streams that have none there, although an event of them could not be applied now: one was dropped. Left out too
}

// ErrRebuilding means that the live tables were emptied while they were to be compared.
var ErrRebuilding = errors.New("the read tables are being rebuilt: compare them when that is done")

// Compare compares, and reports each row that is missing, each that is too many, and each column that differs.
func (c Comparison) Compare(ctx context.Context) (Compared, error) {
	if c.Progress == nil {
		c.Progress = func(_, _ core.Position) {}
	}
	f := newScratchFold(c)
	if err := f.chase(ctx, c.Live.DB); err != nil {
		return Compared{}, fmt.Errorf("fold the log: %w", err)
	}
	live, err := c.Live.beginReading(ctx) // only now: it is held while rows are compared, and hardly longer
	if err != nil {
		return Compared{}, fmt.Errorf("read the read tables: %w", err)
	}
	defer live.Rollback() // nothing was written
	if err := f.reach(ctx, live); err != nil {
		return Compared{}, fmt.Errorf("fold the log: %w", err)
	}
	scratch, err := c.Scratch.Begin(ctx)
	if err != nil {
		return Compared{}, err
	}
	defer scratch.Rollback() // nobody wants it
	j, err := newJudge(ctx, c, f, live, scratch.Tx)
	if err != nil {
		return Compared{}, err
	}
	if err := j.compareAll(ctx, live, scratch.Tx); err != nil {
		return Compared{}, fmt.Errorf("compare the read tables: %w", err)
	}
	return j.done, nil
}
