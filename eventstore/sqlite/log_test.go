package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/sqlite"
)

func TestLog(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Backend {
		dir := t.TempDir()
		return eventstoretest.Backend{
			Durable: true,
			Open: func(t *testing.T) eventstore.Log {
				log, err := sqlite.OpenLog(t.Context(), dir)
				if err != nil {
					t.Fatal(err)
				}
				return log
			},
			Exec: func(t *testing.T, statement string) error { return atPrompt(t, dir, statement) },
		}
	})
}

// TestCloseLeavesOneFile: a log that was closed cleanly is log.db alone, so that copying that file copies the log.
func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	log, err := sqlite.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Head(t.Context()); err != nil { // a reader is open too
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, beside := range []string{"log.db-wal", "log.db-shm"} {
		if _, err := os.Stat(filepath.Join(dir, beside)); err == nil {
			t.Errorf("%s is left over", beside)
		}
	}
}

// TestNobodyElseMayRead: the log holds personal data, and the data directory may have been there before, open to all.
func TestNobodyElseMayRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := sqlite.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
}
