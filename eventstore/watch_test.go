package eventstore_test

import (
	"sync/atomic"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
)

// listened counts how often a bell has rung.
func listened(t *testing.T, n *node, tenant core.ID) *atomic.Int64 {
	var rung atomic.Int64
	grown, stop := n.Watch(tenant)
	ended := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-grown:
				rung.Add(1)
			case <-ended:
				return
			}
		}
	}()
	t.Cleanup(func() { stop(); close(ended); <-done })
	return &rung
}

// TestWatching: a bell rings for a tenant's events as soon as this node knows that they are durable, whoever appended them, and for nobody else's.
func TestWatching(t *testing.T) {
	log := newMemory()
	own, other := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly}), startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly})
	waitFor(t, func() bool { return own.Ready() == nil && other.Ready() == nil })
	here, there, elsewhere := listened(t, own, tenantA), listened(t, other, tenantA), listened(t, own, core.ID{15: 0xB})
	own.must(t, standalone(""))
	waitFor(t, func() bool { return here.Load() == 1 && there.Load() == 1 })
	other.must(t, standalone(""))
	waitFor(t, func() bool { return here.Load() == 2 && there.Load() == 2 })
	if elsewhere.Load() != 0 {
		t.Error("it rang for a tenant of whom nothing was recorded")
	}
}

// TestABellRingsOnce for all that came while nobody listened, and never after it was stopped: nobody waits for who does not listen.
func TestABellRingsOnce(t *testing.T) {
	n := start(t, newMemory())
	grown, stop := n.Watch(tenantA)
	for range 3 {
		n.must(t, standalone(""))
	}
	<-grown
	select {
	case <-grown:
		t.Error("it rang twice")
	default:
	}
	stop()
	n.must(t, standalone(""))
	select {
	case <-grown:
		t.Error("it rang after it was stopped")
	default:
	}
}

// TestFollowingWakesTheReadTables: what others appended is projected here without waiting for a poll.
func TestFollowingWakesTheReadTables(t *testing.T) {
	log := &gate{Log: newMemory()}
	busy := start(t, log.Log)
	var woken atomic.Int64
	idle := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly, Appended: func() { woken.Add(1) }})
	waitFor(t, func() bool { return idle.Ready() == nil })
	if woken.Load() != 0 {
		t.Error("woken for an empty log")
	}
	busy.must(t, standalone(""))
	waitFor(t, func() bool { return woken.Load() == 1 })
	looked := log.reads.Load()
	waitFor(t, func() bool { return log.reads.Load() >= looked+3 }) // it follows, and there is nothing new
	if woken.Load() != 1 {
		t.Errorf("woken %d times", woken.Load())
	}
}
