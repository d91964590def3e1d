package audit

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"resultlog/core"
)

const (
	// Interval is how often the trees are brought up to the log and signed: a checkpoint costs a signature and a row for each tenant that has something new, and an auditor who asks for a proof
	// waits no longer than this.
	Interval = time.Second

	// MaxExtended is the most events that one transaction adds to the trees: at some thousand its fixed costs are spread thin, and it holds some megabytes.
	MaxExtended = 4096

	// MaxExtendedBytes ends it early when the events are large.
	MaxExtendedBytes = 8 << 20

	// MaxSigned is how many tenants' trees are signed in one transaction.
	MaxSigned = 512

	// tickTimeout bounds all work of one interval that a database that hangs could prolong without end; what is not done then is done in the next.
	tickTimeout = 30 * time.Second
)

// Log is what the trees are made of: eventstore.History is one.
type Log interface {
	Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error]
}

// Config is what a Keeper is made of.
type Config struct {
	Tables   Tables
	Log      Log
	Key      SigningKey
	Logger   *slog.Logger
	Interval time.Duration    // 0: Interval
	Now      func() time.Time // nil: time.Now
}

// Keeper keeps the trees and signs them. Several may be at work on the same tables, one on each node: one of them is at a time, and the others find the work done.
type Keeper struct {
	Config
	known   map[core.ID]Tree // the trees as they were when this keeper committed last
	knownAt mark             // at this event; if the tables are at another, nothing is known

	fed      chan commit // of this node, and not taken yet
	fedBytes atomic.Int64
	ahead    []leaf // of what this node has appended, in a row

	position atomic.Int64 // how far the trees have come; for metrics
	signedAt atomic.Int64 // when one was signed last, in milliseconds; 0: not by this keeper
	failing  bool         // the last tick failed: the next failure is no news
}

// NewKeeper makes a keeper.
func NewKeeper(cfg Config) *Keeper {
	if cfg.Interval == 0 {
		cfg.Interval = Interval
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Keeper{Config: cfg, fed: make(chan commit, MaxFed)}
}

// Run keeps the trees until ctx is done, and then returns nil. What cannot be read now is tried again each interval, for ever: nothing is skipped, the trees stop there, and so do the
// checkpoints, while the service goes on; its log and its metrics say so.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(k.Interval)
	defer ticker.Stop()
	for {
		k.report(k.Tick(ctx))
		if !k.rest(ctx, ticker.C) {
			return nil
		}
	}
}

// rest waits for the next interval, and takes what it is fed meanwhile; false if ctx is done.
func (k *Keeper) rest(ctx context.Context, next <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-next:
			return true
		case c := <-k.fed:
			k.take(c)
		}
	}
}

// report logs the first failure of a row, and its end.
func (k *Keeper) report(err error) {
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil && !k.failing:
		k.failing = true
		k.Logger.Error("audit: the trees cannot be kept; trying again each interval, skipping nothing", "err", err)
	case err == nil && k.failing:
		k.failing = false
		k.Logger.Info("audit: the trees are kept again")
	}
}

// Tick brings the trees up to the log, and signs those that have grown.
func (k *Keeper) Tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	for more := true; more; {
		var err error
		k.takeAll()
		if more, err = k.extend(ctx); err != nil {
			return unlessBusy(err)
		}
	}
	// A crash here leaves trees that are not signed yet: the next tick, of whichever node, signs them.
	for more := true; more; {
		var err error
		if more, err = k.sign(ctx); err != nil {
			return unlessBusy(err)
		}
	}
	return nil
}

// unlessBusy forgives that another node does the work.
func unlessBusy(err error) error {
	if errors.Is(err, errBusy) {
		return nil
	}
	return err
}
