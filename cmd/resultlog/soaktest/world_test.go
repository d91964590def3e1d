package soaktest

import (
	"math/rand/v2"
	"sync"
)

// world is what the clients know to be there.
type world struct {
	created pool[activity]     // without a result
	begun   pool[activity]     // with one that is PENDING
	done    pool[activity]     // with one that is COMPLETED
	sent    pool[acknowledged] // writes
}

// activity is one that was created, and the latest result of it.
type activity struct{ id, provider, result string }

// acknowledged is a write, and what it was answered.
type acknowledged struct {
	request
	answer []byte
}

// pooled is how many things a pool has at the most: those of some seconds. What is older is left alone, as it mostly is on other days, too.
const pooled = 512

// pool is things to be taken, the latest.
type pool[T any] struct {
	mu  sync.Mutex
	all []T
}

// put adds one, and lets go of the oldest if there are too many.
func (p *pool[T]) put(one T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == pooled {
		p.all = p.all[1:]
	}
	p.all = append(p.all, one)
}

// take takes the oldest one out, so that nobody else has it.
func (p *pool[T]) take() (one T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return one, false
	}
	one = p.all[0]
	p.all = p.all[1:]
	return one, true
}

// any looks at one, and leaves it there.
func (p *pool[T]) any() (one T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return one, false
	}
	return p.all[rand.IntN(len(p.all))], true
}
