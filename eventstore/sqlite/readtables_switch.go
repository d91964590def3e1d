package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"

	"modernc.org/sqlite"
)

// Switch puts the new tables in the place of those that serve, in one transaction of their file. It takes their write lock first, and calls last under it, which is to bring the new tables as far
// as those are: whoever reads never sees less than before. It is not switched if the lock could not be had, or there is an error; the tables that serve are then as they were.
//
// SQLite's backup interface does it, into a file that is in use: the pages of the new tables go into the WAL, whose readers keep the snapshot that they have, and become the content at its commit.
// That takes as long as writing them, two seconds for each gigabyte, in which the subscription waits and reads take no longer than ever; copying rows would take many times that, for the sake of
// the indexes. The WAL grows by as much; it is cut back when a later writer begins it anew.
func (n *NextReadTables) Switch(ctx context.Context, last func(context.Context) error) (switched bool, err error) {
	db, err := (database{path: n.serving, rebuildable: true, conns: 1}).open(ctx)
	if err != nil {
		return false, unlessBusy(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driver any) error { return n.replace(ctx, driver.(destination), last) })
	if err != nil {
		return false, unlessBusy(err)
	}
	// A crash here leaves both files, whole and alike; the next rebuild takes up what it finds, which is what it would make.
	n.switched = true
	return true, nil
}

// settle makes the switch outlive a power loss, before the file that it was made of is removed; and moves it from the WAL into the file, which somebody's next commit would have to do otherwise.
// Neither waits for anybody.
func (n *NextReadTables) settle(ctx context.Context) error {
	if err := syncFile(n.serving + "-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) { // the last connection that was closed has done both already
		return err
	}
	db, err := (database{path: n.serving, rebuildable: true, conns: 1}).open(ctx)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return errors.Join(err, db.Close())
}

// syncFile sees that a file is on the disk.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// unlessBusy is nil for an error that says that somebody else has the lock.
func unlessBusy(err error) error {
	if isBusy(err) {
		return nil
	}
	return err
}

// destination is a connection of the driver.
type destination interface {
	NewRestore(uri string) (*sqlite.Backup, error)
}

// replace is the transaction, on a connection to the tables that serve.
func (n *NextReadTables) replace(ctx context.Context, into destination, last func(context.Context) error) error {
	b, err := into.NewRestore(uri(n.path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return err
	}
	// Until the last page has been copied, a crash, or Finish, leaves the tables that serve as they were. No page at all: that takes the write lock, and no more.
	if _, err = b.Step(0); err == nil {
		err = n.mustBeAlike(ctx)
	}
	if err == nil {
		err = last(ctx)
	}
	for more := true; more && err == nil; {
		if err = ctx.Err(); err == nil {
			more, err = b.Step(stepPages) // the last one commits
		}
	}
	if finishing := b.Finish(); err == nil {
		err = finishing
	}
	return orFull(err)
}

// contents lists what is in a file of read tables beside rows, and its shape.
const contents = `SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' UNION SELECT 'shape ' || max(version_id) FROM goose_db_version`

// mustBeAlike refuses to replace what the new tables lack: an index or a view that somebody has made in the file, or the work of a newer program.
func (n *NextReadTables) mustBeAlike(ctx context.Context) error {
	serving, err := (database{path: n.serving, rebuildable: true, readOnly: true, conns: 1}).open(ctx)
	if err != nil {
		return err
	}
	defer serving.Close()
	there, err := column(ctx, serving, contents)
	if err != nil {
		return err
	}
	made, err := column(ctx, n.Read, contents)
	if err != nil {
		return err
	}
	for _, what := range there {
		if !slices.Contains(made, what) {
			return fmt.Errorf("%s has the %s, which the new tables would lack: remove it and make it again afterwards, or use resultlog rebuild; if a newer resultlog made it, use that one", n.serving, what)
		}
	}
	return nil
}

// column gives the texts that a query finds.
func column(ctx context.Context, db *sql.DB, query string) (texts []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
