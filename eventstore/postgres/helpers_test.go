package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
)

// patience is how long a test waits for what must happen: never that long, unless it fails.
const patience = 20 * time.Second

// mustOpen opens the log in a database; it is closed at the end of the test at the latest.
func mustOpen(t *testing.T, dsn string) *Log {
	t.Helper()
	log, err := OpenLog(t.Context(), dsn)
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

// event makes an event that fits at a position: every event begins a stream of the one tenant. Those of another kind differ in their ids.
func event(position core.Position, now time.Time, kind byte) core.Recorded {
	id := core.ID{0: 1, 1: kind, 6: 0x70, 8: 0x80, 13: byte(position >> 16), 14: byte(position >> 8), 15: byte(position)}
	return core.Recorded{
		Position: position, TenantPosition: position, Stream: core.Stream{Tenant: core.ID{15: 1}, ID: id}, Version: 1, EventID: id, RecordedAt: core.InstantOf(now),
		Event: core.ResultSubmitted{ResultID: id, Source: core.Standalone, Submission: core.Submission{
			CommerceExternalID: "store-001", Status: core.ResultPending, Result: "success", Personal: core.Personal{Comment: "of a person"}.Seal(),
		}},
	}
}

// appendEvents appends some events after a position, which is where this handle believes the log to end; what it missed does not matter to it.
func appendEvents(ctx context.Context, log *Log, after core.Position, count int) error {
	return log.Append(ctx, after, func(now time.Time, missed []core.Recorded) (events []core.Recorded, err error) {
		for i := range count {
			events = append(events, event(after+core.Position(len(missed)+i+1), now, 0))
		}
		return events, nil
	})
}

func mustAppend(t *testing.T, log *Log, after core.Position, count int) {
	t.Helper()
	if err := appendEvents(t.Context(), log, after, count); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// mustHave fails the test unless the log reads as events 1 to count.
func mustHave(t *testing.T, log eventstore.Log, count core.Position) {
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
	if next-1 != count {
		t.Errorf("read %d events, want %d", next-1, count)
	}
}

// session is one of a person at psql, who is the superuser.
func connectAs(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// until waits until a query of one truth gives true. It looks again and again, since what it waits for is in the server.
func until(t *testing.T, conn *pgx.Conn, what, query string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		var holds bool
		if err := conn.QueryRow(t.Context(), query, args...).Scan(&holds); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if holds {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
