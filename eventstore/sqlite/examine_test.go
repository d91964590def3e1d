package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"resultlog/eventstore"
)

// TestSpace: what is free is judged by itself, and beside what would be written anew.
func TestSpace(t *testing.T) {
	const gib = 1 << 30
	for name, c := range map[string]struct {
		sizes  sizes
		free   uint64
		want   eventstore.Health
		advice string
	}{
		"more than enough":                        {sizes{log: gib, read: gib}, 2 * gib, eventstore.HealthOK, ""},
		"as much as the log":                      {sizes{log: 3 * gib, read: gib}, 3 * gib, eventstore.HealthOK, ""},
		"less than the log":                       {sizes{log: 3 * gib, read: gib}, 3*gib - 1, eventstore.HealthWarn, "resultlog erase"},
		"less than the read tables":               {sizes{log: gib, read: 3 * gib}, 2 * gib, eventstore.HealthWarn, "rebuild --online"},
		"just enough for a small log":             {sizes{log: 1}, leastFree, eventstore.HealthOK, ""},
		"too little for any":                      {sizes{log: 1}, leastFree - 1, eventstore.HealthFail, "make room: under 512.0 MiB"},
		"more than a size can be, as some report": {sizes{}, 1<<64 - 1, eventstore.HealthOK, ""},
	} {
		if got := c.sizes.beside(c.free); got.Health != c.want || !strings.Contains(got.Advice, c.advice) || (got.Advice == "") != (c.advice == "") || strings.Contains(got.Found, "-") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	e := NewExaminer(t.TempDir(), fstest.MapFS{}, fstest.MapFS{})
	e.free = func(string) (uint64, error) { return 0, errors.ErrUnsupported }
	if got, err := e.Space(t.Context()); err != nil || got.Health != eventstore.HealthWarn || !strings.Contains(got.Found, "cannot be told") {
		t.Errorf("a system that does not tell: %+v, %v", got, err)
	}
}

func TestInBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536 << 10: "1.5 MiB", 1<<63 - 1: "8.0 EiB"} {
		if got := inBytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestALookSeesWhatIsOnlyInTheWAL, beside the writer, writes nothing by itself, and a server that comes while a closed file is read has it read again.
func TestALookSeesWhatIsOnlyInTheWAL(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logFile)
	log := mustOpenLog(t, dir)
	mustAppend(t, log, 3)
	e := NewExaminer(dir, fstest.MapFS{}, fstest.MapFS{})
	if at, recorded, err := e.Newest(t.Context()); at != 3 || recorded == 0 || err != nil {
		t.Errorf("%d, %s, %v", at, recorded, err)
	}
	if err := look(t.Context(), path, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `UPDATE events SET personal = NULL`)
		return err
	}); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a look writes: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	var seen []int
	err := look(t.Context(), path, func(db *sql.DB) error {
		var count int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM events`).Scan(&count); err != nil {
			return err
		}
		if seen = append(seen, count); len(seen) == 1 {
			mustAppend(t, mustOpenLog(t, dir), 1)
		}
		return nil
	})
	if err != nil || len(seen) != 2 || seen[0] != 3 || seen[1] != 4 {
		t.Errorf("seen %v, %v", seen, err)
	}
}

// A file that changes all the time is not read for ever.
func TestALookEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := look(context.Background(), path, func(*sql.DB) error {
		runs++
		return os.WriteFile(path, make([]byte, runs), 0o600)
	})
	if err == nil || !strings.Contains(err.Error(), "opened and closed all the time") || runs != looks {
		t.Errorf("%d runs, %v", runs, err)
	}
}
