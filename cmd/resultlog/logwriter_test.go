package main

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slowReader takes what is written when it is let, write by write.
type slowReader struct {
	let  chan struct{} // a token for each write that may end; closed: all may
	came chan struct{} // a token for each write that has begun

	mu     sync.Mutex
	writes [][]byte
}

func newSlowReader() *slowReader {
	return &slowReader{let: make(chan struct{}), came: make(chan struct{}, 1000)}
}

func (r *slowReader) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.writes = append(r.writes, bytes.Clone(p))
	r.mu.Unlock()
	r.came <- struct{}{}
	<-r.let
	return len(p), nil
}

func (r *slowReader) all() (writes int, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.writes), string(bytes.Join(r.writes, nil))
}

// Lines that come while others are being written go out together, in their order, and none is lost at the end.
func TestLogLinesAreGathered(t *testing.T) {
	r := newSlowReader()
	w := newLogWriter(r, time.Hour) // nothing but the end makes a second write
	want := "first\n"
	fmt.Fprint(w, want)
	<-r.came // at once
	for i := range 500 {
		line := fmt.Sprintf("line %d\n", i)
		fmt.Fprint(w, line)
		want += line
	}
	close(r.let)
	w.Close()
	if writes, got := r.all(); writes != 2 || got != want {
		t.Errorf("%d writes of %d bytes, not 2 of %d", writes, len(got), len(want))
	}
	fmt.Fprint(w, "late\n")
	if writes, got := r.all(); writes != 3 || got != want+"late\n" {
		t.Errorf("after the end: %d writes of %d bytes", writes, len(got))
	}
}

// While whoever reads the log does not, no more lines wait than there is room for, and who writes another waits too.
func TestLogLinesWaitForTheirReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSlowReader()
		w := newLogWriter(r, logInterval)
		line := bytes.Repeat([]byte("x"), logWaiting/2)
		for range 3 { // one that is being written, two that wait
			w.Write(line)
			synctest.Wait()
		}
		wrote := false
		go func() {
			w.Write(line)
			wrote = true
		}()
		synctest.Wait()
		if wrote {
			t.Error("more waits than there is room for")
		}
		close(r.let)
		time.Sleep(logInterval)
		synctest.Wait()
		if !wrote {
			t.Error("there is room, and it still waits")
		}
		w.Close()
		if _, got := r.all(); len(got) != 4*len(line) {
			t.Errorf("%d bytes were written of %d", len(got), 4*len(line))
		}
	})
}

// Many write at once: every line arrives, whole.
func TestLogLinesOfManyWriters(t *testing.T) {
	r := newSlowReader()
	close(r.let)
	w := newLogWriter(r, time.Microsecond)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 100 {
				fmt.Fprintf(w, "%d-%d\n", i, n)
			}
		})
	}
	all.Wait()
	w.Close()
	_, got := r.all()
	seen := make(map[string]bool)
	for line := range bytes.Lines([]byte(got)) {
		seen[string(line)] = true
	}
	if len(seen) != 800 || len(got) != 8*100*len("0-00\n")-8*10 {
		t.Errorf("%d lines of 800 arrived, in %d bytes", len(seen), len(got))
	}
}
