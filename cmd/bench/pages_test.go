package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPagesAreMeasured(t *testing.T) {
	runs, err := measurePages(t.Context(), t.TempDir(), 2*fewRows, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != len(lists(fewRows)) {
		t.Errorf("%d lists were measured of %d", len(runs), len(lists(fewRows)))
	}
	for _, r := range runs {
		if r.Few <= 0 || r.Many <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if v := runs.verdicts(2 * fewRows); len(v) != 1 || !v[0].AtMost || v[0].Value <= 0 {
		t.Errorf("verdicts %+v", v)
	}
}

func TestPagesAreInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measurePages(ctx, t.TempDir(), fewRows, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestReportOfPages(t *testing.T) {
	runs := pageRuns{{List: filtered, Round: 1, Few: 1, Many: 1.5}, {List: filtered, Round: 2, Few: 1, Many: 3}, {List: filtered, Round: 3, Few: 2, Many: 5}}
	var out strings.Builder
	runs.write(&out, 1_000_000)
	if !strings.Contains(out.String(), "| ms for a page of 20 results (p50), by how many there are | 1 k | 1 M | ratio |\n") || !strings.Contains(out.String(), "| of one commerce | 1.00 | 3.00 | 2.50 |\n") {
		t.Errorf("the report of pages:\n%s", out.String())
	}
	v := runs.verdicts(1_000_000)
	if len(v) != 1 || v[0].Met || v[0].Value != 2.5 || v[0].Name != "a filtered page over 1 M results, of one over 1 k" {
		t.Errorf("verdicts %+v", v)
	}
	out.Reset()
	if pageRuns(nil).write(&out, 0); out.Len() > 0 || len(pageRuns(nil).verdicts(0)) > 0 {
		t.Errorf("of nothing: %s", out.String())
	}
}
