package soaktest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// lowestPort and highestPort enclose the ports of nodes. Above them the kernel takes ports for outgoing connections, so that one could be gone between an end and the next start.
const lowestPort, highestPort = 20000, 32767

// node is an address at which one process after the other serves.
type node struct {
	name  string
	addr  string
	store *store
	load  *load
	now   *process
	lives []*life // of all its processes, the last one's too
}

// newNode starts a node's first process.
func newNode(t *testing.T, name string, s *store, l *load) *node {
	t.Helper()
	n := &node{name: name, addr: freeAddr(t), store: s, load: l}
	n.start(t)
	return n
}

// freeAddr is where nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	const tries = 20
	for range tries {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort+1))); err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatalf("no port of %d is free", tries)
	return ""
}

// start starts a process, waits until it is ready, and follows it from then on.
func (n *node) start(t *testing.T) {
	t.Helper()
	n.now = launch(t, n.addr, n.store)
	await(t, "ready", func() bool { return n.answers("/readyz") })
	n.lives = append(n.lives, n.follow())
}

// end ends the process, and no longer follows it.
func (n *node) end(t *testing.T, by syscall.Signal) {
	t.Helper()
	n.life().stop()
	n.now.end(t, by)
}

// life is that of the process that serves.
func (n *node) life() *life { return n.lives[len(n.lives)-1] }

func (n *node) url(path string) string { return "http://" + n.addr + path }

// answers reports whether a path is answered with 200.
func (n *node) answers(path string) bool {
	response, err := http.Get(n.url(path)) //nolint:noctx // it is on this machine
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}

// follow takes samples of the process from now on.
func (n *node) follow() *life {
	ctx, halt := context.WithCancel(context.Background())
	l, ended := &life{began: time.Now()}, make(chan struct{})
	l.stop = func() { halt(); <-ended }
	go func() {
		defer close(ended)
		for ticker := time.NewTicker(sampleEvery()); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			calm := n.load.calm()
			if s, err := n.scrape(); err == nil { // else it is too busy to answer: the next time
				l.add(sample{time.Since(l.began), s, calm && n.load.calm()})
			}
		}
	}()
	return l
}
