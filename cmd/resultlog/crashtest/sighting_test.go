package crashtest

import (
	"cmp"
	"testing"
	"time"

	"resultlog/core"
)

const (
	// goHome is in how many answers a client is back at its own server, if it had to turn to another.
	goHome = 16

	// readElsewhere is one in how many acknowledgements is read through another server than the one that gave it.
	readElsewhere = 8

	// holdOff is how long a client holds off when it was answered 503: less than Retry-After asks for, so that all goes fast, and long enough not to knock on the door all the time.
	holdOff = 50 * time.Millisecond
)

// sighting is what a client has read while others wrote on, right after a write of it was acknowledged.
type sighting struct {
	reading
	after *write
}

// comeBack is between two writes to servers that come back. The client holds off if it must send something again, goes home, or reads through another server what was acknowledged.
func (k *worker) comeBack(again bool, done []*write) {
	if again {
		time.Sleep(holdOff)
	}
	if k.r.IntN(goHome) == 0 {
		copy(k.servers, k.order)
	}
	if len(done) == 0 || len(k.servers) == 1 || k.r.IntN(readElsewhere) > 0 {
		return
	}
	if w := done[0]; w.latest().whole() && w.of == nil && w.subject() != typesPath {
		other := k.servers[1+k.r.IntN(len(k.servers)-1)]
		k.saw(sighting{k.get(other.base, w.subject(), w.tenant, nil), w})
	}
}

// judgeSightings holds what clients have seen amid the load against the log: what was acknowledged to them before, or what has come since.
func (h *history) judgeSightings(t testing.TB, seen []sighting) {
	t.Helper()
	statuses := h.statuses()
	for _, s := range seen {
		events := h.byKey[s.after.key]
		if s.status == 0 || len(events) == 0 { // the server is gone; or the write is, and that is judged elsewhere
			continue
		}
		shown := shownBy(s.reading)
		if is := statuses[s.after.id()][shown.version]; shown.version < events[0].Version || shown.status != is {
			t.Errorf("GET %s shows %+v after version %d was acknowledged by another server, and the log says %q of that: %d %s",
				s.path, shown, events[0].Version, is, s.reading.status, s.body)
		}
	}
}

// statuses is what each result and activity was at each of its versions.
func (h *history) statuses() map[string]map[core.Version]string {
	all := map[string]map[core.Version]string{}
	for _, r := range h.events {
		id := r.Stream.ID.String()
		if all[id] == nil {
			all[id] = map[core.Version]string{}
		}
		all[id][r.Version] = cmp.Or(statusBy(r.Event), all[id][r.Version-1])
	}
	return all
}

// statusBy is what an event makes of a result or an activity; empty: what it was.
func statusBy(e core.Event) string {
	switch e := e.(type) {
	case core.ResultSubmitted:
		return e.Status.String()
	case core.ActivityCreated:
		return core.ActivityReady.String()
	case core.ActivityTransitioned:
		return e.To.String()
	}
	return ""
}
