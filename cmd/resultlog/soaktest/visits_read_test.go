package soaktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	// tailed is how many lines of a tail a client waits for: those of four events, two that are there and two that come.
	tailed = 4 * 3

	// recent is how many of the latest events a client exports: those of some seconds.
	recent = 1000

	// Media types of the history: as it comes, and all of it.
	mediaTail, mediaExport = "text/event-stream", "application/x-ndjson"
)

// get reads a path.
func (l *load) get(path string, number int) (answer, bool) {
	return l.ask(request{method: http.MethodGet, path: path}, number, http.StatusOK)
}

// readResult reads a result that was acknowledged: it must be there, through whichever node.
func (l *load) readResult(number int) bool {
	one, ok := l.done.any()
	if !ok {
		return false
	}
	a, ok := l.get(resultsPath+"/"+one.result, number)
	if ok && a.id() != one.result {
		l.strange.note("the result %s was read, and shown was %s", one.result, a.body)
	}
	return ok
}

// listResults reads a page of results.
func (l *load) listResults(number int) bool {
	_, ok := l.get(resultsPath+"?status=COMPLETED&sort=updatedAt", number)
	return ok
}

// listActivities reads a page of activities.
func (l *load) listActivities(number int) bool {
	_, ok := l.get(activitiesPath+"?status=READY&limit=50", number)
	return ok
}

// tail waits for events, and goes away.
func (l *load) tail(number int) bool {
	head, ok := l.head(number)
	if ok {
		_, ok = l.ask(request{method: http.MethodGet, path: eventsAfter(head - 2), accept: mediaTail, lines: tailed}, number, http.StatusOK)
	}
	return ok
}

// export takes the latest events, all of them.
func (l *load) export(number int) bool {
	head, ok := l.head(number)
	if !ok {
		return false
	}
	a, ok := l.ask(request{method: http.MethodGet, path: eventsAfter(head - recent), accept: mediaExport}, number, http.StatusOK)
	if lines := bytes.Count(a.body, []byte("\n")); ok && lines < min(recent, head) {
		l.strange.note("an export of the %d events before %d has %d lines", recent, head, lines)
	}
	return ok
}

// leaveAnExport begins to take all events, and goes away after the first.
func (l *load) leaveAnExport(number int) bool {
	_, ok := l.ask(request{method: http.MethodGet, path: eventsAfter(0), accept: mediaExport, lines: 1}, number, http.StatusOK)
	return ok
}

// eventsAfter is the path of the events after a position; of all, if there is none such.
func eventsAfter(position int) string {
	return fmt.Sprintf("%s?after=%d", eventsPath, max(0, position))
}

// head is how many events the tenant has.
func (l *load) head(number int) (int, bool) {
	var page struct{ Meta struct{ Head int } }
	a, ok := l.get(eventsPath+"?limit=1", number)
	if err := json.Unmarshal(a.body, &page); ok && err != nil {
		l.strange.note("a page of events is %s: %v", a.body, err)
	}
	return page.Meta.Head, ok
}
