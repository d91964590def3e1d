package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

const (
	// followEvery is how often --follow asks the log for more: as often as an idle server does.
	followEvery = eventstore.FollowInterval

	// eventsBuffer gathers lines into larger writes; it is written out whenever there is nothing more to read.
	eventsBuffer = 256 << 10
)

// eventsCommand prints a tenant's history.
type eventsCommand struct {
	storeFlags
	Tenant   core.ID       `required:"" env:"-" placeholder:"UUID" help:"The tenant whose history it is."`
	Activity core.ID       `env:"-" placeholder:"UUID" help:"Only the events of this activity, and of its result."`
	Result   core.ID       `env:"-" placeholder:"UUID" help:"Only the events of this result."`
	Type     string        `env:"-" placeholder:"TYPE" help:"Only events of this type, like ResultSubmitted."`
	After    core.Position `env:"-" placeholder:"N" help:"Only events after this tenantPosition. Default: from the first."`
	From     *core.Instant `env:"-" placeholder:"TIME" help:"Only events recorded then or later, like 2025-01-16T14:30:00Z."`
	To       *core.Instant `env:"-" placeholder:"TIME" help:"Only events recorded then or earlier."`
	AsOf     *core.Moment  `env:"-" name:"as-of" placeholder:"MOMENT" help:"Print no events, but how --activity or --result was then: after the event at that tenantPosition, or at that time."`
	Signed   bool          `env:"-" help:"End with the newest signed checkpoint, on a line of its own: resultlog verify --file proves the whole by it."`
	Follow   bool          `env:"-" help:"Go on with what comes, until Ctrl-C."`
}

// Help stands in --help, below the usage.
func (*eventsCommand) Help() string {
	return `Prints the events of a tenant as they are stored, in the order of tenantPosition, one JSON object a line: the same bytes as GET /api/events with Accept: application/x-ndjson.
It reads the log itself; servers may run meanwhile. An event's data and metadata are its exact bytes; leaf is its hash. What is personal (comments, operators, payloads) is not shown: data has its SHA-256.

All that ever happened to one activity, the short way:
  resultlog events --tenant UUID --activity UUID | jq -r '[.tenantPosition, .recordedAt, .type, .actor.subject // .actor.key] | @tsv'
How many results of each kind were submitted in January:
  resultlog events --tenant UUID --type ResultSubmitted --from 2025-01-01T00:00:00Z --to 2025-01-31T23:59:59.999Z | jq -r .data.result | sort | uniq -c
Where somebody overrode a guard:
  resultlog events --tenant UUID | jq -c 'select(.data.overridden)'
A copy that is kept up to date, from the last line that it has:
  resultlog events --tenant UUID --after "$(tail -n 1 events.ndjson | jq .tenantPosition)" >> events.ndjson
How an activity was at the end of January, as a read would have answered then:
  resultlog events --tenant UUID --activity UUID --as-of 2025-01-31T23:59:59.999Z
What happens now:
  resultlog events --tenant UUID --follow | jq --unbuffered -r '.recordedAt + " " + .type'`
}

// Validate refuses what no event could fit.
func (c *eventsCommand) Validate() error {
	switch {
	case c.Type != "" && !slices.Contains(core.EventTypes, c.Type):
		return fmt.Errorf("--type %q %w", c.Type, core.NotOneOf(core.EventTypes))
	case c.After < 0:
		return errors.New("--after must not be negative")
	case c.From != nil && c.To != nil && *c.From > *c.To:
		return errors.New("--to lies before --from")
	case c.AsOf != nil && c.Activity.IsZero() == c.Result.IsZero():
		return errors.New("--as-of is about one activity or one result: give --activity or --result")
	case c.AsOf != nil && (c.Follow || c.Signed || c.After > 0 || c.Type != "" || c.From != nil || c.To != nil):
		return errors.New("--as-of prints one state, and no events: leave out what is about those")
	case c.Signed && (c.Follow || c.After > 0 || c.Type != "" || c.From != nil || c.To != nil || !c.Activity.IsZero() || !c.Result.IsZero()):
		return errors.New("--signed is for the whole history: leave everything else out but --tenant")
	case c.Follow && c.To != nil:
		return errors.New("--follow has no end: leave --to out")
	}
	return c.storeFlags.Validate()
}

// Run implements the subcommand.
func (c *eventsCommand) Run(ctx context.Context, con console) error {
	if c.Signed {
		return c.withStore(ctx, func(s *store) error {
			if err := c.print(ctx, con, s.log); err != nil {
				return err
			}
			return c.printCheckpoint(ctx, con, s)
		})
	}
	return c.withLog(ctx, func(log storedLog) error {
		if c.AsOf != nil {
			return c.printAsOf(ctx, con, log)
		}
		return c.print(ctx, con, log)
	})
}

// printCheckpoint prints the newest checkpoint. It may be of a few events less than were printed, or more: verify looks how far each comes.
func (c *eventsCommand) printCheckpoint(ctx context.Context, con console, s *store) error {
	checkpoint, err := audit.NewProofs(s.trees.Read, s.log.TenantHead).Checkpoint(ctx, c.Tenant)
	if err != nil {
		return inWords(err)
	}
	return printJSON(con.out, map[string]string{"checkpoint": checkpoint.Note})
}

// print prints the events that are wanted.
func (c *eventsCommand) print(ctx context.Context, con console, log storedLog) error {
	p := eventsPrinter{
		EventFilter: core.EventFilter{Type: c.Type, Recorded: core.Span{From: c.From, To: c.To}, Activity: c.Activity, Result: c.Result},
		log:         log, tenant: c.Tenant, out: bufio.NewWriterSize(con.out, eventsBuffer), reached: func(core.Position) {},
	}
	err := p.print(ctx, con, c.After, c.Follow)
	switch {
	case isGone(err): // head has seen enough
		return nil
	case c.Follow && ctx.Err() != nil:
		return nil
	}
	return err
}
