package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
)

func TestLog(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Backend {
		dsn := postgrestest.Database(t)
		return eventstoretest.Backend{
			Durable: true,
			Open: func(t *testing.T) eventstore.Log {
				log, err := postgres.OpenLog(t.Context(), dsn)
				if err != nil {
					t.Fatal(err)
				}
				return log
			},
			Exec: func(t *testing.T, statement string) error { return atPrompt(t, dsn, statement) },
		}
	})
}

// atPrompt runs a statement as a person at psql would, who is the superuser.
func atPrompt(t *testing.T, dsn, statement string) error {
	conn, err := pgx.Connect(t.Context(), dsn+"&search_path=resultlog")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // nothing is left to do
	_, err = conn.Exec(t.Context(), statement)
	return err
}
