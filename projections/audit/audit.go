// Package audit proves the history. Over the events of each tenant, in the order of tenant_position, it keeps a Merkle tree (RFC 6962); it signs the roots, as checkpoints that an auditor can
// keep and hold against the service later; and it answers with proofs that an event is in such a history, or that an older history is the beginning of a newer one.
//
// The trees are a subscription of their own (Keeper): it reads what the log holds, leaf by leaf, stops at an event that it cannot read, and never skips one. Its tables can be made again from the
// log, all but the checkpoints that were signed: those are kept even if the log turns out to be another, since they say what was once promised.
//
// Two things are called by one word here, since both are what the field calls them: a subscription's checkpoint says how far in the log it has come; a signed checkpoint is a promise to auditors.
package audit

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
)

//go:embed ddl/*/*.sql
var ddl embed.FS

// SQLiteSchema holds the migrations of the audit's tables for SQLite, in goose's form.
func SQLiteSchema() fs.FS { return folder("ddl/sqlite") }

// PostgresSchema holds those for PostgreSQL.
func PostgresSchema() fs.FS { return folder("ddl/postgres") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(ddl, name)
	if err != nil {
		panic("the folder is embedded: " + err.Error())
	}
	return sub
}

// Tables is a database with the audit's tables in it.
type Tables struct {
	Write *sql.DB
	Read  *sql.DB

	// TryLock is a query by which a transaction asks for the tables' write lock, until it ends; it gives whether it has it. Empty: a transaction has it from its beginning (SQLite).
	TryLock string
}

// errBusy means that somebody else keeps the trees at the moment: another node.
var errBusy = errors.New("another process is at work on the trees")

// change runs f in a transaction that holds the write lock; errBusy if it cannot be had at once.
func (t Tables) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := t.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if t.TryLock != "" {
		var held bool
		if err := tx.QueryRowContext(ctx, t.TryLock).Scan(&held); err != nil {
			return err
		}
		if !held {
			return errBusy
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
