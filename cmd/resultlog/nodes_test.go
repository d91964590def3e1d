package main

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"resultlog/eventstore/postgres/postgrestest"
)

// killEvery is after how many requests nodes are killed: seldom enough that most requests meet each other and not a kill, and often enough that each node is killed several times.
const killEvery = 200

// TestNodes: 32 clients of two and of three nodes on one database, which are killed and started again meanwhile, are about the same few activities at a time. Whatever node they come to, the
// answers are those of a service that does one thing at a time; what was acknowledged is in the log, once; and no node remembers anything else than what the log says (contract §2.6).
func TestNodes(t *testing.T) {
	kinds := make(map[string]int)
	for name, v := range map[string]struct{ nodes, busy int }{
		"two":                        {2, 0},
		"three":                      {3, 0},
		"a busy one and a quiet one": {2, 128},
	} {
		t.Run(name, func(t *testing.T) {
			store := postgrestest.Database(t)
			f := newFleet(t, store, v.nodes)
			if t.Failed() {
				return
			}
			h := &history{t: t, node: func(r *rand.Rand) *server { return f.pick(r, v.busy) }, clients: 32, requestsEach: 24, activitiesAtOnce: 6, hasty: 5, killed: true}
			f.askWhileKilled(h)
			for kind, n := range h.judge() {
				kinds[kind] += n
			}
			events := logOf(t, store)
			h.mustBeIn(t, events)
			mustEndOnce(t, events)
			f.mustHaveTablesOf(events)
			f.mustRemember(events)
		})
	}
	for _, kind := range []string{
		"create 201", "create 409 provider_id_conflict", "submit 201", "submit 409 stale_result", "submit 409 invalid_transition", "submit no answer",
		"dispatch 204", "dispatch 400 activity_not_ready", "cancel 200", "cancel 409 invalid_transition", "get activity 200", "get result 200", "create 201 links",
	} {
		if kinds[kind] == 0 && len(kinds) > 0 && !t.Failed() { // without PostgreSQL's programs all is skipped
			t.Errorf("of %s there was none, so that nothing is proven of it", kind)
		}
	}
}

// askWhileKilled lets all clients ask, and kills nodes at random moments: some, or all.
func (f *fleet) askWhileKilled(h *history) {
	var killing sync.WaitGroup
	done := make(chan struct{})
	killing.Go(func() {
		r := rand.New(rand.NewPCG(rand.Uint64(), 0))
		for next := int64(1 + r.IntN(killEvery)); ; next += killEvery/2 + r.Int64N(killEvery) {
			for h.asked.Load() < next {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
			}
			f.killSome(r)
		}
	})
	h.ask()
	close(done)
	killing.Wait()
}

// killSome kills at least one node, each at a moment of its own, and starts them again.
func (f *fleet) killSome(r *rand.Rand) {
	one := r.IntN(len(f.stands))
	var replacing sync.WaitGroup
	for i, p := range f.stands {
		if i == one || r.IntN(3) == 0 {
			replacing.Go(func() { f.replace(p) })
		}
	}
	replacing.Wait()
}
