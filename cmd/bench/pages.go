package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"resultlog/core"
)

const (
	// fewRows is how many results the tables have that the large ones are compared with.
	fewRows = 1000

	// pageLimit is how many rows a page has: the default of the API.
	pageLimit = 20
)

// pageRun is what one page of a list costs over few rows and over many, in one round.
type pageRun struct {
	List  string  `json:"list"`
	Round int     `json:"round"`
	Few   float64 `json:"few_p50_ms"`
	Many  float64 `json:"many_p50_ms"`
}

// pageRuns are all that were measured.
type pageRuns []pageRun

// filtered is the list that the target is about: a hundred results fit it, however many there are.
const filtered = "of one commerce"

// maxPageRatio is the promise: a filtered page over a million results costs what it costs over a thousand, give or take the depth of the indexes.
const maxPageRatio = 2

// lists are the pages that are measured, over rows results.
func lists(rows int) map[string]core.ResultQuery {
	latest := instantOf(rows - pageLimit*2)
	middle := &core.Cursor{Page: 2, CreatedAt: instantOf(rows / 2), ID: core.ID{0: 0xff}}
	return map[string]core.ResultQuery{
		filtered:                   {CommerceExternalID: "store-0"},
		"of one commerce, by time": {CommerceExternalID: "store-0", Paging: core.Paging{Sort: core.SortUpdated}},
		"of all":                   {},
		"of all, from the middle":  {Paging: core.Paging{Cursor: middle}},
		"of a status, one in ten":  {Status: core.ResultNotExecuted},
		"of the latest times":      {Occurred: core.Span{From: &latest}},
	}
}

// measurePages reads pages of each list over few rows and over many, in turns.
func measurePages(ctx context.Context, dir string, rows, rounds int) (pageRuns, error) {
	few, err := openShelf(ctx, filepath.Join(dir, "few"), fewRows)
	if err != nil {
		return nil, err
	}
	defer few.close()
	many, err := openShelf(ctx, filepath.Join(dir, "many"), rows)
	if err != nil {
		return nil, err
	}
	defer many.close()
	var runs pageRuns
	for round := 1; round <= rounds; round++ {
		for _, list := range listNames() {
			one := pageRun{List: list, Round: round}
			if one.Few, err = few.sample(ctx, list); err != nil {
				return nil, err
			}
			if one.Many, err = many.sample(ctx, list); err != nil {
				return nil, err
			}
			runs = append(runs, one)
		}
	}
	return runs, nil
}

// listNames gives the lists that are measured, the one that the target is about first.
func listNames() []string {
	names := []string{filtered}
	for name := range lists(fewRows) {
		if name != filtered {
			names = append(names, name)
		}
	}
	slices.Sort(names[1:])
	return names
}

// ratio is the median of the rounds' quotients of many and few; NaN if there was no round.
func (rs pageRuns) ratio(list string) float64 {
	return rs.median(list, func(r pageRun) float64 { return r.Many / r.Few })
}

func (rs pageRuns) median(list string, of func(pageRun) float64) float64 {
	return medianOf(rs, func(r pageRun) bool { return r.List == list }, of)
}

// verdicts judges the promise, if anything was measured.
func (rs pageRuns) verdicts(rows int) []verdict {
	p := promise{name: fmt.Sprintf("a filtered page over %s results, of one over %s", countText(rows), countText(fewRows)), bound: maxPageRatio, atMost: true}
	return p.judge(rs.ratio(filtered))
}

// write prints what a page costs.
func (rs pageRuns) write(out io.Writer, rows int) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| ms for a page of %d results (p50), by how many there are | %s | %s | ratio |\n|---|---|---|---|\n", pageLimit, countText(fewRows), countText(rows))
	for _, list := range listNames() {
		few, many := rs.median(list, func(r pageRun) float64 { return r.Few }), rs.median(list, func(r pageRun) float64 { return r.Many })
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.2f |\n", list, few, many, rs.ratio(list))
	}
}

func countText(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	if n >= 1_000_000 {
		return fmt.Sprintf("%g M", float64(n)/1e6)
	}
	return fmt.Sprintf("%g k", float64(n)/1000)
}
