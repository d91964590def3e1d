package soaktest

import (
	"fmt"
	"sync"
	"time"
)

// sample is what a process showed at an age.
type sample struct {
	age   time.Duration
	shown scrape
	calm  bool // hardly anybody waited for an answer
}

// life is what a process showed while it lived.
type life struct {
	began       time.Time
	stop        func() // ends the sampling; it may be called more than once
	early, late window // what is compared

	mu      sync.Mutex
	samples []sample
}

func (l *life) add(s sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples = append(l.samples, s)
}

// last is the latest sample; empty if there is none yet.
func (l *life) last() (s sample) {
	if all := l.since(0); len(all) > 0 {
		s = all[len(all)-1]
	}
	return s
}

// since is the samples after the first ones, of which there are so many.
func (l *life) since(first int) window {
	l.mu.Lock()
	defer l.mu.Unlock()
	return window(l.samples[first:])
}

// halves are all samples, as two windows.
func (l *life) halves() (first, second window) {
	all := l.since(0)
	return all[:len(all)/2], all[len(all)/2:]
}

// window is samples of a time.
type window []sample

// calm is how many of them are.
func (w window) calm() (count int) {
	for _, s := range w {
		if s.calm {
			count++
		}
	}
	return count
}

// ages says of which age of a process the samples are. There must be some.
func (w window) ages() string {
	return fmt.Sprintf("%s to %s", w[0].age.Round(time.Second/10), w[len(w)-1].age.Round(time.Second/10))
}
