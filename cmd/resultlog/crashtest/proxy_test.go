package crashtest

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// cutEvery is in how many messages to PostgreSQL a rough proxy cuts the connection: so seldom that the read tables go on, which a transaction of some dozen messages feeds.
	cutEvery = 500

	// cutAppendsEvery is the same of a connection over which events are appended, two messages a commit: so often that some commits are cut every second, and so seldom that most are not.
	cutAppendsEvery = 10

	// longestLate is the longest that a message is on its way while its connection is cut already: many times what a node takes to connect anew and to look what became of it.
	longestLate = 100 * time.Millisecond

	// messageBytes is what a proxy passes on at once: a turn of a few commands. Of a larger one it may pass on a part, and then cut.
	messageBytes = 32 << 10
)

// proxy stands between nodes and PostgreSQL, and passes on what they say to one another. While it is rough, it cuts connections at random.
type proxy struct {
	to    string
	rough atomic.Bool
	cuts  [uncut]atomic.Int64 // by their moments
}

// moment is when a connection is cut.
type moment int

const (
	unheard    moment = iota // before the server is given a message, which it never is
	late                     // a while before it is given a message: it was on its way
	unfinished               // right after it
	unanswered               // when the server answers it
	uncut
)

// newProxy puts a proxy before a database, and gives the database's place through it.
func newProxy(t testing.TB, at place) (*proxy, place) {
	t.Helper()
	through, err := url.Parse(at.dsn)
	if err != nil || through.Port() == "" {
		t.Fatalf("a proxy stands before one host with its port, and the database is %s", at.dsn)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: through.Host}
	through.Host = l.Addr().String()
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { p.pass(client) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		passing.Wait() // the nodes are gone by now, and so are their connections
	})
	return p, place{dsn: through.String()}
}

// pass passes on what a client and the server say, until one of them ends or the connection is cut: at both sides.
func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	var deaf atomic.Bool // what the server says is not passed on any more
	var answering sync.WaitGroup
	answering.Go(func() {
		defer client.Close()
		forward(client, server, func([]byte) moment {
			if deaf.Load() {
				return unheard
			}
			return uncut
		})
	})
	every := cutEvery
	forward(server, client, func(message []byte) moment {
		if bytes.Contains(message, []byte("INSERT INTO resultlog.events")) {
			every = cutAppendsEvery
		}
		m := p.next(every)
		if m == unanswered {
			deaf.Store(true)
		}
		return m
	})
	server.Close()
	answering.Wait()
}

// forward passes messages on, until there are no more or one is cut.
func forward(to, from net.Conn, next func(message []byte) moment) {
	message := make([]byte, messageBytes)
	for {
		n, err := from.Read(message)
		if err != nil {
			return
		}
		m := next(message[:n])
		switch m {
		case unheard:
			return
		case late:
			from.Close()
			time.Sleep(rand.N(longestLate)) // the moment is the test
		}
		if _, err := to.Write(message[:n]); err != nil || m == late || m == unfinished {
			return
		}
	}
}

// next draws what becomes of a message to the server, of which one in so many is not to come to its end.
func (p *proxy) next(every int) moment {
	if !p.rough.Load() || rand.IntN(every) > 0 {
		return uncut
	}
	m := moment(rand.IntN(int(uncut)))
	p.cuts[m].Add(1)
	return m
}
