package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"resultlog/eventstore"
)

// Shapes tells how far the migrations of each part have come.
func (e *Examiner) Shapes(ctx context.Context) (shapes []eventstore.Shape, err error) {
	log, err := fs.Sub(logMigrations, "migrations/log")
	if err != nil {
		return nil, err
	}
	views, err := eventstore.ViewsIn(e.read)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name, file, versions string
		migrations           fs.FS
	}{
		{"log", logFile, goose.DefaultTablename, log}, {"read tables", readFile, goose.DefaultTablename, e.read}, {"views", readFile, viewVersions, views},
		{"audit tables", auditFile, goose.DefaultTablename, e.audit},
	} {
		if part.migrations == nil {
			continue
		}
		shape := eventstore.Shape{Of: part.name}
		if shape.Newest, err = eventstore.NewestShape(part.migrations); err != nil {
			return nil, err
		}
		if shape.Now, err = shapeOf(ctx, filepath.Join(e.dir, part.file), part.versions); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
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
