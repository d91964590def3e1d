// Package eventstore makes events durable and hands them out again: the Log and what every backend of it must do, the Sequencer that decides and appends in groups,
// and the form in which events travel to the subscription that feeds the read tables.
package eventstore

import (
	"context"
	"errors"
	"iter"
	"time"

	"resultlog/core"
)

// Log is the append-only, totally ordered history of all tenants. Positions are gapless from 1; what a reader sees is always a prefix.
// All methods may be called concurrently. eventstoretest is the law for every backend.
type Log interface {
	// Append takes the log's write lock, hands decide the log's clock and what was appended after the position after, slim (see ReadSlim), appends what decide returns, and commits:
	// durable when it returns nil, all or nothing. Decide returning no events ends the turn without a commit; decide returning an error ends it with that error, unwritten.
	// What decide returns must continue the log's positions.
	//
	// An error that wraps ErrIndefinite means that the commit's answer was lost: the events may or may not be in the log, and the caller must read it before it decides anything again.
	// An error that wraps ErrFarBehind means that more than MaxMissed events, or MaxMissedBytes, were missed; decide was not called.
	// An error that wraps ErrDiverged means that the log does not hold what was read from it, or appended, before; decide was not called, and the caller must forget what it knows: who goes on
	// from there is told so again, until Append or ReadSlim is called for after position 0. Every other error is definite: nothing was written.
	Append(ctx context.Context, after core.Position, decide func(now time.Time, missed []core.Recorded) ([]core.Recorded, error)) error

	// Head is the position of the last durable event; 0 if there is none.
	Head(ctx context.Context) (core.Position, error)

	// ReadAll yields the events after a position, in order, up to the head of the moment when it gets there. It reads in pages, the first of FirstPage and the others of PageSize, and no transaction
	// stays open between two of them. It ends at the first error.
	ReadAll(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error]

	// ReadSlim is ReadAll for who only replays: events may lack whatever a core.Machine does not read, and they cost a fraction. After the first, pages are of AheadPage, and fetched ahead.
	ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error]

	// ReadStream yields the events of one stream after a version, in order, likewise.
	ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error]

	// Close waits for an append under way and frees what the log holds. Afterwards every method fails with ErrClosed.
	Close() error
}

// History is a log as its auditors read it: every backend of Log is one too. What it yields is durable, comes in pages as Log's events do, and is decoded by nobody. Its methods
// may be called concurrently.
type History interface {
	// Entries yields the events of all tenants after a position, in order, without their personal parts: what the leaves of their trees are made of.
	Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error]

	// TenantHead is the tenant position of a tenant's last durable event; 0 if it has none.
	TenantHead(ctx context.Context, tenant core.ID) (core.Position, error)

	// TenantEntries yields the events of a tenant after a tenant position as they are stored, decoded by nobody, in that order.
	TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error]

	// StreamEntries is ReadStream for who wants the events as they are stored.
	StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error]
}

// The errors of a Log that a caller acts on.
var (
	ErrIndefinite = errors.New("the outcome of the commit is unknown")
	ErrFarBehind  = errors.New("too many events were appended since: read the log first")
	ErrDiverged   = errors.New("the log is not the one that was read before: it lacks what it held") // an older copy was restored, or a failover lost what was not replicated
	ErrClosed     = errors.New("the log is closed")
	ErrUnreadable = errors.New("the log holds what this program cannot read") // damaged, or written by a newer program (core.ErrUnknownEvent)
)

const (
	// MaxMissed is the most events that Append reads under the write lock: a few full batches of other nodes, and no more than a moment of everybody's time.
	// Who is further behind catches up by ReadAll, without the lock.
	MaxMissed = 4096

	// MaxMissedBytes ends that reading early when the events are large: it is about what MaxMissed events of a usual size take.
	MaxMissedBytes = 8 << 20

	// FirstPage is how many events ReadAll and ReadStream fetch at first: who wants a command's events, or an activity's history, needs no more, and pays for no more.
	FirstPage = 16

	// PageSize is how many events they fetch at a time after that: large enough that a page's fixed costs vanish, and usually half a megabyte.
	// If every event of a page has the largest body (256 KiB), it is 128 MiB: the most that one reader holds.
	PageSize = 512
)
