package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"resultlog/core"
	"resultlog/eventstore"
)

// Progress is told how far a step of Backup or Restore has come, each time a little later. It must not block for long: the log's WAL grows meanwhile.
type Progress func(step Step, done, total int64)

// Step is a part of the work of Backup or Restore.
type Step string

// The steps, in their order.
const (
	Copying   Step = "copying"   // Backup counts pages, Restore bytes
	Verifying Step = "verifying" // counts events
)

// verify reads a log that nobody writes to, and gives its head: SQLite looks at every page and every index entry, and then everything is replayed, as a node does when it starts.
func verify(ctx context.Context, path string, progress Progress) (head core.Position, err error) {
	db, err := (database{path: path, readOnly: true, journal: "delete", conns: 1}).open(ctx)
	if err != nil {
		return 0, err
	}
	copied := &Log{path: path, turn: make(chan struct{}, 1), readers: db} // it can be read and closed; it has no writer
	defer func() { err = errors.Join(err, copied.Close()) }()
	if err := mustBeIntact(ctx, db); err != nil {
		return 0, err
	}
	if head, err = copied.Head(ctx); err != nil {
		return 0, err
	}
	machine := core.NewMachine()
	err = eventstore.Replay(ctx, whole{copied}, machine, func(r core.Recorded) {
		if r.Position%eventstore.PageSize == 0 || r.Position == head {
			progress(Verifying, int64(r.Position), int64(head))
		}
	})
	if err == nil && machine.Head() != head {
		err = fmt.Errorf("it can be replayed up to position %d of %d", machine.Head(), head)
	}
	return head, err
}

// whole is a log whose events are replayed from their data: that is what must be sound.
type whole struct{ *Log }

// ReadSlim implements eventstore.Log.
func (l whole) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return l.ReadAll(ctx, after)
}

// mustBeIntact asks SQLite for the first thing that is wrong with a file.
func mustBeIntact(ctx context.Context, db *sql.DB) error {
	var finding string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&finding); err != nil {
		return err
	}
	if finding != "ok" {
		return fmt.Errorf("%w: %s", eventstore.ErrUnreadable, strings.ReplaceAll(finding, "\n", " "))
	}
	return nil
}
