package eventstore

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"resultlog/core"
)

const (
	// MaxBatch is the most commands that one commit makes durable. Beyond a few hundred a commit's fixed cost is spread thin already, and only latency grows.
	MaxBatch = 512

	// MaxBatchBytes is about how much one commit may write of what clients sent, so that a batch of the largest bodies does not hold the write lock for long.
	MaxBatchBytes = 8 << 20

	// AnswerTimeout is how long a submitter waits for its commit: longer than any healthy commit by far, shorter than the patience of HTTP clients (commonly 30 s).
	AnswerTimeout = 10 * time.Second

	// RetryDelay is the pause between two attempts to learn what became of a commit.
	RetryDelay = 100 * time.Millisecond

	// FollowInterval is how long a node that decides nothing may lag behind what others append, and how long it may take to notice that the log cannot be had. So it need not catch up with a
	// quiet night's work when its first command comes, and needs no call of its own to know which API keys were revoked. It is one query of a position, unless there is something to read.
	FollowInterval = 250 * time.Millisecond
)

// SequencerConfig is what a Sequencer is made of.
type SequencerConfig struct {
	Log           Log
	Logger        *slog.Logger
	Appended      func()                         // called after every commit that appended something, and when what others appended was replayed between turns; must not block
	Committed     func(appended []core.Recorded) // called with what each commit has appended, encoded as it is stored; must not block. nil: nobody wants it
	Hold          Hold                           // nil: nothing is held back
	LookUpKey     LookUpKey                      // finds the idempotency keys that the machine has forgotten
	AnswerTimeout time.Duration                  // 0: AnswerTimeout
	RetryDelay    time.Duration                  // 0: RetryDelay
	KeyStaleness  time.Duration                  // 0: KeyStaleness
	Follow        time.Duration                  // 0: FollowInterval
}

// Hold is called before each turn, with the position of the last event that is durable, and may let it wait a little: for those that live off the log to keep up with it. It returns soon after ctx
// has ended.
type Hold func(ctx context.Context, head core.Position)

// Sequencer is the one goroutine that decides. It takes the log's write lock, reads what others appended, drains what waits, decides it on the machine's overlay,
// appends, commits, and only then answers everybody in the batch, the refused too: a refusal may rest on a neighbour's event that was not durable yet.
// While one batch is at the disk the next one gathers itself; there is no timer.
type Sequencer struct {
	SequencerConfig
	machine *core.Machine
	queue   *queue
	apiKeys atomic.Pointer[apiKeys] // another one when the log has diverged
	batch   []*waiter
	metrics *Metrics
	unready atomic.Pointer[error] // why nothing can be accepted now; nil if it can
	probe   <-chan time.Time      // after a failure: when to try whether the log can be had again; nil if all is well
	ending  bool                  // no longer ready, whatever happens
	turned  bool                  // a turn has been taken since the log was last followed

	keysFloor atomic.Int64 // the machine's KeysFloor, for those who submit
	watchers  watchers
}

var (
	errReplaying = errors.New("the log is being replayed")
	errSettling  = errors.New("the outcome of a commit is being looked up")
	errStopped   = errors.New("the service is stopping")
)

// NewSequencer makes a sequencer that accepts submissions at once and decides them when Run has replayed the log.
func NewSequencer(cfg SequencerConfig) *Sequencer {
	if cfg.AnswerTimeout == 0 {
		cfg.AnswerTimeout = AnswerTimeout
	}
	if cfg.RetryDelay == 0 {
		cfg.RetryDelay = RetryDelay
	}
	if cfg.KeyStaleness == 0 {
		cfg.KeyStaleness = KeyStaleness
	}
	if cfg.Follow == 0 {
		cfg.Follow = FollowInterval
	}
	if cfg.Committed == nil {
		cfg.Committed = func([]core.Recorded) {}
	}
	if cfg.Hold == nil {
		cfg.Hold = func(context.Context, core.Position) {}
	}
	if cfg.LookUpKey == nil {
		cfg.LookUpKey = func(context.Context, core.ID, core.KeyName) (_, _ core.Position, err error) { return 0, 0, nil }
	}
	s := &Sequencer{SequencerConfig: cfg, machine: core.NewMachine(), queue: newQueue()}
	s.apiKeys.Store(newAPIKeys())
	s.metrics = newMetrics(s.queue.depth)
	s.setUnready(errReplaying)
	return s
}

// Ready is nil when a submission would be decided now, else the reason why not. Safe for concurrent use.
func (s *Sequencer) Ready() error {
	if why := s.unready.Load(); why != nil {
		return *why
	}
	return nil
}

// Metrics are the sequencer's own, for whoever registers them.
func (s *Sequencer) Metrics() *Metrics { return s.metrics }

// Run replays the log, then takes turns until ctx is done. Then it lets nothing more in, finishes what was accepted, and returns nil.
// It returns an error when it cannot go on: the log cannot be read, or holds what this program does not understand. Whoever waits is told.
func (s *Sequencer) Run(ctx context.Context) error {
	if err := s.start(ctx); err != nil {
		s.stop(err)
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	// What is under way when ctx ends is finished too; but nobody waits longer for it than for an answer.
	work, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.AnswerTimeout, abandon) })()
	if err := s.takeTurns(ctx, work); err != nil {
		s.stop(err)
		return err
	}
	return nil
}

// takeTurns runs until the door is closed and the queue is empty, or until an error.
func (s *Sequencer) takeTurns(ctx, work context.Context) error {
	following := time.NewTicker(s.Follow)
	defer following.Stop()
	for {
		var err error
		select {
		case <-s.queue.filled:
			s.Hold(ctx, s.machine.Head()) // what waits meanwhile is in the same commit
			err = s.turn(work)
		case <-s.probe:
			err = s.tryLog(work)
		case <-following.C:
			err = s.follow(ctx)
		case <-ctx.Done():
			return s.finish(work)
		}
		if err != nil {
			return err
		}
	}
}

// start replays the log. A crash at any moment of the past left a prefix of whole commits in it: there is nothing else to recover.
func (s *Sequencer) start(ctx context.Context) error {
	begin := time.Now()
	if err := s.replay(ctx); err != nil {
		return err
	}
	close(s.apiKeys.Load().started)
	s.metrics.replaySeconds.Set(time.Since(begin).Seconds())
	s.Logger.Info("replayed", "events", s.machine.Head(), "seconds", time.Since(begin).Seconds())
	s.setUnready(nil)
	return nil
}

// finish decides what was let in before the door closed.
func (s *Sequencer) finish(work context.Context) error {
	s.closeDoor(errStopped)
	for s.queue.depth() > 0 {
		if err := s.turn(work); err != nil {
			return err
		}
	}
	return nil
}

// closeDoor lets nothing more in, for good.
func (s *Sequencer) closeDoor(why error) {
	s.setUnready(why)
	s.ending = true
	s.queue.close(unavailable(why))
}

// stop closes the door and tells everybody who still waits.
func (s *Sequencer) stop(why error) {
	s.closeDoor(why)
	for batch := s.queue.take(nil, MaxBatch, MaxBatchBytes); len(batch) > 0; batch = s.queue.take(nil, MaxBatch, MaxBatchBytes) {
		answer(batch, unavailable(why))
	}
}

// turn is one group commit. An error means that the sequencer cannot go on.
func (s *Sequencer) turn(ctx context.Context) error {
	s.batch, s.turned = s.batch[:0], true
	begin := time.Now()
	// The crash window of everybody in the batch opens here: before the commit nothing happened; after it, replay knows it, whether or not anybody is told.
	err := s.Log.Append(context.WithoutCancel(ctx), s.machine.Head(), s.decide)
	switch {
	case err == nil:
		s.committed(begin)
		return nil
	case errors.Is(err, ErrFarBehind):
		before := s.machine.Head()
		err := s.catchUp(ctx)
		s.metrics.met(s.machine.Head() - before)
		return err
	case errors.Is(err, ErrDiverged):
		s.forget(err)
		return s.catchUp(ctx)
	case errors.Is(err, ErrIndefinite) && len(s.machine.Pending()) > 0:
		return s.settle(ctx, err)
	default:
		return s.refuseAll(err)
	}
}

// catchUp reads without the write lock what others have appended. Nothing was taken from the queue: the next turn is for those who wait.
func (s *Sequencer) catchUp(ctx context.Context) error {
	defer s.queue.signal()
	s.setUnready(errReplaying)
	if err := s.replay(ctx); err != nil {
		return s.refuseAll(err)
	}
	s.setUnready(nil)
	return nil
}

// replay folds in what the log has gained, without its write lock.
func (s *Sequencer) replay(ctx context.Context) error {
	before := s.machine.Head()
	err := Replay(ctx, s.Log, s.machine, s.saw)
	s.advanced()
	if s.machine.Head() != before {
		s.Appended()
	}
	return err
}

// saw makes known that an event is durable which others appended.
func (s *Sequencer) saw(r core.Recorded) {
	s.apiKeys.Load().learn(r)
	s.watchers.ring(r.Stream.Tenant)
}

// follow replays what others have appended, if the log is there and no turn has done so.
func (s *Sequencer) follow(ctx context.Context) error {
	if s.turned || s.probe != nil {
		s.turned = false
		return nil
	}
	begin := time.Now()
	switch err := s.replay(ctx); {
	case err == nil:
		s.apiKeys.Load().reached(begin)
		return nil
	case ctx.Err() != nil || stops(err):
		return ignoreEnd(ctx, err)
	default:
		s.lost(err)
		return nil
	}
}

// forget drops all that is known of a log which has diverged: it is replayed from its beginning. What was acknowledged and is no longer there was lost by whoever keeps the log; to go on
// deciding by it would spoil what is left.
func (s *Sequencer) forget(why error) {
	s.Logger.Error("the log is not the one that was read before: what it held is gone; forgetting everything, and replaying what there is", "head", s.machine.Head(), "err", why)
	s.machine = core.NewMachine()
	fresh := newAPIKeys()
	close(fresh.started) // whoever asks reads the log itself
	s.apiKeys.Store(fresh)
}

// decide runs under the log's write lock: the machine is at the log's head when the first command is judged.
func (s *Sequencer) decide(now time.Time, missed []core.Recorded) ([]core.Recorded, error) {
	if err := replayMissed(s.machine, missed, s.saw); err != nil {
		return nil, err
	}
	s.metrics.met(core.Position(len(missed)))
	s.batch = s.queue.take(s.batch, MaxBatch, MaxBatchBytes)
	begin := time.Now()
	at := core.InstantOf(now)
	for _, w := range s.batch {
		w.command.At = at
		w.receipt, w.err = s.machine.Step(w.command)
	}
	s.encode()
	s.metrics.decideSeconds.Observe(time.Since(begin).Seconds())
	return s.machine.Pending(), nil
}

// encode encodes what is pending, once for all: for the log, for who shows its leaf in an answer, and for who keeps the trees.
func (s *Sequencer) encode() {
	pending := s.machine.Pending()
	entries := make([]core.Entry, len(pending))
	for i := range pending {
		entries[i] = core.NewEntry(pending[i])
		pending[i].Stored = &entries[i]
	}
	first := 0
	for _, w := range s.batch { // a receipt may show another place of the same events: see Machine.Step
		for i := range w.receipt.Events {
			w.receipt.Events[i].Stored = pending[first].Stored
			first++
		}
	}
}

// committed keeps what is durable now, and answers. The crash window closes: from here on a lost answer is all that a crash can cost.
func (s *Sequencer) committed(begin time.Time) {
	appended := s.machine.Pending()
	s.machine.Commit()
	s.apiKeys.Load().saw(appended, begin) // before anybody is answered: a revocation holds here from now on
	s.advanced()
	s.recovered()
	if len(appended) > 0 {
		s.metrics.committed(len(s.batch), len(appended), time.Since(begin))
		s.Committed(appended)
		s.watchers.ringAll(appended)
		s.Appended()
	}
	s.answerDecided()
}

// answerDecided answers what was decided, now that all of it is durable which it rests on.
func (s *Sequencer) answerDecided() {
	s.metrics.refused(s.batch)
	answer(s.batch, nil)
}

// advanced tells the others how far the machine has come.
func (s *Sequencer) advanced() {
	s.keysFloor.Store(int64(s.machine.KeysFloor()))
	s.metrics.advanced(s.machine)
}

// setUnready says why nothing can be accepted now; nil: it can. Once the sequencer ends, it stays as it is.
func (s *Sequencer) setUnready(why error) {
	if s.ending {
		return
	}
	if why == nil {
		s.unready.Store(nil)
		return
	}
	s.unready.Store(&why)
}

func answer(batch []*waiter, err error) {
	for _, w := range batch {
		w.answer(err)
	}
}
