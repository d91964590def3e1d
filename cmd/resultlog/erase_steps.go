package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"resultlog/core"
	"resultlog/projections"
)

// erasure is one on its way. Each step is safe to do again, and so is all of it: whatever was cut short, the same command begins at the first and finds little left to do.
type erasure struct {
	*eraseCommand
	store *store
	con   console

	erased   core.Recorded // the PersonalErased
	activity core.ID       // that the result belongs to, if it does
	recorded bool          // by this run
	emptied  int64         // how many events lost their personal part in this run
	left     []string      // what could not be reached
}

// steps are in their order: the log first, of which everything else is made.
func (e *erasure) steps() []func(context.Context) error {
	return []func(context.Context) error{e.mayErase, e.record, e.emptyLog, e.emptyTables, e.sweep}
}

// mayErase comes before anything is recorded: an event that says so, and nobody who may do it, would be the worst of both.
func (e *erasure) mayErase(ctx context.Context) error { return e.store.log.MayErase(ctx) }

// record appends the event, unless the result has one already with no submission since, and finds out where it stands and which activity the result belongs to.
func (e *erasure) record(ctx context.Context) error {
	var result core.ID
	recorded, err := decideOn(ctx, e.con, e.store.log, e.Tenant, e.Sub, core.ErasePersonal{ResultID: e.Result, ActivityID: e.Activity})
	var refusal *core.Error
	switch {
	case err == nil:
		e.recorded, result = true, recorded.Stream.ID
	case errors.As(err, &refusal) && refusal.Code == core.CodeAlreadyErased:
		result = refusal.Existing.ID
	default:
		return err
	}
	// The first crash window opens with that commit: reads show erasedAt soon, and the log still has it all. It closes when emptyLog has returned.
	for r, err := range e.store.log.ReadStream(ctx, core.Stream{Tenant: e.Tenant, ID: result}, 0) {
		if err != nil {
			return err
		}
		switch event := r.Event.(type) {
		case core.PersonalErased:
			e.erased = r
		case core.ResultSubmitted:
			e.activity = event.ActivityID
		case core.ResultLinked:
			e.activity = event.ActivityID
		}
	}
	return nil
}

// emptyLog empties the personal parts of what stands before the event. A submission that has come since stands after it, and stays.
func (e *erasure) emptyLog(ctx context.Context) (err error) {
	e.emptied, err = e.store.log.Erase(ctx, e.erased.Stream, e.erased.Version)
	// The first crash window closes. The second opens: nobody reads it from the log any more, but the read tables may show it, if they have not come as far as the event, or cannot apply it. It
	// closes when emptyTables has returned.
	return err
}

// emptyTables waits until the read tables hold what the log had up to the event, by a runner of its own beside those of servers, so that nothing of before it is on its way to them; and then takes out
// what the event itself did not.
func (e *erasure) emptyTables(ctx context.Context) error {
	feed := e.store.feedConfig(projections.NewCheckpoint(e.store.read), newLogger(e.con.err))
	if err := dropIfForeign(ctx, e.store.log, feed); err != nil {
		return err
	}
	reached := progress(e.con, "projecting", e.erased.Position)
	if err := projections.CatchUp(ctx, feed, e.erased.Position, func(done, _ core.Position) { reached(done) }); err != nil {
		return err
	}
	err := projections.Erase(ctx, e.store.tables, projections.Erasure{Recorded: e.erased, ActivityID: e.activity})
	// The second crash window closes. The third opens: no query shows it any more, but the files may hold it where nothing reads, in free space and in the WAL; a copy of the files would, too. It
	// closes when sweep has returned.
	return err
}

// sweep leaves nothing in the files. The log comes first: who restores or rebuilds from it makes the rest again.
func (e *erasure) sweep(ctx context.Context) error {
	ofLog, err := e.store.log.Sweep(ctx)
	if err != nil {
		return err
	}
	if err := e.store.discardNext(ctx); err != nil {
		return err
	}
	ofTables, err := e.store.sweep(ctx)
	e.left = slices.Compact(append(ofLog, ofTables...)) // both may say the same
	return err
}

// unfinished says how far it has come.
func (e *erasure) unfinished(err error) error {
	switch {
	case e.erased.Position == 0 && e.recorded:
		return fmt.Errorf("it is recorded that the result is erased, and nothing is erased yet; run the same command again: %w", err)
	case e.erased.Position == 0:
		return fmt.Errorf("nothing was erased: %w", err)
	}
	return fmt.Errorf("result %s is erased in part, run the same command again to finish: %w", e.erased.Stream.ID, err)
}
