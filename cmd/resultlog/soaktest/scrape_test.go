package soaktest

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scrape is what /metrics has shown without labels, by name, and tablesWALBytes.
type scrape map[string]float64

// tablesWALBytes is shown by no node, but looked up in the directory: the size of the largest write-ahead file beside the log's.
const tablesWALBytes = "tables_wal_bytes"

// scrapeTimeout is how long a scrape may take: longer than the second that a node has for what it looks up at one.
const scrapeTimeout = 5 * time.Second

var scraper = http.Client{Timeout: scrapeTimeout}

// scrape asks a node for its metrics.
func (n *node) scrape() (scrape, error) {
	response, err := scraper.Get(n.url("/metrics")) //nolint:noctx // the client has a time-out
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics was answered %s", response.Status)
	}
	s, err := parseScrape(response.Body)
	if err == nil && n.store.dir != "" {
		s[tablesWALBytes] = float64(n.store.tablesWAL())
	}
	return s, err
}

// parseScrape reads Prometheus's text format, as far as it has no labels.
func parseScrape(text io.Reader) (scrape, error) {
	s := scrape{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if name == "#" || strings.Contains(name, "{") {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no metric: %w", lines.Text(), err)
		}
		s[name] = number
	}
	return s, lines.Err()
}

// of is a metric; NaN, if it was not shown.
func (s scrape) of(name string) float64 {
	if value, shown := s[name]; shown {
		return value
	}
	return math.NaN()
}

func TestScrapeHasWhatHasNoLabels(t *testing.T) {
	s, err := parseScrape(strings.NewReader("# HELP a What it is.\n# TYPE a gauge\na 1.5e+06\nb{c=\"d e\"} 2\nf NaN\n"))
	if err != nil || len(s) != 2 || s.of("a") != 1.5e6 || !math.IsNaN(s.of("f")) || !math.IsNaN(s.of("b")) {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := parseScrape(strings.NewReader("<html>\n")); err == nil {
		t.Errorf("no error, but %v", s)
	}
}
