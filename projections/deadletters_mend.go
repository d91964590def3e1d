package projections

import (
	"context"
	"database/sql"
	"fmt"

	"resultlog/core"
)

// mender is a projection whose rows rest on more than the events of one stream, which are applied in order even if they were parked. What a row takes from another stream it takes when
// it is written, or not at all: so it was missing, or is too new, where one of the two waited in dead_letters while the other went on.
type mender interface {
	// mend brings rows that rest on events of one stream, which have just been applied late, to what they would be had they been applied when their turn was.
	mend(ctx context.Context, tx *Tx, applied []core.Recorded, history History) error
}

func (d DeadLetters) mend(ctx context.Context, tx *Tx, applied []core.Recorded) error {
	for _, p := range d.Projections {
		if m, ok := p.(mender); ok {
			if err := m.mend(ctx, tx, applied, d.History); err != nil {
				return fmt.Errorf("%s: %w", p.Name(), err)
			}
		}
	}
	return nil
}

// mend links an activity to its result, if that came while there was no row to link.
func (a Activities) mend(ctx context.Context, tx *Tx, applied []core.Recorded, history History) error {
	created, ok := applied[0].Event.(core.ActivityCreated)
	if !ok {
		return nil
	}
	tenant := applied[0].Stream.Tenant
	ids := new(statement).add(`SELECT id FROM results WHERE tenant_id = ? AND activity_id = ?`, tenant[:], created.ActivityID[:])
	linked, err := scanAll(ctx, tx.Tx, ids, func(rows *sql.Rows) (id core.ID, err error) {
		err = rows.Scan(intoID{&id})
		return id, err
	})
	if err != nil || len(linked) == 0 {
		return err
	}
	for r, err := range history(ctx, core.Stream{Tenant: tenant, ID: linked[0]}, 0) { // an activity has one result
		if err != nil {
			return err
		}
		if activity, _ := linkedBy(r.Event); activity == created.ActivityID {
			return a.Apply(ctx, tx, []core.Recorded{r})
		}
	}
	return nil
}

// linkedBy gives the activity and the result that an event of the result's stream says belong together; none if it does not.
func linkedBy(e core.Event) (activity, result core.ID) {
	switch e := e.(type) {
	case core.ResultSubmitted:
		return e.ActivityID, e.ResultID
	case core.ResultLinked:
		return e.ActivityID, e.ResultID
	}
	return core.ID{}, core.ID{}
}

// mend takes the comments of the transitions that a result has caused from the log: the result's row had another one when they were applied, or has another one now.
func (ActivityTransitions) mend(ctx context.Context, tx *Tx, applied []core.Recorded, history History) error {
	moved := make(map[core.ID]core.ID) // by which result
	for _, r := range applied {
		activity, result := linkedBy(r.Event)
		if e, ok := r.Event.(core.ActivityTransitioned); ok && e.To == core.ActivityFailed {
			activity, result = e.ActivityID, e.ResultID
		}
		if !activity.IsZero() && !result.IsZero() {
			moved[activity] = result
		}
	}
	for activity, result := range moved {
		if err := mendComments(ctx, tx, core.Stream{Tenant: applied[0].Stream.Tenant, ID: activity}, result, history); err != nil {
			return err
		}
	}
	return nil
}

// failure is a row of activity_transitions that shows a comment.
type failure struct {
	version core.Version
	at      core.Position // the tenant's
	comment string
}

// mendComments gives each transition to FAILED the comment of the result's last submission before it.
func mendComments(ctx context.Context, tx *Tx, activity core.Stream, result core.ID, history History) error {
	rows := new(statement).add(`SELECT version, position FROM activity_transitions WHERE tenant_id = ? AND activity_id = ? AND result_id = ? AND to_status = ?`,
		activity.Tenant[:], activity.ID[:], result[:], core.ActivityFailed.String())
	failures, err := scanAll(ctx, tx.Tx, rows, func(rows *sql.Rows) (f failure, err error) {
		err = rows.Scan(&f.version, &f.at)
		return f, err
	})
	if err != nil || len(failures) == 0 {
		return err
	}
	for r, err := range history(ctx, core.Stream{Tenant: activity.Tenant, ID: result}, 0) {
		if err != nil {
			return err
		}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			personal, _ := e.Personal.Open() // one that cannot be opened is why its own event is parked, and no comment here
			for i := range failures {
				if failures[i].at > r.TenantPosition {
					failures[i].comment = personal.Comment
				}
			}
		case core.PersonalErased: // those after it, too, until a submission brings another
			for i := range failures {
				failures[i].comment = ""
			}
		}
	}
	for _, f := range failures {
		_, err := tx.ExecContext(ctx, `UPDATE activity_transitions SET error_message = $4 WHERE tenant_id = $1 AND activity_id = $2 AND version = $3`,
			activity.Tenant[:], activity.ID[:], int64(f.version), textOf(f.comment))
		if err != nil {
			return err
		}
	}
	return nil
}
