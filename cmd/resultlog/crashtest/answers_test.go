package crashtest

import "testing"

const (
	// briefBouts is how many bouts of cut connections TestAnswersOfCommitsAreLost has as one test of many: under many clients, and under one. make crash has more.
	briefBouts = 2

	// enoughLost is how many commits must have been found written in a bout, and how many not written, whose answers were lost.
	enoughLost = 2
)

// TestAnswersOfCommitsAreLost cuts the connections of two nodes to PostgreSQL at random, between a commit and its answer too, and looks whether all is true that anybody was told.
func TestAnswersOfCommitsAreLost(t *testing.T) {
	bouts, r := roundsOf(t, briefBouts)
	var f *fleet
	var p *proxy
	var s *store
	var total tally
	for bout := range bouts {
		if bout%storeRounds == 0 {
			if f != nil {
				f.end(t)
			}
			var through place
			s = newDatabase(t)
			p, through = newProxy(t, s.place)
			f = newFleet(t, through, 2)
		}
		s.clients = usualClients
		if bout%2 == 1 {
			s.clients = 1 // then nobody takes the place in the log of a commit that is still on its way
		}
		known, seen := len(s.writes), len(s.seen)
		load := s.loadNodes(f, r, bout%4 == 2)
		s.awaitMore(t)
		p.bout(t, f)
		s.awaitMore(t)
		load.halt()
		load.wait()
		met := s.concludeNodes(t, r, f, known)
		met.seen = len(s.seen) - seen
		t.Logf("%+v, answers %v", met, s.answers(func(attempt) bool { return true }))
		total.add(met)
		if t.Failed() {
			t.Fatalf("bout %d", bout)
		}
	}
	judgeTables(t, r, s.place, readHistory(t, s.place).head())
	f.end(t)
	t.Logf("in all: %+v", total)
}

// bout is rough to the nodes until they have looked up enough commits whose answers were lost, of both kinds, and waits until they go on.
func (p *proxy) bout(t testing.TB, f *fleet) {
	t.Helper()
	written, unwritten := f.lookedUp(true), f.lookedUp(false)
	p.rough.Store(true)
	if !comes(func() bool {
		return f.lookedUp(true) >= written+enoughLost && f.lookedUp(false) >= unwritten+enoughLost
	}) {
		t.Errorf("the nodes have not looked up enough commits within %s: this has shown too little", patience) // what they did instead is judged all the same
	}
	p.rough.Store(false)
	for _, node := range f.nodes {
		await(t, "ready again", node.ready)
	}
	t.Logf("cuts before a message, long before it, right after it, and before its answer: %d, %d, %d, %d; commits whose answers were lost: %d written, %d not",
		p.cuts[unheard].Load(), p.cuts[late].Load(), p.cuts[unfinished].Load(), p.cuts[unanswered].Load(), f.lookedUp(true)-written, f.lookedUp(false)-unwritten)
}

// lookedUp is how many commits nodes have looked up whose answers were lost, and found written or not.
func (f *fleet) lookedUp(written bool) (count int) {
	for _, node := range f.nodes {
		count += node.output.found(written)
	}
	return count
}
