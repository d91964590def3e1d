package crashtest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// settle sends all that is not settled again, with the same keys and the same bytes, until it is; or until the server is gone. It gives the number of those that turned out to have been
// recorded already.
func (w *world) settle(t testing.TB, s *server) (before int) {
	t.Helper()
	uncertain, groups := w.uncertain(), w.groups()
	open := make(chan []*write, len(groups))
	for _, group := range groups {
		open <- group
	}
	close(open)
	var wg sync.WaitGroup
	for range usualClients {
		wg.Go(func() {
			c := newClient()
			defer c.close()
			for group := range open {
				c.settle(t, s, group)
			}
		})
	}
	wg.Wait()
	for _, one := range uncertain {
		if a := one.acknowledgement(); a != nil && a.replayed {
			before++
		}
	}
	return before
}

// groups is what is not settled, as it is sent again: each write by itself, and items of batches in batches of any size, whichever those were in which they were sent before.
func (w *world) groups() (groups [][]*write) {
	type holder struct {
		tenant string
		by     *apiKey
	}
	items := map[holder][]*write{}
	for _, one := range w.unsettled() {
		if one.path != batchPath {
			groups = append(groups, []*write{one})
			continue
		}
		h := holder{one.tenant, one.by}
		items[h] = append(items[h], one)
	}
	for _, all := range items {
		groups = slices.AppendSeq(groups, slices.Chunk(all, 1+rand.IntN(mostItems)))
	}
	return groups
}

// settle sends writes again until each of them is settled.
func (c *client) settle(t testing.TB, s *server, group []*write) {
	t.Helper()
	for deadline := time.Now().Add(patience); s.alive(); time.Sleep(askAgain) {
		c.send(s.base, group, 1)
		group = slices.DeleteFunc(group, (*write).settled)
		switch {
		case len(group) == 0:
			return
		case time.Now().After(deadline):
			t.Errorf("%s is not settled within %s: %+v", group[0].key, patience, group[0].attempts)
			return
		}
	}
}

// repeat sends some of what was acknowledged again: it must be answered as it was.
func (w *world) repeat(t testing.TB, r *rand.Rand, s *server) {
	t.Helper()
	const sample = 100
	c := newClient()
	defer c.close()
	done := w.acknowledged()
	for range min(sample, len(done)) {
		c.settle(t, s, []*write{done[r.IntN(len(done))]})
	}
}
