package core

import (
	"hash/maphash"
	"slices"
)

// index finds records by their keys, as a map from keys to numbers would, in a fifth of the room: it keeps only the numbers, since each record has its key.
//
// The first bits of a key's hash choose a segment, by way of a directory. In it are the numbers of all records whose hashes begin alike, each beside the last bits of its hash and in the order of
// those: hashes lie evenly, so where one must be is known to within a few slots, and hardly a record is looked at that is not the one. A segment that is full becomes two, by one bit more. So hardly
// a slot is empty, and there is no moment when all records must be looked at to be placed anew, which at ten million of them would hold up every answer for a second.
//
// The seed of the hashes is made here and told to nobody: no client can choose keys that meet. And nobody outside ever sees the order of slots.
type index struct {
	seed      maphash.Seed
	keyOf     func(number uint32) *key
	directory []*segment // 1<<depth entries: those of one segment, if it has several, lie side by side
	depth     uint8
	segments  int
	slots     int // that there is room for, in all segments
}

// key is what a record is found by: an ID, or a name.
type key = [16]byte

// segment is one part of an index.
type segment struct {
	slots []slot // in the order of their hashes
	depth uint8  // how many first bits the hashes of its keys have in common
}

// slot is a number, in two halves, so that there is no gap before it, and the last bits of the hash of its record's key.
type slot struct{ hash, high, low uint16 }

const (
	// segmentSlots is the most that one segment has. It bounds what an insertion moves, 3 kB at once; and how many records, each elsewhere in memory, are looked at when the segment becomes two: some
	// 20 µs.
	segmentSlots = 512

	// A segment whose slots are taken gets a sixteenth more, and a few.
	growthDivisor, growthLeast = 16, 4

	slotBytes, segmentBytes, entryBytes = 6, 32, 8 // an entry is a pointer
)

func newIndex(keyOf func(number uint32) *key) index {
	return index{seed: maphash.MakeSeed(), keyOf: keyOf, directory: []*segment{{}}, segments: 1}
}

// find gives the number of the record with a key; 0 if there is none, and then the place in its segment where it belongs.
func (x *index) find(k key) (number uint32, place int) {
	hash := maphash.Bytes(x.seed, k[:])
	s := x.directory[x.entry(hash)]
	for place = s.place(uint16(hash)); place < len(s.slots) && s.slots[place].hash == uint16(hash); place++ {
		if number := s.slots[place].number(); *x.keyOf(number) == k {
			return number, place
		}
	}
	return 0, place
}

// add makes a record known, in the place where find has not found it.
func (x *index) add(number uint32, place int) {
	hash := x.hashOf(number)
	s := x.directory[x.entry(hash)]
	for len(s.slots) == segmentSlots {
		x.split(s, hash)
		s = x.directory[x.entry(hash)]
		place = s.place(uint16(hash))
	}
	x.insert(s, place, slot{uint16(hash), uint16(number >> 16), uint16(number)})
}

// bytes is what the index takes.
func (x *index) bytes() int {
	return x.slots*slotBytes + x.segments*segmentBytes + len(x.directory)*entryBytes
}

func (x *index) hashOf(number uint32) uint64 { return maphash.Bytes(x.seed, x.keyOf(number)[:]) }

// entry gives the place in the directory of the segment that a hash belongs to.
func (x *index) entry(hash uint64) int { return int(hash >> (64 - x.depth)) }

// split moves what is in the segment of a hash, and has a one behind the bits that all in it have in common, to a segment of its own.
func (x *index) split(s *segment, hash uint64) {
	if s.depth == x.depth { // it has only one entry
		x.deepen()
	}
	s.depth++
	other := &segment{depth: s.depth}
	x.segments++
	half := 1 << (x.depth - s.depth)
	first := x.entry(hash) &^ (2*half - 1)
	for i := first + half; i < first+2*half; i++ {
		x.directory[i] = other
	}
	old := s.slots
	x.room(s, len(old)/2)
	x.room(other, len(old)/2)
	for _, slot := range old { // in their order, which stays the same
		to := x.directory[x.entry(x.hashOf(slot.number()))]
		x.insert(to, len(to.slots), slot)
	}
}

// deepen doubles the directory: each entry becomes two.
func (x *index) deepen() {
	twice := make([]*segment, 0, 2*len(x.directory))
	for _, s := range x.directory {
		twice = append(twice, s, s)
	}
	x.directory = twice
	x.depth++
}

// insert puts a slot into a segment, before the one in a place.
func (x *index) insert(s *segment, place int, one slot) {
	if len(s.slots) == cap(s.slots) {
		old := s.slots
		x.room(s, len(old))
		s.slots = append(s.slots, old...)
	}
	s.slots = slices.Insert(s.slots, place, one)
}

// room gives a segment new slots, all empty, for some records and for those that come.
func (x *index) room(s *segment, records int) {
	x.slots -= cap(s.slots)
	s.slots = slices.Grow([]slot(nil), records+records/growthDivisor+growthLeast)
	x.slots += cap(s.slots)
}

// place gives that of the first slot whose hash is not lower, if there is one, else the end.
func (s *segment) place(hash uint16) int {
	i := int(hash) * len(s.slots) >> 16 // about here
	for i > 0 && s.slots[i-1].hash >= hash {
		i--
	}
	for i < len(s.slots) && s.slots[i].hash < hash {
		i++
	}
	return i
}

func (s slot) number() uint32 { return uint32(s.high)<<16 | uint32(s.low) }
