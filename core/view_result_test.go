package core

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPropertyResultViews: the view that a result's own stream gives agrees with what the machine knows, after every event; and with what the last submission said.
func TestPropertyResultViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTrace(t).play()
		views, last, first := map[ID]*ResultView{}, map[ID]Recorded{}, map[ID]Instant{}
		for _, r := range v.log {
			id := r.Event.subjects().result
			if id.IsZero() || r.Stream.ID != id {
				continue
			}
			if _, submitted := r.Event.(ResultSubmitted); submitted {
				last[id] = r
				if views[id] == nil {
					views[id], first[id] = &ResultView{}, r.RecordedAt
				}
			}
			if err := views[id].Fold(r); err != nil {
				t.Fatal(err)
			}
			if got := views[id]; got.Version != r.Version || got.LastPosition != r.TenantPosition || got.UpdatedAt != last[id].RecordedAt || got.CreatedAt != first[id] {
				t.Fatalf("after %s: %+v", brief(r), got)
			}
		}
		known := snapshotOf(v.base).Results
		if len(views) != len(known) {
			t.Fatalf("%d views of %d results", len(views), len(known))
		}
		for id, view := range views {
			folded := Result{Tenant: last[id].Stream.Tenant, Erased: view.ErasedAt != nil, ActivityID: view.ActivityID, CreatedAt: view.CreatedAt, UpdatedAt: view.UpdatedAt, Version: view.Version, Status: view.Status, Code: view.Result}
			if folded != known[id] || view.ID != id || (view.Source == RetenActivity) == view.ActivityID.IsZero() {
				t.Fatalf("%s: the view says %+v, the machine knows %+v", short(id), view, known[id])
			}
			e := last[id].Event.(ResultSubmitted)
			if personal, _ := e.Personal.Open(); view.ErasedAt == nil && personal.Comment != view.Personal.Comment || view.ErasedAt != nil && view.Personal.Comment != "" || e.OccurredAt != view.OccurredAt || e.ProviderActivityID != view.ProviderActivityID {
				t.Fatalf("%s: %+v, last submitted %+v", short(id), view, e)
			}
		}
	})
}

// TestFoldResult: what each event leaves of the row.
func TestFoldResult(t *testing.T) {
	future := start + 5000
	at := func(n Instant, e Event) Recorded {
		return Recorded{Event: e, Version: Version(n), TenantPosition: Position(10 * n), RecordedAt: start + n, Position: 999}
	}
	said := Submission{
		SentActivityID: fixedID('u', 1), ProviderActivityID: "p", CommerceExternalID: "c", OccurredAt: start - 9, Status: ResultPending, ExternalStatus: "E", HardOverride: true, Result: "not_home",
		ContactType: "INBOUND", FutureScheduledAt: &future,
		Personal: Personal{Salt: fixtureSalt, Comment: "k", OperatorExternalID: "o", RawPayload: []byte(`{"a" : 1}`), Payload: []byte(`{}`)}.Seal(),
	}
	first := ResultView{
		ID: fixedID('r', 1), Source: Standalone, Status: ResultPending, ProviderActivityID: "p", CommerceExternalID: "c", ExternalStatus: "E", OccurredAt: start - 9, HardOverride: true, Result: 2,
		ContactType: "INBOUND", FutureScheduledAt: &future,
		Personal:  Personal{Salt: fixtureSalt, Comment: "k", OperatorExternalID: "o", RawPayload: []byte(`{"a" : 1}`), Payload: []byte(`{}`)},
		CreatedAt: start, UpdatedAt: start + 1, Version: 1, LastPosition: 10, Classification: Negative,
	}
	linked := first
	linked.Source, linked.ActivityID, linked.Version, linked.LastPosition = RetenActivity, fixedID('a', 1), 2, 20
	replaced := ResultView{
		ID: fixedID('r', 1), Source: RetenActivity, ActivityID: fixedID('a', 1), Status: ResultCompleted, CommerceExternalID: "d", OccurredAt: start, Result: 1, CreatedAt: start, UpdatedAt: start + 3,
		Version: 3, LastPosition: 30, Classification: Negative,
	}
	erased := said
	erased.Personal.Bytes = nil
	forgotten := first
	forgotten.Personal, forgotten.UpdatedAt, forgotten.Version, forgotten.LastPosition = Personal{}, start+4, 4, 40

	v := ResultView{ExternalStatus: "of another", Classification: Negative} // which is the tenant's, and stays
	for _, step := range []struct {
		event Recorded
		want  ResultView
	}{
		{at(1, ResultSubmitted{ResultID: fixedID('r', 1), Source: Standalone, CreatedAt: start, Submission: said}), first},
		{at(2, ResultLinked{ResultID: fixedID('r', 1), ActivityID: fixedID('a', 1)}), linked},
		{at(3, ResultSubmitted{ResultID: fixedID('r', 1), Source: RetenActivity, ActivityID: fixedID('a', 1), CreatedAt: start,
			Submission: Submission{CommerceExternalID: "d", OccurredAt: start, Status: ResultCompleted, Result: "success"}}), replaced},
		{at(4, ResultSubmitted{ResultID: fixedID('r', 1), Source: Standalone, CreatedAt: start, Submission: erased}), forgotten},
		{at(5, ActivityTransitioned{ActivityID: fixedID('a', 1), To: ActivityCompleted}), forgotten}, // of another stream
	} {
		if err := v.Fold(step.event); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, v); diff != "" {
			t.Errorf("after %s:\n%s", brief(step.event), diff)
		}
	}
	for says, broken := range map[string]Submission{
		`result "nonsense"`: {Result: "nonsense"},
		"personal part":     {Result: "success", Personal: Sealed{Bytes: []byte(`{`)}},
	} {
		if err := v.Fold(at(6, ResultSubmitted{ResultID: fixedID('r', 1), Submission: broken})); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want an error of %s", err, says)
		}
		if diff := cmp.Diff(forgotten, v); diff != "" {
			t.Errorf("an event that cannot be folded leaves:\n%s", diff)
		}
	}
}
