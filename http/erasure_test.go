package httpapi

import (
	"context"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// erase erases a result, in the log too.
func (w *world) erase(id core.ID) {
	w.t.Helper()
	if _, err := w.Submit(context.Background(), core.Command{Tenant: tenant, EventID: w.mint(), Intent: core.ErasePersonal{ResultID: id}}); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, r := range w.log {
		if e, ok := r.Event.(core.ResultSubmitted); ok && e.ResultID == id {
			e.Personal.Bytes = nil
			w.log[i].Event = e
		}
	}
}

// personal is a submission with all that may be about a person.
func personal(named string) string {
	return sent("provider_activity_id", `"p"`, "raw_payload", `{"who":"Ana"}`,
		"task_result.comment", `"Ana was there"`, "task_result.operator_external_id", `"op-Ana"`, "task_result.contact_type", `"OUTBOUND"`, "task_result.payload", `{"by":"Ana"}`, "hard_override", "true", "occurred_at", named)
}

// TestErasedResults: a read shows when a result was erased, alone and in a list, and nothing of what was; a submission after that is shown again, and is erased no more.
func TestErasedResults(t *testing.T) {
	w := newWorld(t)
	w.accept(t, postResult+personal(`"2025-01-16T14:30:00Z"`))
	paths := []string{"/api/activity-results/{r1}", "/api/activity-results"}
	for _, path := range paths {
		if read := w.accept(t, "GET "+path).Body.String(); strings.Count(read, "Ana") != 4 || strings.Contains(read, "erasedAt") {
			t.Errorf("before: %s", read)
		}
	}
	id := w.log[0].Stream.ID
	w.setClock(noon.Add(10 * time.Minute))
	w.erase(id)
	at := w.log[len(w.log)-1].RecordedAt.String()
	for _, path := range paths {
		read := w.accept(t, "GET "+path).Body.String()
		for _, want := range []string{`"taskDetails":{"result":"success","contactType":"OUTBOUND"},`, `"erasedAt":"` + at + `","version":2,"lastPosition":2`, `"hardOverride":true`} {
			if !strings.Contains(read, want) {
				t.Errorf("no %s in %s", want, read)
			}
		}
		if strings.Contains(read, "Ana") || strings.Contains(read, "rawPayload") {
			t.Errorf("after: %s", read)
		}
	}
	w.setClock(noon.Add(30 * time.Minute))
	w.accept(t, postResult+personal(`"`+core.InstantOf(noon.Add(20*time.Minute)).String()+`"`))
	for _, path := range paths {
		if read := w.accept(t, "GET "+path).Body.String(); strings.Count(read, "Ana") != 4 || strings.Contains(read, "erasedAt") || !strings.Contains(read, `"version":3`) {
			t.Errorf("submitted again: %s", read)
		}
	}
}

// TestReplaysOfErasedSubmissions: a retry is told that it was accepted, in all that is left of the first answer.
func TestReplaysOfErasedSubmissions(t *testing.T) {
	w := newWorld(t)
	line := "Idempotency-Key=k " + postResult + personal(`"2025-01-16T14:30:00Z"`)
	first := w.accept(t, line).Body.String()
	w.erase(w.log[0].Stream.ID)
	again := w.accept(t, line)
	if again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("decided anew: %s", again.Body)
	}
	want := strings.NewReplacer(`"comment":"Ana was there",`, "", `,"operatorExternalId":"op-Ana"`, "", `,"payload":{"by":"Ana"}`, "").Replace(first)
	if strings.Contains(want, "Ana") || again.Body.String() != want {
		t.Errorf("%s\nwant %s", again.Body, want)
	}
}
