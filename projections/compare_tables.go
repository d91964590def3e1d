package projections

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
)

// compareAll compares every table that either side has.
func (j *judge) compareAll(ctx context.Context, live, scratch *sql.Tx) error {
	all := maps.Clone(j.live)
	maps.Copy(all, j.scratch)
	for _, table := range slices.Sorted(maps.Keys(all)) {
		same, err := j.shaped(table)
		if err == nil && same {
			err = j.compareRows(ctx, table, live, scratch)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shaped reports the columns that only one side has, and whether both have the table.
func (j *judge) shaped(table string) (both bool, err error) {
	have, want := j.live[table], j.scratch[table]
	switch {
	case want == nil:
		return false, j.found(Difference{Table: table, Have: "a table", Want: "none: no event makes it"})
	case have == nil:
		return false, j.found(Difference{Table: table, Have: "no table", Want: "one"})
	}
	both = true
	for _, column := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[column]; !ok {
			err = errors.Join(err, j.found(Difference{Table: table, Column: column, Have: "a column", Want: "none: no event fills it"}))
		}
	}
	for _, column := range slices.Sorted(maps.Keys(want)) {
		if _, ok := have[column]; !ok {
			err = errors.Join(err, j.found(Difference{Table: table, Column: column, Have: "no column", Want: "one"}))
		}
	}
	return both, err
}

// compareRows goes through a table on both sides at once, in the order of its key.
func (j *judge) compareRows(ctx context.Context, table string, live, scratch *sql.Tx) (err error) {
	shape, err := shapeOf(table, j.live[table], j.scratch[table])
	if err != nil {
		return err
	}
	have, err := newSide(live, shape, j.live[table])
	if err != nil {
		return err
	}
	want, err := newSide(scratch, shape, j.scratch[table])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, have.close(), want.close()) }()
	if err := errors.Join(have.next(ctx), want.next(ctx)); err != nil {
		return err
	}
	for have.row != nil || want.row != nil {
		order := 0
		switch {
		case have.row == nil:
			order = 1
		case want.row == nil:
			order = -1
		default:
			order = have.order(have.row, want.row)
		}
		p := pair{tableShape: shape}
		if order <= 0 {
			p.have = have.row
		}
		if order >= 0 {
			p.want = want.row
		}
		if err := j.compareRow(ctx, p); err != nil {
			return err
		}
		if p.have != nil {
			err = have.next(ctx)
		}
		if p.want != nil && err == nil {
			err = want.next(ctx)
		}
		if err != nil {
			return err
		}
	}
	j.done.Rows += have.rows
	return nil
}

// pair is a row as either side has it; nil: it has none.
type pair struct {
	tableShape
	have, want []any
}

// values gives what the two sides have in a column.
func (p pair) values(column string) (have, want any) {
	i := slices.Index(p.names, column)
	if i >= 0 && p.have != nil {
		have = p.have[i]
	}
	if i >= 0 && p.want != nil {
		want = p.want[i]
	}
	return have, want
}

// differing names the columns that differ; the empty name: the row as such.
func (p pair) differing() (names []string) {
	if p.have == nil || p.want == nil {
		return []string{""}
	}
	for i, name := range p.names {
		if compareValues(p.have[i], p.want[i]) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// compareRow reports what differs in a row, unless that is lawful.
func (j *judge) compareRow(ctx context.Context, p pair) error {
	names := p.differing()
	if len(names) == 0 || j.mayBePurged(p) {
		return nil
	}
	names, err := j.notHeldBack(ctx, p, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		if personalColumns[name] {
			if erased, err := j.erased(ctx, p, name); err != nil {
				return err
			} else if erased {
				continue
			}
		}
		if err := j.found(p.difference(name)); err != nil {
			return err
		}
	}
	return nil
}

// difference says what differs in a column, or in the row as such.
func (p pair) difference(column string) Difference {
	d := Difference{Table: p.name, Column: column}
	switch {
	case p.have == nil:
		d.ID, d.Have, d.Want = p.id(p.want), "no row", "one"
	case p.want == nil:
		d.ID, d.Have, d.Want = p.id(p.have), "a row", "none"
	case personalColumns[column]:
		d.ID, d.Have = p.id(p.have), differs
	default:
		have, want := p.values(column)
		d.ID, d.Have, d.Want = p.id(p.have), inWords(column, have), inWords(column, want)
	}
	return d
}

// found counts a difference, and reports it if there were not too many before.
func (j *judge) found(d Difference) error {
	j.done.Differences++
	if j.done.Differences > MaxDifferences {
		return nil
	}
	return j.Found(d)
}
