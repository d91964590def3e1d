package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
)

// quietly is for who does not want to know how far it has come.
func quietly(Step, int64, int64) {}

// mustAppendLarge appends events of 20 KB, so that a few of them take more than one step to copy.
func mustAppendLarge(t *testing.T, log *Log, count int) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = log.Append(t.Context(), head, func(now time.Time, _ []core.Recorded) (events []core.Recorded, err error) {
		for i := range count {
			e := event(head+core.Position(i+1), now)
			submitted := e.Event.(core.ResultSubmitted)
			submitted.Personal = core.Personal{Comment: strings.Repeat("ñ", 10_000)}.Seal()
			e.Event = submitted
			events = append(events, e)
		}
		return events, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// largeEvents are more than three steps, and more than one of a restore.
const largeEvents = 220

func mustBackup(t *testing.T, dir string) (file string, copied Copied) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "backup.db")
	copied, err := Backup(t.Context(), dir, file, quietly)
	if err != nil {
		t.Fatal(err)
	}
	return file, copied
}

// dump is all that a database file holds, and what it says of itself, as text.
func dump(t *testing.T, path string) (lines []string) {
	t.Helper()
	db := mustOpen(t, database{path: path, journal: "delete", readOnly: true, conns: 1})
	defer db.Close()
	for _, query := range []string{
		`SELECT 'schema', type, name, tbl_name, sql FROM sqlite_schema ORDER BY name`,
		`SELECT 'shape', version_id, is_applied, tstamp FROM goose_db_version ORDER BY id`,
		`SELECT 'event', ` + strings.ReplaceAll(strings.ReplaceAll(rowColumns, "CAST(data AS BLOB)", "data, typeof(data)"), "CAST(metadata AS BLOB)", "metadata") + ` FROM events ORDER BY position`,
		`SELECT 'pragmas', user_version, encoding, page_size FROM pragma_user_version, pragma_encoding, pragma_page_size`,
	} {
		lines = append(lines, rowsOf(t, db, query)...)
	}
	return lines
}

func rowsOf(t *testing.T, db *sql.DB, query string) (lines []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%q", values))
	}
	if rows.Err() != nil || len(lines) == 0 {
		t.Fatalf("%s: %d rows, %v", query, len(lines), rows.Err())
	}
	return lines
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A backup holds the rows, the triggers, the shape and the counters of the log, to the byte; one file, which nobody else may read, and which can be read where nothing can be written.
func TestBackupIsExact(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppend(t, log, 3)
	if _, err := log.writer.conn.ExecContext(t.Context(), "PRAGMA user_version = 7; UPDATE events SET personal = NULL WHERE position = 2"); err != nil {
		t.Fatal(err)
	}
	file, copied := mustBackup(t, dir)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || copied.Head != 3 || copied.Bytes != info.Size() {
		t.Errorf("copied %+v, file %v %v", copied, info.Mode(), err)
	}
	got := dump(t, file)
	if left := names(t, filepath.Dir(file)); len(left) != 1 {
		t.Errorf("beside the backup lies something: %v", left)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, database{path: filepath.Join(dir, logFile), journal: "delete", conns: 1}).Close(); err != nil { // in WAL mode dump could not read it
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, filepath.Join(dir, logFile)), got); diff != "" {
		t.Errorf("the backup differs (-log +backup):\n%s", diff)
	}
}

// While pages are copied, writers go on, and what they append is not in the backup: it is one snapshot, a prefix of the log.
func TestBackupBlocksNobody(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppendLarge(t, log, largeEvents)
	file, steps := filepath.Join(t.TempDir(), "backup.db"), 0
	copied, err := Backup(t.Context(), dir, file, func(step Step, done, total int64) {
		if step == Copying && steps < 100 { // if it began again each time, it would never end
			steps++
			mustAppend(t, log, 1) // would wait for its busy time-out, and fail
		}
	})
	if err != nil || copied.Head != largeEvents || steps < 3 {
		t.Fatalf("copied %+v in %d steps, %v; want %d events in several", copied, steps, err, largeEvents)
	}
	mustHave(t, log, largeEvents+core.Position(steps))
}

// Everything that was acknowledged when a backup began is in it, and what is in it is a prefix of the log, however busy that is.
func TestBackupOfABusyLog(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppendLarge(t, log, largeEvents)
	var acknowledged atomic.Int64
	for range 3 {
		var appending sync.WaitGroup
		busy, stop := make(chan struct{}), make(chan struct{})
		appending.Go(func() { appendUntil(t, log, stop, busy, &acknowledged) })
		<-busy
		before := largeEvents + core.Position(acknowledged.Load())
		file, copied := mustBackup(t, dir)
		close(stop)
		appending.Wait()
		if copied.Head < before {
			t.Errorf("%d events were acknowledged before, and %d are in the backup", before, copied.Head)
		}
		got := rowsOf(t, mustOpen(t, database{path: file, journal: "delete", readOnly: true, conns: 1}), `SELECT `+rowColumns+` FROM events ORDER BY position`)
		want := rowsOf(t, log.readers, fmt.Sprintf(`SELECT %s FROM events WHERE position <= %d ORDER BY position`, rowColumns, copied.Head))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("not a prefix of the log (-log +backup):\n%s", diff)
		}
	}
}

// appendUntil appends one event after the other until it is told to stop, or there are a few hundred; it says when it has begun.
func appendUntil(t *testing.T, log *Log, stop <-chan struct{}, busy chan<- struct{}, acknowledged *atomic.Int64) {
	for n := range 300 {
		select {
		case <-stop:
			return
		default:
		}
		if err := appendEvents(t, log, 1); err != nil {
			t.Error(err)
		} else {
			acknowledged.Add(1)
		}
		if n == 0 {
			close(busy)
		}
	}
}

// An empty log can be backed up too.
func TestBackupOfAnEmptyLog(t *testing.T) {
	dir := t.TempDir()
	mustOpenLog(t, dir)
	if _, copied := mustBackup(t, dir); copied.Head != 0 || copied.Bytes == 0 {
		t.Errorf("copied %+v", copied)
	}
}

// What is in the WAL alone is in the log, whoever wrote it and did not live to move it into the file.
func TestBackupReadsTheWAL(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	mustAppend(t, mustOpenLog(t, dir), 3) // it is open: nothing has moved into log.db yet
	for _, name := range []string{"log.db", "log.db-wal"} {
		copyFile(t, filepath.Join(dir, name), filepath.Join(crashed, name)) // it costs the log its locks, which nobody needs here
	}
	if _, copied := mustBackup(t, crashed); copied.Head != 3 {
		t.Errorf("copied %+v", copied)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An interruption, in whichever step, leaves nothing behind.
func TestBackupInterrupted(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppendLarge(t, log, largeEvents)
	mustAppend(t, log, eventstore.PageSize)
	for _, in := range []Step{Copying, Verifying} {
		ctx, cancel := context.WithCancel(t.Context())
		out := t.TempDir()
		_, err := Backup(ctx, dir, filepath.Join(out, "backup.db"), func(step Step, done, total int64) {
			if ctx.Err() != nil {
				t.Errorf("%s went on after the interruption", step)
			}
			if step == in {
				if left := names(t, out); len(left) != 1 || !strings.HasPrefix(left[0], "backup.db.partial-") {
					t.Errorf("while %s there is %v", step, left)
				}
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || len(names(t, out)) != 0 {
			t.Errorf("interrupted while %s: %v; left %v", in, err, names(t, out))
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	mustAppend(t, mustOpenLog(t, dir), 1)
	t.Run("a file that is there", func(t *testing.T) {
		file, _ := mustBackup(t, dir)
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Backup(t.Context(), dir, file, quietly); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "another name") {
			t.Errorf("error %v", err)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != string(before) || len(names(t, filepath.Dir(file))) != 1 {
			t.Errorf("it was touched: %v", err)
		}
	})
	t.Run("a file that comes meanwhile", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "backup.db")
		_, err := Backup(t.Context(), dir, file, func(Step, int64, int64) { _ = os.WriteFile(file, []byte("mine"), 0o600) })
		if got, _ := os.ReadFile(file); !errors.Is(err, fs.ErrExist) || string(got) != "mine" || len(names(t, filepath.Dir(file))) != 1 {
			t.Errorf("error %v; the file says %.10q", err, got)
		}
	})
	t.Run("a directory without a log", func(t *testing.T) {
		empty, out := t.TempDir(), t.TempDir()
		_, err := Backup(t.Context(), empty, filepath.Join(out, "backup.db"), quietly)
		if err == nil || !strings.Contains(err.Error(), "no log in") || len(names(t, empty)) != 0 || len(names(t, out)) != 0 {
			t.Errorf("error %v; left %v and %v", err, names(t, empty), names(t, out))
		}
	})
	t.Run("a log that cannot be replayed", func(t *testing.T) {
		damaged, out := t.TempDir(), t.TempDir()
		log := mustOpenLog(t, damaged)
		mustAppend(t, log, 3)
		if err := spoil(log, "DROP TRIGGER events_are_not_deleted; DELETE FROM events WHERE position = 2"); err != nil {
			t.Fatal(err)
		}
		if _, err := Backup(t.Context(), damaged, filepath.Join(out, "backup.db"), quietly); !errors.Is(err, core.ErrOutOfOrder) || len(names(t, out)) != 0 {
			t.Errorf("error %v; left %v", err, names(t, out))
		}
	})
}

func spoil(log *Log, statements string) error {
	_, err := log.writer.conn.ExecContext(context.Background(), statements)
	return err
}
