package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"resultlog/eventstore/postgres/postgrestest"
)

// wire is a network between a log and its server, which can fall silent: it takes what it is given, passes on nothing, and breaks no connection.
type wire struct {
	mu     sync.Mutex
	hushed chan struct{} // closed: it passes on
}

func (w *wire) pass(to io.Writer, from io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		w.mu.Lock()
		hushed := w.hushed
		w.mu.Unlock()
		<-hushed
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hush lets the wire fall silent until the function that it gives is called.
func (w *wire) hush() (speak func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hushed := make(chan struct{})
	w.hushed = hushed
	return sync.OnceFunc(func() { close(hushed) })
}

// wired gives a DSN that leads through a wire.
func wired(t *testing.T, dsn string) (string, *wire) {
	t.Helper()
	at, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	server, w := at.Host, &wire{}
	w.hush()()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at.Host = listener.Addr().String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			all.Go(func() { w.pass(upstream, client); upstream.Close() })
			all.Go(func() { w.pass(client, upstream); client.Close() })
		}
	})
	t.Cleanup(func() { listener.Close(); all.Wait() }) // the log is closed by then
	return at.String(), w
}

// TestASilentServerIsNoticed: it is frozen, or its machine is gone without a word, and no connection breaks. Who reads is told in time, and reads again when it speaks.
func TestASilentServerIsNoticed(t *testing.T) {
	dsn, wire := wired(t, postgrestest.Database(t))
	log := mustOpen(t, dsn+"&connect_timeout=1")
	mustAppend(t, log, 0, 3)
	mustHave(t, log, 3)
	log.patience = 50 * time.Millisecond
	speak := wire.hush()
	t.Cleanup(speak)
	for what, read := range map[string]func() error{
		"Head": func() error { _, err := log.Head(t.Context()); return err },
		"ReadSlim": func() (last error) {
			for _, err := range log.ReadSlim(t.Context(), 0) {
				last = err
			}
			return last
		},
		"Rows": func() (last error) {
			for _, err := range log.Rows(t.Context(), 0) {
				last = err
			}
			return last
		},
	} {
		if err := read(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	speak()
	log.patience = patience
	mustHave(t, log, 3)
	mustAppend(t, log, 3, 1)
}
