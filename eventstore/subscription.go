package eventstore

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
)

const (
	// MaxDelivered is the most events in one delivery to the read tables. So many cost a twentieth of a second or two, in which the log's WAL cannot be emptied. An index whose entries come in no order (of
	// the commerces, say) has each of its pages written once for a delivery: of a quarter as many events, each would cost up to twice as much.
	MaxDelivered = 2000

	// MaxDeliveredBytes ends a delivery early: a few of the largest bodies (256 KiB) are as much work, and memory, as many small ones. The event that crosses it is still in.
	MaxDeliveredBytes = 4 << 20
)

// firstPayload is how much room a delivery begins with, in bytes: for about a hundred events. It grows from there by what the copies of the few large ones cost.
const firstPayload = 64 << 10

// EventsTopic makes a log's events table a topic of watermill-sql: no second table, and no second write. The topic's name means nothing to it: there is one log.
type EventsTopic struct {
	Select string                       // what Borrow takes of the events table, up to and without the WHERE
	Borrow func(*sql.Rows) (Row, error) // reads the row that rows stands on; what it gives need not outlive it
	Most   int                          // events in one delivery; 0: MaxDelivered
}

// Checkpoints keeps, beside the read tables, how far each subscription has come: table checkpoints, one row for each consumer group. The row moves in the transaction that the
// delivery was applied in.
type Checkpoints struct{}

// generation says which read tables this program's subscription feeds, all of them. The migration that adds one has the table checkpoints want it: a node of an older program, which names none, is
// refused, and leaves the events to those that feed the new table too.
const generation = 1

// Both are stateless, as watermill-sql wants them.
var (
	_ wsql.SchemaAdapter  = EventsTopic{}
	_ wsql.OffsetsAdapter = Checkpoints{}
)

// errNoPublishing tells who tries to publish to the topic that events come into the log by Append alone.
var errNoPublishing = errors.New("the events topic is read-only: events are appended to the log")

// SelectQuery implements wsql.SchemaAdapter. It runs in a transaction that has taken the write lock of the read tables: the checkpoint that it reads stays what it is until the
// delivery has been committed, so that two subscribers in two processes never deliver the same event twice. The order is the position's: commit order, whatever the engine.
func (t EventsTopic) SelectQuery(topic, consumerGroup string, checkpoints wsql.OffsetsAdapter) wsql.Query {
	next := checkpoints.NextOffsetQuery(topic, consumerGroup)
	return wsql.Query{
		Query: t.Select + ` WHERE position > coalesce((` + next.Query + `), 0) ORDER BY position LIMIT ` + fmt.Sprint(t.most()),
		Args:  next.Args,
	}
}

// UnmarshalMessage implements wsql.SchemaAdapter. The scanner that it is given is the *sql.Rows itself: all of the poll becomes one message.
func (t EventsTopic) UnmarshalMessage(scanner wsql.Scanner) (wsql.Row, error) {
	rows, err := polled(scanner)
	if err != nil {
		return wsql.Row{}, err
	}
	batch, err := t.drain(rows, nil)
	if err != nil {
		return wsql.Row{}, err
	}
	return batch.delivery(), nil
}

// polled gives the *sql.Rows that the subscriber's scanner is.
func polled(scanner wsql.Scanner) (*sql.Rows, error) {
	rows, ok := scanner.(*sql.Rows)
	if !ok {
		return nil, fmt.Errorf("a batch needs the *sql.Rows of the poll, and got %T", scanner)
	}
	return rows, nil
}

// lastEventID is the key, in a row's extra data, of the id of the delivery's last event.
const lastEventID = "last_event_id"

// drain gathers the row that rows stands on and those after it, up to the bounds, and closes rows: the subscriber's next look finds nothing left. Begun is what they may go on from: if that ends
// with the first of them, it is theirs; nil: nothing is.
// It checks rows.Err, which the subscriber does not: a delivery that was cut short by an error would be acknowledged as a whole.
// Where the log lacks a position, the delivery ends: the next one begins behind the gap, and who applies it knows by the checkpoint.
func (t EventsTopic) drain(rows *sql.Rows, begun *batchPayload) (batch *batchPayload, err error) {
	for more := true; more; more = !batch.full(t.most()) && rows.Next() {
		row, err := t.Borrow(rows)
		if err != nil {
			return nil, err
		}
		if batch == nil && begun != nil && begun.last == (mark{row.Position, row.EventID}) {
			batch = begun
			continue
		}
		if batch == nil {
			batch = &batchPayload{bytes: make([]byte, 0, firstPayload)}
		} else if row.Position != batch.last.position+1 {
			break
		}
		batch.add(&row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return batch, rows.Close()
}

// most is how many events a delivery has at most.
func (t EventsTopic) most() int { return cmp.Or(t.Most, MaxDelivered) }

// SubscribeIsolationLevel implements wsql.SchemaAdapter: the engine's own. What must not change under a delivery is under the write lock.
func (EventsTopic) SubscribeIsolationLevel() sql.IsolationLevel { return sql.LevelDefault }

// SchemaInitializingQueries implements wsql.SchemaAdapter: the log's migrations make the table.
func (EventsTopic) SchemaInitializingQueries(string) []wsql.Query { return nil }

// InsertQuery implements wsql.SchemaAdapter, and refuses.
func (EventsTopic) InsertQuery(string, message.Messages) (wsql.Query, error) {
	return wsql.Query{}, errNoPublishing
}

// NextOffsetQuery implements wsql.OffsetsAdapter: the position of the last event applied; no row before the first.
func (Checkpoints) NextOffsetQuery(_, consumerGroup string) wsql.Query {
	return wsql.Query{Query: `SELECT position FROM checkpoints WHERE subscription = $1`, Args: []any{consumerGroup}}
}

// AckMessageQuery implements wsql.OffsetsAdapter. The event's id beside its position tells whether a log is the one that the tables were made of.
func (Checkpoints) AckMessageQuery(_ string, row wsql.Row, consumerGroup string) wsql.Query {
	return wsql.Query{
		Query: `INSERT INTO checkpoints (subscription, position, event_id, generation) VALUES ($1, $2, $3, $4)
			ON CONFLICT (subscription) DO UPDATE SET position = excluded.position, event_id = excluded.event_id, generation = excluded.generation`,
		Args: []any{consumerGroup, row.Offset, row.ExtraData[lastEventID], generation},
	}
}

// ConsumedMessageQuery implements wsql.OffsetsAdapter: nothing is kept of what is under way.
func (Checkpoints) ConsumedMessageQuery(string, wsql.Row, string, []byte) wsql.Query {
	return wsql.Query{}
}

// SchemaInitializingQueries implements wsql.OffsetsAdapter: the read tables' migrations make the table.
func (Checkpoints) SchemaInitializingQueries(string) []wsql.Query { return nil }

// BeforeSubscribingQueries implements wsql.OffsetsAdapter.
func (Checkpoints) BeforeSubscribingQueries(_, _ string) []wsql.Query { return nil }
