package main

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
)

// revokeKey ends a key.
type revokeKey struct {
	keysFlags
	ID  core.ID `arg:"" help:"The key's id; resultlog keys list shows it beside how the key begins."`
	Sub string  `default:"cli" help:"Who you are; it stands in the event. Default: ${default}."`
}

// Help stands in --help, below the usage.
func (*revokeKey) Help() string {
	return `When it is done, no write is accepted with the key any more, by any server; reads end within a second. It cannot be undone. Exit code 1 if the tenant has no such key, or if it was revoked before.`
}

// Validate refuses what the event could not be of.
func (c *revokeKey) Validate() error {
	return errors.Join(validateSub(c.Sub), c.storeFlags.Validate())
}

// Run implements the subcommand.
func (c *revokeKey) Run(ctx context.Context, con console) error {
	return c.withLog(ctx, func(log storedLog) error {
		revoked, err := decideOn(ctx, con, log, c.Tenant, c.Sub, core.RevokeAPIKey{KeyID: c.ID})
		if err != nil {
			return err
		}
		if c.JSON {
			keys, err := c.keys(ctx, log)
			if err != nil {
				return fmt.Errorf("the key is revoked, but cannot be shown: %w", err)
			}
			for _, key := range keys {
				if key.ID == c.ID {
					return printJSON(con.out, c.reportOf(key))
				}
			}
		}
		_, err = fmt.Fprintf(con.out, "revoked API key %s at %s\n", c.ID, revoked.RecordedAt)
		return err
	})
}
