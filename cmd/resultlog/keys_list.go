package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"resultlog/core"
)

// listKeys lists a tenant's keys.
type listKeys struct{ keysFlags }

// Help stands in --help, below the usage.
func (*listKeys) Help() string {
	return `Newest first, the revoked and the expired too. It is read from the log itself, and so needs no server.
Columns: id, how the key begins, whether it is valid, when it was issued, when it expires (- for never), its permissions, its name,
and whom it was issued by: a subject, or another key. With --json each line is an object.`
}

// Run implements the subcommand.
func (c *listKeys) Run(ctx context.Context, con console) error {
	return c.withLog(ctx, func(log storedLog) error {
		keys, err := c.keys(ctx, log)
		if err != nil {
			return err
		}
		for _, key := range slices.Backward(keys) {
			if err := c.print(con, key); err != nil {
				return err
			}
		}
		if len(keys) == 0 {
			fmt.Fprintln(con.err, "this tenant has no API keys; resultlog keys create issues one")
		}
		return nil
	})
}

func (c *listKeys) print(con console, k issuedKey) error {
	if c.JSON {
		return printJSON(con.out, c.reportOf(k))
	}
	expires := "-"
	if k.ExpiresAt != nil {
		expires = k.ExpiresAt.String()
	}
	by := k.by.Subject
	if k.by.Key != "" {
		by = "key " + k.by.Key
	}
	_, err := fmt.Fprintf(con.out, "%s  %s…  %-7s  %s  %-24s  %s  %q  by %s\n", k.ID, k.Prefix, keyState(k.APIKeyView, core.InstantOf(time.Now())), k.CreatedAt, expires, k.Permissions, k.Name, by)
	return err
}
