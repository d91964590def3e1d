package eventstore

import (
	"fmt"
	"time"

	"resultlog/core"
)

// Produce gives the rows that a turn at a log appends, under its write lock: from where the log ends, its clock, and what was missed. It is how a backend sees its caller.
type Produce func(head core.Position, now time.Time, missed []core.Recorded) ([]Row, error)

// Deciding produces what is decided. The events must go on from the head.
func Deciding(decide func(now time.Time, missed []core.Recorded) ([]core.Recorded, error)) Produce {
	return func(head core.Position, now time.Time, missed []core.Recorded) ([]Row, error) {
		events, err := decide(now, missed)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		rows := make([]Row, len(events))
		for i, e := range events {
			rows[i] = ToRow(e)
		}
		return rows, mustFollow(head, rows)
	}
}

// Copying produces rows as another log has them, to the byte.
func Copying(rows []Row) Produce {
	return func(head core.Position, _ time.Time, _ []core.Recorded) ([]Row, error) {
		return rows, mustFollow(head, rows)
	}
}

// MayCatchUp refuses an appender who believes the log to end after a position, if it ends before that (ErrDiverged), or too far behind it (ErrFarBehind).
func MayCatchUp(after, head core.Position) error {
	switch {
	case after > head:
		return fmt.Errorf("append after position %d: the log ends at %d: %w", after, head, ErrDiverged)
	case head-after > MaxMissed:
		return fmt.Errorf("append after position %d, the log is at %d: %w", after, head, ErrFarBehind)
	}
	return nil
}

// mustFollow refuses rows that do not go on from the head, gapless.
func mustFollow(head core.Position, rows []Row) error {
	for i, row := range rows {
		if next := head + 1 + core.Position(i); row.Position != next {
			return fmt.Errorf("append position %d: the log's next is %d", row.Position, next)
		}
	}
	return nil
}
