package projections_test

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
)

// aheadWorld is a world with a topic that a test polls by itself.
type aheadWorld struct {
	*world
	topic *eventstore.AheadTopic
}

func newAheadWorld(newWorld func(testing.TB) *world, t *testing.T) aheadWorld {
	w := newWorld(t)
	topic := w.topic(w.tables, w.engine.topic)
	topic.Most = 50
	t.Cleanup(topic.Rest)
	return aheadWorld{w, topic}
}

// poll does what the subscriber does with a topic, and gives the delivery: the zero Row if there was none. Ahead says whether the poll could begin with what was read ahead.
func (w aheadWorld) poll(topic wsql.SchemaAdapter) (delivery wsql.Row, ahead bool) {
	w.t.Helper()
	query := topic.SelectQuery("events", "read_tables", eventstore.Checkpoints{})
	rows, err := w.tables.Write.Query(query.Query, query.Args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if delivery.Msg != nil {
			w.t.Fatal("a poll gave two deliveries")
		}
		if delivery, err = topic.UnmarshalMessage(rows); err != nil {
			w.t.Fatal(err)
		}
	}
	return delivery, len(query.Args) > 1
}

// mustDeliver polls once by the topic and once by one that reads nothing ahead, and compares what they deliver.
func (w aheadWorld) mustDeliver(ahead bool, first, last core.Position) wsql.Row {
	w.t.Helper()
	got, began := w.poll(w.topic)
	want, _ := w.poll(w.topic.EventsTopic)
	if began != ahead {
		w.t.Errorf("the poll began with what was read ahead: %v, want %v", began, ahead)
	}
	if firstOf(w.t, got) != first || core.Position(got.Offset) != last {
		w.t.Errorf("delivered %s, want %d-%d", got.UUID, first, last)
	}
	if !bytes.Equal(got.Payload, want.Payload) || !bytes.Equal(got.UUID, want.UUID) || got.Offset != want.Offset {
		w.t.Errorf("delivered %s, and without reading ahead %s, or other bytes", got.UUID, want.UUID)
	}
	return got
}

// firstOf is the position of a delivery's first event; 0: there is no delivery.
func firstOf(t testing.TB, delivery wsql.Row) core.Position {
	if delivery.Msg == nil {
		return 0
	}
	for r, err := range eventstore.MessageEvents(delivery.Msg) {
		if r.Position == 0 {
			t.Fatal(err)
		}
		return r.Position
	}
	return 0
}

// ack moves the checkpoint as the subscriber does, to the end of a delivery.
func (w aheadWorld) ack(delivery wsql.Row) {
	q := eventstore.Checkpoints{}.AckMessageQuery("events", delivery, "read_tables")
	w.exec(q.Query, q.Args...)
}

// What was read ahead is what would have been read: whole deliveries, and one that the log has gained more for since.
func TestDeliveriesAreReadAhead(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newAheadWorld(newWorld, t)
		w.grow(120)
		w.ack(w.mustDeliver(false, 1, 50))
		w.ack(w.mustDeliver(true, 51, 100))
		read := w.mustDeliver(true, 101, w.machine.Head())
		w.grow(200)
		w.ack(read)
		w.ack(w.mustDeliver(false, after(read), after(read)+49)) // nothing was read ahead of a delivery that was not full
		w.mustDeliver(true, after(read)+50, after(read)+99)
	})
}

// after is the position after a delivery.
func after(delivery wsql.Row) core.Position { return core.Position(delivery.Offset) + 1 }

// The log gains events between reading ahead and the poll: the delivery has those too, as far as it has room.
func TestWhatWasReadAheadIsAddedTo(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newAheadWorld(newWorld, t)
		w.grow(60)
		head := w.machine.Head()
		w.topic.Most = int(head) - 3
		first := w.mustDeliver(false, 1, head-3)
		w.grow(int(2 * head))
		w.ack(first)
		w.mustDeliver(true, head-2, 2*head-6)
	})
}

// Where the checkpoint is elsewhere, since another node has moved it or the tables are being rebuilt, what was read ahead is dropped.
func TestWhatWasReadAheadIsDroppedIfTheCheckpointIsElsewhere(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newAheadWorld(newWorld, t)
		w.grow(200)
		for _, at := range []struct{ checkpoint, first, last core.Position }{{70, 71, 120}, {0, 1, 50}, {50, 51, 100}, {101, 102, 151}} {
			w.exec(`DELETE FROM checkpoints`)
			w.mustDeliver(false, 1, 50) // 51-100 are read ahead
			if at.checkpoint > 0 {
				w.exec(`INSERT INTO checkpoints (subscription, position, event_id, generation) VALUES ('read_tables', $1, $2, 1)`, int64(at.checkpoint), make([]byte, 16))
			}
			w.mustDeliver(true, at.first, at.last)
			w.topic.Rest()
		}
	})
}

// What was read ahead of another log, as before a failover that lost commits, is not delivered: at its end that log has another event.
func TestWhatWasReadAheadOfAnotherLogIsDropped(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, other := newAheadWorld(newWorld, t), newWorld(t)
		w.grow(120)
		other.minted = 1 << 32 // ids that the first log has not
		aheadWorld{other, nil}.grow(120)
		w.topic.DB = other.tables.ahead
		first := w.mustDeliver(false, 1, 50)
		w.ack(first)
		for {
			delivery, ahead := w.poll(w.topic)
			if at := firstOf(t, delivery); ahead && at == 51 {
				t.Fatalf("delivered %s of another log", delivery.UUID)
			} else if !ahead && at == 51 {
				break // which is right, after a delivery that nobody applies, since it does not follow the checkpoint
			}
			w.topic.Rest()
		}
	})
}

// A topic that rests has nothing read ahead, and begins anew.
func TestTopicThatRests(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newAheadWorld(newWorld, t)
		w.grow(120)
		w.ack(w.mustDeliver(false, 1, 50))
		w.topic.Rest()
		w.ack(w.mustDeliver(false, 51, 100))
		w.topic.Rest()
		w.topic.Rest() // of nothing
	})
}

// What cannot be read ahead is read by the poll.
func TestWhatCannotBeReadAhead(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newAheadWorld(newWorld, t)
		w.grow(120)
		closed := sql.OpenDB(nil)
		_ = closed.Close()
		w.topic.DB = closed
		w.ack(w.mustDeliver(false, 1, 50))
		w.ack(w.mustDeliver(false, 51, 100))
	})
}

// grow appends so many events, or a few more.
func (w aheadWorld) grow(events int) {
	r := rand.New(rand.NewPCG(75, uint64(w.machine.Head())))
	for until := w.machine.Head() + core.Position(events); w.machine.Head() < until; {
		w.live(r, 1)
	}
}

// resting is a topic that tells whether it was let rest.
type resting struct {
	projections.Topic
	rested *atomic.Bool
}

func (r resting) Rest() {
	r.rested.Store(true)
	r.Topic.Rest()
}

// When a runner has ended, its topic reads nothing ahead any more; as long as it runs, it may.
func TestRunnerLetsItsTopicRest(t *testing.T) {
	w := sqliteWorld(t)
	cfg, rested := w.config(w.tables), new(atomic.Bool)
	cfg.Schema = resting{cfg.Schema, rested}
	running := w.run(cfg)
	w.live(rand.New(rand.NewPCG(75, 1)), 3)
	w.caughtUp(running)
	if rested.Load() {
		t.Error("it rests, and the runner does not")
	}
	if err := running.stop(); err != nil || !rested.Load() {
		t.Errorf("it rests: %v, %v", rested.Load(), err)
	}
}
