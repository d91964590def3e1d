package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"resultlog/core"
)

// The bounds of answers that stream.
const (
	// maxTails is how many tails go on at once, half of them at most of one tenant: each has a connection, a goroutine and, while its reader is slow, a chunk. One more waits as long as
	// any read does, and is then refused.
	maxTails = 128

	// maxExports is the same of exports, which read all the time: more of them at once would only make each slower.
	maxExports = 16

	// maxReading is how many pages of the log are read at once for whoever wants events, half of them at most for one tenant: each is up to 528 rows of memory, usually half a megabyte, until they are
	// encoded; and no more than a few are of use to one disk. Nobody holds a place for longer than that takes.
	maxReading = 8

	// chunkRows is how many events are looked at for one chunk: what the log reads in its first two pages, so that nothing is read twice.
	chunkRows = 16 + 512

	// chunkBytes ends a chunk early: about what so many events usually take. It is what a stream holds in memory while its reader is slow.
	chunkBytes = 512 << 10

	// streamWriteTimeout is how long the reader of a stream may take to accept a chunk: chunkBytes at 20 KB/s, as slow as any body may come. Who is slower is cut off, and goes on from where it was.
	streamWriteTimeout = 30 * time.Second

	// heartbeatEvery is how often a tail says that it is alive when there is nothing else to say, and looks whether its credential is still good: below the 60 s after which common balancers take
	// a connection for dead.
	heartbeatEvery = 15 * time.Second

	// tailPause is the shortest time between two looks at the log for one tail: under a load of thousands of commits a second it takes what comes in groups.
	tailPause = 50 * time.Millisecond
)

// The kinds of streams, as metrics name them.
const (
	exportKind = "export"
	tailKind   = "tail"
)

// streams is what the answers that stream share.
type streams struct {
	exports *places
	tails   *places
	reading *places
	ending  context.Context // done when tails must end
	end     context.CancelFunc

	writeTimeout time.Duration
	heartbeat    time.Duration
}

func newStreams() streams {
	ending, end := context.WithCancel(context.Background())
	return streams{
		exports: newPlaces(maxExports), tails: newPlaces(maxTails), reading: newPlaces(maxReading), ending: ending, end: end, writeTimeout: streamWriteTimeout, heartbeat: heartbeatEvery,
	}
}

// stream is an answer that goes on for as long as its reader reads.
type stream struct {
	x       *exchange
	control *http.ResponseController
	timeout time.Duration
	ctx     context.Context // when it is done, nothing more is sent
	writing atomic.Bool
}

// openStream begins a stream: from here on there are no problems, only an answer that ends. The whole answer has no time-out, but every chunk has one.
func (s *Server) openStream(ctx context.Context, x *exchange, media string, head core.Position) (*stream, error) {
	st := &stream{x: x, control: http.NewResponseController(x.ResponseWriter), timeout: s.streams.writeTimeout, ctx: ctx}
	x.showHead(head)
	h := x.Header()
	h["Content-Type"] = []string{media}
	h["X-Accel-Buffering"] = []string{"no"} // proxies of nginx's kind would hold back what comes slowly
	x.streaming = time.Now()
	x.WriteHeader(http.StatusOK)
	return st, st.send(nil)
}

// send sends a chunk, and returns when the connection has taken it.
func (st *stream) send(chunk []byte) error {
	st.writing.Store(true)
	defer st.writing.Store(false)
	_ = st.control.SetWriteDeadline(time.Now().Add(st.timeout)) // not supported: there is none
	if err := st.ctx.Err(); err != nil {
		return err // interrupt came before the deadline was moved away
	}
	if len(chunk) > 0 {
		if _, err := st.x.Write(chunk); err != nil {
			return err
		}
	}
	return st.control.Flush()
}

// interrupt ends a write that waits for a slow reader, once the stream's context is done.
func (st *stream) interrupt() {
	if st.writing.Load() {
		_ = st.control.SetWriteDeadline(time.Now())
	}
}

// notSent notes that a reader was too slow, or has gone before the end. It is no fault of ours.
func (st *stream) notSent(err error) {
	if st.x.fault == nil {
		st.x.fault = fmt.Errorf("the stream was cut off: %w", err)
	}
}

// readChunk reads the next events of a walk for a stream, if the reader may still read them.
func (s *Server) readChunk(ctx context.Context, x *exchange, w *eventWalk, b []byte, at stretch, events int, write entryWriter) (_ []byte, next core.Position, more bool, err error) {
	if err := s.streams.reading.take(ctx, x.tenant); err != nil {
		return b, at.after, false, err
	}
	defer s.streams.reading.giveBack(x.tenant)
	if _, _, _, err := s.judge(x.request, x.needs); err != nil {
		return b, at.after, false, err
	}
	reading, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	b, next, more, err = w.look(reading, b, at, portion{events, chunkRows, chunkBytes}, func(b []byte, e core.Entry) ([]byte, error) {
		x.events++
		return write(b, e)
	})
	if err != nil {
		err = whenOver(reading, err, codeHistoryUnavailable)
	}
	return b, next, more, err
}
