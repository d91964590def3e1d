package eventstore

import (
	"context"
	"errors"
	"time"

	"resultlog/core"
)

// settleLogEvery is how many failed looks after a lost commit make one line of log: one in ten seconds.
const settleLogEvery = 100

// refuseAll is for a definite failure: nothing was written, and all waiters are told so. If the log failed before it let us decide, the batch is what would have been decided.
// It gives the error back if it is one that the sequencer cannot go on after.
func (s *Sequencer) refuseAll(err error) error {
	s.machine.Rollback()
	if len(s.batch) == 0 {
		s.batch = s.queue.take(s.batch, MaxBatch, MaxBatchBytes)
	}
	s.metrics.failures.WithLabelValues(definite).Inc()
	s.lost(err)
	answer(s.batch, unavailable(err))
	if stops(err) {
		return err
	}
	return nil
}

// lost notes that the log cannot be had now, and has it tried again. It tells so once, and recovered when it is over: while a server is away, everything that is sent fails. What ends the
// sequencer is told by whoever runs it.
func (s *Sequencer) lost(err error) {
	if s.probe == nil && !stops(err) {
		s.Logger.Error("the log cannot be had; what is submitted is refused until it can, and nothing of it is written", "err", err)
	}
	s.setUnready(err)
	s.probe = time.After(s.RetryDelay)
}

// tryLog looks whether the log can be had again after a failure: readiness must not wait for a submission that is no longer sent here.
func (s *Sequencer) tryLog(ctx context.Context) error {
	err := s.lookUp(ctx, nil)
	switch {
	case err == nil:
		s.recovered()
	case stops(err):
		return err
	default:
		s.lost(err)
	}
	return nil
}

// recovered notes that the log is there again.
func (s *Sequencer) recovered() {
	if s.probe != nil {
		s.Logger.Info("the log can be had again", "head", s.machine.Head())
		s.probe = nil
		s.setUnready(nil)
	}
}

// settle finds out what became of a commit whose answer was lost, before anybody in the batch is answered and before anything else is decided.
// It takes the write lock to look: a commit that is still on its way holds it until it has ended. Waiters whose patience ends meanwhile are told that the outcome is unknown.
func (s *Sequencer) settle(ctx context.Context, cause error) error {
	s.setUnready(errSettling)
	s.metrics.failures.WithLabelValues(indefinite).Inc()
	s.Logger.Error("commit's answer was lost; looking it up", "commands", len(s.batch), "err", cause)
	first, events := s.machine.Pending()[0].EventID, len(s.machine.Pending())
	s.machine.Rollback()

	written, machine := false, s.machine
	look := func(r core.Recorded) {
		if machine != s.machine { // the log has diverged meanwhile: what was seen in the other one is gone
			written, machine = false, s.machine
		}
		written = written || r.EventID == first
	}
	for attempt := 1; ; attempt++ {
		err := s.lookUp(ctx, look)
		if err == nil {
			break
		}
		if stops(err) || !s.pause(ctx) {
			answer(s.batch, outcomeUnknown(err))
			return err
		}
		if attempt%settleLogEvery == 1 {
			s.Logger.Error("the outcome of a commit is still unknown", "attempt", attempt, "err", err)
		}
	}
	written = written && machine == s.machine
	s.probe = nil
	s.setUnready(nil)
	s.Logger.Info("commit looked up", "written", written, "head", s.machine.Head())
	if !written {
		answer(s.batch, unavailable(cause))
		return nil
	}
	s.metrics.wrote(events)
	s.Appended()
	s.answerDecided()
	return nil
}

// lookUp catches up with the log under its write lock, appending nothing. Look, if not nil, is shown each event.
func (s *Sequencer) lookUp(ctx context.Context, look func(core.Recorded)) error {
	seen := func(r core.Recorded) {
		s.saw(r)
		if look != nil {
			look(r)
		}
	}
	err := s.Log.Append(ctx, s.machine.Head(), func(_ time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		return nil, replayMissed(s.machine, missed, seen)
	})
	s.advanced()
	if errors.Is(err, ErrDiverged) {
		s.forget(err)
	}
	if errors.Is(err, ErrFarBehind) || errors.Is(err, ErrDiverged) {
		if err := Replay(ctx, s.Log, s.machine, seen); err != nil {
			return err
		}
		return s.lookUp(ctx, look)
	}
	return err
}

// pause waits a RetryDelay; false if ctx ended first.
func (s *Sequencer) pause(ctx context.Context) bool {
	select {
	case <-time.After(s.RetryDelay):
		return true
	case <-ctx.Done():
		return false
	}
}

// ignoreEnd is no error if it came because ctx ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stops reports whether an error means that this program may not decide anything more: the log holds what it cannot understand, or is closed.
func stops(err error) bool {
	return errors.Is(err, core.ErrOutOfOrder) || errors.Is(err, ErrUnreadable) || errors.Is(err, ErrClosed)
}

func unavailable(cause error) error {
	return &core.Error{
		Code:    core.CodeUnavailable,
		Message: "the service cannot record anything right now; nothing was written: retry a little later, with the same Idempotency-Key if you sent one",
		Err:     cause,
	}
}

func outcomeUnknown(cause error) error {
	return &core.Error{
		Code:    core.CodeOutcomeUnknown,
		Message: "the request may or may not have been recorded: retry with the same Idempotency-Key, or read the result before you send it again",
		Err:     cause,
	}
}
