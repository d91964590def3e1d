package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"resultlog/eventstore"
)

// readFile is the name of the read tables' file in the data directory. It can be deleted: everything in it is rebuilt from the log.
const readFile = "read.db"

// readConns is how many queries may read at once: SQLite's reads are CPU time on local pages, so that more than a few for each core only wait for one another.
const readConns = 8

// ReadTables are the read tables' file, with the log attached to its writing side. It is a file of its own, so that projecting never holds the log's write lock;
// it is synchronous=NORMAL: after a power loss it may lack its last commits, tables and checkpoint alike, and they are applied again.
type ReadTables struct {
	// Write is for the subscription alone: one connection, every transaction BEGIN IMMEDIATE. The log is attached read-only, as log.events; BEGIN IMMEDIATE
	// then locks the read tables' file and not the log.
	Write *sql.DB

	// Read is for queries, and can do nothing else. What it sees is what was committed.
	Read *sql.DB

	// Ahead sees the log as Write does, for who reads it ahead of the subscription (eventstore.AheadTopic), and can do nothing else either.
	Ahead *sql.DB
}

// OpenReadTables opens the read tables in a data directory, and brings their shape up to the newest that schema knows (the migrations of package projections), and then that of the views on them,
// whose migrations are in its folder views, if it has one.
// The log must be there: OpenLog makes it. Close the read tables before the log.
func OpenReadTables(ctx context.Context, dir string, schema fs.FS) (*ReadTables, error) {
	log, path := filepath.Join(dir, logFile), filepath.Join(dir, readFile)
	if _, err := os.Stat(log); err != nil {
		return nil, fmt.Errorf("there is no log in %s: %w", dir, err)
	}
	t := &ReadTables{}
	err := alone(ctx, path, func() error { return t.open(ctx, path, log, schema) })
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// open brings up a file, which nobody else must do meanwhile, and opens both sides of it.
func (t *ReadTables) open(ctx context.Context, path, log string, schema fs.FS) (err error) {
	if err = migrateFile(ctx, path, schema); err != nil {
		return fmt.Errorf("read tables in %s: %w", path, err)
	}
	if t.Write, err = (database{path: path, rebuildable: true, log: log, conns: 1}).open(ctx); err != nil {
		return err
	}
	if t.Read, err = (database{path: path, rebuildable: true, readOnly: true, conns: readConns}).open(ctx); err != nil {
		return err
	}
	t.Ahead, err = (database{path: path, rebuildable: true, readOnly: true, log: log, conns: 1}).open(ctx)
	return err
}

// migrateFile works on a connection that does not see the log: a table of goose's own that the file lacks would be found in the log, and nothing migrated.
func migrateFile(ctx context.Context, path string, schema fs.FS) error {
	db, err := (database{path: path, rebuildable: true, conns: 1}).open(ctx)
	if err != nil {
		return err
	}
	err = migrate(ctx, db, schema)
	if err == nil {
		err = migrateViews(ctx, db, schema)
	}
	return errors.Join(err, db.Close())
}

// viewVersions is the table that says how far the views have come.
const viewVersions = "analytics_versions"

func migrateViews(ctx context.Context, db *sql.DB, schema fs.FS) error {
	views, err := eventstore.ViewsIn(schema)
	if err != nil || views == nil {
		return err
	}
	return migrateBy(ctx, db, views, viewVersions)
}

// Close ends all of them. Whoever uses them must have stopped.
func (t *ReadTables) Close() error {
	return errors.Join(closeDB(t.Ahead), closeDB(t.Read), closeDB(t.Write))
}
