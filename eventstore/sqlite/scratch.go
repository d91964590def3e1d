package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// scratchFile is the name of the file of scratch tables.
const scratchFile = "scratch.db"

// Catalog lists the columns of all tables: the table's name, the column's, its type, and its place in the key, counted from 1; 0: it is not in the key.
const Catalog = `
	SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c
	WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_' AND c.hidden <> 1 ORDER BY t.name, c.cid`

// OpenScratchTables makes tables of a schema in a file of their own, in a directory in which it must not be there yet. There is no log beside them, nothing waits for a disk, and a crash leaves a file
// that nobody can use: they are for work whose outcome is wanted, and not they. Of the schema's indexes they have those of the keys, and the ones that are named: each other would be written with
// every row, and never read.
func OpenScratchTables(ctx context.Context, dir string, schema fs.FS, indexes ...string) (*sql.DB, error) {
	path := filepath.Join(dir, scratchFile)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, fmt.Errorf("%s is there already: scratch tables begin empty, in a directory of their own", path))
	}
	if err := create(path); err != nil {
		return nil, err
	}
	db, err := (database{path: path, throwaway: true, journal: "memory", conns: 1}).open(ctx)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(migrate(ctx, db, schema), dropIndexes(ctx, db, indexes)); err != nil {
		return nil, errors.Join(fmt.Errorf("scratch tables in %s: %w", path, err), db.Close())
	}
	return db, nil
}

// dropIndexes drops all indexes but those of keys and those to keep.
func dropIndexes(ctx context.Context, db *sql.DB, keep []string) error {
	names, err := indexNames(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range names {
		if slices.Contains(keep, name) {
			continue
		}
		if _, err := db.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return err
		}
	}
	return nil
}

func indexNames(ctx context.Context, db *sql.DB) (names []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
