package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

var errNetwork = errors.New("the network failed")

// loses makes the next commit's answer get lost; did says what really happens.
func (l *Log) loses(did func(*writer, context.Context, []eventstore.Row) (bool, error)) {
	l.commit = func(w *writer, ctx context.Context, rows []eventstore.Row) (bool, error) {
		l.commit = (*writer).commitTransaction
		_, err := did(w, ctx, rows)
		return true, errors.Join(err, errNetwork)
	}
}

func rolledBack(w *writer, ctx context.Context, _ []eventstore.Row) (bool, error) {
	return false, w.rollbackTransaction(ctx)
}

func mustBeIndefinite(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrIndefinite) {
		t.Fatalf("got error %v, want an indefinite one", err)
	}
}

func mustBeDefinite(t *testing.T, err error) {
	t.Helper()
	if err == nil || errors.Is(err, eventstore.ErrIndefinite) {
		t.Fatalf("got error %v, want a definite one", err)
	}
}

func TestALostCommitIsFoundByTheNextTurn(t *testing.T) {
	log := mustOpen(t, postgrestest.Database(t))
	log.loses((*writer).commitTransaction)
	mustBeIndefinite(t, appendEvents(t.Context(), log, 0, 2))
	err := log.Append(t.Context(), 0, func(_ time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		if len(missed) != 2 {
			t.Errorf("missed %d events, want 2", len(missed))
		}
		return nil, nil
	})
	if err != nil {
		t.Error(err)
	}
	mustHave(t, log, 2)
}

func TestACommitThatTookNoEffectIsGone(t *testing.T) {
	log := mustOpen(t, postgrestest.Database(t))
	mustAppend(t, log, 0, 1)
	log.loses(rolledBack)
	mustBeIndefinite(t, appendEvents(t.Context(), log, 1, 2))
	mustHave(t, log, 1)
	mustAppend(t, log, 1, 1)
	mustHave(t, log, 2)
}

// TestAConnectionThatWasCutInTheNightIsReplaced: the server is there, and nobody need be told.
func TestAConnectionThatWasCutInTheNightIsReplaced(t *testing.T) {
	dsn := postgrestest.Database(t)
	log, person := mustOpen(t, dsn), connectAs(t, dsn)
	mustAppend(t, log, 0, 1)
	mustExec(t, person, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'resultlog'`)
	mustAppend(t, log, 1, 1)
	mustHave(t, log, 2)
}

// TestASessionThatDiesUnderTheLockAppendsNothing: the server ends it while the turn decides; and another handle has the lock then.
func TestASessionThatDiesUnderTheLockAppendsNothing(t *testing.T) {
	dsn := postgrestest.Database(t)
	log, other, person := mustOpen(t, dsn), mustOpen(t, dsn), connectAs(t, dsn)
	err := log.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		mustExec(t, person, `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted`, appendLock)
		return []core.Recorded{event(1, now, 0)}, nil
	})
	mustBeIndefinite(t, err) // whether the commit was looked at, only the server knows
	mustAppend(t, other, 0, 1)
	mustHave(t, log, 1)
	mustAppend(t, log, 1, 1)
}

// TestWhoCannotHaveTheLockIsTold: a session that holds it and does nothing, as of a node that is frozen, holds up nobody for longer than lock_timeout.
func TestWhoCannotHaveTheLockIsTold(t *testing.T) {
	dsn := postgrestest.Database(t)
	log, frozen := mustOpen(t, dsn+"&lock_timeout=50"), connectAs(t, dsn)
	tx, err := frozen.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), takeLock, lockSpace, appendLock); err != nil {
		t.Fatal(err)
	}
	mustBeDefinite(t, appendEvents(t.Context(), log, 0, 1))
	mustHave(t, log, 0) // who reads waits for nobody
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, 0, 1)
}

// TestAFrozenSessionLosesTheLock: the server ends a transaction in which nothing happens.
func TestAFrozenSessionLosesTheLock(t *testing.T) {
	dsn := postgrestest.Database(t)
	frozen, other := mustOpen(t, dsn+"&idle_in_transaction_session_timeout=50"), mustOpen(t, dsn)
	err := frozen.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		mustAppend(t, other, 0, 1) // waits for the lock, until the server gives it
		return []core.Recorded{event(1, now, 1)}, nil
	})
	mustBeIndefinite(t, err)
	mustHave(t, other, 1)
}

// TestALogThatHasDiverged: the last event that was read is another one now, or gone. Whoever went on would mix two logs.
func TestALogThatHasDiverged(t *testing.T) {
	for name, replaced := range map[string]string{
		"another event is there": `UPDATE resultlog.events SET event_id = 'ffffffff-0000-7000-8000-000000000000' WHERE position = 2`,
		"it is gone":             `DELETE FROM resultlog.events WHERE position = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			dsn := postgrestest.Database(t)
			appender, reader, person := mustOpen(t, dsn), mustOpen(t, dsn), connectAs(t, dsn)
			mustAppend(t, appender, 0, 2)
			mustHave(t, reader, 2)
			mustExec(t, person, `ALTER TABLE resultlog.events DISABLE TRIGGER events_are_not_changed`)
			mustExec(t, person, replaced)
			if err := appendEvents(t.Context(), appender, 2, 1); !errors.Is(err, eventstore.ErrDiverged) {
				t.Errorf("append: %v", err)
			}
			last := error(nil)
			for _, err := range reader.ReadSlim(t.Context(), 2) {
				last = err
			}
			if !errors.Is(last, eventstore.ErrDiverged) {
				t.Errorf("read: %v", last)
			}
			for _, log := range []*Log{appender, reader} { // who has been told begins anew
				if err := appendEvents(t.Context(), log, 0, 1); err != nil {
					t.Errorf("append after having been told: %v", err)
				}
			}
		})
	}
}

// TestACommitThatNoLongerWaitsForItsStandbyIsNoAnswer: synchronous replication, and no standby. Somebody cancels the wait: the server then answers that all is well, with a warning. Nothing is
// acknowledged, nor read by who might show it, until the standby is there.
func TestACommitThatNoLongerWaitsForItsStandbyIsNoAnswer(t *testing.T) {
	cluster := postgrestest.Own(t)
	dsn := cluster.DSN("postgres")
	log, person := mustOpen(t, dsn), connectAs(t, dsn)
	awaitStandby(t, cluster, person)
	waiting := `SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
	ended := make(chan error, 1)
	go func() { ended <- appendEvents(t.Context(), log, 0, 1) }()
	until(t, person, "the commit waits for its standby", waiting)
	mustExec(t, person, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
	err := <-ended
	mustBeIndefinite(t, err)
	if !strings.Contains(err.Error(), "synchronous replication") {
		t.Errorf("the error does not say why: %v", err)
	}

	go func() { ended <- appendEvents(t.Context(), log, 0, 0) }() // as who looks up what became of it
	until(t, person, "the next turn waits too, before it reads", waiting)
	mustExec(t, person, `ALTER SYSTEM SET synchronous_standby_names = ''`)
	mustExec(t, person, `SELECT pg_reload_conf()`)
	if err := <-ended; err != nil {
		t.Errorf("when the standby is there again: %v", err)
	}
	mustHave(t, log, 1)
}

// awaitStandby lets all commits from now on wait for a standby that there is not. The server takes the setting up when it comes to it: so one commit after the other is tried until one waits.
func awaitStandby(t *testing.T, cluster *postgrestest.Cluster, person *pgx.Conn) {
	t.Helper()
	mustExec(t, person, `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
	mustExec(t, person, `SELECT pg_reload_conf()`)
	for deadline := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // a commit that does not wait takes one or two
		trying := connectAs(t, cluster.DSN("postgres"))
		_, err := trying.Exec(ctx, emitMessage)
		cancel()
		if err != nil { // and is cancelled
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no commit waits for a standby")
		}
	}
	until(t, person, "nothing waits any more", `SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
}

// TestWaitingForAStandbyLeavesNoSessionsBehind: while there is none, a node tries again and again, for hours perhaps, and a server has a hundred connections.
func TestWaitingForAStandbyLeavesNoSessionsBehind(t *testing.T) {
	cluster := postgrestest.Own(t)
	log, person := mustOpen(t, cluster.DSN("postgres")), connectAs(t, cluster.DSN("postgres"))
	awaitStandby(t, cluster, person)
	log.discardWriter()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- appendEvents(ctx, log, 0, 1) }()
		until(t, person, "a new connection waits", `SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
		cancel()
		mustBeDefinite(t, <-ended)
		until(t, person, "it is gone", `SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
	}
	mustHave(t, log, 0)
}

// TestTheServerMustKeepWhatItCommits: where it does not sync, nothing is appended; what a role's settings say of commits is raised.
func TestTheServerMustKeepWhatItCommits(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := mustOpen(t, dsn+"&synchronous_commit=off")
	var setting string
	if err := log.writer.conn.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&setting); err != nil || setting != "on" {
		t.Errorf("synchronous_commit is %s (%v)", setting, err)
	}
	careless := postgrestest.Own(t, "fsync=off")
	if _, err := OpenLog(t.Context(), careless.DSN("postgres")); err == nil || !strings.Contains(err.Error(), "fsync") {
		t.Errorf("a server that does not sync: %v", err)
	}
}
