package main

import (
	"fmt"
	"time"

	"resultlog/core"
	httpapi "resultlog/http"
)

// tokenCommand prints a JWT made with the server's secret.
type tokenCommand struct {
	storeFlags
	secretFlag
	Role   string        `required:"" enum:"SUPER_ADMIN,ADMIN,FDE,VIEWER" help:"What the bearer may do: ${enum}."`
	Tenant []string      `help:"The tenant that the token is for, a UUID; give it several times for several. A SUPER_ADMIN needs none."`
	Sub    string        `default:"cli" help:"Who the bearer is; it stands in every event that the token causes. Default: ${default}."`
	TTL    time.Duration `name:"ttl" default:"1h" help:"How long the token is valid. Default: ${default}."`
}

// Run implements the subcommand.
func (c *tokenCommand) Run(con console) error {
	secret, err := knownSecret(c.JWTSecret, c.Data)
	if err != nil {
		return err
	}
	if c.TTL <= 0 {
		return fmt.Errorf("--ttl %s: must be longer than nothing", c.TTL)
	}
	if len(c.Tenant) == 0 && c.Role != "SUPER_ADMIN" {
		return fmt.Errorf("--tenant is missing or empty: a token of role %s gives access to the tenants that it names", c.Role)
	}
	var tenants []core.ID
	for _, text := range c.Tenant {
		tenant, err := core.ParseID(text)
		if err != nil {
			return fmt.Errorf("--tenant %q %w", text, err)
		}
		tenants = append(tenants, tenant)
	}
	token, err := httpapi.MintToken([]byte(secret), c.Sub, []string{c.Role}, tenants, c.TTL, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, token)
	return err
}
