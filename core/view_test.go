package core

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPropertyViews: the view that all events about an activity give agrees with what the machine knows; and whenever the activity moves, its own stream gives the same view.
func TestPropertyViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTrace(t).play()
		whole, own := map[ID]*ActivityView{}, map[ID]*ActivityView{}
		for _, r := range v.log {
			activity := r.Event.subjects().activity
			if activity.IsZero() {
				continue
			}
			if r.Event.Type() == "ActivityCreated" {
				whole[activity], own[activity] = &ActivityView{}, &ActivityView{}
			}
			whole[activity].Fold(r)
			if r.Stream.ID != activity {
				continue
			}
			own[activity].Fold(r)
			if diff := differ(*whole[activity], *own[activity]); diff != "" {
				t.Fatalf("after %s, of all events and of its own stream:\n%s", brief(r), diff)
			}
		}
		known := snapshotOf(v.base)
		if len(whole) != len(known.Activities) {
			t.Fatalf("%d views of %d activities", len(whole), len(known.Activities))
		}
		for id, view := range whole {
			a := known.Activities[id]
			folded := Activity{
				Tenant: a.Tenant, ResultID: view.ResultID, Version: view.Version, Status: view.Status, Type: view.ActivityType, Provided: view.ProviderActivityID != "",
			}
			if folded != a || view.ID != id {
				t.Fatalf("%s: the view says %+v, the machine knows %+v", short(id), folded, a)
			}
			if view.ProviderActivityID != "" && v.base.lookup(activityProvider, a.Tenant, view.ProviderActivityID) != id {
				t.Fatalf("%s is not what %s names", short(id), view.ProviderActivityID)
			}
		}
	})
}

// TestFold: what each event leaves of the row.
func TestFold(t *testing.T) {
	p := newPlay()
	for _, text := range []string{
		"create a1 route=o1 at=1", "submit r1 provider=p1 status=PENDING at=2", "dispatch a1 provider=p1 at=3", "submit r2 provider=p1 status=PENDING at=4", "cancel a1 at=5",
	} {
		if err := p.given(text); err != nil {
			t.Fatal(err)
		}
	}
	details := p.log[0].Event.(ActivityCreated).ActivityDetails
	created := ActivityView{ID: fixedID('a', 1), ActivityDetails: details, Status: ActivityReady, CreatedAt: start + 1000, UpdatedAt: start + 1000, Version: 1, LastPosition: 1}
	dispatched := created
	dispatched.ProviderActivityID, dispatched.Status, dispatched.UpdatedAt, dispatched.Version, dispatched.LastPosition = "p1", ActivityDispatched, start+3000, 2, 3
	linked := dispatched
	linked.ResultID, linked.LastPosition = fixedID('r', 1), 4
	cancelled := linked
	cancelled.Status, cancelled.UpdatedAt, cancelled.Version, cancelled.LastPosition = ActivityCanceled, start+5000, 3, 6

	v := ActivityView{ID: fixedID('a', 9), ResultID: fixedID('r', 9), Status: ActivityFailed} // of which a creation leaves nothing
	for _, step := range []struct {
		event int // in the log
		want  ActivityView
	}{
		{0, created},
		{2, dispatched},
		{3, linked},
		{4, linked}, // an update of its result changes nothing of the row, and so neither when it was changed
		{5, cancelled},
	} {
		v.Fold(p.log[step.event])
		if diff := cmp.Diff(step.want, v); diff != "" {
			t.Errorf("after %s:\n%s", brief(p.log[step.event]), diff)
		}
	}
	unnamed := Recorded{ // as schema 1 had it: the result is not named, and yet there is one
		Version: 4, RecordedAt: start + 6000, TenantPosition: 7, Event: ActivityTransitioned{ActivityID: fixedID('a', 1), From: ActivityDispatched, To: ActivityCanceled, Reason: ByCancel},
	}
	if v.Fold(unnamed); v.ResultID != fixedID('r', 1) {
		t.Errorf("a transition that names no result leaves %s", short(v.ResultID))
	}
}

// TestPropertyAPIKeyViews: the views that a tenant's own stream gives of its keys agree with what the machine knows, and say when each was issued and revoked.
func TestPropertyAPIKeyViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawTrace(t).play()
		views, issued, revoked := map[ID]*APIKeyView{}, map[ID]Recorded{}, map[ID]Recorded{}
		for _, r := range v.log {
			switch e := r.Event.(type) {
			case APIKeyIssued:
				views[e.KeyID], issued[e.KeyID] = &APIKeyView{ID: e.KeyID}, r
			case APIKeyRevoked:
				revoked[e.KeyID] = r
			}
			for _, view := range views { // those that it is not about must stay as they are
				view.Fold(r)
			}
		}
		known := snapshotOf(v.base).APIKeys
		if len(views) != len(known) {
			t.Fatalf("%d views of %d keys", len(views), len(known))
		}
		for id, view := range views {
			e := issued[id].Event.(APIKeyIssued)
			want := APIKeyView{
				ID: id, Name: e.Name, Prefix: e.Prefix, Permissions: known[id].Permissions, ExpiresAt: e.ExpiresAt, CreatedAt: issued[id].RecordedAt, LastPosition: issued[id].TenantPosition,
			}
			if r, ok := revoked[id]; ok {
				want.RevokedAt, want.LastPosition = &r.RecordedAt, r.TenantPosition
			}
			if diff := differ(want, *view); diff != "" || known[id].Revoked != (view.RevokedAt != nil) {
				t.Fatalf("%s, of which the machine knows %+v:\n%s", short(id), known[id], diff)
			}
		}
	})
}
