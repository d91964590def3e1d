package projections

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite"

	"resultlog/core"
)

// checkpointAt gives a checkpoint over a table that says a position, and what moves it.
func checkpointAt(t *testing.T) (checkpoint *Checkpoint, move func(core.Position)) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "read.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE checkpoints (subscription TEXT PRIMARY KEY, position INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	move = func(position core.Position) {
		if _, err := db.Exec(`INSERT OR REPLACE INTO checkpoints VALUES ($1, $2)`, subscription, int64(position)); err != nil {
			t.Error(err)
		}
	}
	return NewCheckpoint(db), move
}

// 64 reads at once make two queries for the head: the one that was under way when they came, and the one that they all wait for.
func TestBarrierCoalescesItsQueries(t *testing.T) {
	checkpoint, move := checkpointAt(t)
	move(7)
	synctest.Test(t, func(t *testing.T) {
		var queries atomic.Int32
		gate := make(chan struct{})
		b := NewBarrier(BarrierConfig{Checkpoint: checkpoint, Head: func(context.Context) (core.Position, error) {
			queries.Add(1)
			<-gate
			return 7, nil
		}})
		var all sync.WaitGroup
		wait := func() {
			if _, err := b.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		all.Go(wait)
		synctest.Wait() // the first is under way
		for range 63 {
			all.Go(wait)
		}
		synctest.Wait()
		close(gate)
		all.Wait()
		if n := queries.Load(); n != 2 {
			t.Fatalf("%d queries for the head, want 2", n)
		}
	})
}

// A read is not content with a head that was asked for before it came: that may be older than the write it must see.
func TestBarrierAsksAnewForWhoComesWhileItAsks(t *testing.T) {
	checkpoint, move := checkpointAt(t)
	move(5)
	synctest.Test(t, func(t *testing.T) {
		heads := make(chan core.Position)
		b := NewBarrier(BarrierConfig{Checkpoint: checkpoint, Head: func(context.Context) (core.Position, error) { return <-heads, nil }})
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := b.Wait(t.Context()); first <- err }()
		synctest.Wait()
		go func() { _, err := b.Wait(t.Context()); second <- err }()
		synctest.Wait()
		heads <- 5
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		heads <- 6
		synctest.Wait()
		select {
		case err := <-second:
			t.Fatalf("let through before the tables are at 6: %v", err)
		default:
		}
		move(6)
		if _, err := checkpoint.read(t.Context()); err != nil { // as after a poll
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Fatal(err)
		}
	})
}

// Past MaxWait a read is told that the tables are behind, and how to go on; the subscription has been hurried.
func TestBarrierTimesOutWithReadsBehind(t *testing.T) {
	checkpoint, move := checkpointAt(t)
	move(5)
	synctest.Test(t, func(t *testing.T) {
		hurried := 0
		b := NewBarrier(BarrierConfig{Checkpoint: checkpoint, Hurry: func() { hurried++ }, Head: func(context.Context) (core.Position, error) { return 6, nil }})
		begin := time.Now()
		_, err := b.Wait(t.Context())
		var e *core.Error
		if !errors.As(err, &e) || e.Code != core.CodeReadsBehind {
			t.Fatalf("error %v, want %s", err, core.CodeReadsBehind)
		}
		if took := time.Since(begin); took != MaxWait {
			t.Fatalf("waited %s, want %s", took, MaxWait)
		}
		if hurried != 1 {
			t.Fatalf("hurried the subscription %d times", hurried)
		}
	})
}

// A head that cannot be read, or not in time, is no permission to read what may be old; a caller that goes away is told so.
func TestBarrierWithoutAHead(t *testing.T) {
	checkpoint, _ := checkpointAt(t)
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		fails := NewBarrier(BarrierConfig{Checkpoint: checkpoint, Head: func(context.Context) (core.Position, error) { return 0, broken }})
		var e *core.Error
		if _, err := fails.Wait(t.Context()); !errors.As(err, &e) || e.Code != core.CodeReadsBehind || !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
		hangs := NewBarrier(BarrierConfig{Checkpoint: checkpoint, Head: func(ctx context.Context) (core.Position, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}})
		if _, err := hangs.Wait(t.Context()); !errors.As(err, &e) || e.Code != core.CodeReadsBehind {
			t.Fatalf("error %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := hangs.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		time.Sleep(2 * MaxWait) // on the test's own clock: lets the round that nobody waits for end
	})
}
