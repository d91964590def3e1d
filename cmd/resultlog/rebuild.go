package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// rebuildCommand drops the read tables and builds them again from the log.
type rebuildCommand struct {
	storeFlags
	JSON bool `name:"json" help:"Print what was done as JSON, for programs."`
}

// Run implements the subcommand.
func (c *rebuildCommand) Run(ctx context.Context, con console) (err error) {
	tables, err := sqlite.OpenReadTables(ctx, c.Data, projections.SQLiteSchema()) // first, since it makes no log where there is none
	if err != nil {
		return err
	}
	log, err := sqlite.OpenLog(ctx, c.Data)
	if err != nil {
		return errors.Join(err, tables.Close())
	}
	defer func() { err = errors.Join(err, tables.Close(), log.Close()) }() // the tables have the log attached
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}

	begin := time.Now()
	feed := feedConfig(tables, projections.NewCheckpoint(tables.Read), newLogger(con.err))
	if err := projections.Rebuild(ctx, feed, head, progress(con, head)); err != nil {
		return err
	}
	took := time.Since(begin)
	if c.JSON {
		return json.NewEncoder(con.out).Encode(map[string]any{"events": head, "seconds": took.Seconds()})
	}
	_, err = fmt.Fprintf(con.out, "rebuilt the read tables from %d events in %s\n", head, took.Round(time.Millisecond))
	return err
}

// progress draws a bar, if somebody is looking.
func progress(con console, total core.Position) func(done, total core.Position) {
	if !isTerminal(con.err) {
		return func(core.Position, core.Position) {}
	}
	bar := progressbar.NewOptions64(int64(total), progressbar.OptionSetWriter(con.err), progressbar.OptionSetDescription("rebuilding"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("events"), progressbar.OptionClearOnFinish())
	return func(done, _ core.Position) { _ = bar.Set64(int64(done)) }
}
