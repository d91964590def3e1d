package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
)

// verifyStored is verifyLog on the SQLite log in a directory.
func verifyStored(moving bool) func(ctx context.Context, at place, acknowledged []core.ID) error {
	return func(ctx context.Context, at place, acknowledged []core.ID) error {
		log, err := sqlite.OpenLog(ctx, at.dir)
		if err != nil {
			return err
		}
		return errors.Join(verifyLog(log.ReadAll(ctx, 0), acknowledged, moving), log.Close())
	}
}

// verifyLog replays a log as a starting server would (positions, versions and times are asserted there), and checks that it holds each acknowledged result
// exactly once and no other, and, if results move activities, that each moved exactly one.
func verifyLog(events iter.Seq2[core.Recorded, error], acknowledged []core.ID, moving bool) error {
	machine := core.NewMachine()
	return verifyTail(func(yield func(core.Recorded, error) bool) {
		for event, err := range events {
			if err == nil {
				err = machine.Replay(event)
			}
			if !yield(event, err) {
				return
			}
		}
	}, acknowledged, moving)
}

// verifyTail is verifyLog of the end of a long log: what stands in it is counted, but not replayed.
func verifyTail(events iter.Seq2[core.Recorded, error], acknowledged []core.ID, moving bool) error {
	submitted := make(map[core.ID]int, len(acknowledged))
	moved := make(map[core.ID]int, len(acknowledged))
	for event, err := range events {
		if err != nil {
			return err
		}
		switch e := event.Event.(type) {
		case core.ResultSubmitted:
			submitted[e.ResultID]++
		case core.ActivityTransitioned:
			moved[e.ResultID]++
		}
	}
	moves := 0
	if moving {
		moves = 1
	}
	for _, id := range acknowledged {
		if submitted[id] != 1 || moved[id] != moves {
			return fmt.Errorf("result %s was acknowledged; it stands %d times in the log and moved %d activities, want 1 and %d", id, submitted[id], moved[id], moves)
		}
		delete(submitted, id)
		delete(moved, id)
	}
	if len(submitted)+len(moved) > 0 {
		return fmt.Errorf("%d results and %d moves stand in the log and were never acknowledged", len(submitted), len(moved))
	}
	return nil
}
