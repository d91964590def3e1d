package projections

import (
	"context"
	"fmt"
	"time"

	"resultlog/core"
)

const (
	// MaxReadLag is how old an event may be that the read tables do not hold yet: as long as a read waits for it (contract §2.6). What is older fails reads.
	MaxReadLag = 2 * time.Second

	// LagTimeout bounds a measurement of the lag: whoever asks every second, a probe say, must have an answer within it, whatever happens.
	LagTimeout = 800 * time.Millisecond
)

// Lag is how far the read tables are behind the log.
type Lag struct {
	Events core.Position // that are in the log and not in the read tables
	Time   time.Duration // since the first of them was recorded; 0 if there is none
}

// TooLong reports whether reads fail for it.
func (l Lag) TooLong() bool { return l.Time > MaxReadLag }

// Lag measures the lag, from the log's own head and the committed checkpoint; the barrier must have been given RecordedAt. The error says that it cannot be told, or not within LagTimeout.
func (b *Barrier) Lag(ctx context.Context) (Lag, error) {
	ctx, cancel := context.WithTimeout(ctx, LagTimeout)
	defer cancel()
	type measured struct {
		lag Lag
		err error
	}
	done := make(chan measured, 1)
	go func() { // apart, since a disk that hangs is deaf to the context
		lag, err := b.measure(ctx)
		done <- measured{lag, err}
	}()
	select {
	case m := <-done:
		return m.lag, m.err
	case <-ctx.Done():
		return Lag{}, fmt.Errorf("measure the lag of the read tables: %w", ctx.Err())
	}
}

func (b *Barrier) measure(ctx context.Context) (Lag, error) {
	head, position, err := b.look(ctx)
	if err != nil || position >= head {
		return Lag{}, err
	}
	at, err := b.RecordedAt(ctx, position+1)
	if err != nil {
		return Lag{}, fmt.Errorf("read when the event at position %d was recorded: %w", position+1, err)
	}
	return Lag{Events: head - position, Time: max(0, b.Now().Sub(at.Time()))}, nil
}
