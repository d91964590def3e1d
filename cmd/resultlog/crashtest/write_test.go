package crashtest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// write is one thing that a client wants: for ever the same bytes under the same Idempotency-Key, however often it is sent. One goroutine at a time has it.
type write struct {
	tenant   string
	method   string
	path     string
	key      string
	body     []byte
	bad      bool                // it must be refused, whenever it is sent
	by       *apiKey             // what it is sent with next; nil: the token
	of       *apiKey             // what it issues or revokes, if that is what it does
	learn    func(answer []byte) // if not nil, is told the first acknowledgement, or that there was one which is not shown again
	attempts []attempt           // in the order in which they were sent; of those sent at once, the least certain last
}

// attempt is one time that a write was sent, and what came back.
type attempt struct {
	sent, ended time.Time
	status      int    // 0: no answer came
	code        string // of a problem
	body        []byte // nil if it did not come whole
	replayed    bool   // the answer says that it is an earlier one
	position    string // Resultlog-Position
	retryAfter  string // Retry-After
	by          *apiKey
}

// acknowledged reports whether the client was told that the write is recorded, even if the rest of the answer was cut off. A 207 says nothing of an item that is not in it.
func (a attempt) acknowledged() bool {
	return a.status >= 200 && a.status <= 299 && a.status != http.StatusMultiStatus || a.shownOnce()
}

// shownOnce reports whether the client was told that the write, which issued an API key, was acknowledged before, and that this answer is not given again.
func (a attempt) shownOnce() bool { return a.code == "api_key_shown_once" }

// locked reports whether the credential was refused. It is judged before anything is looked for, so that this says of earlier attempts nothing.
func (a attempt) locked() bool { return a.status == http.StatusUnauthorized }

// refused reports whether the client was told that the write is not recorded, and that retrying is of no use.
func (a attempt) refused() bool {
	return a.status >= 400 && a.status <= 499 && !a.locked() && !a.shownOnce()
}

// unwritten reports whether the client was told that surely nothing was written.
func (a attempt) unwritten() bool {
	return a.refused() || a.locked() ||
		a.status == http.StatusServiceUnavailable && slices.Contains([]string{"unavailable", "queue_full", "batches_busy", "keys_unavailable"}, a.code)
}

// whole reports whether an acknowledgement came to its end.
func (a attempt) whole() bool { return a.acknowledged() && a.body != nil && !a.shownOnce() }

// certainty orders attempts that were sent at once: among them it cannot be told which was decided first.
func (a attempt) certainty() int {
	switch {
	case a.refused() || a.locked():
		return 0
	case a.acknowledged():
		return 1
	case a.status != 0:
		return 2
	default:
		return 3
	}
}

// settled reports whether the client knows what became of the write, and need not send it again.
func (w *write) settled() bool {
	if len(w.attempts) == 0 {
		return false
	}
	last := w.latest()
	return last.whole() || last.shownOnce() || last.refused()
}

// latest is the last attempt. There must be one.
func (w *write) latest() attempt { return w.attempts[len(w.attempts)-1] }

// cut reports whether the last attempt was not answered.
func (w *write) cut() bool { return w.latest().status == 0 }

// note adds attempts that were made at once. A credential that was refused is not used again: who sends, and with what, makes no difference to the Idempotency-Key.
func (w *write) note(attempts []attempt) {
	slices.SortStableFunc(attempts, func(a, b attempt) int { return a.certainty() - b.certainty() })
	w.attempts = append(w.attempts, attempts...)
	for _, a := range attempts {
		if a.locked() {
			w.by = nil
		}
		if w.learn != nil && (a.whole() || a.shownOnce()) {
			w.learn(a.body)
			w.learn = nil
		}
	}
}

// acknowledgement is the first attempt that was acknowledged, one that came whole if there is one; nil if none was.
func (w *write) acknowledgement() *attempt {
	for _, good := range []func(attempt) bool{attempt.whole, attempt.acknowledged} {
		if i := slices.IndexFunc(w.attempts, good); i >= 0 {
			return &w.attempts[i]
		}
	}
	return nil
}

// fate is what the log must say of a write, by all that the client was told.
type fate string

const (
	recorded   fate = "recorded"    // it was acknowledged
	unrecorded fate = "unrecorded"  // each attempt was told that nothing was written
	unknown    fate = "not certain" // an attempt was not answered, or told that the outcome is unknown
)

func (w *write) fate() fate {
	switch {
	case w.acknowledgement() != nil:
		return recorded
	case len(w.attempts) > 0 && w.latest().refused(): // a key is looked for before anything is judged: it was not there
		return unrecorded
	case slices.ContainsFunc(w.attempts, func(a attempt) bool { return !a.unwritten() }):
		return unknown
	default:
		return unrecorded
	}
}

// failures are the statuses that a write of the clients can be answered with, if it is not acknowledged.
var failures = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusServiceUnavailable}

// contradictions is what the answers that a write got may not say beside one another (contract §2.5).
func (w *write) contradictions() (wrong []string) {
	decided, doubtful := 0, false
	var first *attempt
	for i := range w.attempts {
		a := &w.attempts[i]
		switch {
		case a.status != 0 && !a.acknowledged() && !slices.Contains(failures, a.status), w.bad && (a.acknowledged() || a.status == http.StatusConflict):
			wrong = append(wrong, fmt.Sprintf("was answered %d %s", a.status, a.body))
		case a.status == http.StatusServiceUnavailable && a.retryAfter == "":
			wrong = append(wrong, fmt.Sprintf("was answered %d without Retry-After: %s", a.status, a.body))
		case a.acknowledged() && !a.replayed:
			decided++
		case !a.acknowledged() && !a.unwritten():
			doubtful = true
		}
		if !a.whole() {
			continue
		}
		if first == nil {
			first = a
		}
		if a.status != first.status || a.position != first.position || !bytes.Equal(a.body, first.body) {
			wrong = append(wrong, fmt.Sprintf("was answered %d at %s %s, and then %d at %s %s", first.status, first.position, first.body, a.status, a.position, a.body))
		}
	}
	if decided > 1 {
		wrong = append(wrong, fmt.Sprintf("was accepted %d times", decided))
	}
	if w.acknowledgement() != nil && decided == 0 && !doubtful {
		wrong = append(wrong, "was accepted by an attempt that was told that nothing was written")
	}
	if first != nil && w.latest().refused() {
		wrong = append(wrong, "was accepted, and then refused")
	}
	return wrong
}
