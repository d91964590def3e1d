// Package postgres keeps the log in a PostgreSQL database: the store of several nodes. Each appends in its turn, under one advisory lock, and sees there what the others have appended;
// none leads, and none forwards. Replication is PostgreSQL's own affair: a commit is as durable as the server says that it is.
//
// The log is in the schema resultlog, which nothing but Append writes to; the read tables are in the schema resultlog_read. Both are of one database, since what feeds the latter is one
// transaction over both.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
	"resultlog/eventstore"
)

// logReaders is how many reads of the log run at once: following, looking for API keys, command-line tools, audits; one more waits.
const logReaders = 4

// readTimeout is how long one page may take to arrive. A server that is frozen, or gone without a word, breaks no connection: it is noticed by this, and /readyz is red then.
const readTimeout = 5 * time.Second

var (
	_ eventstore.Log     = (*Log)(nil)
	_ eventstore.History = (*Log)(nil)
)

// Log is an eventstore.Log in a PostgreSQL database.
type Log struct {
	config *pgx.ConnConfig

	turn   chan struct{}                                                            // holds one token while an Append, or Close, is at work: the two fields below are its
	writer *writer                                                                  // the one connection that appends; nil while there is none
	commit func(*writer, context.Context, []eventstore.Row) (maybe bool, err error) // ends the transaction; a test may replace it

	readers  *pgxpool.Pool
	patience time.Duration      // of a read of one page: readTimeout; a test may have less
	opened   prometheus.Counter // connections that append
	tail     tail
	closed   atomic.Bool
}

// tail is the last event that was read from the log or appended to it by this process: it must be there for ever, or at least until who decides by what was read begins anew.
type tail struct {
	mu sync.Mutex
	at mark
}

// mark is an event's place and its id.
type mark struct {
	position core.Position
	id       core.ID
}

// OpenLog opens the log in the database that a DSN names, and makes it if it is not there and the role may (see Migrate). The DSN is a URL, or a list of keywords and values, as PostgreSQL's
// own programs take them; of several hosts the one that can be written to is used.
func OpenLog(ctx context.Context, dsn string) (*Log, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return openLog(ctx, config)
}

// OpenExistingLog opens the log in a database that has one: a tool makes none.
func OpenExistingLog(ctx context.Context, dsn string) (*Log, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	there, err := hasLog(ctx, config)
	if err == nil && !there {
		err = errors.New("there is no log; resultlog serve and resultlog migrate make one")
	}
	if err != nil {
		return nil, fmt.Errorf("log in %s: %w", place(config), err)
	}
	return openLog(ctx, config)
}

func hasLog(ctx context.Context, config *pgx.ConnConfig) (there bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'events')`, logSchema).Scan(&there)
	return there, err
}

func openLog(ctx context.Context, config *pgx.ConnConfig) (*Log, error) {
	l := &Log{config: config, turn: make(chan struct{}, 1), commit: (*writer).commitTransaction, opened: newOpened(), patience: readTimeout}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("log in %s: %w", place(config), err), l.Close())
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) (err error) {
	if err := migrateLog(ctx, l.config); err != nil {
		return err
	}
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pool.ConnConfig, pool.MaxConns = session(l.config, statementTimeout), logReaders
	if l.readers, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return err
	}
	l.turn <- struct{}{}
	defer l.endTurn()
	return l.openWriter(ctx) // what is wrong with the server shows here
}

// Head implements eventstore.Log.
func (l *Log) Head(ctx context.Context) (head core.Position, err error) {
	if err := l.readable(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	err = l.readers.QueryRow(ctx, `SELECT coalesce(max(position), 0) FROM resultlog.events`).Scan((*int64)(&head))
	return head, l.explain(ctx, err)
}

// Close implements eventstore.Log. It may be called more than once.
func (l *Log) Close() error {
	l.turn <- struct{}{} // not before the Append under way has ended
	defer l.endTurn()
	if l.closed.Swap(true) {
		return nil
	}
	l.discardWriter()
	if l.readers != nil {
		l.readers.Close()
	}
	return nil
}

// readable reports why the log cannot be read now.
func (l *Log) readable(ctx context.Context) error {
	if l.closed.Load() {
		return eventstore.ErrClosed
	}
	return ctx.Err()
}

// explain makes err ErrClosed if the log has been closed in the meantime, and the context's own if that has ended.
func (l *Log) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case l.closed.Load():
		return eventstore.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

// known gives the tail.
func (t *tail) known() mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// saw notes an event that the log holds.
func (t *tail) saw(event mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if event.position > t.at.position {
		t.at = event
	}
}

// knownAfter gives the tail for who goes on after a position. Who begins at the beginning knows nothing: there is none any more.
func (t *tail) knownAfter(position core.Position) mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position == 0 {
		t.at = mark{}
	}
	return t.at
}

// diverged is the error of a log that lacks its tail. That stays the tail: whoever notices first is not the only one who must be told.
func diverged(known mark) error {
	return fmt.Errorf("the event at position %d is not the one that was there (%s): %w", known.position, known.id, eventstore.ErrDiverged)
}

// clock reads a time of the database.
func clock(milliseconds int64) time.Time { return time.UnixMilli(milliseconds) }
