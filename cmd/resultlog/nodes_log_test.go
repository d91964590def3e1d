package main

import (
	"net/http"
	"testing"

	"resultlog/core"
	"resultlog/eventstore/postgres"
)

// logOf gives all events of the log in a database, which must be such as a machine replays.
func logOf(t *testing.T, store string) []core.Recorded {
	t.Helper()
	log, err := postgres.OpenLog(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return eventsOf(t, log)
}

// mustBeIn fails the test unless every write that was accepted is in the log once, as its answer says, and no other that was answered is.
func (h *history) mustBeIn(t *testing.T, events []core.Recorded) {
	t.Helper()
	recorded := make(map[string][]core.Recorded)
	for _, r := range events {
		if key := r.Metadata.Key; key != "" {
			recorded[key] = append(recorded[key], r)
		}
	}
	for key, found := range recorded {
		if len(found) > 1 {
			t.Errorf("%s was decided %d times", key, len(found))
		}
	}
	accepted := 0
	for key, a := range h.answers {
		switch found := recorded[key]; {
		case a.out.status >= http.StatusBadRequest && len(found) > 0:
			t.Errorf("%s was refused, %+v, and is in the log: %+v", key, a, found[0])
		case a.out.status >= http.StatusBadRequest:
		case len(found) != 1:
			t.Errorf("%s was accepted, %+v, and is in the log %d times", key, a, len(found))
		default:
			accepted++
			a.mustBe(t, found[0])
		}
	}
	t.Logf("%d events; %d of %d writes were accepted", len(events), accepted, len(h.answers))
}

// mustBe fails the test unless the event is the one that was answered for.
func (a answered) mustBe(t *testing.T, r core.Recorded) {
	t.Helper()
	id := r.Stream.ID.String()
	switch e := r.Event.(type) {
	case core.ActivityCreated:
		if a.in.verb != creates || a.out.ID != id {
			t.Errorf("%+v was told of %+v", a, e)
		}
	case core.ResultSubmitted:
		if a.in.verb != submits || a.out.ID != e.ResultID.String() || a.out.UpdatedAt != r.RecordedAt.String() || a.out.ResultStatus != a.in.status {
			t.Errorf("%+v was told of %+v", a, e)
		}
	case core.ActivityTransitioned:
		if a.in.verb != dispatches && (a.in.verb != cancels || a.out.ID != id) {
			t.Errorf("%+v was told of %+v", a, e)
		}
	}
}

// mustEndOnce fails the test unless every activity that has ended has done so once, but for those who lifted the guard.
func mustEndOnce(t *testing.T, events []core.Recorded) {
	t.Helper()
	ended, all := make(map[core.ID]int), make(map[core.ID]int)
	for _, r := range events {
		e, ok := r.Event.(core.ActivityTransitioned)
		if !ok || !hasEnded(e.To.String()) {
			continue
		}
		if all[e.ActivityID]++; !e.Overridden {
			ended[e.ActivityID]++
		}
	}
	for id := range all {
		if ended[id] != 1 {
			t.Errorf("activity %s has ended %d times, and %d times when whoever lifted the guard is counted", id, ended[id], all[id])
		}
	}
	if len(all) == 0 {
		t.Error("no activity has ended, so that nothing is proven")
	}
}
