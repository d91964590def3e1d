package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"resultlog/eventstore/postgres/postgrestest"
)

// pgTool runs one of PostgreSQL's own programs.
func pgTool(t *testing.T, name string, args ...string) {
	t.Helper()
	dir, err := postgrestest.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(filepath.Join(dir, name), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// A database is dumped while it is served, and restored into a new cluster, in which neither its transaction ids nor the ids of its tables are what they were: delivery goes on, and so does
// everything else.
func TestADumpRestoredIntoANewClusterGoesOn(t *testing.T) {
	dsn, dump := postgrestest.Database(t), filepath.Join(t.TempDir(), "dump")
	server := serveOn(t, dsn)
	const extOne = `"provider_activity_id":"ext-1"`
	activity := "/api/activities/" + field(server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", extOne)), "id")
	server.must(t, http.StatusOK, "GET", activity, "")
	pgTool(t, "pg_dump", "--format=custom", "--file="+dump, dsn)
	server.stop()

	restored := postgrestest.Own(t).DSN("postgres")
	pgTool(t, "pg_restore", "--exit-on-error", "--dbname="+restored, dump)
	server = serveOn(t, restored)
	result := "/api/activity-results/" + field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "COMPLETED", now(), false)), "id")
	server.must(t, http.StatusOK, "GET", result, "")
	if got := field(server.must(t, http.StatusOK, "GET", activity, ""), "status"); got != "COMPLETED" {
		t.Errorf("the activity is %s", got)
	}
	if strings.Contains(server.log.String(), "another log") {
		t.Errorf("tables of this log were made again:\n%s", server.log)
	}
}

// The log of an earlier dump beside the read tables of a later one: what the tables say did not happen, and they are made again.
func TestAReadModelAheadOfARestoredLogIsRebuilt(t *testing.T) {
	dsn, early, late := postgrestest.Database(t), filepath.Join(t.TempDir(), "early"), filepath.Join(t.TempDir(), "late")
	server := serveOn(t, dsn)
	const extOne = `"provider_activity_id":"ext-1"`
	activity := "/api/activities/" + field(server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", extOne)), "id")
	pgTool(t, "pg_dump", "--format=custom", "--schema=resultlog", "--file="+early, dsn)
	lost := "/api/activity-results/" + field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "COMPLETED", now(), false)), "id")
	server.must(t, http.StatusOK, "GET", lost, "")
	server.stop()
	pgTool(t, "pg_dump", "--format=custom", "--schema=resultlog_read", "--file="+late, dsn)

	restored := postgrestest.Own(t).DSN("postgres")
	for _, dump := range []string{early, late} {
		pgTool(t, "pg_restore", "--exit-on-error", "--dbname="+restored, dump)
	}
	server = serveOn(t, restored)
	server.must(t, http.StatusNotFound, "GET", lost, "")
	if got := field(server.must(t, http.StatusOK, "GET", activity, ""), "status"); got != "READY" {
		t.Errorf("the activity is %s, and READY in the restored log", got)
	}
	if !strings.Contains(server.log.String(), "the read tables were made of another log") {
		t.Errorf("nobody is told:\n%s", server.log)
	}
}
