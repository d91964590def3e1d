package projections_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// pgPlan is a step of a plan as PostgreSQL explains it, and the steps under it.
type pgPlan struct {
	Node     string   `json:"Node Type"`
	Relation string   `json:"Relation Name"`
	Index    string   `json:"Index Name"`
	Cond     string   `json:"Index Cond"`
	Plans    []pgPlan `json:"Plans"`
}

// each walks a plan from the top down.
func (p pgPlan) each(look func(pgPlan)) {
	look(p)
	for _, under := range p.Plans {
		under.each(look)
	}
}

// found says how rows are found by a plan: the indexes by which they are, each once, whether something is sorted, and whether all rows of a table are looked at.
type found struct {
	indexes []string
	sorts   bool
	scans   bool
	text    string
}

// pgExplain says how the server would run a query for its arguments.
func (w *world) pgExplain(t *testing.T, query asked) (f found) {
	t.Helper()
	var text []byte
	w.scan(w.tables, &text, `EXPLAIN (FORMAT JSON) `+query.text, query.args...)
	var plans []struct{ Plan pgPlan }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	plans[0].Plan.each(func(p pgPlan) {
		f.text += fmt.Sprintf("%s %s %s %s; ", p.Node, p.Relation, p.Index, p.Cond)
		f.sorts = f.sorts || strings.Contains(p.Node, "Sort")
		f.scans = f.scans || p.Node == "Seq Scan"
		if p.Index != "" && !slices.Contains(f.indexes, p.Index) {
			f.indexes = append(f.indexes, p.Index)
		}
	})
	return f
}

// narrowed is a list that asks for less: for what changed after a position that is not the first.
func (p planned) narrowed(after core.Position) planned {
	narrow := func(paging *core.Paging) {
		if paging.After != nil {
			paging.After = &after
		}
		if paging.Cursor != nil && paging.Cursor.ByPosition {
			paging.Cursor = &core.Cursor{Page: 2, ByPosition: true, Position: after + 7}
		}
	}
	switch query := p.query.(type) {
	case core.ResultQuery:
		narrow(&query.Paging)
		p.query = query
	case core.ActivityQuery:
		narrow(&query.Paging)
		p.query = query
	}
	return p
}

const (
	// dense is the part of a tenant's rows, one in so many, beyond which those that fit are found no faster by an index of their own than by any that the tenant's rows are found by. If they are
	// fewer, they are also so few that they may be sorted.
	dense = 5

	// fewRows are found as well by an index that knows no more of them than whose they are, and then looked through. The planner thinks of them as it does of other tenants' rows.
	fewRows = 2000
)

// Whether a tenant has most of the rows or few of them: no list looks at all rows of the table. Those of the one who has most are found by the index that this program has chosen, unless
// so many fit that another does as well; and nothing is sorted that the index has in its order, unless it is little.
func TestListsUseTheirIndexesOnPostgres(t *testing.T) {
	unraced(t)
	const many, few = core.MaxTotal * 5 / 4, fewRows
	for name, rows := range map[string][2]int{"of most rows": {many, few}, "of few rows": {few, many}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := postgresWorld(t)
			w.clock = instant - core.Instant(rows[0]*19/20) // about one of them in a millisecond: before that instant nearly all
			w.stock(rand.New(rand.NewPCG(96, 1)), rows[0], rows[1])
			w.exec(`INSERT INTO task_result_types VALUES ($1, 'not_home', TRUE, 'NEGATIVE', 0, 3, 3), ($1, 'success', TRUE, 'POSITIVE', 0, 1, 1)`, tenants[0][:])
			for table := range readTableKeys {
				w.exec(`ANALYZE ` + table)
			}
			q, n := w.noted()
			for _, p := range slices.Concat(resultPlans(), activityPlans()) {
				t.Run(p.table()+" by "+p.name, func(t *testing.T) {
					w.judgeOnPostgres(t, p.narrowed(core.Position(rows[0]*19/10)), q, n, rows[0])
				})
			}
		})
	}
}

// judgeOnPostgres verifies the plans of what a list asks of its table, of which the tenant has so many rows.
func (w *world) judgeOnPostgres(t *testing.T, p planned, q *projections.Queries, n *notebook, rows int) {
	t.Helper()
	fit := 0
	for _, query := range p.ask(t, q, n) {
		if !strings.Contains(query.text, "FROM "+p.table()+" ") {
			continue
		}
		want, sorts := strings.Fields(p.index), p.order != ""
		switch {
		case strings.HasPrefix(query.text, "SELECT count(*)"):
			w.scan(w.tables, &fit, query.text, query.args...)
			want, sorts = strings.Fields(p.counts()), false
		case strings.Contains(query.text, " AS fits"): // more rows fit than are counted: they are met along the order
			want, sorts = strings.Fields(p.order), false
		case strings.Contains(query.text, " id IN ("):
			want, sorts = []string{p.table() + "_pkey"}, false
		}
		f := w.pgExplain(t, query)
		slices.Sort(f.indexes)
		slices.Sort(want)
		most := fit*dense >= rows
		other := len(want) > 0 && !slices.Equal(f.indexes, want) && !most && rows > fewRows
		if f.scans || len(f.indexes) == 0 || other || f.sorts && !sorts && most {
			t.Errorf("%s\nplans to %s\nwant the index %q, sorted: %t; %d of %d rows fit", query.text, f.text, want, sorts, fit, rows)
		}
	}
}
