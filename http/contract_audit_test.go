package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"resultlog/core"
)

// The sentences are those of docs/audit.md.
const (
	saysNote        = "The newest signed checkpoint, as it was signed"
	saysKeys        = "Every key that has signed this tenant's checkpoints"
	saysInclusion   = "The proof that an event is in the history, up to the newest checkpoint"
	saysConsistency = "The proof that an older history is the beginning of the newest checkpoint's"
	saysLeaf        = "the 201 carries `Resultlog-Leaf`, the hash of its ResultSubmitted"
	saysNoProof     = "An event that is in no checkpoint yet is 503 with Retry-After, one that there is not is 404"
)

const aNote = "resultlog/aa000000-0000-0000-0000-000000000001\n2\nAAAA\n\n— resultlog/aa000000-0000-0000-0000-000000000001 AAAA\n"

var aCheckpoint = core.SignedCheckpoint{Size: 2, Root: core.Digest{0: 0xaa}, SignedAt: core.InstantOf(noon), Note: aNote}

// proved counts a proof among what was read.
func (w *world) proved() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waited++
	return w.proofFails
}

// Checkpoint implements Proofs; so do the next three. What they give is made up: that proofs hold is tested where they are made.
func (w *world) Checkpoint(context.Context, core.ID) (core.SignedCheckpoint, error) {
	return aCheckpoint, w.proved()
}

func (w *world) Inclusion(_ context.Context, _ core.ID, position core.Position) (core.InclusionProof, error) {
	return core.InclusionProof{Position: position, Leaf: core.Digest{0: 0xbb}, Hashes: []core.Digest{{0: 0xcc}, {0: 0xdd}}, Checkpoint: aCheckpoint}, w.proved()
}

func (w *world) Consistency(_ context.Context, _ core.ID, from core.Position) (core.ConsistencyProof, error) {
	return core.ConsistencyProof{From: from, FromRoot: core.Digest{0: 0xbb}, Hashes: nil, Checkpoint: aCheckpoint}, w.proved()
}

func (w *world) Keys(_ context.Context, tenant core.ID) ([]string, error) {
	return []string{"resultlog/" + tenant.String() + "+00000001+AAAA"}, w.proved()
}

// digits is a digest that begins with a byte, and is zero after it.
func digits(first string) string { return first + strings.Repeat("0", 62) }

var shownCheckpoint = `"size":2,"root":"` + digits("aa") + `","signedAt":"2025-01-16T14:30:05.000Z","checkpoint":"resultlog/aa000000-0000-0000-0000-000000000001\n2\nAAAA\n\n— resultlog/aa000000-0000-0000-0000-000000000001 AAAA\n"}`

var auditContract = []contractRow{
	{says: saysNote, when: "ADMIN GET /api/audit/checkpoint", then: "200", shows: []string{"Content-Type: text/plain; charset=utf-8\n", aNote}},
	{says: saysKeys, when: "ADMIN GET /api/audit/keys", then: "200", shows: []string{`{"keys":["resultlog/` + tenant.String() + `+00000001+AAAA"]}`}},
	{says: saysInclusion, when: "ADMIN GET /api/audit/inclusion?position=1", then: "200",
		shows: []string{`{"position":1,"leaf":"` + digits("bb") + `","hashes":["` + digits("cc") + `","` + digits("dd") + `"],` + shownCheckpoint}},
	{says: saysConsistency, when: "ADMIN GET /api/audit/consistency?from=1", then: "200", shows: []string{`{"from":1,"fromRoot":"` + digits("bb") + `","hashes":[],` + shownCheckpoint}},
	{says: saysInclusion, of: "position is required", when: "ADMIN GET /api/audit/inclusion", then: "400 invalid_query", shows: []string{"position is required"}},
	{says: saysInclusion, of: "positions begin at 1", when: "ADMIN GET /api/audit/inclusion?position=0", then: "400 invalid_query", shows: []string{"position must be a whole number from 1"}},
	{says: saysInclusion, of: "no other parameter", when: "ADMIN GET /api/audit/inclusion?position=1&from=1", then: "400 invalid_query"},
	{says: saysConsistency, of: "from is required", when: "ADMIN GET /api/audit/consistency", then: "400 invalid_query", shows: []string{"from is required"}},
	{says: saysNote, of: "no parameter at all", when: "ADMIN GET /api/audit/checkpoint?size=1", then: "400 invalid_query"},
	{says: saysNote, of: "an FDE may not see it", when: "FDE GET /api/audit/checkpoint", then: "403 permission_denied"},
	{says: saysInclusion, of: "nor an FDE", when: "FDE GET /api/audit/inclusion?position=1", then: "403 permission_denied"},
	{says: saysNoProof, of: "not yet", while: func(w *world) { w.proofFails = &core.Error{Code: core.CodeProofUnavailable, Message: "not yet"} }, when: "ADMIN GET /api/audit/inclusion?position=3",
		then: "503 proof_unavailable", shows: []string{"Retry-After: 1\n", "not yet"}},
	{says: saysNoProof, of: "never", while: func(w *world) {
		w.proofFails = &core.Error{Code: core.CodeNotFound, Message: "this tenant has 2 events"}
	}, when: "ADMIN GET /api/audit/consistency?from=3",
		then: "404 not_found", shows: []string{"this tenant has 2 events"}},
	{says: saysNoProof, of: "what the database says is for the log", while: func(w *world) { w.proofFails = errors.New("no route to host") }, when: "ADMIN GET /api/audit/checkpoint",
		then: "503 proof_unavailable", lacks: []string{"no route"}},
	{says: saysLeaf, of: "but not of a refusal", given: []string{postTask + task("provider_activity_id", `"p"`), cancelA1}, when: postResult + sent("provider_activity_id", `"p"`), then: "409 invalid_transition", lacks: []string{"Resultlog-Leaf"}},
	{says: saysLeaf, of: "nor of another write", when: postTask + task(), then: "201", lacks: []string{"Resultlog-Leaf"}},
}

func TestAuditContract(t *testing.T) { runContract(t, auditContract) }

// The leaf of the answer is that of the event as it is recorded; a retry has it again.
func TestLeafOfTheReceipt(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		answer := w.accept(t, "Idempotency-Key=k "+postResult+minimal)
		if got, want := answer.Header().Get("Resultlog-Leaf"), core.NewEntry(w.log[0]).Leaf().String(); got != want {
			t.Errorf("Resultlog-Leaf: %s, want %s", got, want)
		}
	}
}
