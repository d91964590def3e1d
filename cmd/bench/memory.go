package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"resultlog/core"
)

// memoryRun is what a machine takes of the heap that holds so many closed activities, each with its result and its provider id, and no idempotency keys.
type memoryRun struct {
	Activities int     `json:"activities"`
	Bytes      float64 `json:"bytes"` // for each
}

// memoryTarget is the promise.
var memoryTarget = promise{name: "bytes of heap for a closed activity, its result and its provider id", bound: 150, stretch: 110, atMost: true}

// decidedAtOnce is how many events are decided before they are kept, about as many as a server does: room for more would count as the activities'.
const decidedAtOnce = 1024

// measureMemory fills a machine in this process and looks at how much the heap has grown.
func measureMemory(activities int) (memoryRun, error) {
	before := heapBytes()
	h := &history{machine: core.NewMachine(), keyless: true}
	for h.tasks < activities {
		if err := h.decide(time.Now(), decidedAtOnce, activities); err != nil {
			return memoryRun{}, err
		}
		h.machine.Commit()
	}
	grown := float64(heapBytes()) - float64(before)
	runtime.KeepAlive(h.machine)
	return memoryRun{Activities: activities, Bytes: grown / float64(activities)}, nil
}

// heapBytes is what lives on the heap.
func heapBytes() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// verdicts judges the promise, if it was measured.
func (r *memoryRun) verdicts() []verdict {
	if r == nil {
		return nil
	}
	return memoryTarget.judge(r.Bytes)
}

// write prints what an activity takes.
func (r *memoryRun) write(out io.Writer) {
	if r != nil {
		fmt.Fprintf(out, "\n| heap for each of %s closed activities | bytes |\n|---|---|\n| with its result and its provider id | %.0f |\n", countText(r.Activities), r.Bytes)
	}
}
