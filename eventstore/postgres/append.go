package postgres

import (
	"context"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// Append implements eventstore.Log. A turn is two trips to the server, and one more if others have appended since: begin, lock and look; insert and commit.
func (l *Log) Append(ctx context.Context, after core.Position, decide func(now time.Time, missed []core.Recorded) ([]core.Recorded, error)) error {
	return l.append(ctx, after, eventstore.Deciding(decide))
}

// AppendRows appends what another log holds, as it is stored there; the first row must be the next one here. All or nothing, and durable, as by Append. There must be at least one.
func (l *Log) AppendRows(ctx context.Context, rows []eventstore.Row) error {
	return l.append(ctx, rows[0].Position-1, eventstore.Copying(rows))
}

// append is one turn.
func (l *Log) append(ctx context.Context, after core.Position, produce eventstore.Produce) error {
	if err := l.takeTurn(ctx); err != nil {
		return err
	}
	defer l.endTurn()
	known := l.tail.knownAfter(after)
	begun, err := l.begin(ctx, known.position)
	if err != nil {
		return l.explain(ctx, fmt.Errorf("take the log's write lock: %w", err))
	}
	return l.produceAndCommit(context.WithoutCancel(ctx), begun, known, after, produce) // under the lock, nothing is given up half way
}

// begin takes the write lock. A connection that was fine yesterday may be gone today, and the server be there: so one that has served before is replaced once.
func (l *Log) begin(ctx context.Context, known core.Position) (state, error) {
	for {
		if err := l.openWriter(ctx); err != nil {
			return state{}, err
		}
		again := l.writer.used
		begun, err := l.writer.beginTransaction(ctx, known)
		if err == nil {
			return begun, nil
		}
		l.discardWriter() // whatever it has begun ends with it
		if !again || refused(err) || ctx.Err() != nil {
			return state{}, err
		}
	}
}

// produceAndCommit is the part of a turn under the write lock. It always ends the transaction: a commit, or a rollback, or no connection.
func (l *Log) produceAndCommit(ctx context.Context, begun state, known mark, after core.Position, produce eventstore.Produce) error {
	w, open := l.writer, true
	defer func() { // a panic of decide comes through here too
		if open && w.rollbackTransaction(ctx) != nil {
			l.discardWriter()
		}
	}()
	if begun.tail != known.id {
		return diverged(known)
	}
	missed, err := w.missed(ctx, after, begun.head)
	if err != nil {
		return err
	}
	if n := len(missed); n > 0 { // whatever comes of the turn, the caller has them then
		l.tail.saw(mark{missed[n-1].Position, missed[n-1].EventID})
	}
	rows, err := produce(begun.head, begun.now, missed)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}

	// A crash up to here, of this node or of the server: the transaction is rolled back. Nothing happened.
	open = false
	if maybe, err := l.commit(w, ctx, rows); err != nil {
		// A crash in between: the server has the commit, or it has not, or it has it and its standby has not. Nothing is an answer until another connection has taken the lock, which
		// the commit holds until it has ended, and has made a commit after it (see newWriter).
		l.discardWriter()
		if maybe {
			return fmt.Errorf("%w: %w", eventstore.ErrIndefinite, err)
		}
		return fmt.Errorf("append after position %d: %w", begun.head, err)
	}
	// A crash from here on: the events are on the disk, and on the standbys that the server waits for; replay knows them, whoever was told.
	last := rows[len(rows)-1]
	l.tail.saw(mark{last.Position, last.EventID})
	return nil
}

// takeTurn waits until it is this caller's turn at the writer.
func (l *Log) takeTurn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.closed.Load() {
		l.endTurn()
		return eventstore.ErrClosed
	}
	return nil
}

func (l *Log) endTurn() { <-l.turn }

// openWriter makes sure that there is a writer. The caller has the turn.
func (l *Log) openWriter(ctx context.Context) (err error) {
	if l.writer != nil {
		return nil
	}
	if l.writer, err = newWriter(ctx, l.config); err == nil {
		l.opened.Inc()
	}
	return err
}

func (l *Log) discardWriter() {
	if l.writer != nil {
		l.writer.discard()
		l.writer = nil
	}
}
