package core

import "math"

// pageRows is how many rows are made room for at once: some ten kilobytes, of which little is lost if there are only a few.
const pageRows = 512

// rows are records of one kind, each with its key. They lie in pages, in the order in which they came, and never move: the number of a row, from 1, stands for its key wherever another
// record tells of it, in a quarter of the room. There is no pointer in a row, so the garbage collector does not look into pages.
type rows[V any] struct {
	index index
	pages []*[pageRows]row[V]
	last  uint32 // the number of the last row; the first place of the first page is nobody's
	size  int    // of a row, in bytes

	latest struct { // what was found last, which is asked for again: an event changes what it is about
		key    key
		number uint32
	}
}

// row is a record and its key.
type row[V any] struct {
	key   key
	value V
}

func newRows[V any](size int) *rows[V] {
	r := &rows[V]{size: size}
	r.index = newIndex(func(number uint32) *key { return &r.at(number).key })
	return r
}

// at gives the row of a number.
func (r *rows[V]) at(number uint32) *row[V] { return &r.pages[number/pageRows][number%pageRows] }

// find gives the number of the row with a key; 0 if there is none, and then the place in the index where it belongs.
func (r *rows[V]) find(k key) (number uint32, place int) {
	if r.latest.number != 0 && r.latest.key == k {
		return r.latest.number, 0
	}
	if number, place = r.index.find(k); number != 0 {
		r.latest.key, r.latest.number = k, number
	}
	return number, place
}

// number gives the number of the row with a key, which is made if there is none.
func (r *rows[V]) number(k key) uint32 {
	number, place := r.find(k)
	if number != 0 {
		return number
	}
	if r.last == math.MaxUint32 {
		panic("the machine has numbers for no more than four thousand million things of a kind")
	}
	r.last++
	if int(r.last/pageRows) == len(r.pages) {
		r.pages = append(r.pages, new([pageRows]row[V]))
	}
	r.at(r.last).key = k
	r.index.add(r.last, place)
	return r.last
}

// bytes is what the rows take, and the room that is left in their pages.
func (r *rows[V]) bytes() int {
	return r.index.bytes() + len(r.pages)*pageRows*r.size + cap(r.pages)*entryBytes
}

// refer gives the number that stands for an id; 0 for none.
func (r *rows[V]) refer(id ID) uint32 {
	if id.IsZero() {
		return 0
	}
	return r.number(key(id))
}

// id gives the id that a number stands for.
func (r *rows[V]) id(number uint32) ID {
	if number == 0 {
		return ID{}
	}
	return r.at(number).key
}
