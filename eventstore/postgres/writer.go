package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"resultlog/core"
	"resultlog/eventstore"
)

// stepTimeout is how long the server may take to answer one step of a turn: longer than it waits for the lock, and as long as a client waits for its answer. A commit that takes longer has
// a doubtful outcome, which is looked up on another connection.
const stepTimeout = 10 * time.Second

// The advisory locks of this program, in its part of their space (their first key). They are of a database, as the log is.
const (
	lockSpace   = 0x7265_736c // "resl"
	appendLock  = 1           // who appends
	projectLock = 2           // who changes the read tables
	migrateLock = 3           // who changes the shape of any of it
	rebuildLock = 4           // who makes new read tables beside those that serve
	nextLock    = 5           // who changes those
	auditLock   = 6           // who keeps the trees
)

const (
	// takeLock is a statement of its own: READ COMMITTED gives the next one a snapshot that was taken when the lock was had, and so sees all that was appended by those who had it before.
	takeLock = `SELECT pg_advisory_xact_lock($1, $2)`

	// selectState gives where the log ends, what time it is, and the event at a position.
	selectState = `SELECT coalesce((SELECT max(position) FROM resultlog.events), 0), (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
		(SELECT event_id FROM resultlog.events WHERE position = $1)`

	// emitMessage writes a commit of no event to the server's own log.
	emitMessage = `SELECT pg_logical_emit_message(true, 'resultlog', 'connected')`

	insertEvents = `INSERT INTO resultlog.events
		(position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, personal, metadata, slim, recorded_at)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::integer[], $6::uuid[], $7::text[], $8::integer[], $9::text[], $10::bytea[], $11::text[], $12::bytea[], $13::bigint[])`
)

// writer is the one connection that appends. It never asks the server to cancel a commit of events: one that waits for a standby, when it is cancelled, is kept by the primary alone and shown to
// everybody.
type writer struct {
	conn    *pgx.Conn
	settled atomic.Bool    // nothing more is dialled, not even to cancel
	warning *pgconn.Notice // the last that the server sent
	used    bool           // it has begun a transaction before
}

// newWriter connects, and makes a commit of its own before anything is read: whatever is in the log now is from then on as durable as an acknowledged event. Without it, a server that has crashed
// while commits waited for their standby would show events that nobody was ever told of, and that a failover would take back.
func newWriter(ctx context.Context, config *pgx.ConnConfig) (*writer, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	w := &writer{}
	config = session(config, 0)
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { w.warning = n }
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if w.settled.Load() {
			return nil, errors.New("a writer cancels nothing")
		}
		return dial(ctx, network, addr)
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	w.conn, w.warning = conn, nil
	// This one may be cancelled while it waits for a standby, and is when the time is over: there is no event in it, and without that each try would leave a session behind that waits.
	if _, err = conn.Exec(ctx, emitMessage); err == nil && w.warning != nil {
		err = fmt.Errorf("commit: %s: %s", w.warning.Message, w.warning.Detail)
	}
	if err != nil {
		w.discard()
		return nil, err
	}
	w.settled.Store(true)
	return w, nil
}

// discard ends the connection. The server rolls back what it had open, unless it is committing.
func (w *writer) discard() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx)
}

// state is what a turn begins with.
type state struct {
	head core.Position
	now  time.Time
	tail core.ID // of the event at the position that was asked for; none if there is none
}

// beginTransaction takes the write lock, and then looks where the log ends: three statements, sent at once.
func (w *writer) beginTransaction(ctx context.Context, known core.Position) (s state, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	w.used = true
	batch := new(pgx.Batch)
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	batch.Queue(takeLock, lockSpace, appendLock)
	batch.Queue(selectState, int64(known))
	results := w.conn.SendBatch(ctx, batch)
	defer func() { err = errors.Join(err, results.Close()) }()
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return s, err
		}
	}
	var now int64
	var tail *[16]byte
	if err := results.QueryRow().Scan((*int64)(&s.head), &now, &tail); err != nil {
		return s, err
	}
	if s.now = clock(now); tail != nil {
		s.tail = *tail
	}
	return s, nil
}

// missed gives the events after a position up to the head.
func (w *writer) missed(ctx context.Context, after, head core.Position) ([]core.Recorded, error) {
	if err := eventstore.MayCatchUp(after, head); err != nil || after == head {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	rows, err := w.conn.Query(ctx, selectSlim, inBinary, int64(after), eventstore.MaxMissed)
	if err != nil {
		return nil, err
	}
	return scanAll(rows, make([]core.Recorded, 0, head-after), scanSlim, eventstore.Row.SlimRecorded, eventstore.MaxMissedBytes)
}

// commitTransaction inserts rows and commits: two statements, sent at once. Without an error, they are durable. With one, maybe tells whether they may be.
func (w *writer) commitTransaction(ctx context.Context, rows []eventstore.Row) (maybe bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	batch := new(pgx.Batch)
	batch.Queue(insertEvents, columnsOf(rows)...)
	batch.Queue("COMMIT")
	w.warning = nil
	results := w.conn.SendBatch(ctx, batch)
	defer func() {
		ended := results.Close()
		maybe = maybe || err == nil && ended != nil // it has answered COMMIT, and then went away
		err = errors.Join(err, ended)
	}()
	if _, err := results.Exec(); err != nil {
		return !refused(err), err // refused, it has ended the batch: no COMMIT was looked at
	}
	tag, err := results.Exec()
	switch {
	case err != nil:
		return true, err
	case tag.String() != "COMMIT": // of a transaction that had failed
		return false, fmt.Errorf("the server answered COMMIT by %s", tag)
	case w.warning != nil: // it no longer waits for its standby: committed here, and nobody knows whether there
		return true, fmt.Errorf("commit: %s: %s", w.warning.Message, w.warning.Detail)
	}
	return false, nil
}

// rollbackTransaction ends a transaction in which nothing was decided.
func (w *writer) rollbackTransaction(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	_, err := w.conn.Exec(ctx, "ROLLBACK")
	return err
}

// refused reports whether the server has refused a statement, and is still there: not that it went away while it was at it.
func refused(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.SeverityUnlocalized == "ERROR"
}
