package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"

	"resultlog/core"
)

const (
	// HandlerTimeout is how long one try of a delivery may take: a hundred times what a full batch takes. While it runs it holds a snapshot of the log, and the log's WAL grows.
	HandlerTimeout = 5 * time.Second

	// MaxTries is how often a batch is tried as a whole before its events are applied one by one: a passing fault passes, poison does not.
	MaxTries = 3

	// ResendInterval is the pause between two tries. The transaction stays open meanwhile, so that it is short.
	ResendInterval = 20 * time.Millisecond

	// TransactionTimeout is when the transaction of a poll is over, whoever still works in it: after every try that it may hold, each with its full time.
	TransactionTimeout = 30 * time.Second

	// AckDeadline is when watermill-sql stops waiting for a handler and commits what it finds, without the checkpoint. It must find a transaction that is long over.
	AckDeadline = 5 * time.Minute

	// RetryDelay is the pause after a poll that failed, and MaxRetryDelay what it grows to when one after the other fails.
	RetryDelay    = 100 * time.Millisecond
	MaxRetryDelay = 5 * time.Second

	// FallbackPoll is how long the subscription sleeps when nobody wakes it: what it may take to notice what another process appended, if no read asks for it sooner.
	FallbackPoll = 250 * time.Millisecond

	// GatherDelay is the least time from the beginning of one poll to that of the next, unless a read waits for it. Under load a poll's fixed costs (its transaction, its
	// statements, the savepoint) outweigh those of the few events that came in the meantime; and what nobody waits for may be some milliseconds old.
	GatherDelay = 50 * time.Millisecond
)

// topic is the name of the events table to watermill, which wants one.
const topic = "events"

// Topic makes the log a topic. It may read ahead of what it is asked for; when Rest returns, it does not.
type Topic interface {
	wsql.SchemaAdapter
	Rest()
}

// Config is what a Runner is made of. Every duration, MaxTries and Now may be zero: then the constant of the same name holds, and time.Now.
type Config struct {
	Tables      Tables                                                 // the read tables, with the log in sight
	Schema      Topic                                                  // of the log; no other runner's
	Checkpoints wsql.OffsetsAdapter                                    // keeps the checkpoint beside the tables
	Decode      func(*message.Message) iter.Seq2[core.Recorded, error] // the events of a delivery; beside an error, the place of the event that could not be decoded
	Projections []Projection
	Checkpoint  *Checkpoint
	Wake        <-chan struct{} // holds one token at least; fed, without blocking, after each commit to the log
	Hurry       <-chan struct{} // likewise; fed when a read waits for what was committed
	Metrics     *Metrics        // nil: nobody looks
	Logger      *slog.Logger

	HandlerTimeout     time.Duration
	ResendInterval     time.Duration
	TransactionTimeout time.Duration
	AckDeadline        time.Duration
	RetryDelay         time.Duration
	FallbackPoll       time.Duration
	GatherDelay        time.Duration
	MaxTries           int
	Now                func() time.Time
}

// Runner is the subscription that feeds all read tables. Each poll is one transaction: read what the log has after the checkpoint, apply it to every table, move the checkpoint.
// After a crash at any point the tables and the checkpoint are as some commit left them, and it goes on from there.
type Runner struct {
	Config
	polls   *polls
	done    atomic.Pointer[work]  // by the latest delivery; taken when its poll has ended
	lost    atomic.Pointer[error] // why the latest delivery was given up, likewise
	gap     atomic.Int64          // one more than the checkpoint after which the log lacked something last
	failing struct {
		sync.Mutex
		first core.Position
		tries int
	}

	ending sync.Once
	cancel context.CancelFunc // ends the subscription; set by Run
	err    error              // why it ended; set by stop
}

// NewRunner makes a runner, which may run once. It refuses a Config whose time-outs would let a delivery be committed in part.
func NewRunner(cfg Config) (*Runner, error) {
	cfg.setDefaults()
	if tries := time.Duration(cfg.MaxTries+1) * (cfg.HandlerTimeout + cfg.ResendInterval); tries > cfg.TransactionTimeout {
		return nil, fmt.Errorf("%d tries of HandlerTimeout %s take longer than TransactionTimeout %s", cfg.MaxTries+1, cfg.HandlerTimeout, cfg.TransactionTimeout)
	}
	if cfg.AckDeadline < 2*cfg.TransactionTimeout {
		return nil, fmt.Errorf("AckDeadline %s must be far above TransactionTimeout %s: at least twice", cfg.AckDeadline, cfg.TransactionTimeout)
	}
	return &Runner{Config: cfg, polls: newPolls(cfg.Tables, cfg.TransactionTimeout)}, nil
}

func (cfg *Config) setDefaults() {
	for duration, standard := range map[*time.Duration]time.Duration{
		&cfg.HandlerTimeout: HandlerTimeout, &cfg.ResendInterval: ResendInterval, &cfg.TransactionTimeout: TransactionTimeout,
		&cfg.AckDeadline: AckDeadline, &cfg.RetryDelay: RetryDelay, &cfg.FallbackPoll: FallbackPoll, &cfg.GatherDelay: GatherDelay,
	} {
		if *duration == 0 {
			*duration = standard
		}
	}
	if cfg.MaxTries == 0 {
		cfg.MaxTries = MaxTries
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
}

// Run feeds the read tables until ctx is done, and then returns nil; or until it cannot go on, and returns why: the log holds an event that this program does not know.
// When it returns, no delivery is half committed, nor ever will be; none is under way, unless a projection is deaf to its context.
func (r *Runner) Run(ctx context.Context) error {
	// The subscription's context does not end with ctx, but after it: stop first ends the transaction.
	defer r.Schema.Rest()
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r.cancel = cancel
	defer context.AfterFunc(ctx, func() { r.stop(nil) })()

	logger := quietLogger{watermill.NewSlogLoggerWithLevelMapping(r.Logger, map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})}
	subscriber, err := wsql.NewSubscriber(r.polls, wsql.SubscriberConfig{
		ConsumerGroup: subscription, AckDeadline: &r.AckDeadline, ResendInterval: r.ResendInterval,
		BackoffManager: &pace{Runner: r, ctx: running}, SchemaAdapter: r.Schema, OffsetsAdapter: r.Checkpoints,
	}, logger)
	if err != nil {
		return err
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: r.HandlerTimeout}, logger)
	if err != nil {
		return err
	}
	router.AddConsumerHandler(subscription, topic, subscriber, r.handle)
	if err := router.Run(running); err != nil && running.Err() == nil {
		return fmt.Errorf("read tables: %w", err)
	}
	r.stop(errors.New("the subscription ended by itself"))
	return r.err
}

// stop ends the subscription, for the reason of the first call; nil if it was asked to. The order matters: the transaction first, by a direct call. Were the subscriber to learn
// of it first, it would stop waiting for the handler under way and commit what that has written so far.
func (r *Runner) stop(why error) {
	r.ending.Do(func() {
		r.err = why
		r.polls.end()
		r.cancel()
	})
}

// quietLogger keeps what is normal when a subscription ends out of the error log.
type quietLogger struct{ watermill.LoggerAdapter }

// Error implements watermill.LoggerAdapter.
func (l quietLogger) Error(msg string, err error, fields watermill.LogFields) {
	if errors.Is(err, context.Canceled) {
		l.Debug(msg, fields.Add(watermill.LogFields{"err": err}))
		return
	}
	l.LoggerAdapter.Error(msg, err, fields)
}

// With implements watermill.LoggerAdapter.
func (l quietLogger) With(fields watermill.LogFields) watermill.LoggerAdapter {
	return quietLogger{l.LoggerAdapter.With(fields)}
}
