package main

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
	"resultlog/projections"
)

// dropLetter gives a parked event up.
type dropLetter struct {
	lettersFlags
	Position core.Position `arg:"" help:"Its position in the log, as list shows it; it must be the first that is parked of its stream."`
	Yes      bool          `env:"-" help:"Do it; otherwise it only says what would be lacking."`
}

// Help stands in --help, below the usage.
func (*dropLetter) Help() string {
	return `The read tables will lack the event; the log keeps it, and resultlog rebuild tries it again. What follows it on its stream stays parked until it is retried. Retry first: dropping is for what will
never be applied.`
}

// droppedReport is what was dropped, or would be, for programs.
type droppedReport struct {
	letterReport
	Lacks   string `json:"lacks"` // what the read tables lack without it
	Dropped bool   `json:"dropped"`
}

// Run implements the subcommand.
func (c *dropLetter) Run(ctx context.Context, con console) error {
	return c.open(ctx, func(l letters) error {
		letter, err := l.Droppable(ctx, c.Position)
		if err != nil {
			return fmt.Errorf("nothing was dropped: %w", err)
		}
		row, err := l.row(ctx, letter)
		if err != nil {
			return err
		}
		if c.Yes {
			if _, err := l.Drop(ctx, c.Position); err != nil {
				return fmt.Errorf("nothing was dropped: %w", err)
			}
		}
		report := droppedReport{reportOf(letter, row.Type), projections.Lacks(row.Type, letter.Stream.ID), c.Yes}
		if err := c.tell(con, report); err != nil {
			return err
		}
		if !c.Yes {
			return errors.New("nothing was dropped: say --yes to drop it")
		}
		return nil
	})
}

func (c *dropLetter) tell(con console, r droppedReport) error {
	if c.JSON {
		return printJSON(con.out, r)
	}
	what := "would drop"
	if r.Dropped {
		what = "dropped"
	}
	_, err := fmt.Fprintf(con.out, "%s the %s at position %d: %s.\nThe log keeps it, and resultlog rebuild tries it again. What follows it on its stream stays parked until it is retried.\n",
		what, r.Type, r.Position, r.Lacks)
	return err
}
