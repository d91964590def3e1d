package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

var errDisk = errors.New("the disk failed")

// loses makes the next n commits fail; did says what really happens at one.
func (l *Log) loses(n int, did func(*writer, context.Context) error) {
	l.commit = func(w *writer, ctx context.Context) error {
		if n--; n < 0 {
			return w.commitTransaction(ctx)
		}
		return errors.Join(did(w, ctx), errDisk)
	}
}

func mustBeIndefinite(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrIndefinite) || !errors.Is(err, errDisk) {
		t.Fatalf("got error %v, want an indefinite one with its cause", err)
	}
}

func TestALostCommitThatTookEffectIsFoundByReading(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	log.loses(1, (*writer).commitTransaction)
	mustBeIndefinite(t, appendEvents(t, log, 2))
	mustHave(t, log, 2)
	mustAppend(t, log, 1)
	mustHave(t, log, 3)
}

func TestALostCommitThatTookNoEffectIsGone(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 1)
	log.loses(1, (*writer).rollbackTransaction)
	mustBeIndefinite(t, appendEvents(t, log, 2))
	mustHave(t, log, 1)
	mustAppend(t, log, 1)
	mustHave(t, log, 2)
}

func TestAppendSettlesALostCommitToo(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	log.loses(1, (*writer).commitTransaction)
	mustBeIndefinite(t, appendEvents(t, log, 2))
	err := log.Append(t.Context(), 0, func(_ time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		if len(missed) != 2 {
			t.Errorf("missed %d events, want 2", len(missed))
		}
		return nil, nil
	})
	if err != nil || log.doubtful.Load() {
		t.Errorf("append: %v, doubtful: %v", err, log.doubtful.Load())
	}
}

func TestNothingIsReadWhileALostCommitIsInDoubt(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	const failures = 4 // the append's, and those of three attempts to settle it
	log.loses(failures, (*writer).rollbackTransaction)
	mustBeIndefinite(t, appendEvents(t, log, 1))
	if _, err := log.Head(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("Head gives %v", err)
	}
	for _, err := range log.ReadAll(t.Context(), 0) {
		if !errors.Is(err, errDisk) {
			t.Errorf("ReadAll gives %v", err)
		}
	}
	err := log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) { panic("decide was called") })
	if !errors.Is(err, errDisk) || errors.Is(err, eventstore.ErrIndefinite) {
		t.Errorf("Append gives %v, want a definite error: nothing of this one was written", err)
	}
	mustHave(t, log, 0)
}

func TestNothingToAppendIsNoCommit(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	log.loses(1, (*writer).commitTransaction)
	if err := appendEvents(t, log, 0); err != nil {
		t.Errorf("append of nothing: %v", err)
	}
}

// TestATransactionThatCannotBeEndedGoesWithItsConnection leaves one open, as a failed COMMIT may, and sees another handle take the write lock.
func TestATransactionThatCannotBeEndedGoesWithItsConnection(t *testing.T) {
	dir := t.TempDir()
	log, other := mustOpenLog(t, dir), mustOpenLog(t, dir)
	log.loses(1, func(*writer, context.Context) error { return nil })
	mustBeIndefinite(t, appendEvents(t, log, 1))
	mustAppend(t, other, 1)
	mustHave(t, other, 1)

	// A rollback that fails: the transaction was ended behind the writer's back.
	refusal := errors.New("no")
	err := log.Append(t.Context(), 1, func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		return nil, errors.Join(refusal, log.writer.rollbackTransaction(t.Context()))
	})
	if !errors.Is(err, refusal) || log.writer != nil {
		t.Errorf("got error %v, writer %v: want decide's error and no writer", err, log.writer)
	}
	mustAppend(t, log, 1)
	mustAppend(t, other, 1)
	mustHave(t, log, 3)
}

// TestAFailedCommitDoesNotComeBackAfterACrash writes into the WAL what a commit has written when its fsync fails: whole frames, the commit's mark among them, which no
// connection sees. Recovery would take them for committed; once the log has been read without them, it must not.
func TestAFailedCommitDoesNotComeBackAfterACrash(t *testing.T) {
	dir, crashedAtOnce := t.TempDir(), t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppend(t, log, 1)

	twin := t.TempDir() // the same log, one event further
	crash(t, dir, twin)
	further := mustOpenLog(t, twin)
	mustAppend(t, further, 1)
	written, ghost := readWAL(t, dir), readWAL(t, twin)
	if len(ghost) <= len(written) || string(ghost[:len(written)]) != string(written) {
		t.Fatal("the twin's WAL does not go on from the log's")
	}

	log.loses(1, func(w *writer, ctx context.Context) error {
		err := errors.Join(w.rollbackTransaction(ctx), os.WriteFile(filepath.Join(dir, logFile+"-wal"), ghost, 0o600))
		crash(t, dir, crashedAtOnce)
		return err
	})
	mustBeIndefinite(t, appendEvents(t, log, 1))
	mustHave(t, log, 1)

	crashedLater := t.TempDir()
	crash(t, dir, crashedLater)
	mustHave(t, mustOpenLog(t, crashedLater), 1)
	mustHave(t, mustOpenLog(t, crashedAtOnce), 2) // before anybody read, either was right: this shows that the frames were good
}

// crash copies a log's files as they are, as a crash would leave them. Opening them costs SQLite its locks, which nobody in a test contends for.
func crash(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{logFile, logFile + "-wal"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func readWAL(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, logFile+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecideGetsTheInjectedClock(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	noon := time.Date(2025, 1, 16, 12, 0, 0, 0, time.UTC)
	log.now = func() time.Time { return noon }
	mustAppend(t, log, 1)
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err != nil || r.RecordedAt.Time() != noon {
			t.Errorf("recorded at %v (%v), want %v", r.RecordedAt, err, noon)
		}
	}
}
