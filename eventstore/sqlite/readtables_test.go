package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"

	"resultlog/core"
	"resultlog/eventstore"
)

// readSchema stands for that of package projections, which this one does not know.
var readSchema = fstest.MapFS{"00001_read.sql": {Data: []byte(`-- +goose Up
CREATE TABLE checkpoints (subscription TEXT PRIMARY KEY, position INTEGER NOT NULL, event_id BLOB, generation INTEGER) STRICT;
`)}}

// openRead opens a log with some events, each with so much data, and the read tables beside it.
func openRead(t *testing.T, sizes ...int) (*Log, *ReadTables) {
	t.Helper()
	dir := t.TempDir()
	log, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	appendSizes(t, log, sizes...)
	tables, err := OpenReadTables(t.Context(), dir, readSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tables.Close(); err != nil {
			t.Error(err)
		}
	})
	return log, tables
}

func appendSizes(t *testing.T, log *Log, sizes ...int) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = log.Append(t.Context(), head, func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		var events []core.Recorded
		for i, size := range sizes {
			p := head + 1 + core.Position(i)
			events = append(events, core.Recorded{
				Position: p, TenantPosition: p, Stream: core.Stream{Tenant: core.ID{1}, ID: core.ID{2}}, Version: core.Version(p), EventID: core.ID{3, byte(p >> 8), byte(p)},
				Event: core.ResultLinked{ResultID: core.ID{2}, ActivityID: core.ID{4}, ProviderActivityID: strings.Repeat("x", size)},
			})
		}
		return events, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The read tables need a log, and say so.
func TestReadTablesNeedTheLog(t *testing.T) {
	_, err := OpenReadTables(t.Context(), t.TempDir(), readSchema)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no log in") {
		t.Fatalf("error %v", err)
	}
}

// The writing side sees the log and cannot change it; the query side can change nothing; both have their pragmas.
func TestReadTablesWhoMayWriteWhat(t *testing.T) {
	_, tables := openRead(t, 1)
	if _, err := tables.Write.Exec(`UPDATE log.events SET personal = NULL`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("writing the log through the read tables: %v", err)
	}
	if _, err := tables.Write.Exec(`INSERT INTO checkpoints (subscription, position) VALUES ('s', 1)`); err != nil {
		t.Error(err)
	}
	if _, err := tables.Read.Exec(`DELETE FROM checkpoints`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("writing on the query side: %v", err)
	}
	var synchronous int
	if err := tables.Write.QueryRow(`PRAGMA synchronous`).Scan(&synchronous); err != nil || synchronous != 1 {
		t.Errorf("synchronous is %d, %v: want NORMAL", synchronous, err)
	}
	var position int
	if err := tables.Read.QueryRow(`SELECT position FROM checkpoints`).Scan(&position); err != nil || position != 1 {
		t.Errorf("position %d, %v", position, err)
	}
}

// A poll's transaction holds the lock of the read tables' file and not the log's: appending goes on beside it. It sees the log as it was when it began.
func TestProjectingDoesNotLockTheLog(t *testing.T) {
	log, tables := openRead(t, 1)
	tx, err := tables.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	count := func() (n int) {
		if err := tx.QueryRow(`SELECT count(*) FROM log.events`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if _, err := tx.Exec(`INSERT INTO checkpoints (subscription, position) VALUES ('s', 1)`); err != nil {
		t.Fatal(err)
	}
	appendSizes(t, log, 1, 1) // would wait for its busy time-out, and fail
	if after := count(); before != 1 || after != 1 {
		t.Fatalf("the snapshot shows %d, then %d events", before, after)
	}
}

// Many processes may open a fresh directory at once. It takes several to see it fail.
func TestReadTablesOpenedByManyAtOnce(t *testing.T) {
	for range 6 {
		openedByManyAtOnce(t, t.TempDir())
	}
}

func openedByManyAtOnce(t *testing.T, dir string) {
	log, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			tables, err := OpenReadTables(context.Background(), dir, readSchema)
			if err != nil {
				t.Error(err)
				return
			}
			if err := tables.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// A schema that cannot be applied is an error of opening, and nothing stays open.
func TestReadTablesBrokenSchema(t *testing.T) {
	dir := t.TempDir()
	log, err := OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var broken fs.FS = fstest.MapFS{"00001_read.sql": {Data: []byte("-- +goose Up\nCREATE TABL checkpoints;\n")}}
	if _, err := OpenReadTables(t.Context(), dir, broken); err == nil || !strings.Contains(err.Error(), readFile) {
		t.Fatalf("error %v", err)
	}
}

// poll does what the subscriber does: one query, and as many messages as UnmarshalMessage makes of it.
func poll(t *testing.T, tables *ReadTables) (positions [][]core.Position) {
	t.Helper()
	q := EventsTopic().SelectQuery("events", "group", eventstore.Checkpoints{})
	rows, err := tables.Write.Query(q.Query, q.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := EventsTopic().UnmarshalMessage(rows)
		if err != nil {
			t.Fatal(err)
		}
		message := positionsIn(t, row)
		if last := message[len(message)-1]; row.Offset != int64(last) {
			t.Fatalf("the message ends at %d, and acknowledges %d", last, row.Offset)
		}
		positions = append(positions, message)
	}
	return positions
}

func ack(t *testing.T, tables *ReadTables, position core.Position) {
	t.Helper()
	q := eventstore.Checkpoints{}.AckMessageQuery("events", wsql.Row{Offset: int64(position)}, "group")
	if _, err := tables.Write.Exec(q.Query, q.Args...); err != nil {
		t.Fatal(err)
	}
}

// A poll is one message: what comes after the checkpoint, in order, up to MaxDelivered events.
func TestPollIsOneMessage(t *testing.T) {
	_, tables := openRead(t, make([]int, eventstore.MaxDelivered+2)...)
	for _, want := range []struct{ after, first, last core.Position }{
		{0, 1, eventstore.MaxDelivered}, {3, 4, eventstore.MaxDelivered + 2}, {eventstore.MaxDelivered + 1, eventstore.MaxDelivered + 2, eventstore.MaxDelivered + 2},
	} {
		if want.after > 0 {
			ack(t, tables, want.after)
		}
		got := poll(t, tables)
		if len(got) != 1 || got[0][0] != want.first || got[0][len(got[0])-1] != want.last || len(got[0]) != int(want.last-want.first)+1 {
			t.Fatalf("after %d: %v", want.after, got)
		}
	}
	ack(t, tables, eventstore.MaxDelivered+2)
	if got := poll(t, tables); len(got) != 0 {
		t.Fatalf("at the head: %v", got)
	}
}

// A message ends at the event that crosses eventstore.MaxDeliveredBytes; the rest is the next poll's.
func TestPollIsBoundedInBytes(t *testing.T) {
	half := eventstore.MaxDeliveredBytes / 2
	_, tables := openRead(t, 10, half, half, 10, 10)
	if got := poll(t, tables); len(got) != 1 || fmt.Sprint(got[0]) != "[1 2 3]" {
		t.Fatalf("got %v", got)
	}
	ack(t, tables, 3)
	if got := poll(t, tables); len(got) != 1 || fmt.Sprint(got[0]) != "[4 5]" {
		t.Fatalf("got %v", got)
	}
}

// An error between two rows is an error of the delivery. Unchecked, the events before it would be all that was delivered, as if there were no others.
func TestPollChecksTheRowsError(t *testing.T) {
	_, tables := openRead(t, 1, 1, 1)
	failing := strings.Replace(selectDelivered, "schema_version", "CASE position WHEN 3 THEN abs(-9223372036854775807 - 1) ELSE schema_version END", 1)
	rows, err := tables.Write.Query(failing + ` FROM log.events ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	if _, err := EventsTopic().UnmarshalMessage(rows); err == nil || !strings.Contains(err.Error(), "integer overflow") {
		t.Fatalf("error %v", err)
	}
}

// A gap between two positions ends a batch: the next one begins behind it, which whoever applies it refuses.
func TestPollEndsBeforeAGap(t *testing.T) {
	_, tables := openRead(t, 1, 1, 1)
	rows, err := tables.Write.Query(selectDelivered + ` FROM log.events WHERE position <> 2 ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	row, err := EventsTopic().UnmarshalMessage(rows)
	if err != nil {
		t.Fatal(err)
	}
	if delivered := positionsIn(t, row); !slices.Equal(delivered, []core.Position{1}) || row.Offset != 1 {
		t.Errorf("%d are delivered, and %d is acknowledged", delivered, row.Offset)
	}
}

// positionsIn are those of the events in a delivery.
func positionsIn(t *testing.T, row wsql.Row) (positions []core.Position) {
	t.Helper()
	for r, err := range eventstore.MessageEvents(row.Msg) {
		if r.Position == 0 { // what the event says is nothing to these tests
			t.Fatal(err)
		}
		positions = append(positions, r.Position)
	}
	return positions
}
