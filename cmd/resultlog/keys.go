package main

import (
	"context"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
)

// keysCommand is what an operator without a token does about API keys.
type keysCommand struct {
	Create createKey `cmd:"" help:"Issue a key, and print it."`
	List   listKeys  `cmd:"" default:"withargs" help:"One line for each key of a tenant; what is done if nothing else is said."`
	Revoke revokeKey `cmd:"" help:"End a key, for good."`
}

// Help stands in --help, below the usage.
func (*keysCommand) Help() string {
	return `An API key is a credential of one tenant, with the permissions that it was issued with; a request carries it as x-api-key. Whoever can write to the store can issue one: this is for the
first key of a tenant, and for the night when nobody has a token. With a token, POST /api/api-keys does the same. What is done here is recorded in the log like everything else.
Servers may run meanwhile, and know at once: a new key works on all of them, a revoked one writes nothing more and reads nothing after a second.`
}

// keysFlags are what all subcommands share.
type keysFlags struct {
	storeFlags
	Tenant core.ID `required:"" env:"-" placeholder:"UUID" help:"The tenant that the keys belong to."`
	JSON   bool    `name:"json" help:"As JSON, for programs."`
}

// keyReport is a key, for programs.
type keyReport struct {
	ID          core.ID       `json:"id"`
	Tenant      core.ID       `json:"tenant"`
	Name        string        `json:"name"`
	Prefix      string        `json:"keyPrefix"`
	Text        string        `json:"plaintextKey,omitempty"`
	Permissions []string      `json:"permissions"`
	ExpiresAt   *core.Instant `json:"expiresAt"`
	CreatedAt   core.Instant  `json:"createdAt"`
	CreatedBy   core.Actor    `json:"createdBy"`
	RevokedAt   *core.Instant `json:"revokedAt"`
}

// issuedKey is a key, and whom it was issued by.
type issuedKey struct {
	core.APIKeyView
	by core.Actor
}

// issuedBy is the key that an event has issued.
func issuedBy(r core.Recorded, e core.APIKeyIssued) issuedKey {
	k := issuedKey{core.APIKeyView{ID: e.KeyID}, r.Metadata.Actor}
	k.Fold(r)
	return k
}

func (f keysFlags) reportOf(k issuedKey) keyReport {
	return keyReport{
		ID: k.ID, Tenant: f.Tenant, Name: k.Name, Prefix: k.Prefix, Permissions: k.Permissions.Names(), ExpiresAt: k.ExpiresAt, CreatedAt: k.CreatedAt, CreatedBy: k.by, RevokedAt: k.RevokedAt,
	}
}

// keys folds the tenant's own stream into its keys, in the order of their issue.
func (f keysFlags) keys(ctx context.Context, log eventstore.Log) (keys []issuedKey, err error) {
	place := make(map[core.ID]int)
	for r, err := range log.ReadStream(ctx, core.Stream{Tenant: f.Tenant, ID: f.Tenant}, 0) {
		if err != nil {
			return nil, err
		}
		switch e := r.Event.(type) {
		case core.APIKeyIssued:
			place[e.KeyID] = len(keys)
			keys = append(keys, issuedBy(r, e))
		case core.APIKeyRevoked:
			keys[place[e.KeyID]].Fold(r)
		}
	}
	return keys, nil
}

// keyState says in a word whether a key opens anything.
func keyState(v core.APIKeyView, now core.Instant) string {
	switch {
	case v.RevokedAt != nil:
		return "revoked"
	case v.ExpiresAt != nil && *v.ExpiresAt <= now:
		return "expired"
	default:
		return "valid"
	}
}

// describe is a key in words.
func describe(v core.APIKeyView) string {
	until := "until it is revoked"
	if v.ExpiresAt != nil {
		until = fmt.Sprintf("until %s", v.ExpiresAt)
	}
	return fmt.Sprintf("API key %s (%s…, %q), %s: %s", v.ID, v.Prefix, v.Name, until, v.Permissions)
}
