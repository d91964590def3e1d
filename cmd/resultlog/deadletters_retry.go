package main

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
	"resultlog/projections"
)

// retryLetter applies parked events again.
type retryLetter struct {
	lettersFlags
	Position core.Position `arg:"" optional:"" help:"The event at this position in the log, and those before it on its stream."`
	Stream   core.ID       `env:"-" placeholder:"UUID" help:"All events of this stream: the id of the result or activity, or the tenant's."`
	All      bool          `env:"-" help:"All that there are."`
}

// Help stands in --help, below the usage.
func (*retryLetter) Help() string {
	return `Say which: a POSITION, --stream or --all. Each stream is applied in its order, in one transaction (a very long one in several), by the same code that applies what is new, and ends at the first event that
fails again; its error is renewed. What was applied is parked no more, and the read tables are as if it had never been. So the rows have the lastPosition of their events, and clients that
have synchronised beyond that by after_position must begin again from there to see them: the tenant's position of the first is told. Servers may run meanwhile. Exit code 1 if anything of what was asked for
is still parked.`
}

// Validate refuses what is not one choice.
func (c *retryLetter) Validate() error {
	chosen := 0
	for _, choice := range []bool{c.Position != 0, !c.Stream.IsZero(), c.All} {
		if choice {
			chosen++
		}
	}
	if chosen != 1 {
		return errors.New("say which to retry: a POSITION, or --stream, or --all")
	}
	return c.storeFlags.Validate()
}

// retriedReport is what came of a stream, for programs.
type retriedReport struct {
	Stream  core.ID       `json:"stream"`
	Tenant  core.ID       `json:"tenant"`
	Applied int           `json:"applied"`
	From    core.Position `json:"from,omitempty"`   // the tenant's position of the first that was applied
	Left    int           `json:"left"`             // still parked, of what was asked for
	Failed  core.Position `json:"failed,omitempty"` // the position of the event that failed
	Error   string        `json:"error,omitempty"`  // and why
}

// Run implements the subcommand.
func (c *retryLetter) Run(ctx context.Context, con console) error {
	return c.open(ctx, func(l letters) error {
		left := 0
		err := c.chosen(ctx, con, l, func(stream core.Stream, through core.Version) error {
			done, err := l.Retry(ctx, stream, through)
			left += done.Left
			return errors.Join(err, c.tell(con, stream, done))
		})
		if err == nil && left > 0 {
			err = fmt.Errorf("%d events are still parked: resultlog deadletters show POSITION tells why", left)
		}
		return err
	})
}

// chosen gives each stream that was asked for, and how far; 0 is all of it.
func (c *retryLetter) chosen(ctx context.Context, con console, l letters, retry func(core.Stream, core.Version) error) error {
	if c.Position != 0 {
		letter, err := l.At(ctx, c.Position)
		if err != nil {
			return fmt.Errorf("%w; resultlog deadletters list shows what is", err)
		}
		return retry(letter.Stream, letter.Version)
	}
	var last core.Stream
	for letter, err := range l.List(ctx, projections.Which{Stream: c.Stream}) {
		if err != nil {
			return err
		}
		if letter.Stream == last {
			continue
		}
		last = letter.Stream
		if err := retry(last, 0); err != nil {
			return err
		}
	}
	if last == (core.Stream{}) {
		fmt.Fprintln(con.err, nothingParked)
	}
	return nil
}

func (c *retryLetter) tell(con console, stream core.Stream, done projections.Retried) error {
	report := retriedReport{Stream: stream.ID, Tenant: stream.Tenant, Applied: done.Applied, From: done.From, Left: done.Left}
	if done.Failed != nil {
		report.Failed, report.Error = done.Failed.Position, done.Failed.Error
	}
	if c.JSON {
		return printJSON(con.out, report)
	}
	text := fmt.Sprintf("stream %s: applied %d", report.Stream, report.Applied)
	if done.From > 0 {
		text += fmt.Sprintf(", from position %d of tenant %s on", done.From, report.Tenant)
	}
	if done.Failed != nil {
		text += fmt.Sprintf(", %d still parked; the event at position %d failed: %s", report.Left, report.Failed, beginning(report.Error))
	}
	_, err := fmt.Fprintln(con.out, text)
	return err
}
