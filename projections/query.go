package projections

import (
	"context"
	"database/sql"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"resultlog/core"
)

// Queries reads the read tables. All SQL that reads them for clients is in this file and in those whose names begin with list. Safe for concurrent use.
type Queries struct{ db *sql.DB }

// QueryTimeout bounds what is read for one answer: a hundred times what the slowest page of a list takes. A server that is gone without a word is noticed by it.
const QueryTimeout = 10 * time.Second

// NewQueries makes queries over a pool that reads the read tables.
func NewQueries(read *sql.DB) *Queries { return &Queries{db: read} }

// Result gives one result of a tenant, from tables that hold everything up to a position. The error is a *core.Error of CodeReadsBehind if they do not, of CodeParked if an
// event of the result could not be applied, and of CodeNotFound if the tenant has no such result: another tenant's looks exactly like none.
func (q *Queries) Result(ctx context.Context, after core.Position, tenant, id core.ID) (core.ResultView, error) {
	var v core.ResultView
	err := q.snapshot(ctx, after, func(tx *sql.Tx) error {
		if err := row(ctx, tx, `SELECT `+results.columns+` FROM results WHERE tenant_id = $1 AND id = $2`, tenant, id, results.into(&v)...); err != nil {
			return err
		}
		types, err := resultTypes(ctx, tx, tenant)
		v.Classification = types.Classification(v.Result)
		return err
	})
	if err != nil {
		return core.ResultView{}, readError("result", id, err)
	}
	return v, nil
}

// Activity gives one activity of a tenant; see Result for the error.
func (q *Queries) Activity(ctx context.Context, after core.Position, tenant, id core.ID) (core.ActivityView, error) {
	var v core.ActivityView
	err := q.snapshot(ctx, after, func(tx *sql.Tx) error {
		return row(ctx, tx, `SELECT `+activities.columns+` FROM activities WHERE tenant_id = $1 AND id = $2`, tenant, id, activities.into(&v)...)
	})
	if err != nil {
		return core.ActivityView{}, readError("activity", id, err)
	}
	return v, nil
}

// row reads one row by its key into columns, unless what it is about is parked.
func row(ctx context.Context, tx *sql.Tx, query string, tenant, id core.ID, columns ...any) error {
	if err := notParked(ctx, tx, tenant, id); err != nil {
		return err
	}
	return tx.QueryRowContext(ctx, query, tenant[:], id[:]).Scan(columns...)
}

// snapshot runs reads in one transaction, on tables that hold everything up to a position. They may be emptied at any time, to be rebuilt, and a row that is missing says
// something only as of a position.
func (q *Queries) snapshot(ctx context.Context, after core.Position, reads func(*sql.Tx) error) (err error) {
	asked := ctx
	ctx, cancel := context.WithTimeout(ctx, QueryTimeout)
	defer cancel()
	tx, err := q.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}) // SQLite knows no less
	if err != nil {
		return unreadable(asked, err)
	}
	defer func() {
		late, ended := ctx.Err(), tx.Rollback()          // nothing was written
		if err != nil && (late != nil || ended != nil) { // there is no transaction any more: the connection was lost, or the time was over
			err = unreadable(asked, errors.Join(err, ended))
		}
	}()
	if after > 0 {
		position, err := checkpointOf(ctx, tx)
		if err != nil {
			return err
		}
		if position < after {
			return behind(position, after, nil)
		}
	}
	return reads(tx)
}

// unreadable is the error of read tables that cannot be read now, which is no fault of this program.
func unreadable(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &core.Error{Code: core.CodeUnavailable, Message: "the read tables cannot be read right now: retry a little later", Err: cause}
}

// notParked gives a *core.Error of CodeParked if an event of a stream is in dead_letters: of a result's or an activity's own, or of the tenant's. Its rows are then as they were before
// that event, or not there if the event was to make them: either would be a wrong answer. There are no dead letters, nearly always, and finding that out is one step into an empty table.
func notParked(ctx context.Context, tx *sql.Tx, tenant, id core.ID) error {
	var position int64
	err := tx.QueryRowContext(ctx, firstParked, tenant[:], id[:]).Scan(&position)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return &core.Error{ // it does not show the position, which counts what others do
		Code:    core.CodeParked,
		Message: fmt.Sprintf("the history of %s could not be applied to the read tables: an operator must look at `resultlog deadletters`; everything else is unaffected, and so are writes", id),
		Err:     fmt.Errorf("the event at position %d is in dead_letters", position),
	}
}

func readError(what string, id core.ID, err error) error {
	var known *core.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &core.Error{Code: core.CodeNotFound, Message: fmt.Sprintf("this tenant has no %s %s: check the id, and the tenant of the request", what, id)}
	}
	return fmt.Errorf("read %s %s: %w", what, id, err)
}

// intoID scans an id: 16 bytes, or the text of a UUID; NULL is none.
type intoID struct{ id *core.ID }

// Scan implements sql.Scanner.
func (to intoID) Scan(column any) error {
	b, ok := column.([]byte)
	text, isText := column.(string) // as PostgreSQL's driver gives a UUID
	switch {
	case column == nil:
		*to.id = core.ID{}
	case isText:
		id, err := core.ParseID(text)
		if err != nil {
			return fmt.Errorf("%q %w", text, err)
		}
		*to.id = id
	case !ok || len(b) != len(to.id):
		return fmt.Errorf("want %d bytes of a UUID, got %T of %d", len(to.id), column, len(b))
	default:
		*to.id = core.ID(b)
	}
	return nil
}

// intoName scans a name on the wire.
type intoName struct{ name encoding.TextUnmarshaler }

// Scan implements sql.Scanner.
func (to intoName) Scan(column any) error {
	switch text := column.(type) {
	case string:
		return to.name.UnmarshalText([]byte(text))
	case []byte:
		return to.name.UnmarshalText(text)
	default:
		return fmt.Errorf("want a name, got %T", column)
	}
}

// intoOptionalName scans a name on the wire; NULL is none, and leaves what there is.
type intoOptionalName struct{ name encoding.TextUnmarshaler }

// Scan implements sql.Scanner.
func (to intoOptionalName) Scan(column any) error {
	if column == nil {
		return nil
	}
	return intoName(to).Scan(column)
}

// intoJSON scans JSON.
type intoJSON struct{ value json.Unmarshaler }

// Scan implements sql.Scanner.
func (to intoJSON) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return fmt.Errorf("want JSON, got %T", column)
	}
	return to.value.UnmarshalJSON([]byte(text))
}
