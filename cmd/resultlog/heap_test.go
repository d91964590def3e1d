package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGarbageMayBeAsMuchAsIsAliveAndSomeAtLeast(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 6400, 1 << 20: 6400, 16 << 20: 400, 64 << 20: 100, 1 << 30: 100,
	} {
		if got := percentFor(live); got != want {
			t.Errorf("%d bytes alive: %d %%, want %d %%", live, got, want)
		}
	}
}

func TestEachCollectionSaysWhenTheNextOneIsDue(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(usualPercent)
	defer debug.SetGCPercent(before)
	p := paceHeap()
	if percent(t) == usualPercent {
		t.Error("it was left to itself")
	}
	debug.SetGCPercent(usualPercent)
	for percent(t) == usualPercent { // the test's time-out ends it
		runtime.GC()
	}
	p.end()
}

func TestWhoeverSetsGOGCKnowsBetter(t *testing.T) {
	t.Setenv("GOGC", "100")
	before := debug.SetGCPercent(usualPercent)
	defer debug.SetGCPercent(before)
	defer paceHeap().end()
	if got := percent(t); got != usualPercent {
		t.Errorf("it became %d %%", got)
	}
}

// percent gives what the collector goes by.
func percent(t *testing.T) int {
	t.Helper()
	now := debug.SetGCPercent(usualPercent)
	debug.SetGCPercent(now)
	return now
}
