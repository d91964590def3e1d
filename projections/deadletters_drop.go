package projections

import (
	"context"
	"fmt"

	"resultlog/core"
)

// Droppable gives the dead letter at a position, or says why it cannot be dropped: only the first of its stream can, so that what is applied later is in order.
func (d DeadLetters) Droppable(ctx context.Context, position core.Position) (DeadLetter, error) {
	return droppable(ctx, d.Read, position)
}

func droppable(ctx context.Context, db querier, position core.Position) (DeadLetter, error) {
	letter, err := letterAt(ctx, db, position)
	if err != nil {
		return DeadLetter{}, err
	}
	first, err := letters(ctx, db, ofStream(letter.Stream, letter.Version, 1))
	switch {
	case err != nil:
		return DeadLetter{}, err
	case len(first) == 0 || first[0].Position != position: // none, if another process was faster
		return DeadLetter{}, fmt.Errorf("position %d: an event before it on its stream is parked too: retry or drop that first", position)
	}
	return letter, nil
}

// Drop gives up the event at a position: the read tables will lack it, and what follows it on its stream is free to be retried. A rebuild tries it again.
func (d DeadLetters) Drop(ctx context.Context, position core.Position) (DeadLetter, error) {
	var dropped DeadLetter
	err := d.transaction(ctx, func(ctx context.Context, tx *Tx) (err error) {
		if dropped, err = droppable(ctx, tx, position); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2 AND version = $3`,
			dropped.Stream.Tenant[:], dropped.Stream.ID[:], int64(dropped.Version))
		return err
	})
	if err != nil {
		return DeadLetter{}, err
	}
	return dropped, nil
}

// Lacks says what the read tables lack without an event of a type, which need not be decodable.
func Lacks(eventType string, stream core.ID) string {
	switch eventType {
	case core.ActivityCreated{}.Type():
		return fmt.Sprintf("activity %s is missing, from activities and from activity_transitions; nothing that follows on its stream can be applied without it", stream)
	case core.ActivityTransitioned{}.Type():
		return fmt.Sprintf("activity %s keeps the status of before in activities, and activity_transitions lacks this one", stream)
	case core.ResultSubmitted{}.Type():
		return fmt.Sprintf("result %s stays as it was before this submission in results, or is missing if it was the first; so may be the result_id of its activity; and submissions lacks this one", stream)
	case core.ResultLinked{}.Type():
		return fmt.Sprintf("result %s stays STANDALONE in results, and its activity may show no result_id", stream)
	case core.PersonalErased{}.Type():
		return fmt.Sprintf("result %s does not say in results that it was erased; what was personal in it is gone all the same, once resultlog erase is done with it", stream)
	case core.ResultTypeConfigured{}.Type():
		return fmt.Sprintf("tenant %s keeps the configuration of before of a result type in task_result_types, and so do the classifications of its results", stream)
	case core.APIKeyIssued{}.Type():
		return fmt.Sprintf("an API key of tenant %s is missing from api_keys, though it opens what it is for; its revocation cannot be applied without it", stream)
	case core.APIKeyRevoked{}.Type():
		return fmt.Sprintf("an API key of tenant %s that was revoked looks valid in api_keys, though it opens nothing any more", stream)
	}
	return fmt.Sprintf("the rows of %s lack what it says", stream)
}
