package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// engine is what resultlog keeps its log and its read tables in, and how it is measured there.
type engine struct {
	name  string
	known contender
}

// The engines' names, as the report shows them.
const (
	onSQLite   = "SQLite"
	onPostgres = "PostgreSQL"
)

// engines lists those that can be measured on this machine.
func (p product) engines(withPostgres bool) []engine {
	all := []engine{{onSQLite, p.known()}}
	if withPostgres {
		all = append(all, engine{onPostgres, p.knownOnPostgres()})
	}
	return all
}

// standalone is an engine's server with submissions that need no stock: one event each.
func (e engine) standalone() contender {
	c := e.known
	c.name, c.prepare = standaloneName, nil
	if c.onPostgres {
		c.verify = verifyPostgres(false)
	} else {
		c.verify = verifyStored(false)
	}
	return c
}

// onEach finds a place on each engine and has it filled; then it has all of them measured, in turns, round by round. The places go when that is done.
func (s settings) onEach(ctx context.Context, engines []engine, rounds int, fill func(at place) error, measure func(e engine, at place, round int) error) (err error) {
	places := make([]place, len(engines))
	for i, e := range engines {
		var leave func() error
		if places[i], leave, err = s.find(ctx, e.known); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, leave()) }()
		if err := fill(places[i]); err != nil {
			return fmt.Errorf("on %s: %w", e.name, err)
		}
	}
	for round := 1; round <= rounds; round++ {
		for i, e := range engines {
			if err := measure(e, places[i], round); err != nil {
				return fmt.Errorf("on %s, round %d: %w", e.name, round, err)
			}
		}
	}
	return nil
}

// storeFlags say to a subcommand where the store of a place is.
func (at place) storeFlags() []string { return []string{"--data", at.dir, "--store", at.dsn} }

// rebuild has the program make the read tables of a place again, from a log of so many events at least, and gives how long it says that this took.
func (p product) rebuild(ctx context.Context, at place, least int) (events int, took time.Duration, err error) {
	out, err := p.run(ctx, append([]string{"rebuild", "--json"}, at.storeFlags()...)...)
	if err != nil {
		return 0, 0, fmt.Errorf("rebuild the read tables: %w", err)
	}
	return judgeRebuilt(out, least)
}

// judgeRebuilt looks whether a rebuild has projected everything, and gives how long it took.
func judgeRebuilt(report string, least int) (events int, took time.Duration, err error) {
	var said struct {
		Events  int
		Parked  int
		Seconds float64
	}
	if err := json.Unmarshal([]byte(report), &said); err != nil {
		return 0, 0, fmt.Errorf("rebuild the read tables: it says %q: %w", report, err)
	}
	if said.Parked > 0 || said.Seconds <= 0 || said.Events < least {
		return 0, 0, fmt.Errorf("rebuild the read tables: it says %q, of a log of %d events at least", report, least)
	}
	return said.Events, time.Duration(said.Seconds * float64(time.Second)), nil
}

// moveCheckpoint says to the read tables of a place that they hold the log up to an event, though they do not: for what must not wait until they do. They must hold some of it already, since
// who moves the checkpoint leaves more in its row than a place in the log.
func moveCheckpoint(ctx context.Context, at place, to core.Recorded) (err error) {
	db, id, leave, err := at.openTables(ctx, to.EventID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	moved, err := db.ExecContext(ctx, `UPDATE checkpoints SET position = $1, event_id = $2`, int64(to.Position), id)
	if err != nil {
		return fmt.Errorf("move the checkpoint: %w", err)
	}
	n, err := moved.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows, not one", n)
	}
	if err != nil {
		return fmt.Errorf("move the checkpoint: %w", err)
	}
	return nil
}

// openTables opens the read tables of a place for writing, and gives an event's id as they have it.
func (at place) openTables(ctx context.Context, id core.ID) (db *sql.DB, as any, leave func() error, err error) {
	if at.dsn != "" {
		tables, err := postgres.OpenReadTables(ctx, at.dsn, projections.PostgresSchema())
		if err != nil {
			return nil, nil, nil, err
		}
		return tables.Write, id.String(), tables.Close, nil
	}
	tables, err := sqlite.OpenReadTables(ctx, at.dir, projections.SQLiteSchema())
	if err != nil {
		return nil, nil, nil, err
	}
	return tables.Write, id[:], tables.Close, nil
}
