package observetest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// observer is a running Prometheus server.
type observer struct{ base string }

// serving is the line in which Prometheus says where it listens.
var serving = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// startPrometheus starts one that scrapes nodes each second, and evaluates the rules each second, by the documented configuration.
func startPrometheus(t *testing.T, nodes []*node) *observer {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("prometheus", "--config.file", configuration(t, dir, nodes), "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", "127.0.0.1:0")
	p := &observer{base: "http://" + launch(t, cmd, serving)}
	await(t, "scraping all nodes", func() bool {
		answer, err := p.ask(`count(resultlog_build_info)`)
		return err == nil && len(answer) == 1 && answer[0] == float64(len(nodes))
	})
	return p
}

// configuration writes prometheus.yml with this machine's addresses, and every second, in place of what is documented. Each that is replaced must be there.
func configuration(t *testing.T, dir string, nodes []*node) (path string) {
	t.Helper()
	var targets []string
	for _, n := range nodes {
		targets = append(targets, n.address)
	}
	rules, err := filepath.Abs(filepath.Join(folder, "rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, "prometheus.yml")
	for _, replaced := range [][2]string{
		{"scrape_interval: 15s", "scrape_interval: 1s"},
		{"evaluation_interval: 15s", "evaluation_interval: 1s"},
		{"[10.0.0.31:3000, 10.0.0.32:3000]", "[" + strings.Join(targets, ", ") + "]"},
		{"rule_files: [rules.yml]", "rule_files: [" + strconv.Quote(rules) + "]"},
	} {
		if !strings.Contains(text, replaced[0]) {
			t.Fatalf("prometheus.yml has no %q any more: the test must know what stands there instead", replaced[0])
		}
		text = strings.Replace(text, replaced[0], replaced[1], 1)
	}
	path = filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ask evaluates an expression now, and gives the values of all series that it returns.
func (p *observer) ask(expression string) (values []float64, err error) {
	response, err := http.PostForm(p.base+"/api/v1/query", url.Values{"query": {expression}}) //nolint:noctx // it is on this machine
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", expression, answer.Error)
	}
	if answer.Data.ResultType == "scalar" {
		answer.Data.Result = fmt.Appendf(nil, `[{"value":%s}]`, answer.Data.Result)
	}
	var series []struct{ Value [2]any } // a moment, and a number as text
	if err := json.Unmarshal(answer.Data.Result, &series); err != nil {
		return nil, fmt.Errorf("%s: %w", expression, err)
	}
	for _, one := range series {
		value, err := strconv.ParseFloat(fmt.Sprint(one.Value[1]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// hasData reports whether an expression returns a number.
func (p *observer) hasData(expression string) (bool, error) {
	values, err := p.ask(expression)
	for _, value := range values {
		if !math.IsNaN(value) && !math.IsInf(value, 0) {
			return true, err
		}
	}
	return false, err
}
