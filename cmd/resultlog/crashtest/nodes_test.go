package crashtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const (
	// briefNodeRounds is how many rounds TestKilledNodes has as one test of many: of two nodes one is hardly used, three are used evenly. make crash has more.
	briefNodeRounds = 2

	// mostKills is how often nodes are killed in a round, at the most.
	mostKills = 4
)

// TestKilledNodes kills nodes on one PostgreSQL database at random moments and starts them again while their clients go on, at the other nodes or at the same, and looks whether all is true that
// anybody was told.
func TestKilledNodes(t *testing.T) {
	rounds, r := roundsOf(t, briefNodeRounds)
	var store *store
	var total tally
	for round := range rounds {
		if round%storeRounds == 0 {
			store = newDatabase(t)
		}
		whole := (round+1)%rebuildEvery == 0 || round == rounds-1
		total.add(store.nodesRound(t, r, nodesPlanOf(r, round), whole))
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	t.Logf("in all: %+v", total)
	if total.cut == 0 || total.acknowledged == 0 || total.seen == 0 {
		t.Error("nothing was acknowledged, or nothing was cut off, or nothing was seen through another node: this has shown nothing")
	}
}

// nodesPlan is what is done to nodes in one round.
type nodesPlan struct {
	nodes   int
	crowded bool            // one of them has all clients but one
	kills   []time.Duration // each so long after the one before, and after those that it killed listen again
}

// nodesPlanOf draws a round. Their kinds take turns.
func nodesPlanOf(r *rand.Rand, round int) nodesPlan {
	p := nodesPlan{nodes: 2 + round%2, crowded: (round+1)/2%2 == 0}
	for range 1 + r.IntN(mostKills) {
		p.kills = append(p.kills, loadTime(r))
	}
	return p
}

// String says it in words.
func (p nodesPlan) String() string {
	spread := "evenly used"
	if p.crowded {
		spread = "all clients but one at one of them"
	}
	return fmt.Sprintf("%d nodes, %s, kills after %v", p.nodes, spread, p.kills)
}

// nodesRound carries a plan out, and judges before anybody has sent again what is not settled, and again when everything is.
func (s *store) nodesRound(t testing.TB, r *rand.Rand, p nodesPlan, whole bool) (met tally) {
	t.Helper()
	began, known, seen := time.Now(), len(s.writes), len(s.seen)
	f := newFleet(t, s.place, p.nodes)
	load := s.loadNodes(f, r, p.crowded)
	for _, moment := range p.kills {
		time.Sleep(moment) // the moment is the test
		f.killSome(t, r)
	}
	load.halt()
	load.wait()
	met = s.concludeNodes(t, r, f, known)
	met.seen = len(s.seen) - seen
	head := readHistory(t, s.place).head()
	if whole && !t.Failed() {
		judgeTables(t, r, s.place, head)
	}
	f.end(t)
	t.Logf("%v: %+v of %d events, %s", p, met, head, time.Since(began).Round(time.Millisecond))
	return met
}

// loadNodes lets the clients write to nodes that come back when they are gone.
func (s *store) loadNodes(f *fleet, r *rand.Rand, crowded bool) *load {
	l := newLoad()
	l.back, l.crowded, l.quiet = true, crowded, 1
	go s.drive(slices.Clone(f.nodes), r.Uint64(), l)
	return l
}

// concludeNodes judges before what is not settled is sent again, sends it to one of the nodes, sends some of what is settled again to one, reads from all, and judges everything.
func (s *store) concludeNodes(t testing.TB, r *rand.Rand, f *fleet, known int) (met tally) {
	t.Helper()
	writes := s.writes[known:]
	readHistory(t, s.place).judge(t, &s.ledger)
	s.settle(t, f.any(r))
	s.repeat(t, r, f.any(r))
	met.acknowledged = s.look(t, f.nodes, writes)
	met.count(writes)
	for _, w := range writes {
		if cut := slices.IndexFunc(w.attempts, func(a attempt) bool { return a.status == 0 }); cut >= 0 {
			met.cut++
			if first := w.acknowledgement(); first != nil && first.replayed {
				met.found++
			}
		}
	}
	return met
}
