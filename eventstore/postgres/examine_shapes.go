package postgres

import (
	"context"

	"resultlog/eventstore"
)

// schemaOf is where each part of a store is.
var schemaOf = map[string]string{eventstore.PartLog: logSchema, eventstore.PartReadTables: readSchema, eventstore.PartViews: viewSchema, eventstore.PartAudit: auditSchema}

// Shapes tells how far the migrations of each part have come.
func (e *Examiner) Shapes(ctx context.Context) ([]eventstore.Shape, error) {
	log, err := migrationsOfLog()
	if err != nil {
		return nil, err
	}
	return eventstore.ShapesOf(log, e.read, e.audit, func(part string) (int64, error) { return e.shapeOf(ctx, schemaOf[part]) })
}

// shapeOf reads what goose has noted in a schema; 0 if nothing, or if there is no schema.
func (e *Examiner) shapeOf(ctx context.Context, schema string) (shape int64, err error) {
	var there bool
	err = e.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'migrations')`, schema).Scan(&there)
	if err != nil || !there {
		return 0, err
	}
	err = e.db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+schema+`.migrations`).Scan(&shape)
	return shape, err
}

// Space tells how large the database is, and what is ours of it.
func (e *Examiner) Space(ctx context.Context) (eventstore.Finding, error) {
	var whole, log, read, audit string
	err := e.db.QueryRowContext(ctx, `SELECT pg_size_pretty(pg_database_size(current_database())), `+sizeOfSchema(logSchema)+`, `+sizeOfSchema(readSchema)+`, `+sizeOfSchema(auditSchema)).
		Scan(&whole, &log, &read, &audit)
	return eventstore.Found("database %s: %s %s, %s %s, %s %s; what is free is not told over SQL: watch it on the server", whole, logSchema, log, readSchema, read, auditSchema, audit), err
}

func sizeOfSchema(name string) string {
	return `(SELECT pg_size_pretty(coalesce(sum(pg_total_relation_size(c.oid)), 0))
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = '` + name + `' AND c.relkind IN ('r', 'm'))`
}
