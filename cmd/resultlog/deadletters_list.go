package main

import (
	"context"
	"fmt"
	"strings"

	"resultlog/core"
	"resultlog/projections"
)

// listLetters lists parked events.
type listLetters struct {
	lettersFlags
	Tenant core.ID `env:"-" placeholder:"UUID" help:"Only those of this tenant."`
}

// Help stands in --help, below the usage.
func (*listLetters) Help() string {
	return `The lines of a stream stand together, in its order: the first says what is wrong, the others follow it. With --json each line is an object, with the whole error.
Columns: position in the log, type, version in the stream, stream (the id of the result or activity, or the tenant's), tenant, when it was parked, and the beginning of the error.`
}

// Run implements the subcommand.
func (c *listLetters) Run(ctx context.Context, con console) error {
	return c.open(ctx, func(l letters) error {
		some := false
		for letter, err := range l.List(ctx, projections.Which{Tenant: c.Tenant}) {
			if err != nil {
				return err
			}
			some = true
			if err := c.print(ctx, con, l, letter); err != nil {
				return err
			}
		}
		if !some {
			fmt.Fprintln(con.err, nothingParked)
		}
		return nil
	})
}

func (c *listLetters) print(ctx context.Context, con console, l letters, letter projections.DeadLetter) error {
	row, err := l.row(ctx, letter)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(con.out, reportOf(letter, row.Type))
	}
	_, err = fmt.Fprintf(con.out, "%8d  %-20s  v%-4d  %s  %s  %s  %s\n",
		letter.Position, row.Type, letter.Version, letter.Stream.ID, letter.Stream.Tenant, letter.ParkedAt, beginning(letter.Error))
	return err
}

// nothingParked is said beside an answer that is empty.
const nothingParked = "nothing is parked"

// shortError is how many characters of an error stand in a line of a list: with the other columns they fill a wide terminal.
const shortError = 80

// beginning is the first line of a text, or as much of it as fits.
func beginning(text string) string {
	first, rest, _ := strings.Cut(text, "\n")
	runes := []rune(first)
	if len(runes) <= shortError && rest == "" {
		return first
	}
	return strings.TrimRight(string(runes[:min(len(runes), shortError)]), " ") + " …"
}
