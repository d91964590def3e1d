package audit

import (
	"context"
	"database/sql"
	"errors"

	"resultlog/core"
)

// Standing is what the audit's tables say of themselves, to who only looks at them.
type Standing struct {
	Position core.Position // in the log, of the last event that is in its tree
	Unsigned int64         // trees that have grown since they were signed
	SignedAt core.Instant  // when the newest checkpoint was signed; 0 if none was
}

// ReadStanding reads it, by a pool over the audit's tables. Only each tree's last checkpoint is looked at: all of them are as many as seconds in which a tenant did something.
func ReadStanding(ctx context.Context, read *sql.DB) (s Standing, err error) {
	err = read.QueryRowContext(ctx, `SELECT position FROM checkpoints WHERE subscription = $1`, subscription).Scan(&s.Position)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	if err := read.QueryRowContext(ctx, `SELECT count(*) FROM trees WHERE size > signed_size`).Scan(&s.Unsigned); err != nil {
		return s, err
	}
	err = read.QueryRowContext(ctx, `
		SELECT coalesce(max((SELECT max(signed_at) FROM signed_checkpoints AS c WHERE c.tenant_id = t.tenant_id AND c.size = t.signed_size)), 0) FROM trees AS t`).Scan(&s.SignedAt)
	return s, err
}
