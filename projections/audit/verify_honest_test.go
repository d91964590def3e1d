package audit_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// mustVerify fails the test unless a log is found to be as it must be, and gives the verifier.
func (s *store) mustVerify(t *testing.T, of audit.Verification) *audit.Verifier {
	t.Helper()
	found, v, err := s.verify(t.Context(), of)
	if err != nil || len(found) > 0 {
		t.Fatalf("found: %v (%v)", found, err)
	}
	return v
}

// mustReadStored reads what a store has stored beside the log.
func (s *store) mustReadStored(t *testing.T, trusted ...audit.VerifierKey) *audit.Stored {
	t.Helper()
	stored, err := audit.ReadStored(t.Context(), s.tables.Read, trusted)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// A log that nobody tampered with verifies: by itself, against what the service has stored, and against all that was kept, every checkpoint of which holds.
func TestWhatWasRecordedVerifies(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		f := newFixture(t, s, newHistory(rand.New(rand.NewPCG(1, 4)), 90))
		s.mustVerify(t, audit.Verification{})
		v := s.mustVerify(t, audit.Verification{Promises: f.every})
		if v.Holding() != int64(len(f.rows)) || v.Events() != int64(len(f.rows)) {
			t.Errorf("%d checkpoints hold, and %d events were looked at, of %d", v.Holding(), v.Events(), len(f.rows))
		}
		for _, trusted := range [][]audit.VerifierKey{nil, {f.key.Verifier()}} {
			v = s.mustVerify(t, audit.Verification{Promises: f.kept, Stored: s.mustReadStored(t, trusted...)})
			if v.Holding() != 2*int64(len(f.kept)) {
				t.Errorf("%d checkpoints hold, want each of %d twice", v.Holding(), len(f.kept))
			}
		}
		for tenant, part := range partsOf(f.rows) {
			leaves := leavesOf(part)
			if tree := v.Trees()[tenant]; int(tree.Size) != len(part) || string(tree.Root[:]) != string(naiveRoot(leaves)) || v.Unsigned(tenant) != 0 {
				t.Errorf("tenant %s: %d events, root %s, %d unsigned; want %d, %x and 0", tenant, tree.Size, tree.Root, v.Unsigned(tenant), len(part), naiveRoot(leaves))
			}
		}
	})
}

// While a service is at work, its log can be verified again and again: what is appended and signed meanwhile is no reason to find anything.
func TestALogVerifiesWhileItGrows(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		h, key := newHistory(rand.New(rand.NewPCG(2, 4)), 400), newKey(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			keeper, after := newKeeper(t, s.tables, s.log, key), core.Position(0)
			for n, commit := range h.commits {
				if err := s.log.Append(t.Context(), after, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return commit, nil }); err != nil {
					t.Error(err)
					return
				}
				after += core.Position(len(commit))
				if n%3 == 0 { // the trees come after the log, by some commits
					if err := keeper.Tick(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		}()
		for times := 0; ; times++ {
			s.mustVerify(t, audit.Verification{Stored: s.mustReadStored(t, key.Verifier())})
			select {
			case <-done:
				if v := s.mustVerify(t, audit.Verification{Stored: s.mustReadStored(t, key.Verifier())}); v.Events() != int64(len(h.recorded())) || times == 0 {
					t.Errorf("%d events were looked at, of %d, and %d times before they were all there", v.Events(), len(h.recorded()), times)
				}
				return
			default:
			}
		}
	})
}

// Trees that have not come as far as the log are no finding, not even that of a tenant whose first event came since: how many events are not signed yet is told.
func TestTreesBehindTheLog(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		h, key := newHistory(rand.New(rand.NewPCG(3, 4)), 60), newKey(t)
		first := history{commits: h.commits[:len(h.commits)/2]}
		s.record(t, first, key)
		late := invented(id(77), h.recorded()[len(h.recorded())-1].RecordedAt)
		late.Position = core.Position(len(h.recorded()) + 1)
		r, err := late.Recorded()
		if err != nil {
			t.Fatal(err)
		}
		var rest []core.Recorded
		for _, commit := range append(h.commits[len(h.commits)/2:], []core.Recorded{r}) {
			rest = append(rest, commit...)
		}
		after := core.Position(len(first.recorded()))
		if err := s.log.Append(t.Context(), after, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return rest, nil }); err != nil {
			t.Fatal(err)
		}
		v := s.mustVerify(t, audit.Verification{Stored: s.mustReadStored(t)})
		signed := partsOf(first.rows())
		for tenant, part := range partsOf(s.readBack(t)) {
			if got, want := int(v.Unsigned(tenant)), len(part)-len(signed[tenant]); got != want {
				t.Errorf("tenant %s: %d events are not signed, want %d", tenant, got, want)
			}
		}
		if v.Unsigned(id(78)) != 0 {
			t.Error("a tenant that is not there has unsigned events")
		}
	})
}

// A log that was restored from an older copy lacks what was signed since. That is found for each tenant that had events since, exactly where its history ends; and after the service has gone on, and has made
// the trees anew, between what it had signed before the copy and after.
func TestARestoredOlderLog(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		f := newFixture(t, s, newHistory(rand.New(rand.NewPCG(4, 4)), 60))
		s.setFree(t)
		old := f.rows[:len(f.rows)/2]
		s.write(t, old)
		of := func() audit.Verification {
			return audit.Verification{Promises: f.kept, Stored: s.mustReadStored(t, f.key.Verifier())}
		}
		ends := func() {
			t.Helper()
			found, _, err := s.verify(t.Context(), of())
			if err != nil {
				t.Fatal(err)
			}
			parts := partsOf(old)
			lacking := 0
			for tenant, part := range partsOf(f.rows) {
				if end := core.Position(len(parts[tenant]) + 1); len(part) > len(parts[tenant]) {
					lacking++
					mustHaveFinding(t, found, audit.Finding{Kind: audit.KindCheckpoint, Tenant: tenant, First: end, Last: end, Message: "the history ends after"})
				}
			}
			if len(found) != lacking || lacking == 0 {
				t.Errorf("found: %v", found)
			}
		}
		ends()
		if err := newKeeper(t, s.tables, s.log, f.key).Tick(t.Context()); err != nil { // the service is started again
			t.Fatal(err)
		}
		ends()

		goOn(t, s, f.key, core.Position(len(old)))
		found, _, err := s.verify(t.Context(), of())
		if err != nil || len(found) == 0 {
			t.Fatalf("found: %v (%v)", found, err)
		}
		x := expectation{honest: f.rows, forged: s.readBack(t), kept: sizesOf(f.kept), quiet: true}
		x.check(t, found)
	})
}

// goOn has a service take up a log where it ends, with other commands than before.
func goOn(t *testing.T, s *store, key audit.SigningKey, head core.Position) {
	t.Helper()
	scribe := newScribe(rand.New(rand.NewPCG(5, 4)), 2)
	scribe.minted = 1 << 20
	seen := func(r core.Recorded) { scribe.at = r.RecordedAt }
	if err := eventstore.Replay(t.Context(), s.log, scribe.machine, seen); err != nil {
		t.Fatal(err)
	}
	keeper := newKeeper(t, s.tables, s.log, key)
	for range 30 {
		commit := scribe.commit()
		if err := s.log.Append(t.Context(), head, func(time.Time, []core.Recorded) ([]core.Recorded, error) { return commit, nil }); err != nil {
			t.Fatal(err)
		}
		head += core.Position(len(commit))
		mustTick(t, keeper)
	}
}

// mustHaveFinding fails the test unless there is a finding like one, whose message begins so.
func mustHaveFinding(t *testing.T, found []audit.Finding, like audit.Finding) {
	t.Helper()
	for _, f := range found {
		if f.Kind == like.Kind && f.Tenant == like.Tenant && f.First == like.First && f.Last == like.Last && (like.Position == 0 || f.Position == like.Position) && strings.Contains(f.Message, like.Message) {
			return
		}
	}
	t.Errorf("no finding is like %+v:\n%v", like, found)
}

// A verification whose time is up says so, and finds nothing that is not there.
func TestAVerificationThatIsGivenUp(t *testing.T) {
	s := sqliteStore(t)
	newFixture(t, s, newHistory(rand.New(rand.NewPCG(6, 4)), 20))
	stored := s.mustReadStored(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, _, err := s.verify(ctx, audit.Verification{Stored: stored}); err == nil || len(found) > 0 {
		t.Errorf("error %v, found %v", err, found)
	}
}
