package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"resultlog/core"
	"resultlog/projections/audit"
)

// findingsShown is how many findings a report has: whoever must see more must mend something first.
const findingsShown = 100

// verifyReport is what a verification came to.
type verifyReport struct {
	OK          bool            `json:"ok"`
	Events      int64           `json:"events"`
	Checkpoints int64           `json:"checkpoints"` // signed, and holding
	Keys        string          `json:"keys"`        // trusted: they were given; stored: they are the store's own; none: there were no checkpoints to verify by any
	Tenants     []tenantReport  `json:"tenants"`
	Tables      *tablesReport   `json:"readTables,omitempty"`
	Findings    []findingReport `json:"findings"`
	MoreFound   int             `json:"moreFindings"`
	Seconds     float64         `json:"seconds"`         // for the log alone
	Rate        float64         `json:"eventsPerSecond"` // likewise

	begin time.Time
	lines []string
}

// tenantReport is a tenant's history as it was verified.
type tenantReport struct {
	Tenant   core.ID       `json:"tenant"`
	Events   core.Position `json:"events"`
	Root     string        `json:"root"`     // of the tree over them, in hexadecimal digits
	Unsigned core.Position `json:"unsigned"` // how many events come after those that a checkpoint is about
}

// tablesReport is what was compared of the read tables.
type tablesReport struct {
	Rows      int64 `json:"rows"`
	Parked    int64 `json:"parkedStreams"`    // left out: they are for resultlog deadletters
	Unapplied int64 `json:"unappliedStreams"` // left out too: an event of theirs was dropped
}

// findingReport is a finding, for programs. Positions are 0 where it is about none.
type findingReport struct {
	Kind        audit.Kind    `json:"kind"`
	Tenant      *core.ID      `json:"tenant,omitempty"`
	First       core.Position `json:"firstPosition,omitempty"` // the tenant's; the bad event is one of First to Last
	Last        core.Position `json:"lastPosition,omitempty"`
	LogPosition core.Position `json:"logPosition,omitempty"`
	Message     string        `json:"message"`
}

func newVerifyReport() *verifyReport {
	return &verifyReport{begin: time.Now(), Findings: []findingReport{}, Tenants: []tenantReport{}, Keys: "none"}
}

// found notes a finding.
func (r *verifyReport) found(f audit.Finding) {
	if len(r.Findings) == findingsShown {
		r.MoreFound++
		return
	}
	report := findingReport{Kind: f.Kind, First: f.First, Last: f.Last, LogPosition: f.Position, Message: f.Message}
	if !f.Tenant.IsZero() {
		report.Tenant = &f.Tenant
	}
	r.Findings, r.lines = append(r.Findings, report), append(r.lines, f.String())
}

// end notes what was verified of the log.
func (r *verifyReport) end(v *audit.Verifier) {
	r.Events, r.Checkpoints, r.MoreFound = v.Events(), v.Holding(), r.MoreFound+int(v.Untold())
	r.Seconds = time.Since(r.begin).Seconds()
	r.Rate = float64(r.Events) / r.Seconds
	for id, tree := range v.Trees() {
		r.Tenants = append(r.Tenants, tenantReport{Tenant: id, Events: tree.Size, Root: tree.Root.String(), Unsigned: v.Unsigned(id)})
	}
	slices.SortFunc(r.Tenants, func(a, b tenantReport) int { return strings.Compare(a.Tenant.String(), b.Tenant.String()) })
}

// print tells what was found; an error if anything was.
func (r *verifyReport) print(con console, asJSON bool) error {
	r.OK = len(r.Findings) == 0
	if asJSON {
		if err := printJSON(con.out, r); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(con.out, r.text()); err != nil {
		return err
	}
	if !r.OK {
		return fmt.Errorf("not everything is as it must be: %d findings", len(r.Findings)+r.MoreFound)
	}
	return nil
}

// text is the report for a person.
func (r *verifyReport) text() string {
	var b strings.Builder
	for i, line := range r.lines {
		fmt.Fprintf(&b, "%s: %s\n", r.Findings[i].Kind, line)
	}
	if r.MoreFound > 0 {
		fmt.Fprintf(&b, "and %d more findings\n", r.MoreFound)
	}
	fmt.Fprintf(&b, "read %d events of %d tenants in %.1f s (%.0f a second)", r.Events, len(r.Tenants), r.Seconds, r.Rate)
	if r.OK {
		b.WriteString(": nothing is missing, all can be read, and the rules could have recorded it")
	}
	fmt.Fprintf(&b, "\n%d signed checkpoints hold%s\n", r.Checkpoints, map[string]string{
		"trusted": ", by keys that you trust", "stored": ", by the store's own keys; --key proves it by one that was given to you", "none": ": none was given, so that this proves only that the file agrees with itself",
	}[r.Keys])
	for _, t := range r.Tenants {
		fmt.Fprintf(&b, "tenant %s: %d events, root %s", t.Tenant, t.Events, t.Root)
		if t.Unsigned > 0 {
			fmt.Fprintf(&b, "; the last %d are in no checkpoint yet", t.Unsigned)
		}
		b.WriteByte('\n')
	}
	if r.Tables != nil {
		fmt.Fprintf(&b, "compared %d rows of the read tables with the log", r.Tables.Rows)
		if r.Tables.Parked > 0 {
			fmt.Fprintf(&b, ", but for %d streams that are parked: resultlog deadletters", r.Tables.Parked)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
