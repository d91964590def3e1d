package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"resultlog/eventstore/sqlite"
)

// restoreCommand makes a backup the log of a data directory.
type restoreCommand struct {
	storeFlags
	File string `arg:"" type:"path" help:"The backup."`
	JSON bool   `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*restoreCommand) Help() string {
	return `Stop every server on DIR first, and move what is left of its log away: log.db, log.db-wal and log.db-shm, together. A server that goes on running would go on with the log that you
moved. The backup is copied and verified, by replaying it, before it becomes the log. The read tables in DIR may stay: if they are not of this log, the next start makes them again.`
}

// Validate refuses what would be taken for something else.
func (c *restoreCommand) Validate() error {
	return errors.Join(c.storeFlags.Validate(), notStdout(c.File))
}

// Run implements the subcommand.
func (c *restoreCommand) Run(ctx context.Context, con console) error {
	dir, err := c.embedded("restore")
	if err != nil {
		return err
	}
	begin := time.Now()
	copied, err := sqlite.Restore(ctx, c.File, dir, steps(con))
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	return con.tellCopied(c.JSON, "restored", filepath.Join(dir, "log.db"), copied, time.Since(begin))
}
