package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"resultlog/core"
)

const (
	// LastStretch is how long the new tables may take to come as far as those that serve, while nothing is delivered to those: half of what a read waits for (MaxWait), so that none is refused for it.
	LastStretch = time.Second

	// nearEnough is how many events the new tables may lack when the switch is tried: two full deliveries, a fraction of what the last stretch has time for.
	nearEnough core.Position = 1000

	// SwitchPause is the pause after a switch that could not be had, and MaxSwitchPause what it grows to: a question of an analyst's may take minutes, and each try has readers wait for a moment.
	SwitchPause    = time.Second
	MaxSwitchPause = 30 * time.Second
)

// Online is what RebuildOnline works with.
type Online struct {
	// Next feeds the new tables; its Checkpoint reads them.
	Next Config

	// Serving reads the checkpoint of the tables that serve.
	Serving *Checkpoint

	// Head gives the position of the log's last durable event, EventID the ids of its events.
	Head    func(context.Context) (core.Position, error)
	EventID EventID

	// Switch puts the new tables in the place of those that serve, in one transaction. It takes their write lock, which everybody takes who changes them, and calls last under it; after an error of
	// last, or of its own, nothing has happened. It is not switched, without an error, if the tables are in use in a way that it would have to wait for.
	Switch func(ctx context.Context, last func(context.Context) error) (switched bool, err error)

	SwitchPause time.Duration // 0: SwitchPause
}

// RebuildOnline makes new read tables of the log, beside those that serve and are fed meanwhile, and then puts them in the place of those. Progress is told each checkpoint that was reached on the
// way; it may be nil. It gives the checkpoint that the new tables had when it began, 0 unless an earlier rebuild has left them, and the one with which they took over.
//
// It is safe to kill at any moment. The new tables are fed by a Runner as any others are, and so hold exactly what their checkpoint says: the next rebuild goes on from there. The switch is one
// transaction: before its commit the old tables serve, after it the new ones.
//
// Readers and running servers notice nothing. Servers deliver to the old tables until somebody else has their write lock; under that lock the new ones come exactly as far, or further, and take
// over with their own checkpoint, which is what the next delivery goes on from. So no event is missing or applied twice, and what a reader has seen it sees again.
func RebuildOnline(ctx context.Context, cfg Online, progress func(done, total core.Position)) (from, through core.Position, err error) {
	if progress == nil {
		progress = func(_, _ core.Position) {}
	}
	if _, err := DropIfForeign(ctx, cfg.Next, cfg.EventID); err != nil {
		return 0, 0, fmt.Errorf("new read tables that were left: %w", err)
	}
	if from, err = cfg.Next.Checkpoint.read(ctx); err != nil {
		return 0, 0, err
	}
	for pause := cmp.Or(cfg.SwitchPause, SwitchPause); ; pause = min(2*pause, MaxSwitchPause) {
		if err := cfg.approach(ctx, progress); err != nil {
			return from, cfg.Next.Checkpoint.Announced(), err
		}
		switched, err := cfg.Switch(ctx, cfg.lastStretch)
		through = cfg.Next.Checkpoint.Announced()
		if switched || err != nil && !errors.Is(err, errTooFar) {
			return from, through, err
		}
		cfg.Next.Logger.Warn("new read tables: not switched yet, to be tried again: those that serve are in use, or too far ahead", "pause", pause, "position", through)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return from, through, ctx.Err()
		}
	}
}

// approach brings the new tables near the head of the log, which moves on.
func (cfg Online) approach(ctx context.Context, progress func(done, total core.Position)) error {
	for {
		head, err := cfg.Head(ctx)
		if err != nil {
			return err
		}
		if err := cfg.catchUp(ctx, head, progress); err != nil {
			return err
		}
		now, err := cfg.Head(ctx)
		if err != nil || now <= cfg.Next.Checkpoint.Announced()+nearEnough {
			return err
		}
	}
}

// catchUp brings the new tables to a position, at least. A Runner runs once.
func (cfg Online) catchUp(ctx context.Context, to core.Position, progress func(done, total core.Position)) error {
	runner, err := NewRunner(cfg.Next)
	if err != nil {
		return err
	}
	return runner.runTo(ctx, to, progress)
}

// errTooFar means that the new tables could not come as far as those that serve in the time that there was.
var errTooFar = errors.New("the new read tables are too far behind")

// lastStretch brings the new tables as far as those that serve, which stay where they are meanwhile. They may be of another log, which was longer: then the end of this one is as far.
func (cfg Online) lastStretch(ctx context.Context) error {
	stretch, cancel := context.WithTimeout(ctx, LastStretch)
	defer cancel()
	serving, err := cfg.Serving.read(stretch)
	if err != nil {
		return err
	}
	head, err := cfg.Head(stretch)
	if err != nil {
		return err
	}
	target, at := min(serving, head), cfg.Next.Checkpoint.Announced()
	if target <= at {
		return nil
	}
	if target-at <= nearEnough {
		err = cfg.catchUp(stretch, target, func(_, _ core.Position) {})
	}
	if at = cfg.Next.Checkpoint.Announced(); at < target && ctx.Err() == nil && (err == nil || stretch.Err() != nil) {
		return fmt.Errorf("%w: at %d of %d", errTooFar, at, target)
	}
	return err
}
