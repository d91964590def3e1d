package observetest

import (
	"cmp"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.yaml.in/yaml/v3"
)

// metricRow is one of the table in docs/metrics.md, which another test holds equal to what the program shows on both engines.
var metricRow = regexp.MustCompile("(?m)^\\| `(resultlog_\\w+)` \\| (\\w+) \\|")

// shownNames are the names of all series that the program can show, and of those that the rules make.
func shownNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"up": true} // Prometheus's own
	with := func(name string, ends ...string) {
		for _, end := range append(ends, "") {
			names[name+end] = true
		}
	}
	table, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range metricRow.FindAllStringSubmatch(string(table), -1) {
		if row[2] == "histogram" {
			with(row[1], "_bucket", "_sum", "_count")
			delete(names, row[1])
			continue
		}
		with(row[1])
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		with(family.GetName())
		if family.GetMetric()[0].GetSummary() != nil {
			with(family.GetName(), "_sum", "_count")
		}
	}
	for _, r := range readRules(t) {
		if r.Record != "" {
			with(r.Record)
		}
	}
	return names
}

// TestNothingIsAskedForThatTheProgramHasNot asks without Prometheus; TestObserved asks a real one. On one engine only: the reader is told.
func TestNothingIsAskedForThatTheProgramHasNot(t *testing.T) {
	names := shownNames(t)
	for _, e := range expressions(t) {
		for _, selector := range selectors(e.text) {
			if !names[metricOf(selector)] {
				t.Errorf("%s asks for %s, which the program has not", e.where, metricOf(selector))
			}
		}
		if only := e.engine(); only != "" && !strings.Contains(e.told, "On "+only+" only.") {
			t.Errorf("%s returns data on %s alone, and does not say so: On %s only.", e.where, only, only)
		}
	}
}

// grafana10 is the schema of dashboards since Grafana 10.3; newer ones read it too. gridWidth is how many columns a dashboard has.
const grafana10, gridWidth = 39, 24

func TestDashboardIsOrderly(t *testing.T) {
	d := readDashboard(t)
	if d.SchemaVersion < grafana10 {
		t.Errorf("schemaVersion %d", d.SchemaVersion)
	}
	ids := make(map[int]bool)
	taken := make(map[[2]int]string)
	for i, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s: the id %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		if i > 0 && cmp.Compare(d.Panels[i-1].GridPos.Y*100+d.Panels[i-1].GridPos.X, p.GridPos.Y*100+p.GridPos.X) >= 0 {
			t.Errorf("%s does not stand where it is seen", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= gridWidth {
					t.Fatalf("%s lies on %s, or beyond the edge", p.Title, cmp.Or(other, "nothing"))
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type != "row" {
			p.mustBeReadable(t)
		}
	}
}

// mustBeReadable looks whether a panel says what it shows, and of what.
func (p panel) mustBeReadable(t *testing.T) {
	t.Helper()
	if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
		t.Errorf("%d %s: a title, a description, a unit, the datasource ${datasource} or a target is missing", p.ID, p.Title)
	}
	for i, target := range p.Targets {
		if target.RefID != string(rune('A'+i)) || target.LegendFormat == "" {
			t.Errorf("%s: target %d is %q, its legend %q", p.Title, i, target.RefID, target.LegendFormat)
		}
		for _, selector := range selectors(target.Expr) {
			recorded := strings.Contains(metricOf(selector), ":") || p.Type == "stat"
			if !strings.Contains(selector, `job=~"$job"`) || !recorded && !strings.Contains(selector, `instance=~"$instance"`) {
				t.Errorf("%s: %s does not keep to the job and the nodes that were chosen", p.Title, selector)
			}
		}
	}
}

// TestEachAlertIsTestedAndExplained: promtool runs the tests, this tells that there is one in which an alert fires and one in which it does not, and that somebody who is woken finds what to do.
func TestEachAlertIsTestedAndExplained(t *testing.T) {
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "rules_test.yml")), &file); err != nil {
		t.Fatal(err)
	}
	fires, silent := make(map[string]bool), make(map[string]bool)
	for _, test := range file.Tests {
		for _, at := range test.Alerts {
			fires[at.Name] = fires[at.Name] || len(at.Want) > 0
			silent[at.Name] = silent[at.Name] || len(at.Want) == 0
		}
	}
	runbook := sections(t)
	alerts := make(map[string]bool)
	for _, r := range readRules(t) {
		if r.Alert == "" {
			continue
		}
		alerts[r.Alert] = true
		if !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s is not seen to fire and not to fire", r.Alert)
		}
		if r.For == "" || r.Annotations.Summary == "" || !slices.Contains([]string{"page", "ticket"}, r.Labels.Severity) {
			t.Errorf("%s has no for, no summary, or the severity %q", r.Alert, r.Labels.Severity)
		}
		if text := runbook[r.Annotations.Runbook]; !strings.Contains(text, r.Labels.Severity) {
			t.Errorf("%s: %q is no section of the README that says %s", r.Alert, r.Annotations.Runbook, r.Labels.Severity)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fires)) {
		if !alerts[name] {
			t.Errorf("%s is tested, and is no alert", name)
		}
	}
}
