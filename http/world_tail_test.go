package httpapi

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"resultlog/core"
)

// tailed is one block of a tail: an event, or a sign of life.
type tailed struct {
	id   core.Position // 0: none came
	data string
	sign string // a comment
}

// streamReader is one who reads a stream over the network.
type streamReader struct {
	*http.Response
	lines *bufio.Reader
	stop  context.CancelFunc
}

// open asks for something that streams, with a line like those of the contract.
func (w *world) open(t testing.TB, url, line string) *streamReader {
	t.Helper()
	r := w.parse(line)
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, r.Method, url+r.URL.RequestURI(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = r.Header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	reading := &streamReader{Response: response, lines: bufio.NewReader(response.Body), stop: func() { cancel(); response.Body.Close() }}
	t.Cleanup(reading.stop)
	return reading
}

// next reads the next block; an error is the end.
func (r *streamReader) next() (b tailed, err error) {
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return b, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case line == "\n":
			return b, nil
		case name == "id":
			id, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return b, err
			}
			b.id = core.Position(id)
		case name == "data":
			b.data = value
		default:
			b.sign += value
		}
	}
}

// event reads up to the next event.
func (r *streamReader) event(t testing.TB) tailed {
	t.Helper()
	for {
		b, err := r.next()
		if err != nil {
			t.Fatalf("the tail ended: %v", err)
		}
		if b.data != "" {
			return b
		}
	}
}

// mustBe reads the events that must come next, by their tenant positions.
func (r *streamReader) mustBe(t testing.TB, w *world, positions ...core.Position) {
	t.Helper()
	for _, want := range positions {
		got := r.event(t)
		line, err := w.entryAt(want).AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.id != want || got.data != string(line) {
			t.Fatalf("event %d is %s, want %d: %s", got.id, got.data, want, line)
		}
	}
}

// ends reads to the end.
func (r *streamReader) ends() (last tailed) {
	for {
		b, err := r.next()
		if err != nil {
			return last
		}
		last = b
	}
}

// entryAt is an event of the tenant of these tests, as it is stored.
func (w *world) entryAt(at core.Position) (found core.Entry) {
	for e := range w.TenantEntries(context.Background(), tenant, at-1) {
		return e
	}
	return found
}

const tailEvents = "Accept=text/event-stream " + getEvents
