package main

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"resultlog/core"
	httpapi "resultlog/http"
)

// createKey issues a key.
type createKey struct {
	keysFlags
	Name       string             `required:"" env:"-" help:"What the key is for, so that people know it in a list."`
	Permission []core.Permissions `required:"" env:"-" placeholder:"PERMISSION" help:"What the key may do; give it several times for several: VIEW_ACTIVITIES, CREATE_ACTIVITY, DISPATCH_ACTIVITY, CANCEL_ACTIVITY, MANAGE_ACTIVITY_CONFIG, MANAGE_API_KEYS, VIEW_EVENTS."`
	TTL        time.Duration      `name:"ttl" env:"-" help:"How long the key is valid. Default: until it is revoked."`
	Sub        string             `default:"cli" help:"Who you are; it stands in the event. Default: ${default}."`
}

// Help stands in --help, below the usage.
func (*createKey) Help() string {
	return `The key itself is all that goes to standard output, and it is shown this once: the store keeps its SHA-256 only. What else there is to know goes to standard error. With --json, all of it goes to standard output.

For a program that submits results:  resultlog keys create --tenant UUID --name "field app" --permission VIEW_ACTIVITIES --permission CREATE_ACTIVITY`
}

// Validate refuses what no server would have issued.
func (c *createKey) Validate() error {
	switch {
	case c.Name == "" || utf8.RuneCountInString(c.Name) > httpapi.MaxKeyName || !utf8.ValidString(c.Name):
		return fmt.Errorf("--name must have 1 to %d characters", httpapi.MaxKeyName)
	case c.TTL < 0:
		return fmt.Errorf("--ttl %s: must be longer than nothing", c.TTL)
	}
	return errors.Join(validateSub(c.Sub), c.storeFlags.Validate())
}

// Run implements the subcommand.
func (c *createKey) Run(ctx context.Context, con console) error {
	return c.withLog(ctx, func(log storedLog) error {
		text, prefix, digest := httpapi.MintAPIKey()
		details := core.APIKeyDetails{Name: c.Name, Prefix: prefix, Digest: digest}
		for _, one := range c.Permission {
			details.Permissions |= one
		}
		if c.TTL > 0 {
			expires := core.InstantOf(time.Now().Add(c.TTL))
			details.ExpiresAt = &expires
		}
		issued, err := decideOn(ctx, con, log, c.Tenant, c.Sub, core.IssueAPIKey{KeyID: core.ID(uuid.Must(uuid.NewV7())), APIKeyDetails: details})
		if err != nil {
			return err
		}
		key := issuedBy(issued, issued.Event.(core.APIKeyIssued))
		if c.JSON {
			report := c.reportOf(key)
			report.Text = text
			return printJSON(con.out, report)
		}
		fmt.Fprintln(con.err, describe(key.APIKeyView))
		_, err = fmt.Fprintln(con.out, text)
		return err
	})
}
