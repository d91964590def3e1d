package crashtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
)

// history is what a log holds.
type history struct {
	events []core.Recorded
	byKey  map[string][]core.Recorded // the first events of commands, by Idempotency-Key
}

// readHistory reads a log beside whoever has it open. The machine asserts on the way that positions, the tenants' positions and versions are gapless, and that times do not decrease.
func readHistory(t testing.TB, at place) *history {
	t.Helper()
	log, err := at.openLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h, machine := &history{byKey: map[string][]core.Recorded{}}, core.NewMachine()
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err == nil {
			err = machine.Replay(r)
		}
		if err != nil {
			t.Fatalf("the log does not replay: %v", err)
		}
		h.events = append(h.events, r)
		if r.Metadata.CausationID.IsZero() {
			h.byKey[r.Metadata.Key] = append(h.byKey[r.Metadata.Key], r)
		}
	}
	return h
}

func (h *history) head() core.Position { return core.Position(len(h.events)) }

// judge holds the log against the ledger. Both ways: what was acknowledged is in the log once and as it was said, and nothing is in the log that nobody wanted.
func (h *history) judge(t testing.TB, l *ledger) {
	t.Helper()
	wanted := make(map[string]bool, len(l.writes))
	for _, w := range l.writes {
		wanted[w.key] = true
		for _, wrong := range slices.Concat(w.contradictions(), w.abuses(), h.disagreements(w)) {
			t.Errorf("%s %s with key %s %s", w.method, w.path, w.key, wrong)
		}
	}
	for key, events := range h.byKey {
		if !wanted[key] && !strings.HasPrefix(key, filler) {
			t.Errorf("position %d was recorded with key %q, which no client has sent", events[0].Position, key)
		}
	}
	for _, wrong := range append(h.torn(), h.abuses()...) {
		t.Error(wrong)
	}
}

// disagreements is where the log does not say what the client was told.
func (h *history) disagreements(w *write) (wrong []string) {
	events := h.byKey[w.key]
	switch fate := w.fate(); {
	case len(events) > 1:
		return []string{fmt.Sprintf("was recorded %d times, at %d and at %d", len(events), events[0].Position, events[1].Position)}
	case fate == recorded && len(events) == 0:
		return []string{fmt.Sprintf("was acknowledged, and is not in the log: %s", w.acknowledgement().body)}
	case fate == unrecorded && len(events) == 1:
		return []string{fmt.Sprintf("is in the log at %d, though the client was told that nothing was written: %s", events[0].Position, w.latest().body)}
	case len(events) == 0:
		return nil
	}
	r := events[0]
	if endpoint := w.method + " " + w.path; r.Metadata.Endpoint != endpoint || r.Metadata.Body != sha256.Sum256(w.body) || r.Stream.Tenant.String() != w.tenant {
		wrong = append(wrong, fmt.Sprintf("was recorded at %d as something else: %+v", r.Position, r.Metadata))
	}
	if key := r.Metadata.Actor.Key; !slices.ContainsFunc(w.attempts, func(a attempt) bool { return a.by.name() == key }) {
		wrong = append(wrong, fmt.Sprintf("was recorded at %d with API key %q, with which it was not sent", r.Position, key))
	}
	if e, ok := r.Event.(core.APIKeyIssued); ok && w.of.name() != "" && w.of.name() != e.KeyID.String() {
		wrong = append(wrong, fmt.Sprintf("has issued API key %s by the log, and by an answer %s", e.KeyID, w.of.name()))
	}
	if a := w.acknowledgement(); a != nil && a.whole() {
		if said, is := a.statement(w), statementOf(r); said != is {
			wrong = append(wrong, fmt.Sprintf("was answered as %s, and the log at %d says %s", said, r.Position, is))
		}
	}
	return wrong
}

// statementOf is what the answer to a write says of its first event, in one line.
func statementOf(r core.Recorded) string {
	text := fmt.Sprintf("%s at %d", r.Stream.ID, r.TenantPosition)
	switch e := r.Event.(type) {
	case core.ResultSubmitted:
		return fmt.Sprintf("%s: %s %s, %s, first %s", text, e.Status, e.OccurredAt, r.RecordedAt, e.CreatedAt)
	case core.ActivityCreated:
		return fmt.Sprintf("%s: created %s", text, r.RecordedAt)
	case core.ActivityTransitioned:
		return fmt.Sprintf("%s: %s", text, e.To)
	case core.ResultTypeConfigured:
		return fmt.Sprintf("%s: %s %t %s", text, e.Code, e.Active, e.Classification)
	case core.APIKeyIssued:
		return fmt.Sprintf("%s: API key %s, %s, issued %s", text, e.KeyID, e.Digest, r.RecordedAt)
	case core.APIKeyRevoked:
		return fmt.Sprintf("%s: API key %s, revoked %s", text, e.KeyID, r.RecordedAt)
	default:
		return text + ": " + e.Type()
	}
}

// statement is the same of the answer.
func (a attempt) statement(w *write) string {
	said := a.said()
	text := fmt.Sprintf("%s at %s", w.id(), a.position)
	switch {
	case w.submits():
		return fmt.Sprintf("%s: %s %s, %s, first %s", text, said.ResultStatus, said.OccurredAt, said.UpdatedAt, said.CreatedAt)
	case strings.HasSuffix(w.path, "/dispatch"): // 204, without a body
		return text + ": " + core.ActivityDispatched.String()
	case strings.HasSuffix(w.path, "/cancel"):
		return text + ": " + said.Status
	case w.method == http.MethodPut:
		return fmt.Sprintf("%s: %s %t %s", text, said.Code, said.IsActive, said.Classification)
	case w.path == keysPath:
		return fmt.Sprintf("%s: API key %s, %x, issued %s", text, said.ID, sha256.Sum256([]byte(said.PlaintextKey)), said.CreatedAt)
	case w.of != nil:
		return fmt.Sprintf("%s: API key %s, revoked %s", text, said.ID, said.RevokedAt)
	default:
		return fmt.Sprintf("%s: created %s", text, said.CreatedAt)
	}
}

// said is what an answer has in it that can be held against the log.
func (a attempt) said() (said struct {
	ID, Status, ResultStatus, OccurredAt, CreatedAt, UpdatedAt string
	PlaintextKey, RevokedAt                                    string // of API keys
	Code, Classification                                       string // of result types
	IsActive                                                   bool
}) {
	_ = json.Unmarshal(a.body, &said) // what is wrong with an answer shows when it is compared with the log
	return said
}

// submits reports whether the write is a submission, by itself or in a batch.
func (w *write) submits() bool { return w.path == submitPath || w.path == batchPath }

// id is that of the stream that a write is about which was acknowledged: a result, an activity, or the tenant itself.
func (w *write) id() string {
	if w.of != nil || w.method == http.MethodPut {
		return w.tenant
	}
	if strings.HasSuffix(w.path, "/dispatch") {
		return path.Base(path.Dir(w.path))
	}
	return w.acknowledgement().said().ID
}
