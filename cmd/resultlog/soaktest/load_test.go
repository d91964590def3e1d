package soaktest

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// mostUnderWay is how many requests are under way at once, at the most: those of many seconds. More come only if nobody answers, and wait outside.
	mostUnderWay = 4096

	// calmClients is how many requests are under way at the most at a moment at which a node shows what it holds when all is well: at most times one or two are. Whoever else has this machine
	// makes more of them wait, and what a node holds for those must not be taken for what it has leaked.
	calmClients = 4

	// keptConnections is how many connections to a node clients keep while they do not use them: about as many as a steady load needs. What a crowd needed is closed after it, so that the least that a
	// node has of goroutines and descriptors is that of the steady load.
	keptConnections = 4
)

// load is clients that come at a constant rate, whether or not those before them have been answered: an open loop.
type load struct {
	nodes []*node
	web   *http.Client
	world
	ledger

	halted   chan struct{}
	halt     func()        // lets nobody else come; it may be called more than once
	coming   chan struct{} // closed when nobody comes any more
	underWay chan struct{} // one for each request
	working  sync.WaitGroup
	staying  context.Context // done when those who wait for more are to go
	leave    context.CancelFunc

	count   atomic.Int64   // who came; names are made of it too
	came    []atomic.Int64 // of each kind of the mix, and got what they wanted
	retries atomic.Int64   // attempts beyond the first
	delayed atomic.Int64   // how many had to wait outside
	strange complaints     // of answers that no client expects
}

// newLoad makes a load that has not begun.
func newLoad() *load {
	staying, leave := context.WithCancel(context.Background())
	l := &load{
		ledger: newLedger(), came: make([]atomic.Int64, len(mix)), staying: staying, leave: leave,
		web:    &http.Client{Timeout: attemptTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: keptConnections}},
		halted: make(chan struct{}), coming: make(chan struct{}), underWay: make(chan struct{}, mostUnderWay),
	}
	l.halt = sync.OnceFunc(func() { close(l.halted) })
	return l
}

// start lets clients come to nodes until finish, or the end of the test.
func (l *load) start(t *testing.T, nodes []*node) {
	t.Helper()
	l.nodes = nodes
	t.Cleanup(l.halt)
	go l.come()
}

// calm reports whether hardly anybody waits for an answer.
func (l *load) calm() bool { return len(l.underWay) <= calmClients }

// come lets one client after the other come when it is due.
func (l *load) come() {
	defer close(l.coming)
	day, began := day(), time.Now()
	for i := 0; ; i++ {
		select {
		case <-l.halted:
			return
		case <-time.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
		}
		select {
		case l.underWay <- struct{}{}:
		default:
			l.delayed.Add(1)
			l.underWay <- struct{}{}
		}
		l.working.Go(func() {
			defer func() { <-l.underWay }()
			if kind := day[i%len(day)]; mix[kind].visit(l, int(l.count.Add(1))) {
				l.came[kind].Add(1)
			}
		})
	}
}

// finish lets nobody else come, and waits until all who came have been answered.
func (l *load) finish(t *testing.T) {
	t.Helper()
	l.halt()
	<-l.coming
	l.leave()
	l.working.Wait()
	l.web.CloseIdleConnections()
	l.strange.tell(t)
	for kind := range mix {
		if l.came[kind].Load() == 0 {
			t.Errorf("no client came that %s, and got what it wanted: this has shown nothing of it", mix[kind].name)
		}
	}
}
