package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"resultlog/core"
)

// inTheYear2000 is before everything that is recorded.
const inTheYear2000 = "2000-01-01T00:00:00Z"

// recalled is a request whose answer comes from a node's memory, and which changes nothing.
type recalled struct {
	method, path, body string
	status             int
	has                string // what the answer has to say; "" if only all nodes' being the same counts
}

// mustRemember asks all nodes, and one more that has just replayed the log, all that can be asked of their memory. They must say the same, and what the log says; and nothing may come of it.
func (f *fleet) mustRemember(events []core.Recorded) {
	f.t.Helper()
	questions := questionsOf(events)
	fresh := f.start(&stand{}).now.Load()
	if fresh == nil {
		return
	}
	want := asksAll(f.t, fresh, questions)
	for i, q := range questions {
		if !strings.HasPrefix(want[i], fmt.Sprint(q.status)) || !strings.Contains(want[i], q.has) {
			f.t.Errorf("%+v: a fresh node says %s", q, want[i])
		}
	}
	for n, p := range f.stands {
		for i, said := range asksAll(f.t, p.now.Load(), questions) {
			if said != want[i] {
				f.t.Errorf("%+v: node %d says %s, a fresh one says %s", questions[i], n, said, want[i])
			}
		}
	}
	if now := logOf(f.t, f.store); len(now) != len(events) {
		f.t.Errorf("asking has changed something: the log is at %d, and was at %d", len(now), len(events))
	}
	f.t.Logf("%d questions to each of %d nodes", len(questions), len(f.stands)+1)
}

// asksAll gives what a node says, each as its status and its body but for the request's id.
func asksAll(t *testing.T, s *server, questions []recalled) []string {
	const atOnce = 8
	all := make([]string, len(questions))
	var asking sync.WaitGroup
	for first := range atOnce {
		asking.Go(func() {
			for i := first; i < len(questions); i += atOnce {
				q := questions[i]
				status, body, err := s.call(context.Background(), q.method, q.path, q.body, nil)
				if err != nil {
					t.Error(err)
				}
				all[i] = fmt.Sprintf("%d %s", status, regexp.MustCompile(`,?"requestId":"[^"]*"`).ReplaceAll(body, nil))
			}
		})
	}
	asking.Wait()
	return all
}

// folded is what a log says of what can be asked for, folded as dully as can be.
type folded struct {
	activities []core.ActivityCreated
	status     map[core.ID]core.ActivityStatus
	providers  map[core.ID]string
	results    map[core.ID]string // what a refusal shows of each
	of         map[core.ID]core.ID
	loose      map[core.ID]string // the provider ids of standalone results
}

func fold(events []core.Recorded) *folded {
	f := &folded{status: map[core.ID]core.ActivityStatus{}, providers: map[core.ID]string{}, results: map[core.ID]string{}, of: map[core.ID]core.ID{}, loose: map[core.ID]string{}}
	for _, r := range events {
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			f.activities = append(f.activities, e)
			f.status[e.ActivityID], f.providers[e.ActivityID] = core.ActivityReady, e.ProviderActivityID
		case core.ActivityTransitioned:
			f.status[e.ActivityID] = e.To
			if e.ProviderActivityID != "" {
				f.providers[e.ActivityID] = e.ProviderActivityID
			}
		case core.ResultSubmitted:
			f.results[e.ResultID] = fmt.Sprintf(`"existing":{"id":%q,"resultStatus":%q,"updatedAt":%q}`, e.ResultID, e.Status, r.RecordedAt)
			if e.ActivityID.IsZero() {
				f.loose[e.ResultID] = e.ProviderActivityID
			} else {
				f.of[e.ActivityID] = e.ResultID
			}
		case core.ResultLinked:
			delete(f.loose, e.ResultID)
			f.of[e.ActivityID] = e.ResultID
		}
	}
	return f
}

// questionsOf gives what can be asked about everything that a log is about.
func questionsOf(events []core.Recorded) (questions []recalled) {
	f := fold(events)
	stale := func(named, has string) recalled {
		return recalled{http.MethodPost, "/api/activity-results/tasks", submission(named, "PENDING", inTheYear2000, true), http.StatusConflict, has}
	}
	for _, a := range f.activities {
		id := a.ActivityID.String()
		questions = append(questions, recalled{http.MethodPost, "/api/activities", creation(a.IdempotencyKey, ""), http.StatusConflict, id})
		if name := f.providers[a.ActivityID]; name != "" {
			questions = append(questions, recalled{http.MethodPost, "/api/activities", creation("new "+id, fmt.Sprintf(`"provider_activity_id":%q`, name)), http.StatusConflict, "provider_id_conflict"})
		}
		if result, ok := f.of[a.ActivityID]; ok {
			questions = append(questions, stale(fmt.Sprintf(`"activity_id":%q`, id), f.results[result]))
		}
		if hasEnded(f.status[a.ActivityID].String()) {
			questions = append(questions, recalled{http.MethodPatch, "/api/activities/" + id + "/cancel", "", http.StatusConflict, "invalid_transition"})
		}
		if f.status[a.ActivityID] != core.ActivityReady {
			questions = append(questions, recalled{http.MethodPost, "/api/activities/tasks/" + id + "/dispatch", "{}", http.StatusBadRequest, "activity_not_ready"})
		}
	}
	named := slices.Collect(maps.Values(f.providers))
	for result, name := range f.loose {
		if !slices.Contains(named, name) { // else the name leads to an activity that had a result of its own before it was named
			questions = append(questions, stale(fmt.Sprintf(`"provider_activity_id":%q`, name), f.results[result]))
		}
	}
	return questions
}
