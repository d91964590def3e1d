package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/projections"
)

// rebuildCommand drops the read tables and builds them again from the log.
type rebuildCommand struct {
	storeFlags
	JSON bool `name:"json" help:"Print what was done as JSON, for programs."`
}

// Run implements the subcommand.
func (c *rebuildCommand) Run(ctx context.Context, con console) error {
	return c.withStore(ctx, func(s *store) error { return c.rebuild(ctx, con, s) })
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
	took := time.Since(begin)
	parked := 0
	for _, err := range s.deadLetters().List(ctx, projections.Which{}) {
		if err != nil {
			return err
		}
		parked++
	}
	if c.JSON {
		return json.NewEncoder(con.out).Encode(map[string]any{"events": head, "parked": parked, "seconds": took.Seconds()})
	}
	_, err = fmt.Fprintf(con.out, "rebuilt the read tables from %d events in %s\n", head, took.Round(time.Millisecond))
	if parked > 0 && err == nil {
		_, err = fmt.Fprintf(con.out, "%d of them could not be applied and are parked: resultlog deadletters lists them\n", parked)
	}
	return err
}

// rebuilding draws the progress of a rebuild.
func rebuilding(con console, total core.Position) func(done, total core.Position) {
	reached := progress(con, "rebuilding", total)
	return func(done, _ core.Position) { reached(done) }
}
