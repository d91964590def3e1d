package sqlite

import (
	"context"
	"fmt"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// Append implements eventstore.Log.
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
	if err := l.openWriter(ctx); err != nil {
		return fmt.Errorf("open the log's writer: %w", err)
	}
	if err := l.writer.beginTransaction(ctx); err != nil {
		l.discardWriter() // ctx may have ended the call when the transaction had begun already
		return fmt.Errorf("take the log's write lock: %w", err)
	}
	return l.produceAndCommit(context.WithoutCancel(ctx), after, produce) // under the lock, nothing is given up half way
}

// produceAndCommit is the part of a turn under the write lock. It always ends the transaction: a commit, or a rollback, or no connection.
func (l *Log) produceAndCommit(ctx context.Context, after core.Position, produce eventstore.Produce) error {
	w, open := l.writer, true
	defer func() { // a panic of decide comes through here too
		if open && w.rollbackTransaction(ctx) != nil {
			l.discardWriter()
		}
	}()
	head, missed, err := w.missed(ctx, after)
	if err != nil {
		return err
	}
	rows, err := produce(head, l.now(), missed)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := w.insertAll(ctx, rows); err != nil {
		return err
	}

	// A crash up to here: the events are in this process's memory at most, or in the WAL without the commit's mark. Nothing happened.
	open = false
	if err := l.commit(w, ctx); err != nil {
		// The events, and the commit's mark, may be in the WAL already: written but not synced, or synced but not answered. A crash now, and recovery decides by what
		// it finds on the disk. Without a crash, no connection sees them. Neither is an answer until settle has made sure that it stays the answer.
		l.doubtful.Store(true)
		l.discardWriter()
		return fmt.Errorf("%w: %w", eventstore.ErrIndefinite, err)
	}
	// A crash from here on: the events are on the disk, and replay knows them, whoever was told.
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

// openWriter makes sure that there is a writer, and that no doubt is left about what is in the log. The caller has the turn.
func (l *Log) openWriter(ctx context.Context) error {
	if l.writer != nil {
		return nil
	}
	w, err := newWriter(ctx, l.writers)
	if err != nil {
		return err
	}
	if l.doubtful.Load() {
		if err := l.overwrite(ctx, w); err != nil {
			w.discard()
			return fmt.Errorf("after a failed commit: %w", err)
		}
		l.doubtful.Store(false)
	}
	l.writer = w
	return nil
}

func (l *Log) discardWriter() {
	if l.writer != nil {
		l.writer.discard()
		l.writer = nil
	}
}

// settle ends the doubt that a failed commit leaves. Until then nothing is read either: an event that is not seen now might be there after a crash.
func (l *Log) settle(ctx context.Context) error {
	if !l.doubtful.Load() {
		return nil
	}
	if err := l.takeTurn(ctx); err != nil {
		return err
	}
	defer l.endTurn()
	return l.openWriter(ctx)
}

// overwrite makes a durable commit that holds no event. If the failed commit took effect, this one comes after it. If it did not, its frames lie in the WAL just behind the
// last valid one, their checksums right, and recovery after a crash would take them for committed: this commit is written over them. Either way
// the log is now for good as it reads. The commit's content is a counter in the file's header that nothing else uses.
func (l *Log) overwrite(ctx context.Context, w *writer) error {
	if err := w.beginTransaction(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	var settled int64
	if err := w.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&settled); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", settled+1)); err != nil {
		return err
	}
	return l.commit(w, ctx)
}
