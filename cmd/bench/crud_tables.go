package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"resultlog/core"
)

// crudTables are those of the CRUD handler: a key for each thing that is looked up, one index for the list that everybody asks for, and no foreign keys, which would cost a look-up each.
const crudTables = `
CREATE TABLE activities (
	id uuid PRIMARY KEY,
	tenant_id uuid NOT NULL,
	provider_activity_id text NOT NULL,
	status text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (tenant_id, provider_activity_id)
);
CREATE TABLE results (
	id uuid PRIMARY KEY,
	tenant_id uuid NOT NULL,
	activity_id uuid NOT NULL UNIQUE,
	commerce_external_id text NOT NULL,
	status text NOT NULL,
	external_status text NOT NULL,
	occurred_at timestamptz NOT NULL,
	raw_payload jsonb,
	result text NOT NULL,
	comment text NOT NULL,
	contact_type text NOT NULL,
	operator_external_id text NOT NULL,
	future_scheduled_at timestamptz,
	payload jsonb,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
);
CREATE INDEX results_of_a_commerce ON results (tenant_id, commerce_external_id, created_at);
CREATE TABLE events (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id uuid NOT NULL,
	activity_id uuid NOT NULL,
	result_id uuid NOT NULL,
	type text NOT NULL,
	body text NOT NULL,
	recorded_at timestamptz NOT NULL
);
CREATE INDEX events_of_an_activity ON events (activity_id, id);`

// crudConnections is how many transactions the CRUD handler has under way: on two cores and one disk more gain nothing, since each of them waits for both.
const crudConnections = 32

// tables are the CRUD handler's database.
type tables struct{ pool *pgxpool.Pool }

// openTables makes them in an empty database.
func openTables(ctx context.Context, dsn string) (*tables, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = crudConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, crudTables); err != nil {
		pool.Close()
		return nil, err
	}
	return &tables{pool}, nil
}

// keep judges and keeps a submission in one transaction, statement by statement, as such handlers are written.
func (t *tables) keep(ctx context.Context, a *accepted) error {
	return pgx.BeginFunc(ctx, t.pool, func(tx pgx.Tx) error {
		status, err := lockActivity(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := saveResult(ctx, tx, a); err != nil {
			return err
		}
		if after := a.Status.ActivityStatus(); after != core.NoActivity {
			status = after
		}
		_, err = tx.Exec(ctx, `UPDATE activities SET status = $2, updated_at = $3 WHERE id = $1`, [16]byte(a.activity), status.String(), a.updated.Time())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO events (tenant_id, activity_id, result_id, type, body, recorded_at) VALUES ($1, $2, $3, 'ResultSubmitted', $4, $5)`,
			[16]byte(benchTenant), [16]byte(a.activity), [16]byte(a.result), string(a.body), a.updated.Time())
		return err
	})
}

// lockActivity finds the activity of a submission and keeps others from it until the transaction ends. One that has come to its end takes no result.
func lockActivity(ctx context.Context, tx pgx.Tx, a *accepted) (status core.ActivityStatus, err error) {
	var name string
	err = tx.QueryRow(ctx, `SELECT id, status FROM activities WHERE tenant_id = $1 AND provider_activity_id = $2 FOR UPDATE`, [16]byte(benchTenant), a.ProviderActivityID).
		Scan((*[16]byte)(&a.activity), &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return status, &refusal{http.StatusNotFound, "there is no such activity"}
	}
	if err == nil {
		err = status.UnmarshalText([]byte(name))
	}
	if err == nil && status.Terminal() {
		err = &refusal{http.StatusConflict, "the activity is " + name}
	}
	return status, err
}

// saveResult inserts the activity's result, or updates the one that it has.
func saveResult(ctx context.Context, tx pgx.Tx, a *accepted) error {
	var later, created *time.Time
	if a.TaskResult.FutureScheduledAt != nil {
		later = new(a.TaskResult.FutureScheduledAt.Time())
	}
	err := tx.QueryRow(ctx, `INSERT INTO results VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
		ON CONFLICT (activity_id) DO UPDATE SET commerce_external_id = EXCLUDED.commerce_external_id, status = EXCLUDED.status, external_status = EXCLUDED.external_status,
			occurred_at = EXCLUDED.occurred_at, raw_payload = EXCLUDED.raw_payload, result = EXCLUDED.result, comment = EXCLUDED.comment, contact_type = EXCLUDED.contact_type,
			operator_external_id = EXCLUDED.operator_external_id, future_scheduled_at = EXCLUDED.future_scheduled_at, payload = EXCLUDED.payload, updated_at = EXCLUDED.updated_at
		RETURNING id, created_at`,
		[16]byte(a.result), [16]byte(benchTenant), [16]byte(a.activity), a.CommerceExternalID, a.Status.String(), a.ExternalStatus, a.OccurredAt.Time(), []byte(a.RawPayload),
		a.TaskResult.Result.String(), a.TaskResult.Comment, a.TaskResult.ContactType, a.TaskResult.OperatorExternalID, later, []byte(a.TaskResult.Payload), a.updated.Time()).
		Scan((*[16]byte)(&a.result), &created)
	if err == nil {
		a.created = core.InstantOf(*created)
	}
	return err
}
