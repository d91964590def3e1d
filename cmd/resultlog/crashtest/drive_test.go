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

// drive lets the clients write to the servers until they are halted or no server answers any more.
func (w *world) drive(servers []*server, seed uint64, l *load) {
	defer close(l.ended)
	var wg sync.WaitGroup
	for i := range w.clients {
		wg.Go(func() {
			k := worker{world: w, client: newClient(), load: l, r: rand.New(rand.NewPCG(seed, uint64(i))), tenant: tenants[i/2%len(tenants)]}
			defer k.close()
			k.servers = append(k.servers, servers[i%len(servers):]...) // the first of them is this client's; each tenant writes to each
			k.servers = append(k.servers, servers[:i%len(servers)]...)
			k.work()
		})
	}
	wg.Wait()
}

// worker is one client of a load.
type worker struct {
	*world
	*client
	*load
	r       *rand.Rand
	tenant  string
	servers []*server // those that answer
	one     *write    // what is to be sent; nil: something new
	last    *write    // what was acknowledged last
}

// work writes. A client whose server is gone turns to the next one, with the write that was not answered. Now and then it sends a write twice at once, or sends again what was
// acknowledged, or what was answered 503; the rest of those wait for settle.
func (k *worker) work() {
	for len(k.servers) > 0 && k.on() {
		switch {
		case k.one != nil: // again
		case k.once:
			k.one = k.create(k.tenant, "/api/activities", "")
		case k.last != nil && k.r.IntN(16) == 0:
			k.one = k.last
		default:
			k.one = k.next(k.r, k.tenant)
		}
		k.sent.Add(1)
		k.send(k.servers[0].base, k.one, 1+k.r.IntN(8)/7)
		switch a := k.one.attempts[len(k.one.attempts)-1]; {
		case a.status == 0: // the server is gone
			k.servers = slices.Delete(k.servers, 0, 1)
			continue
		case a.acknowledged() && !a.replayed:
			k.last = k.one
			k.acknowledgements.Add(1)
		case !k.one.settled() && k.r.IntN(2) == 0 && !k.once:
			continue
		}
		if k.once {
			return
		}
		k.one = nil
	}
}
