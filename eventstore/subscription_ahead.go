package eventstore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"

	"resultlog/core"
)

// fetchTimeout is how long what is read ahead may take, and how old it may be when a poll delivers it: far more than either is as long as all is well. A poll waits for it with the write lock of the read
// tables in its hands.
const fetchTimeout = 2 * time.Second

// AheadTopic is an EventsTopic for one subscriber that may have much to catch up with: while a full delivery is applied, another connection reads what comes next. The poll that finds the checkpoint right
// before that begins with it, and reads for itself only what the log has gained since. Where the log has, in the poll's transaction, the last event that was read ahead, it is the log that was read, up
// to there: an id is never given twice, and events are appended and never changed.
//
// Except that personal parts are erased. What was read ahead may hold one still, and precedes the event that says so: that event is applied after it, and the eraser waits until it is before it looks
// whether anything is left (Erase of package projections).
type AheadTopic struct {
	EventsTopic
	DB *sql.DB // what is read ahead is read by; it sees the log as the poll's connection does, and is not the poll's

	mu    sync.Mutex
	ahead *fetch        // under way, or done, for the next poll; nil: nothing is
	begun *batchPayload // what the poll under way may begin with; the subscriber's alone
}

// fetch reads ahead.
type fetch struct {
	ctx    context.Context // until fetchTimeout
	cancel context.CancelFunc
	done   chan struct{}
	batch  *batchPayload // nil: the log has no more, or err
	err    error
}

// SelectQuery implements wsql.SchemaAdapter. Beside what was read ahead it asks for that's last event, and what comes after it; if the checkpoint is elsewhere, it is EventsTopic's.
func (t *AheadTopic) SelectQuery(topic, consumerGroup string, checkpoints wsql.OffsetsAdapter) wsql.Query {
	if t.begun = t.fetched(); t.begun == nil {
		return t.EventsTopic.SelectQuery(topic, consumerGroup, checkpoints)
	}
	next := checkpoints.NextOffsetQuery(topic, consumerGroup)
	n := len(next.Args)
	follows := fmt.Sprintf(`coalesce((%s), 0) + 1`, next.Query)
	begun := fmt.Sprintf(`%s = $%d`, follows, n+1)
	first, last := int64(t.begun.first), int64(t.begun.last.position)
	return wsql.Query{
		Query: t.Select + fmt.Sprintf(` WHERE position >= CASE WHEN %s THEN $%d ELSE %s END ORDER BY position LIMIT CASE WHEN %s THEN CAST($%d AS bigint) ELSE %d END`,
			begun, n+2, follows, begun, n+3, t.most()),
		Args: append(next.Args, first, last, int64(t.most())-(last-first)), // its last event once more
	}
}

// UnmarshalMessage implements wsql.SchemaAdapter.
func (t *AheadTopic) UnmarshalMessage(scanner wsql.Scanner) (wsql.Row, error) {
	rows, err := polled(scanner)
	if err != nil {
		return wsql.Row{}, err
	}
	begun := t.begun
	t.begun = nil
	batch, err := t.drain(rows, begun)
	if err != nil {
		return wsql.Row{}, err
	}
	if batch.full(t.most()) {
		t.begin(batch.last.position)
	}
	return batch.delivery(), nil
}

// Rest gives up what is read ahead, and returns when nothing of it is under way. The topic can be subscribed to again.
func (t *AheadTopic) Rest() {
	if f := t.take(); f != nil {
		f.cancel()
		<-f.done
	}
}

// begin has what comes after an event read.
func (t *AheadTopic) begin(after core.Position) {
	f := &fetch{done: make(chan struct{})}
	f.ctx, f.cancel = context.WithTimeout(context.Background(), fetchTimeout)
	t.mu.Lock()
	t.ahead = f
	t.mu.Unlock()
	go func() {
		defer close(f.done)
		f.batch, f.err = t.readAfter(f.ctx, after)
	}()
}

// readAfter reads what a delivery has room for.
func (t *AheadTopic) readAfter(ctx context.Context, after core.Position) (*batchPayload, error) {
	rows, err := t.DB.QueryContext(ctx, t.Select+` WHERE position > $1 ORDER BY position LIMIT $2`, int64(after), t.most())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	return t.drain(rows, nil)
}

// fetched is what was read ahead, when it is there; nil if nothing was, if it could not be, or if it is too old. Why it could not be read the poll finds out, which reads the same.
func (t *AheadTopic) fetched() *batchPayload {
	f := t.take()
	if f == nil {
		return nil
	}
	defer f.cancel()
	<-f.done
	if f.err != nil || f.ctx.Err() != nil {
		return nil
	}
	return f.batch
}

// take takes what is read ahead, so that nobody else does.
func (t *AheadTopic) take() *fetch {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.ahead
	t.ahead = nil
	return f
}
