package main

import (
	"context"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// erasures are the rows in which two logs differ by an erasure alone: the one has a personal part, and the other none. What the log that is copied from says of it decides: a PersonalErased that stands
// later in the same stream makes it one; without that it is a difference like any other, a fault of a copy, say, that has lost what it should have kept.
//
// They are few: erasures are rare, and a copy of before one is a thing that somebody has made by hand.
type erasures struct {
	open      map[core.Stream][]core.Position // that no erasure has been met for yet
	overdue   map[core.Stream]bool            // of which the copy still has a personal part
	inTheCopy map[core.Stream]core.Version    // of which it must be erased there, too: before this version
}

func newErasures() *erasures {
	return &erasures{open: make(map[core.Stream][]core.Position), overdue: make(map[core.Stream]bool), inTheCopy: make(map[core.Stream]core.Version)}
}

// differs names the column in which two rows differ otherwise than by an erasure; those that may differ by one are noted.
func (e *erasures) differs(want, got eventstore.Row) string {
	column := got.Differs(want)
	if column != "personal" || (want.Personal == nil) == (got.Personal == nil) {
		return column
	}
	stream := core.Stream{Tenant: want.TenantID, ID: want.StreamID}
	e.open[stream] = append(e.open[stream], want.Position)
	if want.Personal == nil {
		e.overdue[stream] = true
	}
	got.Personal = want.Personal
	return got.Differs(want)
}

// meet looks whether a row of the log that is copied from is the erasure of what was noted. If the copy does not hold the erasure itself yet, it is left to the next one, which will bring it.
func (e *erasures) meet(row eventstore.Row, copied bool) {
	stream := core.Stream{Tenant: row.TenantID, ID: row.StreamID}
	if row.Type != (core.PersonalErased{}).Type() || e.open[stream] == nil {
		return
	}
	if delete(e.open, stream); copied && e.overdue[stream] {
		e.inTheCopy[stream] = row.Version
	}
	delete(e.overdue, stream)
}

// first is the first position that was noted and that no erasure was met for; 0: there is none.
func (e *erasures) first() (first core.Position) {
	for _, positions := range e.open {
		if first == 0 || positions[0] < first {
			first = positions[0]
		}
	}
	return first
}

// carryOut erases in the copy what was erased where it was copied from, and leaves nothing of it in its files. The other way round nothing is done: what the copy lacks is not brought back. A crash
// between the copying and this leaves what the next copy notes again.
func (e *erasures) carryOut(ctx context.Context, con console, to storedLog) (emptied int64, err error) {
	if len(e.inTheCopy) == 0 {
		return 0, nil
	}
	if err := to.MayErase(ctx); err != nil {
		return 0, err
	}
	for stream, before := range e.inTheCopy {
		n, err := to.Erase(ctx, stream, before)
		if err != nil {
			return emptied, err
		}
		emptied += n
	}
	left, err := to.Sweep(ctx)
	for _, what := range left {
		fmt.Fprintln(con.err, "not reached:", what)
	}
	return emptied, err
}
