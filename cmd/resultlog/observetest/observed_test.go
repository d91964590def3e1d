package observetest

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// window stands for Grafana's own choice of one: all that the test has done.
const window = "5m"

// known is what Prometheus must say of the story, whichever engine has kept it.
var known = map[string]float64{
	`sum(resultlog_submissions_total{status="PENDING", source="RETEN_ACTIVITY"})`:                     1,
	`sum(resultlog_submissions_total{status="PENDING", source="STANDALONE"})`:                         2,
	`sum(resultlog_submissions_total{status="COMPLETED"})`:                                            2,
	`sum(resultlog_submissions_total{status="NOT_EXECUTED"})`:                                         1,
	`sum(resultlog_submissions_total{status="CANCELED"})`:                                             1,
	`sum(resultlog_submissions_total{status="TRANSFERRED"})`:                                          1,
	`sum(resultlog_idempotent_replays_total)`:                                                         1,
	`sum(resultlog_refusals_total{code="stale_result"})`:                                              2,
	`sum(resultlog_refusals_total{code="projection_parked"})`:                                         1,
	`sum(resultlog_refusals_total{code!="not_ready"})`:                                                11, // a node may have been asked for before it was
	`sum(resultlog_guard_refusals_total{guard="temporal"})`:                                           2,
	`sum(resultlog_guard_refusals_total{guard="state"})`:                                              1,
	`sum(resultlog_guard_refusals_total{guard="activity_type"})`:                                      1,
	`sum(resultlog_guard_refusals_total{guard="provider_id"})`:                                        1,
	`sum(resultlog_http_request_duration_seconds_count{route="/api/activity-results", status="2xx"})`: 1,
	`sum(resultlog_append_failures_total)`:                                                            0,
	`sum(resultlog_projection_parked_total)`:                                                          1,
}

// shown is what panels must show of it.
var shown = map[string]float64{
	"panel Dead letters A":                         1,
	"panel Lag in events A":                        0,
	"panel What is held A":                         3, // activities
	"panel What is held B":                         7, // results
	"panel Progress of a rebuild A":                1,
	"panel Events without a proof A":               0,
	"panel Skipped A":                              0,
	"rule job:resultlog_projection_lag_events:max": 0,
}

// TestObserved lets clients do all that they do while a real Prometheus scrapes the nodes, and asks it for everything that the dashboard and the rules ask for.
func TestObserved(t *testing.T) {
	needPrometheus(t)
	t.Parallel() // it mostly waits for the next scrape
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			nodes := engine.start(t)
			promtool(t, metricsOf(t, nodes[0]), "check", "metrics")
			server := startPrometheus(t, nodes)
			tell(t, nodes)
			for query, want := range known {
				server.mustSay(t, query, want)
			}
			server.mustAnswer(t, engine, expressions(t), chosen(nodes))
		})
	}
}

// TestPromtool has Prometheus's own tool judge what is Prometheus's.
func TestPromtool(t *testing.T) {
	needPrometheus(t)
	t.Parallel()
	for _, arguments := range [][]string{{"check", "config", "prometheus.yml"}, {"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		t.Run(strings.Join(arguments[:2], " "), func(t *testing.T) {
			t.Parallel()
			promtool(t, "", arguments...)
		})
	}
}

// promtool runs it in the folder, and wants it to find nothing.
func promtool(t *testing.T, input string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", arguments...)
	cmd.Dir, cmd.Stdin = filepath.FromSlash(folder), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil || input != "" && len(out) > 0 {
		t.Errorf("promtool %v: %v\n%s", arguments, err, out)
	}
}

func metricsOf(t *testing.T, n *node) string {
	t.Helper()
	response, err := http.Get(n.url("/metrics")) //nolint:noctx // it is on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || len(text) == 0 {
		t.Fatalf("/metrics has %d bytes: %v", len(text), err)
	}
	return string(text)
}

// chosen puts what a user chose in place of the dashboard's variables: all nodes.
func chosen(nodes []*node) *strings.Replacer {
	var instances []string
	for _, n := range nodes {
		instances = append(instances, strings.ReplaceAll(regexp.QuoteMeta(n.address), `\`, `\\`)) // as Grafana does: a regular expression within a string of PromQL
	}
	return strings.NewReplacer("$job", "(resultlog)", "$instance", "("+strings.Join(instances, "|")+")", "$__rate_interval", window)
}

// mustSay waits until all series that a query returns have one value; there must be some.
func (p *observer) mustSay(t *testing.T, query string, want float64) {
	t.Helper()
	var got []float64
	var err error
	other := func(value float64) bool { return value != want }
	for deadline := time.Now().Add(patience); err != nil || len(got) == 0 || slices.ContainsFunc(got, other); time.Sleep(askAgain) {
		if time.Now().After(deadline) {
			t.Errorf("%s is %v, %v; want %v", query, got, err, want)
			return
		}
		got, err = p.ask(query)
	}
}

// mustAnswer waits until all expressions have returned data that can on an engine, and sees that those do not that cannot.
func (p *observer) mustAnswer(t *testing.T, on engine, all []expression, variables *strings.Replacer) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(askAgain) {
		var silent []string
		for _, e := range all {
			asked := variables.Replace(e.asked)
			only := e.engine()
			answers, err := p.hasData(asked)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", e.where, err)
			case only != "" && only != on.name && answers:
				t.Fatalf("%s returns data on %s, and says that it is on %s only: %s", e.where, on.name, only, asked)
			case (only == "" || only == on.name) && !answers:
				silent = append(silent, fmt.Sprintf("%s: %s", e.where, asked))
			}
		}
		if len(silent) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("within %s there was no data for\n%s", patience, strings.Join(silent, "\n"))
		}
	}
	for _, e := range all {
		if want, told := shown[e.where]; told {
			p.mustSay(t, variables.Replace(e.asked), want)
		}
	}
}
