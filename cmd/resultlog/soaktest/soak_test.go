package soaktest

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// endings are how the processes of all nodes are ended, one after the other, when they have had their time: they are asked to finish, and killed. So each node has three processes, each for a third of
// the time: long enough to tell its early days from its late ones, and the first one from the last.
var endings = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}

const (
	// shortest is the shortest soak: two seconds for each process. It shows that this test works, and not much of the program.
	shortest = 6 * time.Second

	// partsOfALife is how many parts a life has, as long as each other: in the first one connections are opened, and pages are read for the first time; the second one is the early window, and the last
	// one is the late window.
	partsOfALife = 5

	// enoughSamples is how many calm samples a window has at least: so many that the least of them is the floor of a saw, and not where that happened to be.
	enoughSamples = 8
)

// lifetime is how long a process serves.
func lifetime() time.Duration { return soaked / time.Duration(len(endings)+1) }

// sampleEvery is the time from one sample to the next: a second or, in a short soak, less. About half of them are calm.
func sampleEvery() time.Duration { return min(time.Second, lifetime()/partsOfALife/enoughSamples/2) }

// TestSoak lets nodes of each engine serve a steady load for a while, restarts them meanwhile, and looks whether anything grows that must not, and whether all is true that the clients were told.
// RESULTLOG_SOAK is for how long, RESULTLOG_SOAK_RATE with how many requests a second for each engine.
func TestSoak(t *testing.T) {
	if soaked == 0 {
		t.Skip("make soak runs it: it takes minutes")
	}
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel() // what is waited for is mostly the time
			newSoak(t, e).run(t)
		})
	}
}

// soak is nodes on one store, under load.
type soak struct {
	engine
	*store
	nodes []*node
	load  *load

	began   time.Time
	telling time.Time // when it is to be told next how things are
}

// newSoak starts the nodes of a new store, and the load.
func newSoak(t *testing.T, e engine) *soak {
	t.Helper()
	s := &soak{engine: e, store: e.open(t), load: newLoad(), began: time.Now()}
	for i := range e.nodes {
		s.nodes = append(s.nodes, newNode(t, fmt.Sprintf("node %d", i+1), s.store, s.load))
	}
	s.load.start(t, s.nodes)
	return s
}

// run lets the time go by, and judges.
func (s *soak) run(t *testing.T) {
	t.Helper()
	s.live(t)
	for _, by := range endings {
		for _, n := range s.nodes { // in turns: the others serve meanwhile
			n.end(t, by)
			n.start(t)
		}
		s.live(t)
	}
	for _, n := range s.nodes {
		n.life().stop() // what follows is no steady load
		s.judgeShown(t, n)
	}
	t.Logf("\n%s", s.table())
	s.load.finish(t)
	s.judgeStore(t)
	for _, n := range s.nodes {
		n.end(t, syscall.SIGTERM)
	}
}

// judgeStore looks whether the store holds what the clients were told, all of it whole, and the read tables what the log says. The nodes run on.
func (s *soak) judgeStore(t *testing.T) {
	t.Helper()
	for _, n := range s.nodes {
		await(t, "caught up", func() bool {
			shown, err := n.scrape()
			return err == nil && shown.of("resultlog_projection_lag_events") == 0
		})
		await(t, "ready", func() bool { return n.answers("/readyz") && n.answers("/readyz/reads") })
	}
	s.load.judge(t, s.store)
	for _, command := range []string{"verify", "doctor"} { // each fails if anything is not as it must be, and says what
		found, err := program.Print(append([]string{command}, s.flags...)...)
		if err != nil {
			t.Errorf("%v\n%s", err, found)
		}
	}
}
