package projections

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// polls begins the transaction of each poll, and can end it from outside before the subscriber knows of anything. That order is what keeps deliveries whole: the subscriber
// commits whatever is in its transaction when it stops waiting for a handler (its own context ended, it is being closed, the AckDeadline has passed). A transaction whose
// context has ended is refused its commit.
type polls struct {
	Tables
	timeout time.Duration // of one poll's transaction; shorter than the AckDeadline

	mu     sync.Mutex
	cancel context.CancelFunc // of the latest transaction
	ended  bool
}

func newPolls(tables Tables, timeout time.Duration) *polls {
	return &polls{Tables: tables, timeout: timeout, cancel: func() {}}
}

// BeginTx implements the subscriber's Beginner.
func (p *polls) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	ctx, err := p.next(ctx)
	if err != nil {
		return nil, err
	}
	return p.Tables.BeginTx(ctx, opts)
}

// next gives the context of the next transaction.
func (p *polls) next(ctx context.Context) (context.Context, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil, context.Canceled
	}
	p.cancel() // of the last one, which is over
	ctx, p.cancel = context.WithTimeout(ctx, p.timeout)
	return ctx, nil
}

// end makes sure that nothing of the latest transaction is committed, unless it has been already, and that no other begins.
func (p *polls) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.cancel()
}

// over reports whether the subscription was asked to end.
func (p *polls) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
