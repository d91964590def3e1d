package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// Every metric keeps Prometheus's rules (promtool check metrics asks the same), and stands in docs/metrics.md with what it says of itself.
func TestMetricsAreDocumentedAndKeepTheRules(t *testing.T) {
	unraced(t)
	all := make(map[string]string)
	eachStore(t, func(t *testing.T, place string) {
		server := serveOn(t, place)
		server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
		page := string(server.must(t, http.StatusOK, "GET", "/metrics", ""))
		problems, err := promlint.New(strings.NewReader(page)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		maps.Copy(all, metricRows(page))
	})
	document, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		want = append(want, all[name])
	}
	var have []string
	for line := range strings.Lines(string(document)) {
		if strings.HasPrefix(line, "| `resultlog_") {
			have = append(have, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(have, want); diff != "" {
		t.Errorf("docs/metrics.md differs from /metrics:\n%s\nits rows must be:\n%s", diff, strings.Join(want, "\n"))
	}
}

var (
	helpLine   = regexp.MustCompile(`(?m)^# HELP (resultlog_\w+) (.*)$`)
	typeLine   = regexp.MustCompile(`(?m)^# TYPE (resultlog_\w+) (\w+)$`)
	seriesLine = regexp.MustCompile(`(?m)^(resultlog_\w+?)(?:_bucket)?\{(.*)\} `)
	labelName  = regexp.MustCompile(`(\w+)="(?:[^"\\]|\\.)*"`)
)

// metricRows are the rows of docs/metrics.md that a page of metrics asks for.
func metricRows(page string) map[string]string {
	kinds, labels := make(map[string]string), make(map[string]map[string]bool)
	for _, found := range typeLine.FindAllStringSubmatch(page, -1) {
		kinds[found[1]] = found[2]
	}
	for _, series := range seriesLine.FindAllStringSubmatch(page, -1) {
		for _, label := range labelName.FindAllStringSubmatch(series[2], -1) {
			if labels[series[1]] == nil {
				labels[series[1]] = make(map[string]bool)
			}
			if label[1] != "le" {
				labels[series[1]]["`"+label[1]+"`"] = true
			}
		}
	}
	rows := make(map[string]string)
	for _, found := range helpLine.FindAllStringSubmatch(page, -1) {
		name := found[1]
		rows[name] = fmt.Sprintf("| `%s` | %s | %s | %s |", name, kinds[name], strings.Join(slices.Sorted(maps.Keys(labels[name])), ", "), strings.ReplaceAll(found[2], "|", `\|`))
	}
	return rows
}
