package main

import (
	"io"
	"sync"
	"time"
)

const (
	// logInterval is the least time from one write of log lines to the next: under load they go out together, since a system call for each would cost a request more than all that its line says. The
	// first line after a pause goes out at once. A crash takes what is younger with it.
	logInterval = 10 * time.Millisecond

	// logWaiting is how many bytes of lines may wait: those of some thousand requests. While whoever reads the log does not, requests wait too, as they would without this.
	logWaiting = 1 << 20
)

// logWriter writes what it is given soon, and together with what came meanwhile. Safe for concurrent use.
type logWriter struct {
	to       io.Writer
	interval time.Duration

	mu     sync.Mutex
	room   sync.Cond
	lines  []byte
	closed bool

	ring   func()        // leaves a token in filled
	filled chan struct{} // holds a token while lines may wait
	ending chan struct{}
	ended  chan struct{}
}

// newLogWriter starts one; Close ends it.
func newLogWriter(to io.Writer, interval time.Duration) *logWriter {
	w := &logWriter{to: to, interval: interval, filled: make(chan struct{}, 1), ending: make(chan struct{}), ended: make(chan struct{})}
	w.room.L, w.ring = &w.mu, ringing(w.filled)
	go w.run()
	return w
}

// Write implements io.Writer. It fails only after Close, when it writes at once: before, nobody is there who could be told.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.lines) > 0 && len(w.lines)+len(line) > logWaiting {
		w.room.Wait()
	}
	if w.closed {
		return w.to.Write(line)
	}
	w.lines = append(w.lines, line...)
	w.ring()
	return len(line), nil
}

// Close writes what waits, and ends the writer.
func (w *logWriter) Close() {
	close(w.ending)
	<-w.ended
}

// run writes until the end.
func (w *logWriter) run() {
	defer close(w.ended)
	var spare []byte
	for {
		select {
		case <-w.filled:
		case <-w.ending:
			w.finish()
			return
		}
		taken := w.take(spare)
		_, _ = w.to.Write(taken) // nobody is there who could be told
		spare = taken[:0]
		w.pause()
	}
}

// take gives the lines that wait, and leaves an empty buffer in their place.
func (w *logWriter) take(spare []byte) (lines []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines, w.lines = w.lines, spare
	w.room.Broadcast()
	return lines
}

// pause waits until the next write may come, or until the end.
func (w *logWriter) pause() {
	timer := time.NewTimer(w.interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ending:
	}
}

// finish writes what waits; what comes later is written at once.
func (w *logWriter) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) > 0 {
		_, _ = w.to.Write(w.lines)
	}
	w.lines, w.closed = nil, true
	w.room.Broadcast()
}
