package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's codes of errors (SQLSTATE) that something is done about.
const (
	insufficientPrivilege = "42501"
	invalidAuthorization  = "28000" // no such role, or pg_hba.conf does not let it in
	invalidPassword       = "28P01"
	invalidCatalog        = "3D000" // no such database
	tooManyConnections    = "53300"
	cannotConnectNow      = "57P03" // it starts, or stops
	lockNotAvailable      = "55P03" // not within lock_timeout
	queryCanceled         = "57014" // by statement_timeout
)

// isCode reports whether the server has refused something with a code.
func isCode(err error, code string) bool {
	var refusal *pgconn.PgError
	return errors.As(err, &refusal) && refusal.Code == code
}
