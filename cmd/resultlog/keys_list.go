package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
)

// listKeys lists a tenant's keys.
type listKeys struct{ keysFlags }

// Help stands in --help, below the usage.
func (*listKeys) Help() string {
	return `Newest first, the revoked and the expired too. It is read from the log itself, and so needs no server.
Columns: id, how the key begins, whether it is valid, when it was issued, when it expires (- for never), its permissions, its name. With --json each line is an object.`
}

// Run implements the subcommand.
func (c *listKeys) Run(ctx context.Context, con console) error {
	return c.openLog(ctx, func(log *sqlite.Log) error {
		keys, err := c.keys(ctx, log)
		if err != nil {
			return err
		}
		for _, v := range slices.Backward(keys) {
			if err := c.print(con, v); err != nil {
				return err
			}
		}
		if len(keys) == 0 {
			fmt.Fprintln(con.err, "this tenant has no API keys; resultlog keys create issues one")
		}
		return nil
	})
}

func (c *listKeys) print(con console, v core.APIKeyView) error {
	if c.JSON {
		return printJSON(con.out, c.reportOf(v))
	}
	expires := "-"
	if v.ExpiresAt != nil {
		expires = v.ExpiresAt.String()
	}
	_, err := fmt.Fprintf(con.out, "%s  %s…  %-7s  %s  %-24s  %s  %q\n", v.ID, v.Prefix, keyState(v, core.InstantOf(time.Now())), v.CreatedAt, expires, v.Permissions, v.Name)
	return err
}
