package projections

import (
	"context"
	"database/sql"

	"resultlog/core"
)

// ResultTypes gives the catalogue as a tenant has it, from tables that hold everything up to a position. The error is a *core.Error of CodeReadsBehind if they do not, and of
// CodeParked if an event of the tenant's own stream could not be applied.
func (q *Queries) ResultTypes(ctx context.Context, after core.Position, tenant core.ID) (types core.ResultTypes, err error) {
	err = q.snapshot(ctx, after, func(tx *sql.Tx) error {
		if err := notParked(ctx, tx, tenant, tenant); err != nil {
			return err
		}
		types, err = resultTypes(ctx, tx, tenant)
		return err
	})
	if err != nil {
		return core.ResultTypes{}, readError("result types of tenant", tenant, err)
	}
	return types, nil
}

// resultTypes reads how a tenant has the catalogue, in the snapshot of what is to be shown with it: one row for each code at most.
func resultTypes(ctx context.Context, tx *sql.Tx, tenant core.ID) (types core.ResultTypes, err error) {
	s := new(statement).add(`SELECT code, is_active, classification FROM task_result_types WHERE tenant_id = ?`, tenant[:])
	settings, err := scanAll(ctx, tx, s, func(rows *sql.Rows) (t core.ResultTypeSetting, err error) {
		err = rows.Scan(intoName{&t.Code}, &t.Active, intoOptionalName{&t.Classification})
		return t, err
	})
	for _, t := range settings {
		types = types.Configure(t.Code, t.Active, t.Classification)
	}
	return types, err
}
