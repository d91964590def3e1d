package soaktest

import (
	"sync"
	"testing"

	"resultlog/core"
)

// ledger is what the clients were told is recorded.
type ledger struct {
	mu  sync.Mutex
	ids map[string]string // of what a write has made, by its Idempotency-Key
}

func newLedger() ledger { return ledger{ids: map[string]string{}} }

func (l *ledger) acknowledge(key, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids[key] = id
}

// acknowledgements is how many there are.
func (l *ledger) acknowledgements() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ids)
}

// judge holds the log against the ledger: everything acknowledged is in the log exactly once, with the id that the answer said, and nothing else is. All writes must have been answered.
func (l *ledger) judge(t *testing.T, s *store) {
	t.Helper()
	log, err := s.openLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var wrong complaints
	found := map[string]bool{}
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatalf("the log cannot be read: %v", err)
		}
		if !r.Metadata.CausationID.IsZero() {
			continue // an event that another one has caused has no key of its own
		}
		key, id := r.Metadata.Key, madeBy(r)
		if found[key] {
			wrong.note("%q is recorded twice: the second time at position %d, which has made %s", key, r.Position, id)
		}
		found[key] = true
		if told, acknowledged := l.ids[key]; !acknowledged {
			wrong.note("position %d has the key %q, which was refused, or not sent", r.Position, key)
		} else if told != id {
			wrong.note("%q was acknowledged as %s, and position %d says %s", key, told, r.Position, id)
		}
	}
	for key, id := range l.ids {
		if !found[key] {
			wrong.note("LOST: %q was acknowledged as %s, and is not in the log", key, id)
		}
	}
	wrong.tell(t)
}

// madeBy is the id of what an event has made, as the answer to the write says it.
func madeBy(r core.Recorded) string {
	switch e := r.Event.(type) {
	case core.APIKeyIssued:
		return e.KeyID.String()
	case core.APIKeyRevoked:
		return e.KeyID.String()
	default:
		return r.Stream.ID.String()
	}
}
