package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"resultlog/core"
)

// ActivityTransitions is the read table of status events: one row for each status that an activity came into (contract §2.7). It must be applied before Results: it takes the
// comment of a submission that came in an earlier batch from their table, and there a later submission of the same batch must not have replaced it yet.
type ActivityTransitions struct{}

// eventCreated is the event_type of an activity's first status; that of every other is the Reason of its transition.
const eventCreated = "CREATED"

// addTransition takes no conflict: an event is recorded once, and a second time means that events were applied twice.
var addTransition = newRowStatement("uuid uuid bigint uuid text text text uuid bool text text bigint bigint", `
	INSERT INTO activity_transitions (tenant_id, activity_id, version, event_id, event_type, from_status, to_status, result_id, overridden, error_code, error_message,
		occurred_at, position)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)

// commentOf gives no comment of a result that has an event in dead_letters: the row may be of a submission before the one that moved the activity.
const commentOf = `
	SELECT coalesce(comment, '') FROM results
	WHERE tenant_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE tenant_id = $1 AND stream_id = $2)`

// Name implements Projection.
func (ActivityTransitions) Name() string { return "activity_transitions" }

// Reset implements Projection.
func (ActivityTransitions) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM activity_transitions`)
	return err
}

// Apply implements Projection.
func (ActivityTransitions) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	w := newWriter(ctx, tx)
	submitted := make(map[core.Stream]core.Sealed) // the personal part of each result's last submission in the batch, so far
	linked := make(map[core.Stream]core.ID)        // the activity of each result that an event of the batch has linked, so far
	for _, r := range batch {
		var err error
		if activity, _ := linkedBy(r.Event); !activity.IsZero() {
			linked[r.Stream] = activity
		}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			submitted[r.Stream] = e.Personal
		case core.PersonalErased:
			submitted[r.Stream] = core.Sealed{}
			if err = w.flush(); err == nil { // rows of this batch may show what is erased
				err = eraseMessages(ctx, tx, r, linked[r.Stream])
			}
		case core.ActivityCreated:
			transition{StatusEventView: core.StatusEventView{EventType: eventCreated, To: core.ActivityReady}}.write(w, r)
		case core.ActivityTransitioned:
			t := transition{StatusEventView: core.StatusEventView{EventType: string(e.Reason), From: e.From, To: e.To}, result: e.ResultID, overridden: e.Overridden}
			if e.To == core.ActivityFailed {
				t.ErrorCode = e.Result
				t.ErrorMessage, err = comment(ctx, tx, submitted, core.Stream{Tenant: r.Stream.Tenant, ID: e.ResultID})
			}
			if err == nil {
				t.write(w, r)
			}
		}
		if err != nil {
			return fmt.Errorf("event at position %d: %w", r.Position, err)
		}
	}
	return w.flush()
}

// comment is that of a result's last submission before the event at hand: of one in the batch, else of the one that the results table shows.
func comment(ctx context.Context, tx *Tx, submitted map[core.Stream]core.Sealed, result core.Stream) (comment string, err error) {
	if sealed, ok := submitted[result]; ok {
		personal, err := sealed.Open()
		return personal.Comment, err
	}
	err = tx.QueryRowContext(context.WithoutCancel(ctx), commentOf, idOf(result.Tenant), idOf(result.ID)).Scan(&comment)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return comment, err
}

// eraseMessages takes the comments of a result, whose erasure that event is, out of the rows of its activity. If no event of the batch has linked the two, the results table knows whether one did.
func eraseMessages(ctx context.Context, tx *Tx, erased core.Recorded, activity core.ID) error {
	ctx = context.WithoutCancel(ctx)
	tenant, result := erased.Stream.Tenant, erased.Stream.ID
	if activity.IsZero() {
		err := tx.QueryRowContext(ctx, `SELECT activity_id FROM results WHERE tenant_id = $1 AND id = $2`, idOf(tenant), idOf(result)).Scan(intoID{&activity})
		if errors.Is(err, sql.ErrNoRows) || err == nil && activity.IsZero() {
			return nil // it has moved nothing
		}
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, emptyMessages, idOf(tenant), idOf(activity), idOf(result), int64(erased.TenantPosition))
	return err
}

// emptyMessages finds its rows by the key, of which an activity has a few.
const emptyMessages = `
	UPDATE activity_transitions SET error_message = NULL
	WHERE tenant_id = $1 AND activity_id = $2 AND result_id = $3 AND position < $4 AND error_message IS NOT NULL`

// transition is a row to be.
type transition struct {
	core.StatusEventView
	result     core.ID
	overridden bool
}

func (t transition) write(w *writer, r core.Recorded) {
	var from any
	if t.From != core.NoActivity {
		from = t.From.String()
	}
	w.must(addTransition, uuidOf(r.Stream.Tenant), uuidOf(r.Stream.ID), int64(r.Version), r.EventID, t.EventType, from, t.To.String(), uuidOf(t.result),
		t.overridden, textOf(t.ErrorCode), textOf(t.ErrorMessage), int64(r.RecordedAt), int64(r.TenantPosition))
}
