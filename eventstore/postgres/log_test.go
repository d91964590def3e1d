package postgres

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/postgres/postgrestest"
)

func TestLog(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Backend { return backend(t, func(*Log) {}) })
}

// TestLogAmidNoise is the law once more, while commits take their time, other sessions append and think better of it, and others again sit in transactions that have written something:
// a reader that goes by sequences or by transaction ids would skip what commits late, stand still, or see what was rolled back.
func TestLogAmidNoise(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Backend {
		b := backend(t, delayed)
		open := b.Open
		var noisy sync.Once
		b.Open = func(t *testing.T) eventstore.Log {
			log := open(t)
			noisy.Do(func() { disturb(t, log.(*Log).config) })
			return log
		}
		return b
	})
}

// backend is one log in a database of its own, whose handles are prepared.
func backend(t *testing.T, prepare func(*Log)) eventstoretest.Backend {
	dsn := postgrestest.Database(t)
	return eventstoretest.Backend{
		Durable: true,
		Open: func(t *testing.T) eventstore.Log {
			log, err := OpenLog(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			prepare(log)
			return log
		},
		Exec: func(t *testing.T, statement string) error { // as a person at psql would, who is the superuser
			_, err := connectAs(t, dsn+"&search_path=resultlog").Exec(t.Context(), statement)
			return err
		},
	}
}

// delayed lets commits take a little longer, at random, under the lock.
func delayed(log *Log) {
	log.commit = func(w *writer, ctx context.Context, rows []eventstore.Row) (bool, error) {
		time.Sleep(rand.N(2 * time.Millisecond)) // the delay is the test
		return w.commitTransaction(ctx, rows)
	}
}

// disturb makes noise in a database until the end of the test.
func disturb(t *testing.T, config *pgx.ConnConfig) {
	config = config.Copy()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	idle := connectNoisy(t, config)
	if _, err := idle.Exec(ctx, `CREATE TABLE noise (n integer); BEGIN; INSERT INTO noise VALUES (1)`); err != nil { // stays idle in its transaction, which has written
		t.Fatal(err)
	}
	rolling := connectNoisy(t, config)
	t.Cleanup(func() { cancel(); all.Wait() }) // before it is closed
	all.Go(func() {
		for ctx.Err() == nil {
			if err := appendAndRollBack(ctx, rolling); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
}

func connectNoisy(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// appendAndRollBack does what a node does that dies before its commit: it has the lock, and has inserted the next event.
func appendAndRollBack(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // that is all that becomes of it
	if _, err := tx.Exec(ctx, takeLock, lockSpace, appendLock); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO resultlog.events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
		SELECT coalesce(max(position), 0) + 1, gen_random_uuid(), 1, gen_random_uuid(), 1, gen_random_uuid(), 'ResultSubmitted', 1, '{}', '{}', 1 FROM resultlog.events ON CONFLICT DO NOTHING`) // the suite itself inserts one without the lock
	return err
}
