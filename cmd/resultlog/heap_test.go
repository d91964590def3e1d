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

// TestPaceHeap leaves the collector paced: nothing ends that but the program.
func TestPaceHeap(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(usualPercent))
	t.Setenv("GOGC", "100")
	paceHeap()
	if got := percent(t); got != usualPercent {
		t.Errorf("whoever sets GOGC knows better, and it became %d %%", got)
	}
	t.Setenv("GOGC", "")
	paceHeap()
	if percent(t) == usualPercent {
		t.Error("it was left to itself")
	}
	debug.SetGCPercent(usualPercent)
	for percent(t) == usualPercent { // each collection says when the next one is due; the test's time-out ends it
		runtime.GC()
	}
}

// percent gives what the collector goes by.
func percent(t *testing.T) int {
	t.Helper()
	now := debug.SetGCPercent(usualPercent)
	debug.SetGCPercent(now)
	return now
}
