package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command runs a subcommand in this process and gives what it printed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, err bytes.Buffer
	if code := run(t.Context(), args, console{out: &out, err: &err}); code != 0 {
		t.Fatalf("resultlog %s: exit code %d\n%s", strings.Join(args, " "), code, err.String())
	}
	return out.String()
}

// moveFiles moves a database of a data directory, and what SQLite may have beside it, to another directory.
func moveFiles(t *testing.T, name, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(filepath.Join(from, name+suffix), filepath.Join(to, name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// A log is backed up while it is served, and goes wrong afterwards. What is served after restoring the backup is the state of its moment, whatever the read tables of later say:
// be they ahead of the restored log, or has it outgrown them in the meantime.
func TestServingARestoredLog(t *testing.T) {
	const extOne = `"provider_activity_id":"ext-1"`
	now := func() string { return time.Now().Format(time.RFC3339Nano) }
	dir, away, backup := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	server := serveOn(t, dir)
	activity := "/api/activities/" + field(server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", extOne)), "id")

	var report copyReport
	if err := json.Unmarshal([]byte(command(t, "backup", backup, "--data", dir, "--json")), &report); err != nil || report.Events != 1 || report.Head != 1 || report.Bytes == 0 {
		t.Fatalf("the backup says %+v, %v", report, err)
	}
	lost := "/api/activity-results/" + field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "COMPLETED", now(), false)), "id")
	server.must(t, http.StatusOK, "GET", lost, "")
	server.stop()
	moveFiles(t, "log.db", dir, away)
	copyOf(t, filepath.Join(dir, "read.db"), filepath.Join(away, "read.db"))

	command(t, "restore", backup, "--data", dir)
	server = serveOn(t, dir)
	// Not even who does not wait is shown what did not happen.
	if status, answer, err := server.call(t.Context(), "GET", activity+"?consistency=eventual", "", nil); err != nil || status == http.StatusOK && field(string(answer), "status") != "READY" {
		t.Errorf("%d %s %v", status, answer, err)
	}
	server.must(t, http.StatusNotFound, "GET", lost, "")
	if got := field(server.must(t, http.StatusOK, "GET", activity, ""), "status"); got != "READY" {
		t.Errorf("the activity is %s, and READY in the restored log", got)
	}
	if !strings.Contains(server.log.String(), "the read tables were made of another log") {
		t.Errorf("nobody is told:\n%s", server.log)
	}
	kept := field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "NOT_EXECUTED", now(), false)), "id")
	server.must(t, http.StatusCreated, "POST", "/api/activities", creation("b", ""))
	server.stop()

	copyOf(t, filepath.Join(away, "read.db"), filepath.Join(dir, "read.db"))
	server = serveOn(t, dir)
	server.must(t, http.StatusNotFound, "GET", lost, "")
	server.must(t, http.StatusOK, "GET", "/api/activity-results/"+kept, "")
	if got := field(server.must(t, http.StatusOK, "GET", activity, ""), "status"); got != "FAILED" {
		t.Errorf("the activity is %s, and FAILED in the log that has outgrown the tables", got)
	}
	server.stop()
	server = serveOn(t, dir)
	if strings.Contains(server.log.String(), "another log") {
		t.Errorf("tables of this log were made again:\n%s", server.log)
	}
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
