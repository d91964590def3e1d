package eventstore_test

import (
	"fmt"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// TestAnIdleNodeFollows what another appends, without a submission of its own.
func TestAnIdleNodeFollows(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := openPostgres(t, dsn)
	busy, idle := start(t, log), startWith(t, eventstore.SequencerConfig{Log: openPostgres(t, dsn), Follow: promptly})
	waitFor(t, func() bool { return idle.Ready() == nil })
	for range 3 {
		for range 5 {
			busy.must(t, standalone(""))
		}
		mustFollowTo(t, idle, log)
	}
	mustRemember(t, idle, log)
}

// TestANodeFollowsAfterATurn: having decided something itself, it is idle again, and follows.
func TestANodeFollowsAfterATurn(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := openPostgres(t, dsn)
	busy, idle := start(t, log), startWith(t, eventstore.SequencerConfig{Log: openPostgres(t, dsn), Follow: promptly})
	for i := range 3 {
		idle.must(t, standalone(fmt.Sprint("its own ", i)))
		busy.must(t, standalone(fmt.Sprint("of another ", i)))
		mustFollowTo(t, idle, log)
	}
	mustRemember(t, idle, log)
}

// TestAnIdleNodeKnowsOfARevocation without asking the log whenever somebody comes with the key: what it knows is never too old.
func TestAnIdleNodeKnowsOfARevocation(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := &gate{Log: openPostgres(t, dsn)}
	busy := start(t, openPostgres(t, dsn))
	idle := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly, KeyStaleness: time.Hour}) // it never looks by itself
	command, id := issue("key")
	busy.must(t, command)
	waitFor(t, func() bool { return idle.judged(t, "key") == "" })
	busy.must(t, revoke(id))
	waitFor(t, func() bool { return idle.judged(t, "key") == core.CodeUnauthenticated })
}

// TestAnIdleNodeIsNotReadyWithoutItsLog, and ready by itself when the log is there again: a balancer sends nothing to who is not.
func TestAnIdleNodeIsNotReadyWithoutItsLog(t *testing.T) {
	cluster := postgrestest.Own(t)
	dsn := cluster.DSN("postgres")
	log := openPostgres(t, dsn)
	idle := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly})
	waitFor(t, func() bool { return idle.Ready() == nil })
	idle.must(t, standalone("before"))
	if err := cluster.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return idle.Ready() != nil })
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return idle.Ready() == nil })
	idle.must(t, standalone("after"))
	mustRemember(t, idle, log)
}
