package crashtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

const (
	// lowestPort and highestPort enclose the ports of nodes. Above them the kernel takes ports for outgoing connections, so that one could be gone between a kill and the next start.
	lowestPort, highestPort = 20000, 32767

	// longestGone is the longest that a killed node stays away before it is started again: sometimes the others have long gone on, sometimes its last commit is still under way.
	longestGone = 200 * time.Millisecond
)

// fleet is nodes of one store. Each keeps its address, however often it is killed and started again.
type fleet struct {
	at    place
	nodes []*server
}

// newFleet starts nodes and waits until all accept writes.
func newFleet(t testing.TB, at place, nodes int) *fleet {
	t.Helper()
	f := &fleet{at: at}
	for range nodes {
		f.nodes = append(f.nodes, launchOn(t, freeAddr(t), at))
	}
	for _, node := range f.nodes {
		node.mustListen(t)
		await(t, "ready", node.ready)
	}
	return f
}

// freeAddr is where nobody listens.
func freeAddr(t testing.TB) string {
	t.Helper()
	const tries = 20
	for range tries {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort+1)))
		if err != nil {
			continue
		}
		l.Close()
		return l.Addr().String()
	}
	t.Fatalf("no port of %d is free", tries)
	return ""
}

// any is one of the nodes.
func (f *fleet) any(r *rand.Rand) *server { return f.nodes[r.IntN(len(f.nodes))] }

// killSome kills one node, or several or all at once, and starts them again a little later; perhaps it kills them as they start, too.
func (f *fleet) killSome(t testing.TB, r *rand.Rand) {
	t.Helper()
	some := r.Perm(len(f.nodes))[:1+r.IntN(len(f.nodes))]
	for _, i := range some {
		f.nodes[i].mustKill(t)
	}
	time.Sleep(upTo(r, longestGone)) // the moment is the test
	if r.IntN(2) == 0 {
		f.start(t, some)
		time.Sleep(upTo(r, longestStart)) // and so is this
		for _, i := range some {
			f.nodes[i].kill()
		}
	}
	f.start(t, some)
	for _, i := range some {
		f.nodes[i].mustListen(t)
	}
}

// start starts nodes where they were before.
func (f *fleet) start(t testing.TB, some []int) {
	t.Helper()
	for _, i := range some {
		f.nodes[i] = launchOn(t, f.nodes[i].addr, f.at)
	}
}

// end kills the nodes, all of which must be running.
func (f *fleet) end(t testing.TB) {
	t.Helper()
	for _, node := range f.nodes {
		node.mustKill(t)
	}
}
