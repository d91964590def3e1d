package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
	"resultlog/projections/audit"
)

// store is a log and the read tables that are made of it, whichever engine keeps them. Nothing but this file knows which one that is, and nothing but backup and restore asks.
type store struct {
	log         storedLog
	tables      projections.Tables                               // for the subscription, and whoever looks after dead letters
	read        *sql.DB                                          // the same tables, for queries
	reading     projections.Tables                               // likewise, for who compares them
	topic       *eventstore.AheadTopic                           // for one runner at a time
	trees       audit.Tables                                     // what proves the log
	sweep       func(context.Context) (left []string, err error) // leaves nothing in the files of the tables of what was erased from them
	discardNext func(context.Context) error                      // removes what an online rebuild has left
	closed      func() error                                     // frees the tables
}

// storedLog is what both engines' logs can do beside what a Log must.
type storedLog interface {
	eventstore.Log
	eventstore.History
	Row(ctx context.Context, at core.Position) (row eventstore.Row, found bool, err error)
	Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error]
	AppendRows(ctx context.Context, rows []eventstore.Row) error
	MayErase(ctx context.Context) error
	Erase(ctx context.Context, stream core.Stream, before core.Version) (emptied int64, err error)
	Sweep(ctx context.Context) (left []string, err error)
	Collectors() []prometheus.Collector
}

// storeFlags say where the store is; every subcommand that touches it has them.
type storeFlags struct {
	Data  string `default:"./data" type:"path" placeholder:"DIR" help:"Directory of the embedded store: the log, and the read tables made of it. Default: ./data."`
	Store string `placeholder:"URL" help:"A PostgreSQL database in place of the embedded store: postgres://user@host1,host2/db. A password is better given in the environment (PGPASSWORD, or RESULTLOG_STORE as a whole)."`
}

// Validate refuses an empty directory, which would be the one that the command happens to run in, and a store of a kind that there is not.
func (f storeFlags) Validate() error {
	switch {
	case f.Data == "":
		return errors.New("--data is empty: it must be a directory")
	case f.Store != "" && !isPostgres(f.Store):
		return errors.New("--store must be postgres://…; leave it out for the embedded store in --data")
	}
	return nil
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// open opens the store, and makes what is not there.
func (f storeFlags) open(ctx context.Context) (*store, error) {
	log, err := f.openLog(ctx, true)
	if err != nil {
		return nil, err
	}
	return f.openTables(ctx, log)
}

// withStore opens the store for a tool that needs one that is there, and closes it when the work is done.
func (f storeFlags) withStore(ctx context.Context, work func(*store) error) (err error) {
	log, err := f.openLog(ctx, false)
	if err != nil {
		return err
	}
	s, err := f.openTables(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return work(s)
}

// withLog does the same with the log alone.
func (f storeFlags) withLog(ctx context.Context, work func(storedLog) error) (err error) {
	log, err := f.openLog(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return work(log)
}

// openLog opens the log; one that is not there is made, or is an error.
func (f storeFlags) openLog(ctx context.Context, create bool) (storedLog, error) {
	switch {
	case f.Store != "" && create:
		return orNone(postgres.OpenLog(ctx, f.Store))
	case f.Store != "":
		return orNone(postgres.OpenExistingLog(ctx, f.Store))
	case create:
		return orNone(sqlite.OpenLog(ctx, f.Data))
	default:
		return orNone(sqlite.OpenExistingLog(ctx, f.Data))
	}
}

// orNone keeps a nil pointer from becoming an interface that is not nil.
func orNone[L storedLog](log L, err error) (storedLog, error) {
	if err != nil {
		return nil, err
	}
	return log, nil
}

// openTables opens the tables that are made of a log, and closes that if it cannot.
func (f storeFlags) openTables(ctx context.Context, log storedLog) (*store, error) {
	s, open := &store{log: log}, f.openEmbeddedTables
	if f.Store != "" {
		open = f.openPostgresTables
	}
	if err := open(ctx, s); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return s, nil
}

func (f storeFlags) openEmbeddedTables(ctx context.Context, s *store) error {
	tables, err := sqlite.OpenReadTables(ctx, f.Data, projections.SQLiteSchema())
	if err != nil {
		return err
	}
	trees, err := sqlite.OpenAuditTables(ctx, f.Data, audit.SQLiteSchema())
	if err != nil {
		return errors.Join(err, tables.Close())
	}
	s.tables, s.read = projections.Tables{DB: tables.Write, Given: sqlite.Given{}}, tables.Read
	s.reading = projections.Tables{DB: tables.Read, Catalog: sqlite.Catalog}
	s.trees = audit.Tables{Write: trees.Write, Read: trees.Read}
	s.topic, s.closed = &eventstore.AheadTopic{EventsTopic: sqlite.EventsTopic(), DB: tables.Ahead}, both(trees.Close, tables.Close)
	s.sweep = func(ctx context.Context) ([]string, error) { return sqlite.SweepReadTables(ctx, f.Data) }
	s.discardNext = func(ctx context.Context) error { return sqlite.DiscardNextReadTables(ctx, f.Data) }
	return nil
}

func (f storeFlags) openPostgresTables(ctx context.Context, s *store) error {
	tables, err := postgres.OpenReadTables(ctx, f.Store, projections.PostgresSchema())
	if err != nil {
		return err
	}
	trees, err := postgres.OpenAuditTables(ctx, f.Store, audit.PostgresSchema())
	if err != nil {
		return errors.Join(err, tables.Close())
	}
	s.tables, s.read = projections.Tables{DB: tables.Write, Lock: postgres.LockReadTables, Unlimited: postgres.Unlimited, Given: postgres.Given{}}, tables.Read
	s.reading = projections.Tables{DB: tables.Read, Catalog: postgres.Catalog, Unlimited: postgres.UnlimitedReading}
	s.trees = audit.Tables{Write: trees.Write, Read: trees.Read, TryLock: postgres.TryLockAuditTables}
	s.topic, s.closed = &eventstore.AheadTopic{EventsTopic: postgres.EventsTopic(), DB: tables.Read}, both(trees.Close, tables.Close)
	s.sweep = func(ctx context.Context) ([]string, error) { return postgres.SweepReadTables(ctx, f.Store) }
	s.discardNext = func(ctx context.Context) error { return postgres.DiscardNextReadTables(ctx, f.Store) }
	return nil
}

// both calls both, one after the other.
func both(first, second func() error) func() error {
	return func() error { return errors.Join(first(), second()) }
}

// nextTables are new read tables on their way to take the place of those that serve.
type nextTables struct {
	tables projections.Tables
	read   *sql.DB
	change func(ctx context.Context, last func(context.Context) error) (switched bool, err error) // projections.Online's Switch
	closed func() error
}

// openNext opens new read tables beside those of an open store, or those that an earlier process has left.
func (f storeFlags) openNext(ctx context.Context) (*nextTables, error) {
	if f.Store != "" {
		schema := projections.PostgresSchema()
		t, err := postgres.OpenNextReadTables(ctx, f.Store, schema, makerOf(schema))
		if err != nil {
			return nil, err
		}
		tables := projections.Tables{DB: t.Write, Lock: postgres.LockNextReadTables, Unlimited: postgres.Unlimited, Given: postgres.Given{}}
		return &nextTables{tables, t.Read, t.Switch, t.Close}, nil
	}
	schema := projections.SQLiteSchema()
	t, err := sqlite.OpenNextReadTables(ctx, f.Data, schema, makerOf(schema))
	if err != nil {
		return nil, err
	}
	return &nextTables{projections.Tables{DB: t.Write, Given: sqlite.Given{}}, t.Read, t.Switch, t.Close}, nil
}

// examiner is a store as who only looks at it sees it: it changes nothing, and opens what no other subcommand would.
type examiner interface {
	Place() string
	Reach(ctx context.Context) eventstore.Finding
	Version(ctx context.Context) eventstore.Finding
	Settings(ctx context.Context) eventstore.Finding
	Shapes(ctx context.Context) ([]eventstore.Shape, error)
	Newest(ctx context.Context) (at core.Position, recorded core.Instant, err error)
	RecordedAt(ctx context.Context, at core.Position) (core.Instant, error)
	ReadTables(ctx context.Context, f func(*sql.DB) error) error
	AuditTables(ctx context.Context, f func(*sql.DB) error) error
	Space(ctx context.Context) (eventstore.Finding, error)
	Offset(ctx context.Context, now func() time.Time) (offset, give time.Duration, err error)
	Close() error
}

// examiner makes one of the store, which need not be there.
func (f storeFlags) examiner() (examiner, error) {
	if f.Store == "" {
		return sqlite.NewExaminer(f.Data, projections.SQLiteSchema(), audit.SQLiteSchema()), nil
	}
	e, err := postgres.NewExaminer(f.Store, projections.PostgresSchema(), audit.PostgresSchema())
	if err != nil { // a nil pointer would be an interface that is not nil
		return nil, err
	}
	return e, nil
}

// close frees the store: the read tables before the log, which they may have attached.
func (s *store) close() error {
	return errors.Join(s.closed(), s.log.Close())
}

// embedded is the directory of the embedded store, for what is about its file.
func (f storeFlags) embedded(what string) (dir string, err error) {
	if f.Store != "" {
		return "", fmt.Errorf("%s is for the embedded store: a PostgreSQL database is copied by its own tools, pg_dump or pg_basebackup (docs/operations.md), and its log into another store by resultlog copy", what)
	}
	return f.Data, nil
}
