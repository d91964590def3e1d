package crashtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sync"
	"testing"

	"resultlog/core"
)

// latest is what a read of a result or an activity must show, by the log.
type latest struct {
	status  string
	version core.Version
}

// latests is that of all results and activities, by their ids.
func (h *history) latests() map[string]latest {
	all := make(map[string]latest)
	for _, r := range h.events {
		id := r.Stream.ID.String()
		now := latest{cmp.Or(statusBy(r.Event), all[id].status), r.Version}
		switch e := r.Event.(type) {
		case core.APIKeyIssued:
			id, now = e.KeyID.String(), latest{status: opens}
		case core.APIKeyRevoked:
			id, now = e.KeyID.String(), latest{status: opensNothing}
		case core.ResultTypeConfigured:
			id, now = typeID(r.Stream.Tenant.String(), e.Code.String()), latest{status: typeStatus(e.Active, e.Classification.String())}
		}
		all[id] = now
	}
	return all
}

// reading is what a read of something that was acknowledged has shown.
type reading struct {
	id     string // what was read, in the log's words
	path   string
	status int
	body   []byte
}

// readBack reads over HTTP what writes have recorded, all those that were acknowledged, from the servers by turns: the latest first, which the read tables learn last.
func readBack(servers []*server, writes []*write) (readings []reading) {
	todo, done := make(chan *write, len(writes)), make(chan reading, len(writes))
	for _, w := range slices.Backward(writes) {
		if a := w.acknowledgement(); a != nil && a.whole() && (w.of == nil || w.of.text != "") {
			todo <- w
		}
	}
	close(todo)
	var wg sync.WaitGroup
	for i := range usualClients {
		wg.Go(func() {
			c := newClient()
			defer c.close()
			for w := range todo {
				r := c.get(servers[i%len(servers)].base, w.subject(), w.tenant, w.of)
				r.id = w.subjectID()
				done <- r
			}
		})
	}
	wg.Wait()
	close(done)
	for r := range done {
		readings = append(readings, r)
	}
	return readings
}

// subject is where that can be read which an acknowledged write is about.
func (w *write) subject() string {
	switch {
	case w.submits():
		return "/api/activity-results/" + w.id()
	case w.of != nil: // what there is not: the answer tells whether the key opens anything
		return "/api/activities/" + w.of.id
	case w.method == http.MethodPut:
		return typesPath
	}
	return "/api/activities/" + w.id()
}

// subjectID is how latests calls it.
func (w *write) subjectID() string {
	if w.method == http.MethodPut {
		return typeID(w.tenant, path.Base(w.path))
	}
	return path.Base(w.subject())
}

// judgeReadings holds what was read against the log. Nothing was written since before the first of them.
func (h *history) judgeReadings(t testing.TB, readings []reading) {
	t.Helper()
	all := h.latests()
	for _, r := range readings {
		if shown, is := shownBy(r), all[r.id]; shown != is {
			t.Errorf("GET %s shows %+v, and the log says %+v: %d %s", r.path, shown, is, r.status, r.body)
		}
	}
}

// shownBy is what a read shows.
func shownBy(r reading) latest {
	var v struct {
		Status, ResultStatus string
		Version              core.Version
	}
	switch {
	case r.status != http.StatusOK:
		return latest{status: fmt.Sprint(r.status)}
	case r.path == typesPath:
		return latest{status: typeShown(r.body, path.Base(r.id))}
	}
	if err := json.Unmarshal(r.body, &v); err != nil {
		return latest{status: err.Error()}
	}
	if v.ResultStatus != "" {
		return latest{v.ResultStatus, v.Version}
	}
	return latest{v.Status, v.Version}
}
