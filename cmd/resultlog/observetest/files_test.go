package observetest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// folder is where what is tested stands.
const folder = "../../../docs/observability"

// dashboard is what Grafana imports, as far as it is tested.
type dashboard struct {
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []panel
}

// panel is one of a dashboard, or the title of a row of them.
type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ UID string }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct{ RefID, Expr, LegendFormat string }
}

// rule is one of rules.yml: it records, or alerts.
type rule struct {
	Record, Alert, Expr, For string
	Labels                   struct{ Severity string }
	Annotations              struct{ Summary, Runbook string }
}

func readDashboard(t testing.TB) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func readRules(t testing.TB) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(read(t, "rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// read gives a file of the folder.
func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sections are those of the README, by the end of a link to them.
func sections(t testing.TB) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, section := range regexp.MustCompile(`(?m)^#{2,3} `).Split(read(t, "README.md"), -1) {
		title, text, _ := strings.Cut(section, "\n")
		all["docs/observability/README.md#"+strings.ToLower(strings.ReplaceAll(title, " ", "-"))] = text
	}
	return all
}

// onlyOn are the metrics that one engine has, and the other has not.
var onlyOn = map[string]string{"resultlog_log_wal_bytes": "SQLite", "resultlog_log_connections_total": "PostgreSQL"}

// expression is something that Prometheus is asked for, by a panel or by a rule.
type expression struct {
	where string // it stands
	text  string // of it, as it stands there
	asked string // what must return data, with the variables still in it
	told  string // to whoever looks at it
}

// engine is the only one on which it can return data; "" if both can.
func (e expression) engine() string {
	for _, selector := range selectors(e.text) {
		if only := onlyOn[metricOf(selector)]; only != "" {
			return only
		}
	}
	return ""
}

// labelValues is what a variable of the dashboard asks for.
var labelValues = regexp.MustCompile(`^label_values\((.*), \w+\)$`)

// expressions are all that must return data: those of the dashboard, and what it offers to choose from; what the rules record; and of each alert the whole, and all that it is made of.
func expressions(t testing.TB) (all []expression) {
	t.Helper()
	d := readDashboard(t)
	for _, variable := range d.Templating.List {
		if asked := labelValues.FindStringSubmatch(variable.Definition); asked != nil {
			all = append(all, expression{"variable " + variable.Name, asked[1], asked[1], ""})
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, expression{fmt.Sprintf("panel %s %s", p.Title, target.RefID), target.Expr, target.Expr, p.Description})
		}
	}
	runbook := sections(t)
	for _, r := range readRules(t) {
		if r.Record != "" {
			all = append(all, expression{"rule " + r.Record, r.Expr, r.Expr, ""})
			continue
		}
		told := runbook[r.Annotations.Runbook]
		all = append(all, expression{"alert " + r.Alert, r.Expr, loosened(r.Expr), told})
		for _, selector := range selectors(r.Expr) {
			all = append(all, expression{"a part of alert " + r.Alert, selector, selector, told})
		}
	}
	return all
}
