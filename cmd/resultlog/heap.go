package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// leastGarbage is how much garbage the program lets come together, at least, before it is collected: 64 MB. A request leaves some 20 KB, and beside a small state, as most servers have it, a
	// collector that comes when as much is garbage as is alive comes ten times a second, for a tenth of the processor; so it does beside a rebuild. Beside a large state this changes nothing.
	leastGarbage = 64 << 20

	// usualPercent is how much garbage there may be beside what is alive, where that is more: Go's own standard.
	usualPercent = 100

	// leastLive is taken to be alive in any case: a program that begins has next to nothing, of which leastGarbage is no sensible percentage.
	leastLive = 1 << 20

	liveMetric = "/gc/heap/live:bytes" // what the latest collection has left
)

// paceHeap begins to say, after each garbage collection, when the next one is due. If GOGC is set, whoever set it knows better, and nothing is done.
func paceHeap() {
	if os.Getenv("GOGC") == "" {
		collected(nil)
	}
}

// collected is called after each collection: what it is called for is garbage by the next one.
func collected(*collection) {
	live := []metrics.Sample{{Name: liveMetric}}
	metrics.Read(live)
	debug.SetGCPercent(percentFor(live[0].Value.Uint64()))
	runtime.AddCleanup(new(collection), collected, nil)
}

// collection is what nobody holds from one collection to the next. It has a pointer, as what has none may share its memory with others, and live as long as they.
type collection struct{ _ *collection }

// percentFor is how much garbage, in hundredths of what is alive, there may be: leastGarbage, or as much as is alive if that is more.
func percentFor(live uint64) int {
	return max(usualPercent, int(leastGarbage*100/max(live, leastLive)))
}
