package sqlite

import (
	"testing"
	"time"

	"resultlog/core"
)

// mustOpenLog opens a log that is closed at the end of the test at the latest.
func mustOpenLog(t *testing.T, dir string) *Log {
	t.Helper()
	log, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return log
}

// event makes an event that fits at a position: every event begins a stream of the one tenant.
func event(position core.Position, now time.Time) core.Recorded {
	id := core.ID{0: 1, 6: 0x70, 8: 0x80, 13: byte(position >> 16), 14: byte(position >> 8), 15: byte(position)}
	return core.Recorded{
		Position: position, TenantPosition: position, Stream: core.Stream{Tenant: core.ID{15: 1}, ID: id}, Version: 1, EventID: id, RecordedAt: core.InstantOf(now),
		Event: core.ResultSubmitted{ResultID: id, Source: core.Standalone, Submission: core.Submission{
			CommerceExternalID: "store-001", Status: core.ResultPending, Result: "success", Personal: core.Personal{Comment: "of a person"}.Seal(),
		}},
	}
}

// appendEvents appends count events to the end of the log, wherever that is.
func appendEvents(t *testing.T, log *Log, count int) error {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		return err
	}
	return log.Append(t.Context(), head, func(now time.Time, missed []core.Recorded) (events []core.Recorded, err error) {
		for i := range count {
			events = append(events, event(head+core.Position(len(missed)+i+1), now))
		}
		return events, nil
	})
}

func mustAppend(t *testing.T, log *Log, count int) {
	t.Helper()
	if err := appendEvents(t, log, count); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// mustHave fails the test unless the log reads as events 1 to count.
func mustHave(t *testing.T, log *Log, count core.Position) {
	t.Helper()
	next := core.Position(1)
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if r.Position != next {
			t.Fatalf("read position %d, want %d", r.Position, next)
		}
		next++
	}
	if head, err := log.Head(t.Context()); next-1 != count || head != count || err != nil {
		t.Errorf("read %d events, head %d (%v), want %d", next-1, head, err, count)
	}
}
