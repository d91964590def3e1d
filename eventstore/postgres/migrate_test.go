package postgres

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"resultlog/eventstore/postgres/postgrestest"
)

// TestManyNodesMayStartAtOnce on a database in which nothing is there yet.
func TestManyNodesMayStartAtOnce(t *testing.T) {
	dsn := postgrestest.Database(t)
	schema := fstest.MapFS{"00001_read.sql": {Data: []byte("-- +goose Up\nCREATE TABLE checkpoints (subscription text PRIMARY KEY, position bigint NOT NULL, event_id uuid NOT NULL);\n")}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			log, err := OpenLog(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			defer log.Close()
			tables, err := OpenReadTables(t.Context(), dsn, schema)
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
	mustAppend(t, mustOpen(t, dsn), 0, 1)
}

// TestALogOfANewerShapeIsRefused, and so is a database without a log by who makes none.
func TestALogOfANewerShapeIsRefused(t *testing.T) {
	dsn := postgrestest.Database(t)
	if _, err := OpenExistingLog(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), "there is no log") {
		t.Errorf("no log: %v", err)
	}
	if err := mustOpen(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, connectAs(t, dsn), `INSERT INTO resultlog.migrations (version_id, is_applied) VALUES (99, true)`)
	for _, open := range []func() (*Log, error){
		func() (*Log, error) { return OpenLog(t.Context(), dsn) },
		func() (*Log, error) { return OpenExistingLog(t.Context(), dsn) },
	} {
		if _, err := open(); err == nil || !strings.Contains(err.Error(), "upgrade this node") {
			t.Errorf("a newer shape: %v", err)
		}
	}
}

// TestTheReadingSideChangesNothing, and the writing side is not synced: what is lost is made again.
func TestTheReadingSideChangesNothing(t *testing.T) {
	dsn := postgrestest.Database(t)
	mustOpen(t, dsn)
	schema := fstest.MapFS{"00001_read.sql": {Data: []byte("-- +goose Up\nCREATE TABLE checkpoints (subscription text PRIMARY KEY, position bigint NOT NULL);\n")}}
	tables, err := OpenReadTables(t.Context(), dsn, schema)
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	if _, err := tables.Write.Exec(`INSERT INTO checkpoints VALUES ('s', 1)`); err != nil {
		t.Error(err)
	}
	if _, err := tables.Read.Exec(`DELETE FROM checkpoints`); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("writing on the query side: %v", err)
	}
	var setting string
	if err := tables.Write.QueryRow(`SHOW synchronous_commit`).Scan(&setting); err != nil || setting != "off" {
		t.Errorf("synchronous_commit is %s (%v)", setting, err)
	}
}
