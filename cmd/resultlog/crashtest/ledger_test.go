package crashtest

import "sync"

// ledger is everything that the clients ever wanted from one store, and were told.
type ledger struct {
	mu     sync.Mutex
	writes []*write
	seen   []sighting
}

// saw notes what was read.
func (l *ledger) saw(s sighting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, s)
}

func (l *ledger) add(w *write) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, w)
}

// unsettled are the writes that must be sent again.
func (l *ledger) unsettled() (open []*write) {
	for _, w := range l.writes {
		if !w.settled() {
			open = append(open, w)
		}
	}
	return open
}

// uncertain are the writes of which nobody knows whether they are recorded.
func (l *ledger) uncertain() (open []*write) {
	for _, w := range l.writes {
		if w.fate() == unknown {
			open = append(open, w)
		}
	}
	return open
}

// acknowledged are the writes that are recorded.
func (l *ledger) acknowledged() (done []*write) {
	for _, w := range l.writes {
		if w.fate() == recorded {
			done = append(done, w)
		}
	}
	return done
}

// answers counts what the clients were told, by kind, in the attempts that count.
func (l *ledger) answers(counts func(attempt) bool) map[string]int {
	kinds := map[string]int{}
	for _, w := range l.writes {
		for _, a := range w.attempts {
			switch {
			case a.status == 0 || !counts(a):
			case a.acknowledged():
				kinds["acknowledged"]++
			default:
				kinds[a.code]++
			}
		}
	}
	return kinds
}
