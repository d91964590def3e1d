package projections

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
)

// pace decides when the next poll comes. The subscriber asks after every poll, when its transaction has ended one way or the other; so this is also where the
// checkpoint is looked up and announced. It blocks, and always answers "at once": the subscriber would sleep through a wake-up.
type pace struct {
	*Runner
	ctx    context.Context
	began  time.Time // when the latest poll began
	failed int       // polls in a row
}

var _ wsql.BackoffManager = (*pace)(nil)

// HandleError implements wsql.BackoffManager.
func (p *pace) HandleError(_ watermill.LoggerAdapter, noMsg bool, err error) time.Duration {
	done, lost, hurried := p.done.Swap(nil), p.lost.Swap(nil), false
	if p.ctx.Err() != nil {
		return 0
	}
	position, readErr := p.Checkpoint.read(p.ctx)
	switch {
	case p.ctx.Err() != nil:
		return 0
	case lost != nil: // its acknowledgement has failed for it
		p.Logger.Error("read tables: delivery given up, to be taken up again", "err", *lost)
		p.backOff()
	case err != nil || readErr != nil:
		p.Logger.Error("read tables: poll failed", "err", err, "checkpoint_err", readErr)
		p.backOff()
	case done != nil && position < done.last: // the subscriber has only logged why
		p.Logger.Warn("read tables: delivery was not committed, or the tables were emptied since, to be rebuilt", "checkpoint", position, "delivered", done.last)
		p.Metrics.failures.Inc()
		p.backOff()
	case done != nil:
		p.failed = 0
		p.Metrics.committed(*done, p.Now())
	case noMsg:
		p.failed = 0
		hurried = pause(p.ctx, p.FallbackPoll, p.Wake, p.Hurry)
	}
	if rest := p.GatherDelay - time.Since(p.began); rest > 0 && !hurried {
		pause(p.ctx, rest, nil, p.Hurry)
	}
	p.began = time.Now()
	return 0
}

// backOff pauses after a failed poll, twice as long after each in a row: a full disk, say, lasts, and each failure is a line of log. Reads that wait do not
// cut it short: they gain nothing by a poll that fails again.
func (p *pace) backOff() {
	delay := min(p.RetryDelay<<min(p.failed, maxDoublings), MaxRetryDelay)
	p.failed++
	pause(p.ctx, delay, nil, nil)
}

// maxDoublings keeps the doubling from running over; it is far past MaxRetryDelay.
const maxDoublings = 20

// pause waits for the wake-up, the timer, the end, or a read that cannot wait, whichever comes first; it reports whether it was such a read.
// What came while the poll was under way is still in the channels.
func pause(ctx context.Context, d time.Duration, wake, hurry <-chan struct{}) (hurried bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-hurry:
		return true
	case <-wake:
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
