package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// auditRun is how long one thing that an auditor does took, over the same history, in one round.
type auditRun struct {
	Name    string  `json:"name"`
	Round   int     `json:"round"`
	Events  int     `json:"events"`
	Seconds float64 `json:"seconds"` // of the whole process
}

func (r auditRun) rate() float64 { return float64(r.Events) / r.Seconds }

// auditRuns are all that were measured.
type auditRuns []auditRun

// What an auditor does, as the report shows it.
const (
	exporting       = "export: resultlog events --signed"
	verifyingExport = "verify an export: resultlog verify --file"
	verifyingLog    = "verify the log where it is: resultlog verify --skip-tables"
)

// verifiedTarget is the promise: a history of a million events is verified within five seconds.
var verifiedTarget = promise{name: "thousand events a second, verified from an export", bound: 200}

// measureAudit makes a history, keeps its trees, and does with it what an auditor does, in turns.
func (p product) measureAudit(ctx context.Context, dir string, events, rounds int) (runs auditRuns, err error) {
	data, export := filepath.Join(dir, "audit"), filepath.Join(dir, "history.ndjson")
	key, err := p.run(ctx, "signing-key", "create", "--data", data, "--origin", "bench")
	if err != nil {
		return nil, err
	}
	key = lastLine(key)
	made, err := fillHistory(ctx, place{dir: data}, events, 0)
	if err == nil {
		err = keepTrees(ctx, data)
	}
	if err != nil {
		return nil, err
	}
	for round := 1; round <= rounds; round++ {
		for _, one := range []struct {
			name string
			into string
			args []string
		}{
			{exporting, export, []string{"events", "--signed", "--data", data, "--tenant", tenantText}},
			{verifyingExport, "", []string{"verify", "--json", "--file", export, "--key", key}},
			{verifyingLog, "", []string{"verify", "--json", "--skip-tables", "--data", data, "--key", key}},
		} {
			begin := time.Now()
			out, err := p.runInto(ctx, one.into, one.args...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			run := auditRun{Name: one.name, Round: round, Events: made.events, Seconds: time.Since(begin).Seconds()}
			if one.into == "" {
				if err := judgeVerified(out, made.events); err != nil {
					return nil, fmt.Errorf("%s: %w", one.name, err)
				}
			}
			runs = append(runs, run)
			fmt.Fprintf(os.Stderr, "round %d/%d  %-58s %8.0f events/s\n", round, rounds, one.name, run.rate())
		}
	}
	return runs, nil
}

// judgeVerified looks whether a verification has seen everything, and found nothing.
func judgeVerified(report string, events int) error {
	var said struct {
		OK          bool `json:"ok"`
		Events      int  `json:"events"`
		Checkpoints int  `json:"checkpoints"`
	}
	if err := json.Unmarshal([]byte(report), &said); err != nil {
		return err
	}
	if !said.OK || said.Events != events || said.Checkpoints == 0 {
		return fmt.Errorf("it says %s", report)
	}
	return nil
}

// run runs a subcommand, and gives what it prints.
func (p product) run(ctx context.Context, args ...string) (string, error) {
	return p.runInto(ctx, "", args...)
}

// runInto runs one whose output goes to a file, if one is named.
func (p product) runInto(ctx context.Context, file string, args ...string) (out string, err error) {
	cmd := exec.CommandContext(ctx, p.binary, args...)
	cmd.Stderr = os.Stderr
	if file == "" {
		printed, err := cmd.Output()
		return string(printed), err
	}
	f, err := os.Create(file)
	if err != nil {
		return "", err
	}
	cmd.Stdout = f
	return "", errors.Join(cmd.Run(), f.Close())
}

func lastLine(text string) (last string) {
	for line := range linesOf(text) {
		last = line
	}
	return last
}

// write prints a table of medians.
func (rs auditRuns) write(out io.Writer) {
	if len(rs) == 0 {
		return
	}
	fmt.Fprintf(out, "\n| an auditor's work, over %d events | seconds | events a second |\n|---|---|---|\n", rs[0].Events)
	for _, name := range []string{exporting, verifyingExport, verifyingLog} {
		seconds := rs.median(name)
		fmt.Fprintf(out, "| %s | %.1f | %s |\n", name, seconds, rateText(float64(rs[0].Events)/seconds))
	}
}

func (rs auditRuns) median(name string) float64 {
	return medianOf(rs, func(r auditRun) bool { return r.Name == name }, func(r auditRun) float64 { return r.Seconds })
}

// verdicts judges the promise.
func (rs auditRuns) verdicts() []verdict {
	if len(rs) == 0 {
		return nil
	}
	return verifiedTarget.judge(float64(rs[0].Events) / rs.median(verifyingExport) / 1000)
}
