package crashtest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// load is clients at work.
type load struct {
	once           bool         // each of them sends one write, which is not refused; otherwise they go on
	back           bool         // a server that is gone comes back: no write is given up before it is settled, and what was acknowledged is now and then read through another server
	crowded        bool         // all clients but the quiet ones write to the first server
	quiet          int          // how many those are
	sent           atomic.Int64 // how often one of them has sent something
	halted         sync.Once
	stopped, ended chan struct{}
}

func newLoad() *load { return &load{stopped: make(chan struct{}), ended: make(chan struct{})} }

// halt lets the clients send nothing more.
func (l *load) halt() { l.halted.Do(func() { close(l.stopped) }) }

// wait waits until every client has the answer to what it has sent, after halt or when the servers are gone.
func (l *load) wait() { <-l.ended }

// on reports whether the clients are to go on.
func (l *load) on() bool {
	select {
	case <-l.stopped:
		return false
	default:
		return true
	}
}

// home is the server, of several, that a client writes to as long as it is there. Each tenant has clients at each, unless it is crowded.
func (l *load) home(client, servers int) int {
	if l.crowded && client >= l.quiet {
		return 0
	}
	return (client + 1) % servers
}

// drive lets the clients write to the servers until they are halted or no server answers any more.
func (w *world) drive(servers []*server, seed uint64, l *load) {
	defer close(l.ended)
	var wg sync.WaitGroup
	for i := range w.clients {
		wg.Go(func() {
			k := worker{world: w, client: newClient(), load: l, r: rand.New(rand.NewPCG(seed, uint64(i))), tenant: tenants[i/2%len(tenants)]}
			defer k.close()
			home := l.home(i, len(servers))
			k.order = slices.Concat(servers[home:], servers[:home])
			k.servers = slices.Clone(k.order)
			k.work()
		})
	}
	wg.Wait()
}
