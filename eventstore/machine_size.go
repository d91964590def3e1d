package eventstore

import (
	"unsafe"

	"resultlog/core"
)

// bytesOf is about what a machine's state takes. Every table of it is a map without pointers, in which a row takes its key, its value and a byte beside; and a map that grows is, on the average, two
// thirds full. A measurement stands beside it: TestBytesOfTheMachine.
func bytesOf(h core.Holding) int64 {
	const key, name = int64(unsafe.Sizeof(core.ID{})), int64(unsafe.Sizeof(core.KeyName{}))
	rows := int64(h.Activities)*(key+int64(unsafe.Sizeof(core.Activity{}))+1) +
		int64(h.Results)*(key+int64(unsafe.Sizeof(core.Result{}))+1) +
		int64(h.Names)*(name+key+1) +
		int64(h.Tenants)*(key+int64(unsafe.Sizeof(core.Tenant{}))+1) +
		int64(h.APIKeys)*(key+int64(unsafe.Sizeof(core.APIKey{}))+1) +
		int64(h.Keys)*2*(name+int64(unsafe.Sizeof(core.Position(0)))) // in a map, and in the ring that says which one is the oldest
	return rows * 3 / 2
}
