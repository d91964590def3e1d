package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"

	"resultlog/core"
)

// delivered are the events of a delivery.
type delivered struct {
	events    []core.Recorded
	undecoded map[core.Position]error // why one could not be decoded: of that, only its place is known
}

// add adds an event, or the place of one that could not be decoded, and why.
func (d *delivered) add(r core.Recorded, err error) {
	d.events = append(d.events, r)
	if err == nil {
		return
	}
	if d.undecoded == nil {
		d.undecoded = make(map[core.Position]error)
	}
	d.undecoded[r.Position] = err
}

// last is the last event.
func (d *delivered) last() core.Recorded { return d.events[len(d.events)-1] }

// work is what a delivery did; it counts when its commit has been seen.
type work struct {
	last   core.Position // 0: nothing was delivered
	oldest core.Instant  // when its first event was recorded
	events int
	parked int
	took   time.Duration
}

// handle is the router's handler: one delivery, one batch of events, in the transaction of the poll that found them. An error means that the batch is tried again in the same
// transaction, of which the failed try has left nothing.
func (r *Runner) handle(m *message.Message) error {
	begin := r.Now()
	delivering, ok := wsql.TxFromContext(m.Context())
	if !ok {
		r.stop(errors.New("the subscription delivers outside of a transaction: it is not of watermill-sql"))
		return nil
	}
	tx := r.Tables.within(delivering)
	ctx, cancel := context.WithTimeout(m.Context(), r.HandlerTimeout)
	defer cancel()
	done, err := r.deliver(ctx, tx, m)
	switch {
	case err == nil:
		done.took = r.Now().Sub(begin)
		r.done.Store(&done)
		return nil
	case errors.Is(err, core.ErrUnknownEvent) || errors.Is(err, errBroken):
		r.stop(err) // never skipped: what this program does not know may be what everything after it rests on
		return nil
	}
	r.Metrics.failures.Inc()
	if errors.Is(err, errLost) {
		// Ended here and now, by a direct call: SQLite may have rolled it back already, and then the acknowledgement would be committed by itself, without the tables. The
		// delivery is acknowledged all the same, so that the subscriber goes on; the acknowledgement fails for want of a transaction, and the next poll begins anew.
		_ = tx.Rollback() // whatever it says, the transaction is over
		if err = fmt.Errorf("batch %s: %w", m.UUID, err); !r.polls.over() {
			r.lost.Store(&err) // pace tells it, in place of what the subscriber makes of it
		}
		return nil
	}
	return fmt.Errorf("batch %s: %w", m.UUID, err)
}

// errBroken means that a delivery is not what the subscription sent: nothing in it can be trusted.
var errBroken = errors.New("broken delivery")

// deliver applies a batch to all read tables: as a whole if it can, which is nearly always; one by one if an event in it is poison or follows one.
func (r *Runner) deliver(ctx context.Context, tx *Tx, m *message.Message) (work, error) {
	batch, err := r.decode(m)
	if err != nil {
		return work{}, err
	}
	first := batch.events[0]
	if err := r.mustFollow(ctx, tx, first.Position); err != nil {
		return work{}, errors.Join(errLost, err)
	}
	done := work{last: batch.last().Position, oldest: first.RecordedAt, events: len(batch.events)}
	streams, err := parked(ctx, tx, batch.events)
	if err != nil {
		return work{}, errors.Join(errLost, err)
	}
	if batch.undecoded == nil && len(streams) == 0 {
		err := guarded(ctx, tx, "delivery", func() error { return r.apply(ctx, tx, batch.events) })
		if err == nil || errors.Is(err, errLost) || r.tries(first.Position) < r.MaxTries {
			return done, err
		}
		r.Logger.Error("read tables: batch failed again and again; applying its events one by one", "batch", m.UUID, "tries", r.MaxTries, "err", err)
	}
	err = guarded(ctx, tx, "delivery", func() error {
		done.parked = 0
		return r.applyEach(ctx, tx, batch, streams, &done)
	})
	if err != nil {
		return work{}, errors.Join(errLost, err) // no event is to blame: begin anew
	}
	return done, nil
}

// mustFollow refuses a delivery that does not begin right after the checkpoint: what lies between them would be passed over without anybody's noticing. Within a delivery its reader looks.
func (r *Runner) mustFollow(ctx context.Context, tx *Tx, first core.Position) error {
	checkpoint, err := checkpointOf(ctx, tx)
	if err != nil || first == checkpoint+1 {
		return err
	}
	if next := int64(checkpoint + 1); r.gap.Swap(next) != next { // not at each try
		r.Metrics.skipped.Add(max(0, float64(first-checkpoint-1)))
	}
	return fmt.Errorf("%w: the log gives the event at position %d after the checkpoint at %d", core.ErrOutOfOrder, first, checkpoint)
}

// decode gives the events of a message. An event that a newer program wrote is no poison, and ends it all.
func (r *Runner) decode(m *message.Message) (batch delivered, err error) {
	batch.events = make([]core.Recorded, 0, 1+len(m.Payload)/eventBytes)
	for e, err := range r.Decode(m) {
		switch {
		case errors.Is(err, core.ErrUnknownEvent):
			return batch, err
		case err != nil && e.Position == 0:
			return batch, errors.Join(errBroken, err)
		}
		batch.add(e, err)
	}
	if len(batch.events) == 0 {
		return batch, fmt.Errorf("%w: no events", errBroken)
	}
	return batch, nil
}

// eventBytes is about how much of a delivery the smallest of common events take: what they are decoded into is seldom grown.
const eventBytes = 400

// tries counts how often the batch that begins at a position has failed. Batches come one after the other, so that one count will do.
func (r *Runner) tries(first core.Position) int {
	r.failing.Lock() // against a handler that ignored its time-out, and is still there beside its successor
	defer r.failing.Unlock()
	if r.failing.first != first {
		r.failing.first, r.failing.tries = first, 0
	}
	r.failing.tries++
	return r.failing.tries
}

// apply applies a batch to all read tables.
func (r *Runner) apply(ctx context.Context, tx *Tx, batch []core.Recorded) error {
	return applyAll(ctx, tx, r.Projections, batch)
}

// applyAll is what live, catching up, rebuilding and retrying share: all projections, on one batch.
func applyAll(ctx context.Context, tx *Tx, projections []Projection, batch []core.Recorded) error {
	for _, p := range projections {
		if err := p.Apply(ctx, tx, batch); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	return nil
}

// applyEach applies the events one by one, each behind a savepoint of its own, and parks those that fail and those that follow one on its stream.
// Streams holds the streams that have a parked event already, and where.
func (r *Runner) applyEach(ctx context.Context, tx *Tx, batch delivered, streams map[core.Stream]core.Position, done *work) error {
	if streams == nil {
		streams = make(map[core.Stream]core.Position)
	}
	for _, d := range batch.events {
		why := batch.undecoded[d.Position]
		if first, ok := streams[d.Stream]; ok {
			why = fmt.Errorf("follows the event at position %d, which is parked, on the same stream", first)
		} else if why == nil {
			why = guarded(ctx, tx, "event", func() error { return r.apply(ctx, tx, []core.Recorded{d}) })
		}
		switch {
		case why == nil:
			continue
		case errors.Is(why, errLost) || ctx.Err() != nil: // out of time, or stopping: that says nothing of the event
			return why
		}
		if err := park(ctx, tx, d, r.Now(), why); err != nil {
			return err
		}
		if _, ok := streams[d.Stream]; !ok {
			streams[d.Stream] = d.Position
		}
		done.parked++
		r.Logger.Error("read tables: event parked in dead_letters", "position", d.Position, "stream", d.Stream.ID, "tenant", d.Stream.Tenant, "err", why)
	}
	return nil
}
