package projections

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

const (
	// HoldAfter is how old what the read tables lack may be before who appends is slowed down: twice GatherDelay, which is what they are behind as long as they keep up.
	HoldAfter = 2 * GatherDelay

	// HoldShare is which part of what goes beyond HoldAfter each turn of the sequencer waits: since that grows from nothing, it settles where as much is appended as is projected, at some milliseconds
	// usually. All of it, instead of a quarter, keeps the tables nearer, and costs a twentieth of the rate and a fifth of the p99 with 256 clients on SQLite.
	HoldShare = 4

	// MaxHold is how long a turn waits at most.
	MaxHold = 100 * time.Millisecond

	// markEvery is how exactly it is known since when the read tables lack what they lack. There are as many marks at most as fit into MaxReadLag, beyond which nobody waits.
	markEvery = 10 * time.Millisecond
	maxMarks  = int(MaxReadLag / markEvery)
)

// Backpressure slows down who appends to the log while the read tables fall behind it, so that what they lack stays some tenths of a second old under any load: otherwise a load that is appended faster
// than it is projected would have them fall behind for as long as it lasts, until reads that wait for their own writes fail (MaxWait).
//
// It holds nobody back for tables that are so far behind that reads fail already, or that nothing is applied to (MaxReadLag): they are being rebuilt, or are broken, and accepting results does not depend
// on them. It asks nothing of a database. For one goroutine.
type Backpressure struct {
	checkpoint *Checkpoint
	held       prometheus.Counter

	marks []mark // to which the tables have not been seen to have come, the oldest first
}

// mark is a position, and a time at which it was that of the log's last event.
type mark struct {
	position core.Position
	at       time.Time
}

// NewBackpressure makes one that learns from a checkpoint how far the read tables have come.
func NewBackpressure(checkpoint *Checkpoint) *Backpressure {
	return &Backpressure{checkpoint: checkpoint, held: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "resultlog_held_back_seconds_total", Help: "Time for which turns of the sequencer have waited for the read tables to keep up.",
	})}
}

// Collectors lists its metrics, to be registered where everything is wired.
func (b *Backpressure) Collectors() []prometheus.Collector { return []prometheus.Collector{b.held} }

// Hold returns when the next events may be appended; head is the position of the last one in the log. It waits MaxHold at most, and not after ctx has ended.
func (b *Backpressure) Hold(ctx context.Context, head core.Position) {
	now := time.Now()
	position, changed := b.checkpoint.watch()
	delay := holdFor(b.age(now, position, head))
	if delay <= 0 {
		return
	}
	pause(ctx, delay, changed, nil) // until the tables have moved on, if that is sooner
	b.held.Add(time.Since(now).Seconds())
}

// age is since when the tables, which are at a position, have lacked the first event that they lack; head is that of the last one, now.
func (b *Backpressure) age(now time.Time, position, head core.Position) (age time.Duration) {
	reached := 0
	for reached < len(b.marks) && position >= b.marks[reached].position {
		reached++
	}
	b.marks = slices.Delete(b.marks, 0, reached)
	n := len(b.marks)
	if n > 0 {
		age = now.Sub(b.marks[0].at)
	}
	if n == 0 || n < maxMarks && now.Sub(b.marks[n-1].at) >= markEvery {
		b.marks = append(b.marks, mark{head, now})
	}
	return age
}

// holdFor is how long a turn waits where the read tables lack what is so old.
func holdFor(age time.Duration) time.Duration {
	if age > MaxReadLag {
		return 0
	}
	return min((age-HoldAfter)/HoldShare, MaxHold)
}
