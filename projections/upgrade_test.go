package projections_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// schemaOf is the schema of the read tables as it was up to a migration.
func schemaOf(t *testing.T, last string) fs.FS {
	t.Helper()
	files, err := fs.Glob(projections.SQLiteSchema(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := fstest.MapFS{}
	for _, name := range files {
		if name > last {
			continue
		}
		text, err := fs.ReadFile(projections.SQLiteSchema(), name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	return old
}

// Read tables of a program that knew no events of a tenant's own stream are not made again: what they hold stays, with the checkpoint, and the new tables fill as such events come.
func TestTablesOfBeforeTenantsHadAStreamStay(t *testing.T) {
	w := sqliteWorld(t)
	w.close(w.tables)
	files, err := filepath.Glob(filepath.Join(w.place, "read.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if w.tables, err = ofSQLite(sqlite.OpenReadTables(t.Context(), w.place, schemaOf(t, "00003_lists.sql"))); err != nil {
		t.Fatal(err)
	}
	w.exec(`ALTER TABLE results ADD COLUMN erased_at INTEGER`) // what applies here writes it, as the program of that time did not
	r := rand.New(rand.NewPCG(82, 1))
	w.do(tenants[0], w.creation(r, "ext-1"), w.submission(r, "ext-1"), w.submission(r, ""))
	old := w.config(w.tables)
	old.Projections = []projections.Projection{projections.IdempotencyKeys{}, projections.ActivityTransitions{}, projections.Results{}, projections.Activities{}}
	running := w.run(old)
	w.caughtUp(running)
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	w.exec(`ALTER TABLE results DROP COLUMN erased_at`)
	w.close(w.tables)

	w.tables = w.open()
	w.mustHave(w.machine.Head())
	w.verify(w.tables)
	w.live(r, 30)
	w.caughtUp(w.run(w.config(w.tables)))
	w.verify(w.tables)
}

// So do those of a program that knew no erasure, on either engine: nothing is made again, and erasures are shown from then on.
func TestTablesOfBeforeErasuresStay(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(83, 1))
		first := w.submission(r, "ext-1")
		w.do(tenants[0], w.creation(r, "ext-1"), first, w.submission(r, ""))
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
		w.exec(`ALTER TABLE results DROP COLUMN erased_at`)
		w.withoutCounted()
		w.exec(map[string]string{"sqlite": `DELETE FROM goose_db_version WHERE version_id >= 5`, "postgres": `DELETE FROM migrations WHERE version_id >= 2`}[w.engine.name])
		w.close(w.tables)

		w.tables = w.open()
		w.mustHave(w.machine.Head())
		w.verify(w.tables)
		w.do(tenants[0], core.ErasePersonal{ResultID: first.ResultID})
		w.live(r, 30)
		w.caughtUp(w.run(w.config(w.tables)))
		w.verify(w.tables)
		if v, err := projections.NewQueries(w.tables.Read).Result(t.Context(), 0, tenants[0], first.ResultID); err != nil || v.Version < 2 {
			t.Errorf("%+v, %v", v, err)
		}
	})
}
