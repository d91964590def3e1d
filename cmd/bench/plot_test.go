package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elements counts the elements of a document by name; it must be well-formed.
func elements(t *testing.T, text string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok {
			found[start.Name.Local]++
		}
	}
}

// A plot has a point for each number that there is, in each of its panels, and each contender's name in the legend.
func TestPlotHasAPointForEachNumber(t *testing.T) {
	r := report{Clients: []int{1, 64, 256}, Contenders: []string{ceilingName, knownName, "a <b> & c"}, Machine: machine{Commit: "abc<1>"}}
	for _, name := range r.Contenders {
		for _, clients := range []int{1, 64, 256} {
			if name == knownName && clients == 1 {
				continue // not measured
			}
			r.Runs = append(r.Runs, run{Contender: name, Clients: clients, Rate: float64(1000 * clients), P50: 0.1, P99: 2.5, P999: float64(clients)})
		}
	}
	path := filepath.Join(t.TempDir(), "bench.svg")
	if err := r.writeSVG(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := elements(t, string(text))
	if found["svg"] != 1 || found["circle"] != 4*8 || found["polyline"] != 4*3 {
		t.Errorf("%v, want 4 panels with 8 points on 3 curves", found)
	}
	for _, part := range []string{
		"resultlog, known activities, 64 clients: 6.4e+04</title>", "a &lt;b&gt; &amp; c, 1 clients: 0.1</title>", "a &lt;b&gt; &amp; c, 1 clients: 2.5</title>", "a &lt;b&gt; &amp; c, 256 clients: 256</title>", // rate, p50, p99 and p99.9
		">a &lt;b&gt; &amp; c</text>", "abc&lt;1&gt;", "prefers-color-scheme:dark", ">64</text>", ">100 k</text>", ">0.1</text>",
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the plot lacks %q", part)
		}
	}
}

// Every point stands within its panel, a higher value above a lower one, and twice as many clients as far to the right wherever.
func TestScalesAreLogarithmic(t *testing.T) {
	p := panel{curves: []curve{{points: []point{{1, 3}, {16, 2000}}}, {points: []point{{1024, 40}}}}}
	x, y := p.scales(panelWidth, panelHeight)
	if y.low != 1 || y.high != 10_000 || len(y.ticks()) != 5 {
		t.Errorf("from %v to %v, with ticks at %v", y.low, y.high, y.ticks())
	}
	if x.at(1) != panelWidth+marginLeft || x.at(1024) != 2*panelWidth-marginRight || math.Abs(x.at(32)-(x.at(1)+x.at(1024))/2) > 1e-9 {
		t.Errorf("1, 32 and 1024 clients stand at %v, %v and %v", x.at(1), x.at(32), x.at(1024))
	}
	if y.at(2000) >= y.at(40) || y.at(2000) < panelHeight+marginTop || y.at(3) > 2*panelHeight-marginFoot {
		t.Errorf("2000, 40 and 3 stand at %v, %v and %v", y.at(2000), y.at(40), y.at(3))
	}
	one := scale{low: 5, high: 5, from: 10, to: 20}
	if one.at(5) != 15 {
		t.Errorf("a single value stands at %v", one.at(5))
	}
}

func TestPlotOfNothing(t *testing.T) {
	if found := elements(t, plot((report{}).panels(), "")); found["circle"] != 0 || found["svg"] != 1 {
		t.Errorf("%v", found)
	}
}
