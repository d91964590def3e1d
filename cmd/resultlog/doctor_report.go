package main

import (
	"fmt"
	"strings"

	"resultlog/eventstore"
)

// checkStatus is what a check came to.
type checkStatus string

// statusSkipped is that of a check which could not be made. The others are those of a finding.
const statusSkipped checkStatus = "skipped"

func statusOf(h eventstore.Health) checkStatus { return checkStatus(h) }

// shown is a status as it begins a line.
func (s checkStatus) shown() string {
	switch s {
	case statusOf(eventstore.HealthFail):
		return "FAIL" // so that it is seen
	case statusSkipped:
		return "skip"
	}
	return string(s)
}

// doctorReport is what the doctor has found.
type doctorReport struct {
	Version string        `json:"version"` // of this program
	Store   string        `json:"store"`   // where it is; never with a password
	Status  checkStatus   `json:"status"`  // ok, warn, or fail: that of the worst check
	Checks  []checkReport `json:"checks"`
}

// checkReport is what one check has found.
type checkReport struct {
	Name   string      `json:"name"`
	Status checkStatus `json:"status"`
	Found  string      `json:"found"`
	Advice string      `json:"advice"` // what to do next; empty if nothing
}

// count is how many checks came to a status.
func (r *doctorReport) count(status checkStatus) (n int) {
	for _, c := range r.Checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

// end sums up.
func (r *doctorReport) end() {
	r.Status = statusOf(eventstore.HealthOK)
	for _, worse := range []checkStatus{statusOf(eventstore.HealthWarn), statusOf(eventstore.HealthFail)} {
		if r.count(worse) > 0 {
			r.Status = worse
		}
	}
}

// print tells what was found; an error if a check failed.
func (r *doctorReport) print(con console, asJSON bool) error {
	if asJSON {
		if err := printJSON(con.out, r); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(con.out, r.text()); err != nil {
		return err
	}
	if failed := r.count(statusOf(eventstore.HealthFail)); failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(r.Checks))
	}
	return nil
}

// text is the report for a person.
func (r *doctorReport) text() string {
	var b strings.Builder
	for _, c := range r.Checks {
		line := c.Found
		if c.Advice != "" {
			line += ". Next: " + c.Advice
		}
		fmt.Fprintf(&b, "%-5s %-13s %s\n", c.Status.shown(), c.Name, strings.Join(strings.Fields(line), " ")) // on one line, whatever a server says
	}
	fmt.Fprintf(&b, "%s: %d ok, %d warn, %d failed, %d skipped\n", r.Store,
		r.count(statusOf(eventstore.HealthOK)), r.count(statusOf(eventstore.HealthWarn)), r.count(statusOf(eventstore.HealthFail)), r.count(statusSkipped))
	return b.String()
}
