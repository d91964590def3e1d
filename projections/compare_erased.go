package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"resultlog/core"
)

// personalFrom says, of each table that shows personal values, whose submissions they are from, and which was the last of them.
var personalFrom = map[string]struct {
	result string                                          // the column that names the result
	until  string                                          // the column that says how far the row has come
	before func(r core.Recorded, until core.Position) bool // whether a submission is no later than that
}{
	"results":              {"id", "version", func(r core.Recorded, until core.Position) bool { return core.Position(r.Version) <= until }},
	"submissions":          {"result_id", "version", func(r core.Recorded, until core.Position) bool { return core.Position(r.Version) <= until }},
	"activity_transitions": {"result_id", "position", func(r core.Recorded, until core.Position) bool { return r.TenantPosition < until }},
}

// erased reports whether a personal value differs because it was erased between two reads: from the log, before it was folded or after; and from the live tables, before the snapshot or after. So
// the log is looked at again, and then the live tables as they are now: if neither has a value any more, that is as it should be.
func (j *judge) erased(ctx context.Context, p pair, column string) (bool, error) {
	from, known := personalFrom[p.name]
	_, result := p.values(from.result)
	_, until := p.values(from.until)
	tenant, isTenant := idIn(p.tenant())
	stream, isStream := idIn(result)
	come, isPosition := until.(int64)
	if !known || !isTenant || !isStream || !isPosition {
		return false, nil
	}
	var last core.Sealed
	for r, err := range j.History(ctx, core.Stream{Tenant: tenant, ID: stream}, 0) {
		if err != nil {
			return false, err
		}
		if submitted, ok := r.Event.(core.ResultSubmitted); ok && from.before(r, core.Position(come)) {
			last = submitted.Personal
		}
	}
	if !last.Erased() {
		return false, nil
	}
	now, err := j.now(ctx, p, column)
	return now == nil, err
}

func idIn(value any) (core.ID, bool) {
	b, ok := value.([]byte)
	if !ok || len(b) != len(core.ID{}) {
		return core.ID{}, false
	}
	return core.ID(b), true
}

// now is what the live tables have in a column of a row, outside of the snapshot; nil: nothing.
func (j *judge) now(ctx context.Context, p pair, column string) (any, error) {
	places := make([]string, p.keys)
	for i := range places {
		places[i] = fmt.Sprintf("%s = $%d", quotedName(p.names[i]), i+1)
	}
	var value cell
	err := j.Live.DB.QueryRowContext(ctx, "SELECT "+quotedName(column)+" FROM "+quotedName(p.name)+" WHERE "+strings.Join(places, " AND "), p.have[:p.keys]...).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value.value, err
}
