package httpapi

import (
	"context"
	"math"
	"strconv"
	"time"

	"resultlog/core"
)

// tail is one reader of a tenant's history who stays for what comes.
type tail struct {
	server *Server
	*stream
	walk  *eventWalk
	grown <-chan struct{}
	after core.Position // everything up to it has been looked at
	known core.Position // the last id that the reader was told
	last  core.Position // how far to look; up to where the history went at first, and then without an end
	chunk []byte
}

// tailEvents answers with the events that fit, each when it is durable, until the reader goes, the server stops, or the credential is no longer good.
func (s *Server) tailEvents(x *exchange, q eventQuery) error {
	q, err := readTailQuery(x, q)
	if err != nil {
		return err
	}
	if err := x.takePlace(s.streams.tails, codeStreamsBusy); err != nil {
		return err
	}
	defer s.streams.tails.giveBack(x.tenant)
	if s.streams.ending.Err() != nil {
		return fail(codeNotReady, "stopping: go on at another node")
	}
	grown, stop := s.Watcher.Watch(x.tenant) // before the head is read, so that nothing falls between
	defer stop()
	w, err := s.beginStream(x, q)
	if err != nil {
		return err
	}
	s.Metrics.streams.WithLabelValues(tailKind).Inc()
	defer s.Metrics.streams.WithLabelValues(tailKind).Dec()
	ctx, cancel := context.WithCancel(x.request.Context())
	defer cancel()
	st, err := s.openStream(ctx, x, mediaEvents, w.history)
	defer context.AfterFunc(s.streams.ending, func() { cancel(); st.interrupt() })()
	t := &tail{server: s, stream: st, walk: w, grown: grown, after: w.start, known: q.after, last: w.history}
	if err == nil {
		err = t.run()
	}
	if ctx.Err() == nil {
		st.notSent(err) // else it was the reader who ended it, or the server
	}
	return nil // the answer just ends: its reader comes back, and is told why if it may not
}

// run sends what is there, then waits for more. It ends with an error: a tail has no other end.
func (t *tail) run() error {
	b := borrow()
	defer b.giveBack()
	t.chunk = b.out
	defer func() { b.out = t.chunk }()
	beat := time.NewTicker(t.server.streams.heartbeat)
	defer beat.Stop()
	for {
		began := time.Now()
		if err := t.catchUp(); err != nil {
			return err
		}
		select {
		case <-t.grown:
		case <-beat.C:
			if err := t.heartbeat(); err != nil {
				return err
			}
			continue // and look: the credential is judged by that, and whatever a bell did not ring for is found
		case <-t.ctx.Done():
			return t.ctx.Err()
		}
		select {
		case <-time.After(tailPause - time.Since(began)): // at once, if it has been quiet
		case <-t.ctx.Done():
			return t.ctx.Err()
		}
	}
}

// catchUp sends everything that fits and is there.
func (t *tail) catchUp() error {
	for {
		var more bool
		var err error
		t.chunk, t.after, more, err = t.server.readChunk(t.ctx, t.x, t.walk, t.chunk[:0], stretch{t.after, t.last}, math.MaxInt, t.appendEvent)
		if err != nil {
			t.refused(err)
			return err
		}
		if len(t.chunk) > 0 {
			if err := t.send(t.chunk); err != nil {
				return err
			}
		}
		if more {
			continue
		}
		if t.walk.isLive {
			return nil
		}
		t.after, t.last, t.walk.isLive = max(t.after, t.last), math.MaxInt64, true
	}
}

// refused counts and notes why nothing more can be read, unless the reader has gone or the server stops.
func (t *tail) refused(err error) {
	if t.ctx.Err() != nil {
		return
	}
	e, _ := t.server.meaning(t.x, err)
	t.x.code = e.Code
}

// appendEvent writes an event as its reader will know it when it comes back.
func (t *tail) appendEvent(b []byte, e core.Entry) ([]byte, error) {
	b = append(appendEventID(b, e.TenantPosition), "data: "...)
	b, err := e.AppendJSON(b)
	t.known = e.TenantPosition
	return append(b, "\n\n"...), err
}

func appendEventID(b []byte, id core.Position) []byte {
	b = append(b, "id: "...)
	return append(strconv.AppendInt(b, int64(id), 10), '\n')
}

// heartbeat says that the tail is alive. If events were passed over that did not fit, it tells the reader how far that was, without an event: who comes back does not wait for them again.
func (t *tail) heartbeat() error {
	b := append(t.chunk[:0], ": heartbeat\n"...)
	if t.after > t.known {
		b = appendEventID(b, t.after)
		t.known = t.after
	}
	t.chunk = append(b, '\n')
	return t.send(t.chunk)
}
