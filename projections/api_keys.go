package projections

import (
	"context"
	"encoding/json"

	"resultlog/core"
)

// APIKeys is the read table of API keys: what each was issued with, but for what would help to use it, and whether it was revoked (contract §2.9).
type APIKeys struct{}

// keyChange is what a batch does to one API key. If it was not issued in the batch, only what APIKeyRevoked changes is set.
type keyChange struct {
	core.APIKeyView
	version core.Version
	issued  bool
}

// issueKey takes no conflict: a key is issued once, and a second time means that events were applied twice.
var issueKey = newRowStatement("uuid uuid text text text bigint bigint bigint bigint bigint", `
	INSERT INTO api_keys (tenant_id, id, name, prefix, permissions, expires_at, created_at, revoked_at, version, last_position)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)

var revokeKey = newRowStatement("uuid uuid bigint bigint bigint", `UPDATE api_keys SET revoked_at = $3, version = $4, last_position = $5 WHERE tenant_id = $1 AND id = $2 AND version < $4`)

// Name implements Projection.
func (APIKeys) Name() string { return "api_keys" }

// Reset implements Projection.
func (APIKeys) Reset(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM api_keys`)
	return err
}

// Apply implements Projection.
func (APIKeys) Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	changes := foldKeys(batch)
	return changes.write(ctx, tx, "API key", (*keyChange).write)
}

func foldKeys(batch []core.Recorded) folded[keyChange] {
	var changes folded[keyChange]
	for _, r := range batch {
		switch e := r.Event.(type) {
		case core.APIKeyIssued:
			changes.row(core.Stream{Tenant: r.Stream.Tenant, ID: e.KeyID}).fold(r, e.KeyID, true)
		case core.APIKeyRevoked:
			changes.row(core.Stream{Tenant: r.Stream.Tenant, ID: e.KeyID}).fold(r, e.KeyID, false)
		}
	}
	return changes
}

func (c *keyChange) fold(r core.Recorded, id core.ID, issued bool) {
	c.ID = id
	c.Fold(r)
	c.version, c.issued = r.Version, c.issued || issued
}

func (c *keyChange) write(w *writer, key core.Stream) {
	if !c.issued {
		w.must(revokeKey, uuidOf(key.Tenant), uuidOf(key.ID), instantOf(c.RevokedAt), int64(c.version), int64(c.LastPosition))
		return
	}
	permissions, _ := json.Marshal(c.Permissions.Names()) // texts always encode
	w.must(issueKey, uuidOf(key.Tenant), uuidOf(key.ID), c.Name, c.Prefix, jsonOf(permissions), instantOf(c.ExpiresAt), int64(c.CreatedAt), instantOf(c.RevokedAt),
		int64(c.version), int64(c.LastPosition))
}
