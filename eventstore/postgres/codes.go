package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's codes of errors (SQLSTATE) that something is done about.
const (
	insufficientPrivilege = "42501"
	lockNotAvailable      = "55P03" // not within lock_timeout
	queryCanceled         = "57014" // by statement_timeout
)

// isCode reports whether the server has refused something with a code.
func isCode(err error, code string) bool {
	var refusal *pgconn.PgError
	return errors.As(err, &refusal) && refusal.Code == code
}
