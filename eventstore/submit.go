package eventstore

import (
	"context"
	"time"

	"resultlog/core"
)

// submit queues a command and waits for its turn.
func (s *Sequencer) submit(ctx context.Context, c core.Command) (core.Receipt, error) {
	w := newWaiter(c)
	if err := s.queue.add(w); err != nil {
		return core.Receipt{}, err
	}
	return w.outcome(s.wait(ctx, w))
}

// SubmitAll hands several commands of one tenant in and waits until what came of each is durable: one outcome each, in their order, just as Submit would have told it. They
// are independent: a refusal, or a failure, of one is its own alone. But they are let in all together, and are decided in their order; if the queue cannot hold all of them, or
// takes nothing any more, none is, and the error says why: CodeQueueFull or CodeUnavailable (surely nothing was written). Safe for concurrent use.
//
// What Submit says of idempotency keys holds for each command. Of two with the same key the second is the retry of the first.
func (s *Sequencer) SubmitAll(ctx context.Context, commands []core.Command) ([]core.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, s.AnswerTimeout) // for everything, the looking up and the reading too; wait has as long by itself, and so less here
	defer cancel()
	all, queued := make([]*waiter, len(commands)), make([]*waiter, 0, len(commands))
	for i, c := range commands {
		err := s.findKey(ctx, &c)
		all[i] = newWaiter(c)
		if err != nil {
			all[i].answer(err)
			continue
		}
		queued = append(queued, all[i])
	}
	if len(queued) > 0 {
		if err := s.queue.add(queued...); err != nil {
			return nil, err
		}
	}
	why := s.wait(ctx, queued...)
	outcomes := make([]core.Outcome, len(all))
	for i, w := range all {
		receipt, err := w.outcome(why)
		outcomes[i].Receipt, outcomes[i].Err = s.recallFirst(ctx, commands[i], receipt, err) // w.command may still be the sequencer's
	}
	return outcomes, nil
}

// wait returns when all commands are answered; or else, as soon as their submitter waits no longer, why not: then those that are still queued are withdrawn.
func (s *Sequencer) wait(ctx context.Context, ws ...*waiter) (why error) {
	patience := time.NewTimer(s.AnswerTimeout)
	defer patience.Stop()
	for _, w := range ws {
		select {
		case <-w.done:
			continue
		case <-ctx.Done():
			why = ctx.Err()
		case <-patience.C:
			why = context.DeadlineExceeded
		}
		s.queue.withdraw(ws...)
		return why
	}
	return nil
}

// outcome is what came of a command that is no longer waited for. If its submitter gave up, why says for what: a command that was withdrawn never happened; of one that is at the
// disk nobody knows yet.
func (w *waiter) outcome(why error) (core.Receipt, error) {
	if w.withdrawn {
		return core.Receipt{}, unavailable(why)
	}
	select {
	case <-w.done: // perhaps at the very moment of giving up
		return w.receipt, w.err
	default:
		return core.Receipt{}, outcomeUnknown(why)
	}
}
