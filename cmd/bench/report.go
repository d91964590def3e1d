package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// report is all that a bench has to say; its JSON form is what --json writes.
type report struct {
	Machine    machine      `json:"machine"`
	Clients    []int        `json:"clients"`
	Rounds     int          `json:"rounds"`
	Seconds    float64      `json:"seconds"` // that clients send in a run
	Contenders []string     `json:"contenders"`
	Runs       results      `json:"runs"`
	Open       openRuns     `json:"open"`
	Tenants    tenantRuns   `json:"tenants"`
	Bursts     burstRuns    `json:"bursts"`
	Overloads  overloadRuns `json:"overloads"`
	CatchUps   catchUpRuns  `json:"catch_ups"`
	Stock      stockRuns    `json:"stock"`
	Lags       lagRuns      `json:"lags"`
	Restarts   restartRuns  `json:"restarts"`
	Memory     *memoryRun   `json:"memory"`
	Growth     growthRuns   `json:"growth"`
	Rows       int          `json:"rows"` // that Pages were read from
	Pages      pageRuns     `json:"pages"`
	Audit      auditRuns    `json:"audit"`
	Targets    []verdict    `json:"targets"`
}

// judge fills in the targets that something was measured of, in the order of the report.
func (r *report) judge() {
	r.Targets = slices.Concat(r.Runs.verdicts(), r.Bursts.verdicts(), r.Overloads.verdicts(), r.CatchUps.verdicts(), r.Lags.verdicts(), r.Restarts.verdicts(), r.Memory.verdicts(),
		r.Growth.verdicts(), r.Pages.verdicts(r.Rows), r.Audit.verdicts())
}

// writeJSON writes the report to a file.
func (r report) writeJSON(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// write prints the report as Markdown, as it stands in docs/performance.md.
func (r report) write(out io.Writer) {
	m := r.Machine
	if m.Postgres != "" {
		m.Go += ", " + m.Postgres
	}
	fmt.Fprintf(out, "`%s`. Measured %s at commit %s: %d cores (%s), %s, %s, data on %s, load average %s before; load generator and server share the cores. "+
		"Medians of %d rounds of %g s, interleaved.\n",
		m.Command, m.Date, m.Commit, m.Cores, m.CPU, m.System, m.Go, m.FileSystem, m.Load, r.Rounds, r.Seconds)

	if len(r.Runs) > 0 {
		r.writeRates(out)
	}
	r.Open.write(out)
	r.Tenants.write(out)
	r.Bursts.write(out)
	r.Overloads.write(out)
	r.CatchUps.write(out, r.Stock)
	r.Lags.write(out)
	r.Restarts.write(out)
	r.Memory.write(out)
	r.Growth.write(out)
	r.Pages.write(out, r.Rows)
	r.Audit.write(out)
	r.writeTargets(out)
}

// writeRates prints the contenders beside each other.
func (r report) writeRates(out io.Writer) {
	r.heading(out, "ratio of rates, by clients")
	for _, c := range r.Contenders {
		for _, to := range r.heldAgainst(c) {
			r.row(out, c+" / "+to, func(clients int) string { return ratioText(r.Runs.ratio(c, to, clients, rate)) })
		}
	}
	if slices.Contains(r.Contenders, plainFileName) {
		r.heading(out, "ratio of p99 to the plain file's, by clients")
		for _, c := range r.Contenders {
			if c != ceilingName && c != plainFileName {
				r.row(out, c, func(clients int) string { return ratioText(r.Runs.ratio(c, plainFileName, clients, p99)) })
			}
		}
	}
	r.heading(out, "201s a second, by clients")
	for _, c := range r.Contenders {
		r.row(out, c, func(clients int) string { return rateText(r.Runs.median(c, clients, rate)) })
	}
	r.heading(out, "latency p50 / p99 / p99.9 in ms, by clients")
	for _, c := range r.Contenders {
		r.row(out, c, func(clients int) string {
			return r.Runs.ifMeasured(c, clients, "%.2f / %.2f / %.2f", p50, p99, p999)
		})
	}
	r.heading(out, "ms from the last answer until it can be read, by clients")
	for _, c := range r.Contenders {
		if !slices.Contains([]string{ceilingName, plainFileName, crudName, stockName}, c) { // these keep nothing that could lag behind
			r.row(out, c, func(clients int) string { return r.Runs.ifMeasured(c, clients, "%.1f", lag) })
		}
	}
}

// heldAgainst lists whose rate a contender's is divided by: the limits', and, on PostgreSQL, that of whom it is to surpass or to equal.
func (r report) heldAgainst(c string) (others []string) {
	for _, to := range append([]string{ceilingName, plainFileName}, map[string][]string{knownName: {treelessName}, postgresName: {crudName, stockName}, twoNodesName: {postgresName}}[c]...) {
		if c != ceilingName && c != to && slices.Contains(r.Contenders, to) {
			others = append(others, to)
		}
	}
	return others
}

func (r report) writeTargets(out io.Writer) {
	if len(r.Targets) == 0 {
		return
	}
	fmt.Fprint(out, "\n| target | bound | stretch | measured | |\n|---|---|---|---|---|\n")
	for _, v := range r.Targets {
		sign, stretch, met := "≥", "", "missed"
		if v.AtMost {
			sign = "≤"
		}
		if v.Stretch != 0 {
			stretch = fmt.Sprintf("%s %.2f", sign, v.Stretch)
		}
		if v.Met {
			met = "met"
		}
		fmt.Fprintf(out, "| %s | %s %.2f | %s | %.2f | %s |\n", v.Name, sign, v.Target, stretch, v.Value, met)
	}
}

// heading begins a table with a column for each number of clients.
func (r report) heading(out io.Writer, what string) {
	fmt.Fprintf(out, "\n| %s |", what)
	for _, clients := range r.Clients {
		fmt.Fprintf(out, " %d |", clients)
	}
	fmt.Fprintf(out, "\n|---|%s\n", strings.Repeat("---|", len(r.Clients)))
}

func (r report) row(out io.Writer, name string, cell func(clients int) string) {
	fmt.Fprintf(out, "| %s |", name)
	for _, clients := range r.Clients {
		fmt.Fprintf(out, " %s |", cell(clients))
	}
	fmt.Fprintln(out)
}

// ifMeasured writes the medians of a contender's figures, or a dash if there are none.
func (rs results) ifMeasured(contender string, clients int, format string, figures ...metric) string {
	var medians []any
	for _, of := range figures {
		v := rs.median(contender, clients, of)
		if math.IsNaN(v) {
			return "–"
		}
		medians = append(medians, v)
	}
	return fmt.Sprintf(format, medians...)
}

func ratioText(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

func rateText(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	if v < 10_000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f k", v/1000)
}
