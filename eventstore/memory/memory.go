// Package memory keeps a Log in a slice. It is the oracle of the conformance suite: so short that it is right by inspection. Nothing in it is durable.
package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// Log is an eventstore.Log in memory. It keeps events encoded, so that they go through the same encoding and decoding as anywhere else.
type Log struct {
	clock func() time.Time

	writing sync.Mutex // held through an Append; taken before mu
	mu      sync.RWMutex
	rows    []eventstore.Row
	closed  bool

	taken map[place]bool // guarded by writing
}

// place is where an event stands in a tenant's part of the log, or in a stream: no two events share one.
type place struct {
	tenant, stream core.ID // no stream: in the tenant's part
	number         int64
}

func places(row eventstore.Row) []place {
	return []place{{row.TenantID, core.ID{}, int64(row.TenantPosition)}, {row.TenantID, row.StreamID, int64(row.Version)}}
}

// New gives an empty log, whose clock is what Append hands to decide.
func New(clock func() time.Time) *Log { return &Log{clock: clock, taken: map[place]bool{}} }

// Append implements eventstore.Log.
func (l *Log) Append(ctx context.Context, after core.Position, decide func(now time.Time, missed []core.Recorded) ([]core.Recorded, error)) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	rows, err := l.snapshot()
	if err != nil {
		return err
	}
	missed, err := decodeMissed(rows, after)
	if err != nil {
		return err
	}
	events, err := decide(l.clock(), missed)
	if err != nil {
		return err
	}
	fresh := map[place]bool{}
	for _, e := range events {
		if want := core.Position(len(rows) + 1); e.Position != want {
			return fmt.Errorf("append position %d: the log's next is %d", e.Position, want)
		}
		row := eventstore.ToRow(e)
		for _, p := range places(row) {
			if l.taken[p] || fresh[p] {
				return fmt.Errorf("append position %d: %+v is taken", e.Position, p)
			}
			fresh[p] = true
		}
		rows = append(rows, row)
	}
	maps.Copy(l.taken, fresh)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = rows // one assignment: all or nothing
	return nil
}

// Head implements eventstore.Log.
func (l *Log) Head(ctx context.Context) (core.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	rows, err := l.snapshot()
	return core.Position(len(rows)), err
}

// ReadAll implements eventstore.Log.
func (l *Log) ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, after, everyRow, eventstore.Row.Recorded)
}

// ReadSlim implements eventstore.Log.
func (l *Log) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, after, everyRow, eventstore.Row.SlimRecorded)
}

func everyRow(eventstore.Row) bool { return true }

// ReadStream implements eventstore.Log.
func (l *Log) ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
	return l.read(ctx, 0, func(row eventstore.Row) bool {
		return row.TenantID == stream.Tenant && row.StreamID == stream.ID && row.Version > after
	}, eventstore.Row.Recorded)
}

// Close implements eventstore.Log. It may be called more than once.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.rows = true, nil
	return nil
}

// snapshot is the log as it is now. Appending to it later changes nothing of what it holds.
func (l *Log) snapshot() ([]eventstore.Row, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, eventstore.ErrClosed
	}
	return l.rows, nil
}

// read looks for the next row anew each time, as far as the log goes at that moment.
func (l *Log) read(ctx context.Context, after core.Position, wanted func(eventstore.Row) bool, decode func(eventstore.Row) (core.Recorded, error)) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for next := max(after, 0); ; next++ {
			rows, err := l.snapshot()
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(core.Recorded{}, err)
				return
			}
			if int(next) >= len(rows) {
				return
			}
			if !wanted(rows[next]) {
				continue
			}
			r, err := decode(rows[next])
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func decodeMissed(rows []eventstore.Row, after core.Position) ([]core.Recorded, error) {
	head := core.Position(len(rows))
	if err := eventstore.MayCatchUp(after, head); err != nil {
		return nil, err
	}
	var missed []core.Recorded
	size := 0
	for _, row := range rows[after:] {
		if len(row.Slim) > 0 {
			row.Data, row.Personal, row.Metadata = nil, nil, nil // nobody asks for them
		}
		if size += row.Size(); size > eventstore.MaxMissedBytes {
			return nil, fmt.Errorf("append after position %d: %w", after, eventstore.ErrFarBehind)
		}
		r, err := row.SlimRecorded()
		if err != nil {
			return nil, err
		}
		missed = append(missed, r)
	}
	return missed, nil
}
