package soaktest

import (
	"slices"
	"testing"
	"time"
)

// shortestWindow is the shortest window whose floor is judged: in a shorter one, a disk or a machine that stands still for a moment may be all that there is to see. A soak of less than 45 seconds has
// such ones.
const shortestWindow = 3 * time.Second

// windowsTell reports whether the windows are long enough to be judged.
func windowsTell() bool { return lifetime()/partsOfALife >= shortestWindow }

// live lets the processes live, and judges what they have shown early and late.
func (s *soak) live(t *testing.T) {
	t.Helper()
	part := lifetime() / partsOfALife
	s.pass(t, part)
	early := s.watch(t, part)
	s.pass(t, lifetime()-3*part)
	late := s.watch(t, part)
	for i, n := range s.nodes {
		n.life().early, n.life().late = early[i], late[i]
		s.judgeLife(t, n, s.figures())
	}
}

// pass lets time pass, and tells now and then how things are.
func (s *soak) pass(t *testing.T, long time.Duration) {
	t.Helper()
	for end := time.Now().Add(long); ; {
		<-time.After(min(time.Until(s.telling), time.Until(end))) // the time is the test
		if !time.Now().Before(s.telling) {
			s.tell(t)
			s.telling = time.Now().Add(tellEvery())
		}
		if !time.Now().Before(end) {
			return
		}
	}
}

// watch gives what each node shows for a time; or for longer, until there are enough calm samples of each: others may have this machine to themselves for a while.
func (s *soak) watch(t *testing.T, long time.Duration) []window {
	t.Helper()
	var firsts []int
	for _, n := range s.nodes {
		firsts = append(firsts, len(n.life().since(0)))
	}
	windows := make([]window, len(s.nodes))
	enough := func() bool {
		all := true
		for i, n := range s.nodes {
			windows[i] = n.life().since(firsts[i])
			all = all && windows[i].calm() >= enoughSamples
		}
		return all
	}
	s.pass(t, long)
	for deadline := time.Now().Add(patience); !enough() && windowsTell(); s.pass(t, sampleEvery()) {
		if time.Now().After(deadline) {
			s.giveUp(t)
		}
	}
	return windows
}

// giveUp ends the test, since the clients have waited for too long.
func (s *soak) giveUp(t *testing.T) {
	t.Helper()
	for _, n := range s.nodes {
		n.life().early, n.life().late = n.life().halves()
		s.judgeLife(t, n, slices.DeleteFunc(s.figures(), func(f figure) bool { return !f.hurried }))
	}
	t.Fatalf("%s: for %s there was hardly a moment at which no more than %d clients waited for an answer. The nodes do not keep up with %d requests a second: if nothing above says why, look whether this "+
		"machine has too much else to do (uptime), or choose a lower RATE", s.name, patience, calmClients, rate)
}
