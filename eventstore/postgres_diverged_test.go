package eventstore_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// Whoever notices first that a log was replaced by a longer one, the sequencer learns of it before it folds in what it has not read from the beginning.
func TestAReplacedLogThatIsLonger(t *testing.T) {
	for name, notice := range map[string]func(*testing.T, *node){
		"its sequencer, by a submission": func(*testing.T, *node) {},
		"its sequencer, as it follows": func(t *testing.T, n *node) {
			mustEventually(t, n, func() bool { return counted(t, n, "resultlog_log_head") >= 5 })
		},
		"who looks for an API key": func(_ *testing.T, n *node) { _, _, _ = n.APIKey(context.Background(), sha256.Sum256([]byte("any"))) },
		"who reads an event": func(_ *testing.T, n *node) {
			for range n.Log.ReadAll(context.Background(), 3) {
				return
			}
		},
	} {
		t.Run(name, func(t *testing.T) { replaceByLonger(t, notice) })
	}
}

// replaceByLonger takes an event back from a log, lets another node append more than that, and has a node notice.
func replaceByLonger(t *testing.T, notice func(*testing.T, *node)) {
	dsn := postgrestest.Database(t)
	log := &gate{Log: openPostgres(t, dsn)}
	n := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly, KeyStaleness: time.Nanosecond})
	n.must(t, standalone("there"))
	n.must(t, standalone("lost"))
	open := log.shut()
	reads := log.reads.Load()
	waitFor(t, func() bool { return log.reads.Load() > reads }) // the node stands at the gate
	do := person(t, dsn)
	do(`ALTER TABLE resultlog.events DISABLE TRIGGER events_are_not_changed`)
	do(`DELETE FROM resultlog.events WHERE position = 2`)
	other := start(t, openPostgres(t, dsn))
	for i := range 4 {
		other.must(t, standalone(fmt.Sprint("of another ", i)))
	}
	open()
	notice(t, n)
	mustDecideOn(t, n, openPostgres(t, dsn), "of another 0", "lost")
}

// mustEventually is waitFor of a node that must not end meanwhile.
func mustEventually(t *testing.T, n *node, holds func() bool) {
	t.Helper()
	waitFor(t, func() bool {
		select {
		case <-n.ended:
			t.Fatalf("the node ended: %v", n.err)
		default:
		}
		return holds()
	})
}
