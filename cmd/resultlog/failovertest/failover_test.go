package failovertest

import (
	"os"
	"reflect"
	"testing"
	"time"
)

const (
	// rounds is how often the leader is killed: the second time it is one that has become it by the first.
	rounds = 2

	// enough is how many acknowledgements show that writes flow: some seconds of them.
	enough = 1000
)

// TestFailover kills the leader of the cluster under load, as if its machine were lost, and looks whether all is true that anybody was told.
func TestFailover(t *testing.T) {
	if os.Getenv("RESULTLOG_FAILOVER") == "" {
		t.Skip("make failover runs it: it needs PostgreSQL, Patroni, etcd and HAProxy, and takes minutes")
	}
	needTools(t)
	c := startCluster(t, newRoom(t))
	s := startService(t, c)
	l := startLoad(s)
	for round := range rounds {
		l.awaitMore(t)
		c.killLeader(t, l, round+1)
	}
	l.awaitMore(t)
	l.finish(t)
	for i, node := range s.nodes {
		if !node.alive() {
			t.Errorf("node %d of resultlog ended by itself: %v", i+1, node.cmd.ProcessState)
		}
	}

	log := c.readLog(t, c.leader())
	l.judge(t, log)
	for _, n := range c.nodes {
		await(t, "the same log on "+n.name, func() bool { return reflect.DeepEqual(c.readLog(t, n), log) })
	}
	t.Logf("in all: %d acknowledged, %d retries, %d events in the log of each of the %d nodes", len(l.acknowledged), l.retried.Load(), len(log), len(c.nodes))
}

// awaitMore waits until more has been acknowledged.
func (l *load) awaitMore(t *testing.T) {
	t.Helper()
	from := l.count()
	await(t, "acknowledging", func() bool { return l.count() >= from+enough })
}

// killLeader kills all processes of the node that leads, waits until another one leads and writes flow, starts the killed one again, and waits until it follows.
func (c *cluster) killLeader(t *testing.T, l *load, round int) {
	t.Helper()
	killed := c.leader()
	if killed == nil {
		t.Fatal("nobody leads")
	}
	began := time.Now()
	c.kill(t, killed.name)
	led := await(t, "led by another", func() bool { leader := c.leader(); return leader != nil && leader != killed })
	next := c.leader().name
	l.awaitMore(t)
	c.run(t, killed)
	await(t, "replicating", c.whole)
	t.Logf("round %d: %s was killed, %s led after %.1fs; no write was acknowledged for %.1fs; %s followed again after %.1fs in all",
		round, killed.name, next, led.Seconds(), l.longestOutage(began).Seconds(), killed.name, time.Since(began).Seconds())
}
