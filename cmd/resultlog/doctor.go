package main

import (
	"context"
	"errors"
	"time"

	"resultlog/eventstore"
)

// checkPatience is how long a check may take: as long as it takes to give up two hosts that say nothing, and to connect with a third. A store that hangs is an answer, too.
const checkPatience = 10 * time.Second

// farewell is how long a check that was given up may take to notice. Whatever asks a server notices at once; a disk that hangs is deaf to it, and is left behind.
const farewell = 250 * time.Millisecond

// doctorCommand looks at a store and tells how it is.
type doctorCommand struct {
	storeFlags
	JSON bool `name:"json" help:"Print what was found as one JSON object, for programs."`
}

// Help stands in --help, below the usage.
func (*doctorCommand) Help() string {
	return `Changes nothing: it makes no file, migrates nothing, and holds up no server. It works while servers run and when none does, with a store of an older or a newer version, and on PostgreSQL with the
role that the servers log in as. One line for each check: ok, warn, FAIL, or skip if what it needs was not found; then what was found, and what to do next. Each takes 10 s at most.

Exit code 0 if no check failed, though some may have warned; 1 if one failed; 2 if the command was not understood.

It does not read the whole log: resultlog verify does, and tells whether the history is what it was.`
}

// Run implements the subcommand.
func (c *doctorCommand) Run(ctx context.Context, con console) error {
	report, err := c.examine(ctx, time.Now, checkPatience)
	if err != nil {
		return err
	}
	return report.print(con, c.JSON)
}

// examine makes all checks, by a clock, each for so long.
func (c *doctorCommand) examine(ctx context.Context, now func() time.Time, patience time.Duration) (report *doctorReport, err error) {
	e, err := c.examiner()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	d := doctor{examiner: e, remote: c.Store != "", now: now}
	report = &doctorReport{Version: thisBuild().Version, Store: e.Place()}
	for _, check := range d.checks() {
		finding := d.make(ctx, check, patience)
		if check.name == storeCheck {
			d.reached = finding.Status != statusOf(eventstore.HealthFail)
		}
		report.Checks = append(report.Checks, finding)
	}
	report.end()
	return report, nil
}

// doctor makes the checks of a store.
type doctor struct {
	examiner
	remote  bool // the store is a server: all of it is out of reach together
	reached bool // the first check has found it
	now     func() time.Time
}

// check is one of the doctor's. An error that wraps eventstore.ErrNotThere means that there is nothing to check yet; every other one is a finding by itself.
type check struct {
	name    string
	reaches bool // it can be made only if the store was reached
	find    func(context.Context) (eventstore.Finding, error)
}

// storeCheck is the name of the first, without which most others mean nothing.
const storeCheck = "store"

// checks are those that the doctor makes, in their order.
func (d *doctor) checks() []check {
	return []check{
		{storeCheck, false, alone(d.Reach)},
		{"version", false, d.versions},
		{"settings", true, alone(d.Settings)},
		{"migrations", true, d.migrations},
		{"lag", true, d.lag},
		{"dead letters", true, d.deadLetters},
		{"disk", d.remote, d.Space}, // a full disk may be why the log cannot be opened
		{"clock", true, d.clock},
		{"checkpoints", true, d.checkpoints},
	}
}

// alone is a check of which the engine gives the finding.
func alone(find func(context.Context) eventstore.Finding) func(context.Context) (eventstore.Finding, error) {
	return func(ctx context.Context) (eventstore.Finding, error) { return find(ctx), nil }
}

// make makes a check, unless it cannot be made.
func (d *doctor) make(ctx context.Context, c check, patience time.Duration) checkReport {
	if c.reaches && !d.reached {
		return checkReport{Name: c.name, Status: statusSkipped, Found: "the store was not reached"}
	}
	finding, err := within(ctx, patience, c.find)
	switch {
	case errors.Is(err, eventstore.ErrNotThere):
		return checkReport{Name: c.name, Status: statusSkipped, Found: err.Error()}
	case err != nil:
		finding = eventstore.Found("this cannot be told: %v", err).Fail("cure what the other checks have found first; then run this again")
	}
	return checkReport{Name: c.name, Status: statusOf(finding.Health), Found: finding.Found, Advice: finding.Advice}
}

// within gives a check up after a time.
func within(ctx context.Context, patience time.Duration, find func(context.Context) (eventstore.Finding, error)) (eventstore.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type answer struct {
		finding eventstore.Finding
		err     error
	}
	done := make(chan answer, 1)
	go func() { // apart, since a disk that hangs is deaf to the context
		finding, err := find(ctx)
		done <- answer{finding, err}
	}()
	select {
	case a := <-done:
		if ctx.Err() == nil {
			return a.finding, a.err
		}
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(farewell):
		}
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return eventstore.Finding{}, ctx.Err()
	}
	return eventstore.Found("no answer within %s", patience).Fail("the store hangs: look at the disk, or at the database server and the network to it"), nil
}
