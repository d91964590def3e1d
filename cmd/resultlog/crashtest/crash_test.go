package crashtest

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	// briefRounds is how many rounds TestKilled has as one test of many: each kind once. make crash has more.
	briefRounds = 4

	// rebuildEvery is after how many rounds the read tables are made anew and compared; and at the end of each store.
	rebuildEvery = 5
)

// TestKilled kills servers at random moments, round upon round, and looks after each whether all is true that anybody was told.
// RESULTLOG_CRASH_ROUNDS is how many rounds, RESULTLOG_CRASH_SEED repeats the kills of an earlier run: their moments, though not what they meet.
func TestKilled(t *testing.T) {
	rounds, r := roundsOf(t, briefRounds)
	var store *store
	var total tally
	for round := range rounds {
		if round%storeRounds == 0 {
			store = newStore(t)
		}
		whole := (round+1)%rebuildEvery == 0 || round == rounds-1
		total.add(store.round(t, r, planOf(r, round), whole))
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	t.Logf("in all: %+v", total)
	if slices.Contains([]int{total.cut, total.acknowledged, total.items, total.keyed, total.locked}, 0) {
		t.Error("nothing was acknowledged, or nothing was cut off, or nothing of a kind: this has shown nothing")
	}
}

// roundsOf is how many rounds a test has, and what draws them.
func roundsOf(t testing.TB, brief int) (rounds int, r *rand.Rand) {
	t.Helper()
	rounds, seed := number(t, "RESULTLOG_CRASH_ROUNDS", brief), number(t, "RESULTLOG_CRASH_SEED", int(time.Now().UnixMilli()))
	t.Logf("RESULTLOG_CRASH_SEED=%d", seed)
	return rounds, rand.New(rand.NewPCG(uint64(seed), 0))
}

// number reads one from the environment.
func number(t testing.TB, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// tally counts what rounds met.
type tally struct {
	acknowledged int // writes
	cut          int // writes of which the kill left nobody knowing whether they are recorded
	found        int // of those, how many had been recorded
	items        int // of those acknowledged, how many were items of batches
	keyed        int // and how many came with an API key
	locked       int // attempts that were refused since their API key was revoked
	seen         int // reads amid the load, through another node than the one that had acknowledged
}

func (s *tally) add(o tally) {
	s.acknowledged += o.acknowledged
	s.cut += o.cut
	s.found += o.found
	s.items += o.items
	s.keyed += o.keyed
	s.locked += o.locked
	s.seen += o.seen
}

// count counts what writes were told.
func (s *tally) count(writes []*write) {
	for _, w := range writes {
		a := w.acknowledgement()
		if a != nil && w.path == batchPath {
			s.items++
		}
		if a != nil && a.by != nil {
			s.keyed++
		}
		for _, a := range w.attempts {
			if a.locked() {
				s.locked++
			}
		}
	}
}

// round carries a plan out, lets the clients retry what was not answered, and judges.
func (s *store) round(t testing.TB, r *rand.Rand, p plan, whole bool) (met tally) {
	t.Helper()
	began, known := time.Now(), len(s.writes)
	for _, moment := range p.starts {
		killed := launch(t, s.place)
		time.Sleep(moment) // the moment is the test
		killed.kill()
	}
	s.killUnderLoad(t, r, p)

	last := s.restart(t, s.writes[known:])
	met.cut = len(s.uncertain())
	if p.retry > 0 {
		time.AfterFunc(p.retry, last.kill)
		met.found = s.settle(t, last)
		last.kill()
		last = serve(t, s.place)
	}
	met.found += s.settle(t, last)
	met.acknowledged = s.conclude(t, r, last, s.writes[known:])
	met.count(s.writes[known:])
	head := readHistory(t, s.place).head()
	if whole && !t.Failed() {
		judgeTables(t, r, s.place, head)
	}
	last.mustKill(t)
	t.Logf("%v: %+v of %d events, %s", p, met, head, time.Since(began).Round(time.Millisecond))
	return met
}

// killUnderLoad runs the servers, lets the clients write, and kills each at its moment.
func (s *store) killUnderLoad(t testing.TB, r *rand.Rand, p plan) {
	t.Helper()
	var servers []*server
	for range p.loads {
		servers = append(servers, serve(t, s.place))
	}
	load := newLoad()
	load.crowded = r.IntN(2) == 0 // then the other server has nothing to do, and reads the log only when somebody comes with a key
	go s.drive(servers, r.Uint64(), load)
	var killers sync.WaitGroup
	for i, moment := range p.loads {
		killers.Go(func() {
			time.Sleep(moment) // the moment is the test
			if p.grace > 0 {
				servers[i].terminate()
				time.Sleep(p.grace)
				servers[i].kill()
				if state := servers[i].cmd.ProcessState; state.Exited() && !state.Success() {
					t.Errorf("asked to finish, a server ended with %v", state)
				}
				return
			}
			servers[i].mustKill(t)
		})
	}
	killers.Wait()
	load.halt()
	load.wait()
}
