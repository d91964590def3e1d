package crashtest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// settle sends all that is not settled again, with the same keys and the same bytes, until it is; or until the server is gone. It gives the number of those that turned out to have been
// recorded already.
func (w *world) settle(t testing.TB, s *server) (before int) {
	t.Helper()
	var found atomic.Int32
	open := make(chan *write, len(w.writes))
	for _, one := range w.unsettled() {
		open <- one
	}
	close(open)
	deadline := time.Now().Add(patience)
	var wg sync.WaitGroup
	for range usualClients {
		wg.Go(func() {
			c := newClient()
			defer c.close()
			for one := range open {
				for ; !one.settled() && s.alive(); time.Sleep(askAgain) {
					if c.send(s.base, one, 1); one.attempts[len(one.attempts)-1].replayed {
						found.Add(1)
					}
					if time.Now().After(deadline) {
						t.Errorf("%s is not settled within %s: %+v", one.key, patience, one.attempts)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	return int(found.Load())
}

// repeat sends some of what was acknowledged again: it must be answered as it was.
func (w *world) repeat(r *rand.Rand, s *server) {
	const sample = 100
	c := newClient()
	defer c.close()
	done := w.acknowledged()
	for range min(sample, len(done)) {
		c.send(s.base, done[r.IntN(len(done))], 1)
	}
}
