// Package projections keeps the read tables: what the log says, in a shape that can be queried. One subscription (Runner) feeds all of them, each batch in one
// transaction with the checkpoint, so that they are in sync with each other and with the checkpoint by construction. Queries is all the SQL that reads them; Barrier
// lets a read wait until they hold what was acknowledged before it; Rebuild makes them again from the log.
//
// The package does not know which store the events come from: cmd hands in the subscription's adapters. Its own SQL is the part of SQL that SQLite and PostgreSQL
// share; the tables themselves are defined for each engine in a folder under ddl.
package projections

import (
	"context"
	"embed"
	"io/fs"

	"resultlog/core"
)

// Projection is one read table. Its methods work in the transaction of the subscription and never end it.
type Projection interface {
	// Name is the table's name; it is in logs and errors.
	Name() string
	// Apply folds a batch of events, in the order of the log, into the table. An error leaves the transaction as it may be: the caller rolls back to where Apply began.
	Apply(ctx context.Context, tx *Tx, batch []core.Recorded) error
	// Reset empties the table.
	Reset(ctx context.Context, tx *Tx) error
}

// All lists the projections that there are, in the order in which they must be applied: ActivityTransitions reads what Results is about to change.
func All() []Projection {
	return []Projection{IdempotencyKeys{}, ActivityTransitions{}, Results{}, Submissions{}, Activities{}, TaskResultTypes{}, APIKeys{}}
}

//go:embed ddl/*/*.sql ddl/*/views/*.sql
var ddl embed.FS

// SQLiteSchema holds the migrations of the read tables for SQLite, in goose's form, and in its folder views those of what analysts see of them (package analytics).
func SQLiteSchema() fs.FS { return folder("ddl/sqlite") }

// PostgresSchema holds the migrations of the read tables for PostgreSQL, likewise; the comments stand in the database.
func PostgresSchema() fs.FS { return folder("ddl/postgres") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(ddl, name)
	if err != nil {
		panic("the folder is embedded: " + err.Error())
	}
	return sub
}
