package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"

	"resultlog/core"
)

// DeadLetters is what an operator does about events that were set aside. It works beside running servers, of this process or another: like a delivery, whatever changes the tables
// takes their write lock before it looks at them. Safe for concurrent use.
type DeadLetters struct {
	Tables      Tables  // for writing
	Read        *sql.DB // for reading
	Projections []Projection
	History     History
}

// History reads the events of one stream after a version, in order, as the log holds them.
type History func(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error]

// DeadLetter is an event that was set aside.
type DeadLetter struct {
	Stream         core.Stream
	Version        core.Version // in the stream
	Position       core.Position
	TenantPosition core.Position
	EventID        core.ID
	RecordedAt     core.Instant
	ParkedAt       core.Instant
	Error          string // why it was set aside, or could not be applied later
}

// Which says which dead letters are meant: those that fit all that is set.
type Which struct{ Tenant, Stream core.ID }

// ErrNotParked means that there is no dead letter at a position.
var ErrNotParked = errors.New("the event is not parked")

// listedAtOnce is how many dead letters are read at a time. An error's text may be a stack, of some kilobytes.
const listedAtOnce = 200

// List yields dead letters, stream by stream, each in the order of its versions. It reads in pages, and no transaction stays open between two of them.
func (d DeadLetters) List(ctx context.Context, of Which) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		var last DeadLetter // none has a version before its first
		for {
			page, err := letters(ctx, d.Read, following(last, of))
			if err != nil {
				yield(DeadLetter{}, fmt.Errorf("list dead letters: %w", err))
				return
			}
			for _, last = range page {
				if !yield(last, nil) {
					return
				}
			}
			if len(page) < listedAtOnce {
				return
			}
		}
	}
}

// At gives the dead letter at a position of the log; ErrNotParked if there is none.
func (d DeadLetters) At(ctx context.Context, position core.Position) (DeadLetter, error) {
	return letterAt(ctx, d.Read, position)
}

func letterAt(ctx context.Context, db querier, position core.Position) (DeadLetter, error) {
	found, err := letters(ctx, db, new(statement).add(selectLetters+` WHERE position = ?`, int64(position)))
	switch {
	case err != nil:
		return DeadLetter{}, fmt.Errorf("look for the dead letter at position %d: %w", position, err)
	case len(found) == 0:
		return DeadLetter{}, fmt.Errorf("position %d: %w", position, ErrNotParked)
	}
	return found[0], nil
}

const selectLetters = `SELECT tenant_id, stream_id, version, position, tenant_position, event_id, recorded_at, parked_at, error FROM dead_letters`

// inOrder lists streams one after the other, each in its own order.
const inOrder = ` ORDER BY tenant_id, stream_id, version LIMIT ?`

// following selects the dead letters that come after one.
func following(last DeadLetter, of Which) *statement {
	s := new(statement).add(selectLetters+` WHERE (tenant_id, stream_id, version) > (?, ?, ?)`, last.Stream.Tenant[:], last.Stream.ID[:], int64(last.Version))
	if !of.Tenant.IsZero() {
		s.add(` AND tenant_id = ?`, of.Tenant[:])
	}
	if !of.Stream.IsZero() {
		s.add(` AND stream_id = ?`, of.Stream[:])
	}
	return s.add(inOrder, listedAtOnce)
}

// ofStream selects the dead letters of one stream, up to a version, the most of them at once.
func ofStream(stream core.Stream, through core.Version, most int) *statement {
	return new(statement).add(selectLetters+` WHERE tenant_id = ? AND stream_id = ? AND version <= ?`+inOrder, stream.Tenant[:], stream.ID[:], int64(through), most)
}

// wholeStream is a version that no stream reaches.
const wholeStream core.Version = math.MaxInt32

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func letters(ctx context.Context, db querier, s *statement) (all []DeadLetter, err error) {
	rows, err := db.QueryContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l DeadLetter
		err := rows.Scan(intoID{&l.Stream.Tenant}, intoID{&l.Stream.ID}, &l.Version, &l.Position, &l.TenantPosition, intoID{&l.EventID}, &l.RecordedAt, &l.ParkedAt, &l.Error)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}
