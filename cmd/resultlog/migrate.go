package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"resultlog/core"
)

// migrateCommand brings a store to the newest shape.
type migrateCommand struct {
	storeFlags
	JSON bool `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*migrateCommand) Help() string {
	return `A server does this by itself when it starts, if it may. On PostgreSQL, where the servers' role may do no more than it must (docs/deploy/roles.sql), the role that owns the schemas does it with
this command, before a newer version is started. Servers may run meanwhile; several may do it at once. What is up to date is left alone.`
}

// Run implements the subcommand.
func (c *migrateCommand) Run(ctx context.Context, con console) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	head, err := s.log.Head(ctx)
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(con.out).Encode(map[string]core.Position{"head": head})
	}
	_, err = fmt.Fprintf(con.out, "the log and its read tables are of the newest shape; the last event is at position %d\n", head)
	return err
}
