package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// copiedAtOnce is how many events one commit of a copy has: as many as a server's largest batch.
	copiedAtOnce = eventstore.MaxBatch

	// copiedBytes ends a commit of a copy early, if its events are large.
	copiedBytes = eventstore.MaxBatchBytes
)

// copyCommand copies a log into another store.
type copyCommand struct {
	From place `required:"" env:"-" placeholder:"STORE" help:"The store to copy from: sqlite:DIR, or postgres://…"`
	To   place `required:"" env:"-" placeholder:"STORE" help:"The store to copy to, likewise. It is made if it is not there."`
	JSON bool  `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*copyCommand) Help() string {
	return `Copies every event to the byte, as it is stored; then reads both logs again, compares them and replays the copy. What is there already must be the beginning of what is copied, to the byte: so a copy that
was interrupted goes on where it stopped, and one that is run again brings what came since. Servers may run on the store that is copied from, but not yet on the one that is copied to.
What was erased there (resultlog erase) is erased in the copy, too, and what was erased in the copy is not brought back. If the copy has been served before, run resultlog erase there for the same result: its read
tables' files may still hold it.
To move: copy while the servers run; stop them; copy again, which takes moments; start them on the new store. The read tables are made there from the log.`
}

// Validate refuses to copy a store into itself.
func (c *copyCommand) Validate() error {
	if c.From == c.To {
		return errors.New("--from and --to are the same store")
	}
	return nil
}

// place is a store, as the command line names it.
type place struct{ flags storeFlags }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *place) UnmarshalText(text []byte) error {
	dir, isSQLite := bytes.CutPrefix(text, []byte("sqlite:"))
	switch {
	case isSQLite && len(dir) > 0:
		p.flags.Data = string(dir)
	case isPostgres(string(text)):
		p.flags.Store = string(text)
	default:
		return fmt.Errorf("%q is no store: it must be sqlite:DIR or postgres://…", text)
	}
	return nil
}

// copyingReport is what copy prints for programs.
type copyingReport struct {
	Copied  core.Position `json:"copied"`           // events that this run has copied
	Before  core.Position `json:"before"`           // that were there already
	Head    core.Position `json:"head"`             // position of the last of all
	Erased  int64         `json:"erased,omitempty"` // submissions whose personal part was erased in the copy, since it was where they came from
	Seconds float64       `json:"seconds"`          // that it took
}

// Run implements the subcommand.
func (c *copyCommand) Run(ctx context.Context, con console) (err error) {
	begin := time.Now()
	from, err := c.From.flags.openLog(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := c.To.flags.openLog(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	report, err := copyLog(ctx, con, from, to)
	if err != nil {
		return err
	}
	took := time.Since(begin)
	if report.Seconds = took.Seconds(); c.JSON {
		return json.NewEncoder(con.out).Encode(report)
	}
	if report.Erased > 0 {
		fmt.Fprintf(con.err, "what is personal in %d submissions was erased in the copy, as it was where they came from\n", report.Erased)
	}
	_, err = fmt.Fprintf(con.out, "copied %d events in %s (%d were there already); both logs are the same up to position %d, and the copy replays\n",
		report.Copied, took.Round(time.Millisecond), report.Before, report.Head)
	return err
}

// copyLog copies what one log has now and the other lacks, and verifies it.
func copyLog(ctx context.Context, con console, from, to storedLog) (r copyingReport, err error) {
	if r.Head, err = from.Head(ctx); err != nil {
		return r, err
	}
	if r.Before, err = to.Head(ctx); err != nil {
		return r, err
	}
	if r.Before > r.Head {
		return r, fmt.Errorf("nothing was copied: the store to copy to has %d events, the one to copy from has %d, so that the one is not the beginning of the other", r.Before, r.Head)
	}
	comparing := comparison{from: from, to: to, erased: newErasures()}
	if err := comparing.run(ctx, r.Before, progress(con, "comparing", r.Before)); err != nil {
		return r, fmt.Errorf("nothing was copied: what the store to copy to holds is not the beginning of the other: %w", err)
	}
	if err := copyRows(ctx, from, to, r.Before, r.Head, progress(con, "copying", r.Head)); err != nil {
		return r, fmt.Errorf("run it again to go on: %w", err)
	}
	r.Copied = r.Head - r.Before
	verifying := comparison{from: from, to: to, erased: newErasures(), machine: core.NewMachine()}
	if err := verifying.run(ctx, r.Head, progress(con, "verifying", r.Head)); err != nil {
		return r, fmt.Errorf("the copy is not what was copied: %w", err)
	}
	if r.Erased, err = verifying.erased.carryOut(ctx, con, to); err != nil {
		return r, fmt.Errorf("all is copied, but not all is erased in the copy that was erased where it came from; run it again to go on: %w", err)
	}
	return r, nil
}

// copyRows copies the rows after a position up to a head, a commit at a time. A crash between two of them leaves a beginning of the log.
func copyRows(ctx context.Context, from, to storedLog, after, head core.Position, reached func(core.Position)) error {
	var batch []eventstore.Row
	size := 0
	for row, err := range from.Rows(ctx, after) {
		if err != nil {
			return err
		}
		if row.Position > head {
			break
		}
		batch = append(batch, row)
		if size += row.Size(); len(batch) < copiedAtOnce && size < copiedBytes && row.Position < head {
			continue
		}
		if err := to.AppendRows(ctx, batch); err != nil {
			return err
		}
		reached(row.Position)
		batch, size = batch[:0], 0
	}
	return nil
}

// comparison compares two logs, to the byte but for what is erased in one of them, and replays the second into a machine, if there is one.
type comparison struct {
	from, to storedLog
	erased   *erasures
	machine  *core.Machine
}

// run compares them up to a position. The first is read further if what was noted needs it: it may have been erased just now.
func (c comparison) run(ctx context.Context, head core.Position, reached func(core.Position)) error {
	next, stop := iter.Pull2(c.to.Rows(ctx, 0))
	defer stop()
	seen := core.Position(0)
	for want, err := range c.from.Rows(ctx, 0) {
		if err != nil {
			return err
		}
		if want.Position > head && c.erased.first() == 0 {
			break
		}
		c.erased.meet(want, want.Position <= head)
		if want.Position > head {
			continue
		}
		if err := c.one(want, next); err != nil {
			return err
		}
		if seen = want.Position; seen%eventstore.PageSize == 0 {
			reached(seen)
		}
	}
	if seen != head {
		return fmt.Errorf("the log was read up to position %d of %d", seen, head)
	}
	if first := c.erased.first(); first != 0 {
		return fmt.Errorf("they differ at position %d, in personal", first)
	}
	reached(seen)
	return nil
}

// one compares one row with the next of the other log.
func (c comparison) one(want eventstore.Row, next func() (eventstore.Row, error, bool)) error {
	got, err, _ := next() // none is the zero row
	if err != nil {
		return err
	}
	if column := c.erased.differs(want, got); column != "" {
		return fmt.Errorf("they differ at position %d, in %s", want.Position, column)
	}
	return replayRow(c.machine, got)
}

func replayRow(machine *core.Machine, row eventstore.Row) error {
	if machine == nil {
		return nil
	}
	r, err := row.Recorded()
	if err != nil {
		return err
	}
	return machine.Replay(r)
}
