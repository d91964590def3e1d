package main

import (
	"fmt"
	"html"
	"math"
	"os"
	"slices"
	"strings"
)

// panel is one diagram of a plot: a curve for each contender, over the number of clients. Both axes are logarithmic.
type panel struct {
	title  string
	curves []curve
}

// curve is one contender's. A contender that was measured with one number of clients has a single point.
type curve struct {
	name   string
	colour int // an index into the colours, the same in all panels
	points []point
}

type point struct{ x, y float64 }

// The sizes of a plot, in pixels.
const (
	panelWidth, panelHeight = 520, 320
	marginLeft, marginTop   = 64, 36
	marginRight, marginFoot = 16, 40
	legendLine              = 20 // of the legend, which has two columns
)

// The colours of curves, in their order, for light and for dark backgrounds: those of Okabe and Ito, which most of those tell apart who see colours otherwise, and a few more.
var (
	onLight = []string{"#000000", "#777777", "#0072b2", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#8a6d00", "#7b3294", "#b2182b", "#4d7d2a", "#5c4033"}
	onDark  = []string{"#ffffff", "#aaaaaa", "#4ea5e0", "#9bd3f5", "#3fcf9f", "#ff8a3c", "#f0a6cd", "#e6c84f", "#c28ae0", "#ff6b6b", "#9ccc65", "#c8a27c"}
)

// panels are what a report has to show of its runs: the rate, and the percentiles of the latency.
func (r report) panels() (all []panel) {
	for _, one := range []struct {
		title string
		of    metric
	}{{"201s a second", rate}, {"latency p50, ms", p50}, {"latency p99, ms", p99}, {"latency p99.9, ms", p999}} {
		p := panel{title: one.title}
		for i, c := range r.Contenders {
			line := curve{name: c, colour: i % len(onLight)}
			for _, clients := range slices.Sorted(slices.Values(r.Clients)) {
				if v := r.Runs.median(c, clients, one.of); v > 0 { // NaN: it was not measured with so many
					line.points = append(line.points, point{float64(clients), v})
				}
			}
			p.curves = append(p.curves, line)
		}
		all = append(all, p)
	}
	return all
}

// writeSVG draws the rates and latencies over the number of clients.
func (r report) writeSVG(path string) error {
	return os.WriteFile(path, []byte(plot(r.panels(), r.Machine.caption())), 0o644)
}

// plot draws panels two in a row, and one legend for all of them.
func plot(panels []panel, caption string) string {
	const width, columns = 2 * panelWidth, 2
	rows := (len(panels) + columns - 1) / columns
	var names []curve
	if len(panels) > 0 {
		names = panels[0].curves
	}
	foot := rows * panelHeight
	height := foot + (len(names)+1)/columns*legendLine + 2*legendLine
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">`+"\n%s", width, height, style())
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%d"/>`+"\n", width, height)
	for i, p := range panels {
		p.draw(&b, i%columns*panelWidth, i/columns*panelHeight)
	}
	for i, c := range names {
		x, y := marginLeft+i%columns*panelWidth, foot+legendLine+i/columns*legendLine
		fmt.Fprintf(&b, `<g class="c%d"><line x1="%d" y1="%d" x2="%d" y2="%d"/></g><text x="%d" y="%d">%s</text>`+"\n", c.colour, x-24, y-4, x-4, y-4, x+4, y, html.EscapeString(c.name))
	}
	fmt.Fprintf(&b, `<text class="faint" x="%d" y="%d">%s</text>`+"\n</svg>\n", marginLeft-24, height-legendLine/2, html.EscapeString(caption))
	return b.String()
}

// style names the colours once: who looks at it on a dark page sees the dark ones.
func style() string {
	var b strings.Builder
	theme := func(paper, ink, faint string, colours []string) {
		fmt.Fprintf(&b, ".paper{fill:%s}text{fill:%s}.faint{fill:%s;font-size:11px}.grid{stroke:%s;stroke-opacity:.3}", paper, ink, faint, faint)
		for i, c := range colours {
			fmt.Fprintf(&b, ".c%d{stroke:%s;fill:%s}", i, c, c)
		}
	}
	b.WriteString("<style>polyline{fill:none}polyline,line{stroke-width:1.5}")
	theme("#ffffff", "#1b1f24", "#6b737c", onLight)
	b.WriteString("@media (prefers-color-scheme:dark){")
	theme("#0d1117", "#e6edf3", "#8b949e", onDark)
	b.WriteString("}</style>\n")
	return b.String()
}

// draw draws a panel with its upper left corner at a place.
func (p panel) draw(b *strings.Builder, left, top int) {
	x, y := p.scales(left, top)
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", left+marginLeft, top+marginTop-14, html.EscapeString(p.title))
	for _, clients := range p.clients() {
		at := x.at(clients)
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/><text class="faint" x="%.1f" y="%.1f" text-anchor="middle">%g</text>`+"\n", at, y.to, at, y.from, at, y.from+16, clients)
	}
	fmt.Fprintf(b, `<text class="faint" x="%.1f" y="%.1f" text-anchor="middle">clients</text>`+"\n", (x.from+x.to)/2, y.from+32)
	for _, v := range y.ticks() {
		at := y.at(v)
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/><text class="faint" x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x.from, at, x.to, at, x.from-6, at+4, tickText(v))
	}
	for _, c := range p.curves {
		c.draw(b, x, y)
	}
}

// draw draws the curve, and a dot for each point that says what it is when it is pointed at.
func (c curve) draw(b *strings.Builder, x, y scale) {
	fmt.Fprintf(b, `<g class="c%d"><polyline points="`, c.colour)
	for _, p := range c.points {
		fmt.Fprintf(b, "%.1f,%.1f ", x.at(p.x), y.at(p.y))
	}
	b.WriteString(`"/>`)
	for _, p := range c.points {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3"><title>%s, %g clients: %.4g</title></circle>`, x.at(p.x), y.at(p.y), html.EscapeString(c.name), p.x, p.y)
	}
	b.WriteString("</g>\n")
}

// scales are the axes of a panel: from the fewest to the most clients, and whole powers of ten around all values.
func (p panel) scales(left, top int) (x, y scale) {
	x = scale{low: math.Inf(1), high: math.Inf(-1), from: float64(left + marginLeft), to: float64(left + panelWidth - marginRight)}
	y = scale{low: math.Inf(1), high: math.Inf(-1), from: float64(top + panelHeight - marginFoot), to: float64(top + marginTop)}
	for _, c := range p.curves {
		for _, at := range c.points {
			x.low, x.high = min(x.low, at.x), max(x.high, at.x)
			y.low, y.high = min(y.low, at.y), max(y.high, at.y)
		}
	}
	y.low, y.high = math.Pow(10, math.Floor(math.Log10(y.low))), math.Pow(10, math.Ceil(math.Log10(y.high)))
	return x, y
}

// clients are the numbers of clients that any curve has a point at.
func (p panel) clients() (all []float64) {
	for _, c := range p.curves {
		for _, at := range c.points {
			all = append(all, at.x)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// scale maps the logarithms of values from low to high onto pixels.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	if s.high == s.low { // a single value stands in the middle
		return (s.from + s.to) / 2
	}
	return s.from + (s.to-s.from)*math.Log(v/s.low)/math.Log(s.high/s.low)
}

// ticks are the powers of ten of the scale.
func (s scale) ticks() (all []float64) {
	for v := s.low; v <= s.high*1.001; v *= 10 {
		all = append(all, v)
	}
	return all
}

func tickText(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%g k", v/1000)
	}
	return fmt.Sprintf("%.3g", v)
}
