package core

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndexGrows: through many splits every record is found by its key and by no other, slots stay in order, and the index takes as many bytes as it says.
func TestIndexGrows(t *testing.T) {
	const records = 100 * segmentSlots
	random := rand.New(rand.NewPCG(1, 2))
	r := newRows[nameRow](nameBytes)
	r.index.deepen() // so that the first segment to be split has several entries
	r.index.deepen()
	r.index.deepen()
	keys := make([]key, records+1) // by number
	for n := uint32(1); n <= records; n++ {
		for i := range keys[n] {
			keys[n][i] = byte(random.Uint32())
		}
		if before, _ := r.find(keys[n]); before != 0 {
			t.Fatalf("number %d is found before it is there, as %d", n, before)
		}
		if got := r.number(keys[n]); got != n {
			t.Fatalf("number %d is %d", n, got)
		}
		if earlier := 1 + random.Uint32N(n); r.number(keys[earlier]) != earlier || ID(keys[earlier]) != r.id(earlier) {
			t.Fatalf("after %d, number %d is not what it was", n, earlier)
		}
	}
	for n := uint32(1); n <= records; n++ {
		if got, _ := r.find(keys[n]); got != n {
			t.Fatalf("number %d is found as %d", n, got)
		}
	}
	checkSegments(t, &r.index, records)
}

func checkSegments(t *testing.T, x *index, records int) {
	t.Helper()
	if len(x.directory) != 1<<x.depth {
		t.Fatalf("%d entries at depth %d", len(x.directory), x.depth)
	}
	segments, slots, used := 0, 0, 0
	var last *segment
	for _, s := range x.directory {
		if s == last {
			continue
		}
		last = s
		segments, slots, used = segments+1, slots+cap(s.slots), used+len(s.slots)
		if len(s.slots) > segmentSlots || !slices.IsSortedFunc(s.slots, func(a, b slot) int { return int(a.hash) - int(b.hash) }) {
			t.Errorf("a segment of %d slots, or they are not in order", len(s.slots))
		}
	}
	if used != records || segments != x.segments || slots != x.slots {
		t.Errorf("%d records in %d segments with %d slots, want %d in %d with %d", used, segments, slots, records, x.segments, x.slots)
	}
	if most := used * 5 / 4; slots > most {
		t.Errorf("%d slots for %d records: want %d at the most", slots, used, most)
	}
}
