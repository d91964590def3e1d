package eventstore

import (
	"context"
	"errors"

	"resultlog/core"
)

// LookUpKey finds an idempotency key in the read tables: the position of the first event that was recorded with it, or 0; and how far in the log that holds. Keys that were
// recorded later are for the machine to know.
type LookUpKey func(ctx context.Context, tenant core.ID, name core.KeyName) (position, asOf core.Position, err error)

// Submit hands a command in and waits until what came of it is durable. The error is a *core.Error: a refusal of the core, or CodeQueueFull or CodeUnavailable
// (surely nothing was written), or CodeOutcomeUnknown (it may have been). Safe for concurrent use.
//
// A command whose idempotency key was accepted before is decided no second time: the receipt is that of the first (contract §2.5), or the error is of CodeKeyReused if its body
// was another. Only a command with a key pays for this: by a lookup in the read tables, once the machine no longer remembers all keys that there were.
func (s *Sequencer) Submit(ctx context.Context, c core.Command) (core.Receipt, error) {
	if c.Metadata.Key == "" {
		return s.submit(ctx, c)
	}
	ctx, cancel := context.WithTimeout(ctx, s.AnswerTimeout) // for everything, the looking up and the reading too
	defer cancel()
	if err := s.findKey(ctx, &c); err != nil {
		return core.Receipt{}, err
	}
	receipt, err := s.submit(ctx, c)
	return s.recallFirst(ctx, c, receipt, err)
}

// findKey looks up the key of a command, if it has one and the machine may have forgotten it.
func (s *Sequencer) findKey(ctx context.Context, c *core.Command) (err error) {
	if c.Metadata.Key == "" || s.keysFloor.Load() == 0 {
		return nil
	}
	if c.KeyAt, c.KeysAsOf, err = s.LookUpKey(ctx, c.Tenant, c.Metadata.Name(c.Tenant)); err != nil {
		return unavailable(err)
	}
	return nil
}

// recallFirst gives the receipt that a command is answered with: its own, or that of the first with its key.
func (s *Sequencer) recallFirst(ctx context.Context, c core.Command, receipt core.Receipt, err error) (core.Receipt, error) {
	if err != nil || receipt.Replayed == 0 {
		return receipt, err
	}
	return s.recall(ctx, c, receipt.Replayed)
}

// errStrayKey means that the event to which a key leads was not recorded with it: the read tables are not of this log.
var errStrayKey = errors.New("the idempotency key leads to an event that was recorded without it")

// recall gives the receipt of the command that was accepted with the same key before, out of the log. What is there is durable, whoever asks.
func (s *Sequencer) recall(ctx context.Context, c core.Command, position core.Position) (core.Receipt, error) {
	events, err := s.commandAt(ctx, position)
	if err != nil { // that nothing was written is what must not be said now: it was, the first time
		return core.Receipt{}, outcomeUnknown(err)
	}
	first := events[0].Metadata.Idempotency
	if first.Key != c.Metadata.Key || first.Endpoint != c.Metadata.Endpoint || events[0].Stream.Tenant != c.Tenant {
		return core.Receipt{}, outcomeUnknown(errStrayKey)
	}
	if first.Body != c.Metadata.Body {
		s.metrics.refusals.WithLabelValues(guards[core.CodeKeyReused]).Inc()
		return core.Receipt{}, &core.Error{
			Code:    core.CodeKeyReused,
			Message: "this Idempotency-Key was used before, with another body: send the same body to have the first answer again, or a new key for a new request",
		}
	}
	s.metrics.replays.Inc()
	return core.Receipt{Events: events, Replayed: position}, nil
}

// commandAt reads the events of the command whose first event is at a position: each is caused by the one before it.
func (s *Sequencer) commandAt(ctx context.Context, position core.Position) ([]core.Recorded, error) {
	var events []core.Recorded
	for r, err := range s.Log.ReadAll(ctx, position-1) {
		if err != nil {
			return nil, err
		}
		if n := len(events); n > 0 && r.Metadata.CausationID != events[n-1].EventID {
			break
		}
		events = append(events, r)
	}
	if len(events) == 0 {
		return nil, errStrayKey
	}
	return events, nil
}
