package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// rebuildCommand makes the read tables again from the log: in their place, or beside them.
type rebuildCommand struct {
	storeFlags
	Online bool `help:"Make new tables beside those that serve, and put them in their place when they are complete."`
	JSON   bool `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*rebuildCommand) Help() string {
	return `Servers may run meanwhile: submissions go on either way, and nothing is missing or applied twice.

Without --online the tables are emptied first. Until they are complete again, reads are answered 503, or show what is there already with ?consistency=eventual. Killed half way, whoever runs next, a
server or another rebuild, goes on.

With --online reads go on too: from the old tables, until the new ones have caught up and take their place in one transaction. Cancelled (Ctrl-C) or killed at any moment, the old tables serve on,
and the same command goes on from where it was; it begins anew if the log, the version of resultlog or the shape of the tables is another one by then. A second one at the same time is refused.

Room on the disk for --online. Embedded store: three times the tables, that is, twice the size of read.db beside it, for the new tables in read-next.db and for the moment of the switch. Copying them
into read.db then takes about two seconds for each gigabyte, in which what is submitted cannot be read yet. PostgreSQL: twice the tables, and the WAL of writing them; the switch itself takes
milliseconds, after waiting for transactions that are older than it. Removing what a cancelled rebuild has left: delete read-next.db*, or DROP SCHEMA resultlog_next CASCADE.

Rights for --online on PostgreSQL: the role that owns the read tables and may create schemas, resultlog_owner of docs/deploy/roles.sql; the new tables get the owner and all rights of the old. It
refuses if somebody has made views, indexes or the like on the tables, which the new ones would lack.`
}

// Run implements the subcommand.
func (c *rebuildCommand) Run(ctx context.Context, con console) error {
	return c.withStore(ctx, func(s *store) error {
		if c.Online {
			return c.rebuildOnline(ctx, con, s)
		}
		return c.rebuild(ctx, con, s)
	})
}

func (c *rebuildCommand) rebuild(ctx context.Context, con console, s *store) error {
	head, err := s.log.Head(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	feed := s.feedConfig(projections.NewCheckpoint(s.read), newLogger(con.err))
	if err := projections.Rebuild(ctx, feed, head, rebuilding(con, head)); err != nil {
		return err
	}
	return c.tell(ctx, con, s, rebuilt{Events: head, Seconds: time.Since(begin).Seconds()})
}

// rebuilt is what was done.
type rebuilt struct {
	Events  core.Position `json:"events"`            // that the tables were made of
	Resumed core.Position `json:"resumed,omitempty"` // how many of them an earlier --online had applied
	Parked  int           `json:"parked"`            // how many of them could not be applied
	Seconds float64       `json:"seconds"`
}

// tell prints what was done, and what the new tables lack.
func (c *rebuildCommand) tell(ctx context.Context, con console, s *store, done rebuilt) error {
	for _, err := range s.deadLetters().List(ctx, projections.Which{}) {
		if err != nil {
			return err
		}
		done.Parked++
	}
	if c.JSON {
		return json.NewEncoder(con.out).Encode(done)
	}
	_, err := fmt.Fprintf(con.out, "rebuilt the read tables from %d events in %s\n", done.Events, time.Duration(done.Seconds*float64(time.Second)).Round(time.Millisecond))
	if done.Resumed > 0 && err == nil {
		_, err = fmt.Fprintf(con.out, "the first %d of them had been applied by an earlier rebuild, which was cancelled or killed\n", done.Resumed)
	}
	if done.Parked > 0 && err == nil {
		_, err = fmt.Fprintf(con.out, "%d of them could not be applied and are parked: resultlog deadletters lists them\n", done.Parked)
	}
	return err
}

// rebuilding draws the progress of a rebuild.
func rebuilding(con console, total core.Position) func(done, total core.Position) {
	reached := progress(con, "rebuilding", total)
	return func(done, _ core.Position) { reached(done) }
}
