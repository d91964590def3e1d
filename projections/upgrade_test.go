package projections_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"

	wsql "github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// shapes are the names of the migrations of a schema, in their order.
func shapes(t *testing.T, schema fs.FS) []string {
	t.Helper()
	files, err := fs.Glob(schema, "*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	return files
}

// schemaOf is a schema as it was up to a migration.
func schemaOf(t *testing.T, schema fs.FS, last string) fs.FS {
	t.Helper()
	old := fstest.MapFS{}
	for _, name := range shapes(t, schema) {
		if name > last {
			continue
		}
		text, err := fs.ReadFile(schema, name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	return old
}

// schemaOfTables is that of the read tables, on the world's engine.
func (w *world) schemaOfTables() fs.FS {
	return map[string]fs.FS{"sqlite": projections.SQLiteSchema(), "postgres": projections.PostgresSchema()}[w.engine.name]
}

// openOlder takes the read tables away, and opens new ones of the shape that there was up to a migration.
func (w *world) openOlder(t *testing.T, last string) {
	t.Helper()
	schema := schemaOf(t, w.schemaOfTables(), last)
	if w.engine.name == "sqlite" {
		w.close(w.tables)
		files, err := filepath.Glob(filepath.Join(w.place, "read.db*"))
		for _, file := range files {
			err = errors.Join(err, os.Remove(file))
		}
		if err == nil {
			w.tables, err = ofSQLite(sqlite.OpenReadTables(t.Context(), w.place, schema))
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	w.exec(`DROP SCHEMA resultlog_read CASCADE`)
	w.close(w.tables)
	tables, err := postgres.OpenReadTables(t.Context(), w.place, schema)
	if err != nil {
		t.Fatal(err)
	}
	w.tables = &readTables{Write: projections.Tables{DB: tables.Write, Given: postgres.Given{}}, Read: tables.Read, close: tables.Close}
}

// Read tables of any older shape are brought to the newest, and are what the log says: what they held is not relied upon.
func TestTablesOfAnyOlderShapeAreMadeAgain(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		w.live(rand.New(rand.NewPCG(82, 1)), 20)
		older := shapes(t, w.schemaOfTables())
		for _, last := range older[:len(older)-1] {
			w.openOlder(t, last)
			for _, fill := range w.engine.crowd[:2] {
				w.exec(fill, 3, tenants[0][:], int64(instant))
			}
			w.close(w.tables)
			w.tables = w.open()
			w.wakeUp()
			w.projected()
			w.verify(w.tables)
			w.equal()
		}
	})
}

// ofBefore is the projections and the checkpoint of a program that knows no submissions.
func (w *world) ofBefore(tried *atomic.Int32) projections.Config {
	cfg := w.config(w.tables)
	cfg.Projections = slices.DeleteFunc(projections.All(), func(p projections.Projection) bool { return p == projections.Submissions{} })
	cfg.Checkpoints = unfenced{tried: tried}
	return cfg
}

// unfenced moves the checkpoint as that program does.
type unfenced struct {
	eventstore.Checkpoints
	tried *atomic.Int32
}

func (u unfenced) AckMessageQuery(topic string, row wsql.Row, consumerGroup string) wsql.Query {
	u.tried.Add(1)
	q := u.Checkpoints.AckMessageQuery(topic, row, consumerGroup)
	return wsql.Query{
		Query: `INSERT INTO checkpoints (subscription, position, event_id) VALUES ($1, $2, $3) ON CONFLICT (subscription) DO UPDATE SET position = excluded.position, event_id = excluded.event_id`,
		Args:  q.Args[:3],
	}
}

// Read tables of a program that knew no submissions are made again, all of them. A node of that program that is still at work changes nothing in them from then on, before one of the new program
// comes and beside it: it would move the checkpoint past submissions that nobody has applied.
func TestTablesOfBeforeSubmissionsAreMadeAgain(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.keyed = true
		r := rand.New(rand.NewPCG(83, 1))
		w.withoutCounted()
		w.exec(`DROP TABLE submissions`)
		w.exec(`ALTER TABLE checkpoints DROP COLUMN generation`)
		w.exec(map[string]string{"sqlite": `DELETE FROM goose_db_version WHERE version_id >= 6`, "postgres": `DELETE FROM migrations WHERE version_id >= 3`}[w.engine.name])
		w.live(r, 30)
		var tried atomic.Int32
		old := w.run(w.ofBefore(&tried))
		w.caughtUp(old)
		w.exec(`INSERT INTO dead_letters VALUES ($1, $1, 1, 1, 1, $1, 0, 0, 'poison')`, tenants[0][:])

		start := w.join(func(cfg projections.Config) projections.Config { return cfg }) // opening the tables migrates them
		for table := range readTableKeys {
			if _, rows := w.rows(table); len(rows) > 0 {
				t.Errorf("%d rows are left in %s", len(rows), table)
			}
		}
		before := tried.Load()
		w.until("the older program has tried", func() bool { w.wakeUp(); return tried.Load() >= before+2 })
		w.mustHave(0)
		next := start()
		for range 5 {
			w.live(r, 5)
			next.wakeUp()
			w.caughtUp(next.running)
			w.verify(w.tables)
		}
		if err := old.stop(); err != nil {
			t.Fatal(err)
		}
		w.equal()
	})
}
