package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// backupOf is a backup of a log with so many events.
func backupOf(t *testing.T, count int) (file string) {
	t.Helper()
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	mustAppend(t, log, count)
	file, _ = mustBackup(t, dir)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// mustHaveNoLog fails the test if a restore that was refused has left more than the lock.
func mustHaveNoLog(t *testing.T, dir string) {
	t.Helper()
	if left := names(t, dir); len(left) > 0 && !slices.Equal(left, []string{"log.db.lock"}) {
		t.Errorf("left behind: %v", left)
	}
}

// What was restored is the log again, append-only as before, and goes on where the backup ends.
func TestRestore(t *testing.T) {
	file, dir := backupOf(t, 3), filepath.Join(t.TempDir(), "new", "data")
	want := dump(t, file)
	copied, err := Restore(t.Context(), file, dir, quietly)
	if err != nil || copied.Head != 3 {
		t.Fatalf("copied %+v, %v", copied, err)
	}
	if got := dump(t, filepath.Join(dir, logFile)); !slices.Equal(got, want) {
		t.Errorf("restored\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if info, err := os.Stat(filepath.Join(dir, logFile)); err != nil || info.Mode().Perm() != 0o600 || info.Size() != copied.Bytes {
		t.Errorf("file %v, %v", info, err)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"log.db", "log.db.lock"}) {
		t.Errorf("in the directory is %v", left)
	}
	log := mustOpenLog(t, dir)
	mustAppend(t, log, 2)
	mustHave(t, log, 5)
	if err := spoil(log, "DELETE FROM events"); err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("deleting from the restored log: %v", err)
	}
	if len(names(t, filepath.Dir(file))) != 1 {
		t.Errorf("beside the backup is %v", names(t, filepath.Dir(file)))
	}
}

// A log that was closed cleanly may be copied by hand: it is one file.
func TestRestoreOfACopyByHand(t *testing.T) {
	from, dir := t.TempDir(), t.TempDir()
	log := mustOpenLog(t, from)
	mustAppend(t, log, 3)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), filepath.Join(from, logFile), dir, quietly); err != nil {
		t.Fatal(err)
	}
	mustHave(t, mustOpenLog(t, dir), 3)
}

// A directory that has a log, or a part of one, is not touched. A WAL of another log, above all, would be played into the restored one.
func TestRestoreRefusesADirectoryWithALog(t *testing.T) {
	file := backupOf(t, 1)
	for _, name := range []string{"log.db", "log.db-wal", "log.db-shm"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(t.Context(), file, dir, quietly)
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "move log.db, log.db-wal and log.db-shm away") {
			t.Errorf("%s: error %v", name, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != "mine" || !slices.Equal(names(t, dir), []string{name, "log.db.lock"}) {
			t.Errorf("%s: now it is %q, %v; there is %v", name, got, err, names(t, dir))
		}
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	whole := backupOf(t, 400)
	bytes, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		spoil   string // run on the file, if not empty
		beside  string // a file beside it
		want    string
	}{
		"an empty file":                   {content: []byte{}, want: "not a backup of a log"},
		"not a database":                  {content: []byte(strings.Repeat("hello", 1000)), want: "not a backup of a log"},
		"the first half of a backup":      {content: bytes[:len(bytes)/2], want: "malformed"},
		"another database":                {content: bytes, spoil: "DROP TABLE events", want: "not a backup of a log"},
		"a database of another program":   {content: bytes, spoil: "DROP TABLE goose_db_version", want: "not a backup of a log"},
		"the log of a newer program":      {content: bytes, spoil: "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)", want: "newer resultlog wrote it"},
		"events of a newer program":       {content: bytes, spoil: "DROP TRIGGER events_are_not_changed; UPDATE events SET type = 'SomethingNew' WHERE position = 400", want: "position 400"},
		"an event that cannot be decoded": {content: bytes, spoil: "DROP TRIGGER events_are_not_changed; UPDATE events SET data = '{' WHERE position = 7", want: "position 7"},
		"a gap":                           {content: bytes, spoil: "DROP TRIGGER events_are_not_deleted; DELETE FROM events WHERE position = 200", want: core.ErrOutOfOrder.Error()},
		"an index without its entries":    {content: withoutIndex(t, bytes), want: "in database main"},
		"a part of it is in a WAL":        {content: bytes, beside: "-wal", want: "make a copy with resultlog backup"},
		"a part of it is in a journal":    {content: bytes, beside: "-journal", want: "make a copy with resultlog backup"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup.db")
			if err := os.WriteFile(file, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.spoil != "" {
				spoilFile(t, file, c.spoil)
			}
			if c.beside != "" {
				if err := os.WriteFile(file+c.beside, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Restore(t.Context(), file, dir, quietly); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if _, err := os.Stat(dir); err == nil {
				mustHaveNoLog(t, dir)
			}
		})
	}
	for _, name := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing.db")} {
		if _, err := Restore(t.Context(), name, t.TempDir(), quietly); err == nil {
			t.Errorf("%s was restored", name)
		}
	}
}

func spoilFile(t *testing.T, file, statements string) {
	t.Helper()
	db := mustOpen(t, database{path: file, journal: "delete", conns: 1})
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

// withoutIndex empties an index, on which replaying does not stumble: it walks the rows.
func withoutIndex(t *testing.T, backup []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(file, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	db := mustOpen(t, database{path: file, journal: "delete", conns: 1})
	var root, size int
	err := db.QueryRow(`SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'sqlite_autoindex_events_2'`).Scan(&root, &size)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	page := slices.Clone(backup)[(root-1)*size : root*size]
	return slices.Concat(backup[:(root-1)*size], emptied(page), backup[root*size:])
}

// emptied turns a page of an index into a leaf without entries.
func emptied(page []byte) []byte {
	const leafOfAnIndex = 0x0a
	clear(page)
	page[0] = leafOfAnIndex
	page[5], page[6] = byte(len(page)>>8), byte(len(page))
	return page
}

// An interruption, in whichever step, leaves a directory without a log; nobody can have opened it meanwhile.
func TestRestoreInterrupted(t *testing.T) {
	from := t.TempDir()
	log := mustOpenLog(t, from)
	mustAppendLarge(t, log, largeEvents)
	mustAppend(t, log, eventstore.PageSize)
	file, _ := mustBackup(t, from)
	for _, in := range []Step{Copying, Verifying} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Restore(ctx, file, dir, func(step Step, _, _ int64) {
			if ctx.Err() != nil {
				t.Errorf("%s went on after the interruption", step)
			}
			if step != in {
				return
			}
			impatient, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer stop()
			if log, err := OpenLog(impatient, dir); err == nil {
				t.Error("a log was opened where one is being restored")
				_ = log.Close()
			}
			cancel()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted while %s: %v", in, err)
		}
		mustHaveNoLog(t, dir)
	}
}

// Progress reaches the end of each step.
func TestBackupAndRestoreTellTheirProgress(t *testing.T) {
	dir := t.TempDir()
	mustAppendLarge(t, mustOpenLog(t, dir), largeEvents)
	for name, work := range map[string]func(Progress) error{
		"backup": func(p Progress) error {
			_, err := Backup(t.Context(), dir, filepath.Join(t.TempDir(), "b.db"), p)
			return err
		},
		"restore": func(p Progress) error {
			file, _ := mustBackup(t, dir)
			_, err := Restore(t.Context(), file, t.TempDir(), p)
			return err
		},
	} {
		last := make(map[Step]string)
		if err := work(func(step Step, done, total int64) { last[step] = fmt.Sprint(done == total && total > 0) }); err != nil {
			t.Fatal(err)
		}
		if last[Copying] != "true" || last[Verifying] != "true" {
			t.Errorf("%s: at the end of its steps: %v", name, last)
		}
	}
}
