package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"resultlog/core"
)

// subscription is the name of the one subscription that feeds all read tables; its row in checkpoints has it.
const subscription = "read_tables"

// Checkpoint announces how far the read tables have come. What it says is always what a SELECT saw, never what a handler hopes to have committed: the subscriber only logs a
// commit that fails. It can go down, when the tables are rebuilt. Safe for concurrent use.
type Checkpoint struct {
	db      *sql.DB
	reading sync.Mutex // held from a SELECT to its announcement, so that an older one never overtakes a newer one

	mu        sync.Mutex
	announced core.Position
	changed   chan struct{} // closed at the next announcement
}

// NewCheckpoint makes a checkpoint that reads from a pool over the read tables. It announces 0 until it is read.
func NewCheckpoint(read *sql.DB) *Checkpoint {
	return &Checkpoint{db: read, changed: make(chan struct{})}
}

// Announced is the last position announced: everything up to it is in the read tables.
func (c *Checkpoint) Announced() core.Position {
	position, _ := c.watch()
	return position
}

// watch gives the last position announced, and a channel that is closed when the next one is.
func (c *Checkpoint) watch() (core.Position, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.announced, c.changed
}

// read looks up what is committed, and announces it.
func (c *Checkpoint) read(ctx context.Context) (core.Position, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	position, err := checkpointOf(ctx, c.db)
	if err != nil {
		return 0, err
	}
	c.announce(position)
	return position, nil
}

// checkpointOf reads the committed checkpoint, by a pool or in a transaction; 0 before the first delivery.
func checkpointOf(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (core.Position, error) {
	var position int64
	err := db.QueryRowContext(ctx, `SELECT position FROM checkpoints WHERE subscription = $1`, subscription).Scan(&position)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the checkpoint: %w", err)
	}
	return core.Position(position), nil
}

func (c *Checkpoint) announce(position core.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if position != c.announced {
		c.announced = position
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// reach waits until a position is announced that is not before target.
func (c *Checkpoint) reach(ctx context.Context, target core.Position) error {
	for {
		position, changed := c.watch()
		if position >= target {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
