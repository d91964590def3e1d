package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"resultlog/core"
)

// holding says what a parked stream holds back of a row.
type holding struct {
	by   string   // the column that names the stream
	only []string // the columns that may lack what is parked; nil: all, and the row may not be there
}

// heldBack says, of each table, what is left out of the comparison while a stream is parked. An event changes rows of its own stream, and what the activity's row and its status events take from the
// result.
var heldBack = map[string][]holding{
	"results":              {{by: "id"}},
	"activities":           {{by: "id"}, {by: "result_id", only: []string{"result_id", "updated_at", "last_position"}}},
	"activity_transitions": {{by: "activity_id"}, {by: "result_id", only: []string{"error_message"}}},
	"submissions":          {{by: "result_id"}},
	"task_result_types":    {{by: "tenant_id"}},
	"api_keys":             {{by: "tenant_id"}},
	"idempotency_keys":     nil, // a key is recorded though its event is parked
}

// judge says which of the places in which the two sides differ are differences.
type judge struct {
	Comparison
	live, scratch map[string]columns
	setAside      *sql.Stmt    // whether a stream has events in dead_letters, on either side; nil: none has
	oldest        core.Instant // keys of before it may have been purged, or not
	done          Compared
}

// newJudge looks at what there is on both sides, and brings the live dead letters to where they can be asked for while rows are read.
func newJudge(ctx context.Context, c Comparison, f *scratchFold, live, scratch *sql.Tx) (*judge, error) {
	j := &judge{Comparison: c, oldest: f.youngest - core.Instant(KeyRetention.Milliseconds()), done: Compared{Position: f.done}}
	var err error
	if j.live, err = catalogOf(ctx, live, c.Live.Catalog); err != nil {
		return nil, fmt.Errorf("read the catalogue of the read tables: %w", err)
	}
	if j.scratch, err = catalogOf(ctx, scratch, c.Scratch.Catalog); err != nil {
		return nil, fmt.Errorf("read the catalogue of the scratch tables: %w", err)
	}
	if err := copyLetters(ctx, live, scratch); err != nil {
		return nil, fmt.Errorf("read the dead letters: %w", err)
	}
	var all int64
	for into, tx := range map[*int64]*sql.Tx{&j.done.Parked: live, &all: scratch} {
		if err := tx.QueryRowContext(ctx, parkedStreams).Scan(into); err != nil {
			return nil, fmt.Errorf("count the dead letters: %w", err)
		}
	}
	j.done.Unapplied = all - j.done.Parked
	if all > 0 {
		j.setAside, err = scratch.PrepareContext(ctx, firstParked) // the transaction's end closes it
	}
	return j, err
}

// copyLetters copies dead letters, page by page, to those of the scratch tables.
func copyLetters(ctx context.Context, live, scratch *sql.Tx) error {
	var last DeadLetter // none has a version before its first
	for {
		page, err := letters(ctx, live, following(last, Which{}))
		if err != nil {
			return err
		}
		for _, last = range page {
			_, err := scratch.ExecContext(ctx, `
				INSERT INTO dead_letters (tenant_id, stream_id, version, position, tenant_position, event_id, recorded_at, parked_at, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')
				ON CONFLICT (tenant_id, stream_id, version) DO NOTHING`, last.Stream.Tenant[:], last.Stream.ID[:], int64(last.Version), int64(last.Position),
				int64(last.TenantPosition), last.EventID[:], int64(last.RecordedAt), int64(last.ParkedAt))
			if err != nil {
				return err
			}
		}
		if len(page) < listedAtOnce {
			return nil
		}
	}
}

// mayBePurged reports whether a row is of an idempotency key that need not be found any more: it is purged when there is time, and used again when it is found no more.
func (j *judge) mayBePurged(p pair) bool {
	if p.name != (IdempotencyKeys{}).Name() {
		return false
	}
	have, want := p.values("recorded_at")
	for _, at := range []any{have, want} {
		if at, ok := at.(int64); ok && core.Instant(at) >= j.oldest {
			return false
		}
	}
	return true
}

// notHeldBack gives those of the columns that differ which no parked stream holds back.
func (j *judge) notHeldBack(ctx context.Context, p pair, names []string) ([]string, error) {
	if j.setAside == nil {
		return names, nil
	}
	for _, h := range heldBack[p.name] {
		parked, err := j.isParked(ctx, p, h.by)
		switch {
		case err != nil:
			return nil, err
		case parked && h.only == nil:
			return nil, nil
		case parked:
			names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(h.only, name) })
		}
	}
	return names, nil
}

// isParked reports whether the stream that a row names in a column, on either side, has an event in dead_letters.
func (j *judge) isParked(ctx context.Context, p pair, column string) (bool, error) {
	tenant := p.tenant()
	have, want := p.values(column)
	for _, stream := range []any{have, want} {
		if stream == nil {
			continue
		}
		var position int64
		err := j.setAside.QueryRowContext(ctx, tenant, stream).Scan(&position)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err == nil, err
		}
	}
	return false, nil
}

// tenant is whose row it is: the tenant is in every key.
func (p pair) tenant() any {
	have, want := p.values("tenant_id")
	if have != nil {
		return have
	}
	return want
}
