package eventstore

import (
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// The parts of a store that have migrations of their own, by the names that people are told.
const (
	PartLog        = "log"
	PartReadTables = "read tables"
	PartViews      = "views"
	PartAudit      = "audit tables"
)

// Shape is how far the migrations of a part of a store have come.
type Shape struct {
	Of     string // the part
	Now    int64  // 0: nothing is there
	Newest int64  // that this program knows
}

// Finding judges a shape.
func (s Shape) Finding() Finding {
	const bringUp = "run resultlog migrate, or start a server of this version, which does it if it may"
	switch {
	case s.Now == 0:
		return Found("%s: not there yet (%d is the newest)", s.Of, s.Newest).Warn(bringUp)
	case s.Now < s.Newest:
		return Found("%s: %d, and %d is the newest", s.Of, s.Now, s.Newest).Warn(bringUp)
	case s.Now > s.Newest:
		return Found("%s: %d, and this program knows 1 to %d", s.Of, s.Now, s.Newest).Fail("a newer resultlog wrote it: upgrade this program")
	}
	return Found("%s: %d", s.Of, s.Now)
}

// ShapesOf tells how far the migrations of each part of a store have come; now reads that from the store, 0 if nothing is there. The migrations are those that this program knows;
// those of the views are among the read tables'.
func ShapesOf(log, read, audit fs.FS, now func(part string) (int64, error)) (shapes []Shape, err error) {
	views, err := ViewsIn(read)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name       string
		migrations fs.FS
	}{{PartLog, log}, {PartReadTables, read}, {PartViews, views}, {PartAudit, audit}} {
		if part.migrations == nil {
			continue
		}
		shape := Shape{Of: part.name}
		if shape.Newest, err = NewestShape(part.migrations); err != nil {
			return nil, err
		}
		if shape.Now, err = now(part.name); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

// NewestShape is the shape that migrations lead to. It reads their names, and needs no database.
func NewestShape(migrations fs.FS) (newest int64, err error) {
	files, err := fs.Glob(migrations, "*.sql")
	for _, file := range files {
		shape, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		newest = max(newest, shape)
	}
	return newest, err
}
