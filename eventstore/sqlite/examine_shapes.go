package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"resultlog/eventstore"
)

// versionsOf is where each part of a store says how far it has come: a file, and a table in it.
var versionsOf = map[string]struct{ file, table string }{
	eventstore.PartLog: {logFile, goose.DefaultTablename}, eventstore.PartReadTables: {readFile, goose.DefaultTablename},
	eventstore.PartViews: {readFile, viewVersions}, eventstore.PartAudit: {auditFile, goose.DefaultTablename},
}

// Shapes tells how far the migrations of each part have come.
func (e *Examiner) Shapes(ctx context.Context) ([]eventstore.Shape, error) {
	log, err := migrationsOfLog()
	if err != nil {
		return nil, err
	}
	return eventstore.ShapesOf(log, e.read, e.audit, func(part string) (int64, error) {
		at := versionsOf[part]
		return shapeOf(ctx, filepath.Join(e.dir, at.file), at.table)
	})
}

// shapeOf reads what goose has noted in a table of a file; 0 if nothing, or if there is no file.
func shapeOf(ctx context.Context, path, versions string) (shape int64, err error) {
	if size, err := sizeOf(path); err != nil || size < 0 {
		return 0, err
	}
	err = look(ctx, path, func(db *sql.DB) error {
		var there bool
		if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = $1)`, versions).Scan(&there); err != nil || !there {
			return err
		}
		return db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versions).Scan(&shape)
	})
	return shape, err
}
