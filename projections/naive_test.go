package projections_test

import (
	"cmp"
	"reflect"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// naive is what the read tables should hold: a fold of the log, an event at a time, with nothing clever in it.
type naive struct {
	results    map[core.Stream]core.ResultView
	activities map[core.Stream]core.ActivityView
	moves      map[core.Stream][]core.StatusEventView
	sent       map[core.Stream][]submission                           // of each result
	types      map[core.ID]map[core.ResultCode]core.ResultTypeSetting // what each tenant has configured
	keys       map[core.ID]map[core.ID]core.APIKeyView                // of each tenant
}

func newNaive() naive {
	return naive{
		map[core.Stream]core.ResultView{}, map[core.Stream]core.ActivityView{}, map[core.Stream][]core.StatusEventView{}, map[core.Stream][]submission{},
		map[core.ID]map[core.ResultCode]core.ResultTypeSetting{}, map[core.ID]map[core.ID]core.APIKeyView{},
	}
}

func fold(t testing.TB, history []core.Recorded) naive {
	n := newNaive()
	for _, r := range history {
		n.fold(t, r)
		n.foldTenant(r)
	}
	n.classify()
	return n
}

func (n naive) fold(t testing.TB, r core.Recorded) {
	activity := func(id core.ID, change func(*core.ActivityView)) {
		key := core.Stream{Tenant: r.Stream.Tenant, ID: id}
		v := n.activities[key]
		change(&v)
		v.UpdatedAt, v.LastPosition = r.RecordedAt, r.TenantPosition
		n.activities[key] = v
	}
	link := func(id, result core.ID) {
		if v, ok := n.activities[core.Stream{Tenant: r.Stream.Tenant, ID: id}]; ok && v.ResultID != result {
			activity(id, func(v *core.ActivityView) { v.ResultID = result })
		}
	}
	switch e := r.Event.(type) {
	case core.ActivityCreated:
		activity(e.ActivityID, func(v *core.ActivityView) {
			*v = core.ActivityView{ID: e.ActivityID, ActivityDetails: e.ActivityDetails, Status: core.ActivityReady, CreatedAt: r.RecordedAt, Version: r.Version}
		})
		n.moves[r.Stream] = []core.StatusEventView{{ID: r.EventID, EventType: "CREATED", To: core.ActivityReady, OccurredAt: r.RecordedAt}}
	case core.ActivityTransitioned:
		activity(e.ActivityID, func(v *core.ActivityView) {
			v.Status, v.Version, v.ProviderActivityID = e.To, r.Version, cmp.Or(v.ProviderActivityID, e.ProviderActivityID)
			if !e.ResultID.IsZero() { // its submission may be parked
				v.ResultID = e.ResultID
			}
		})
		move := core.StatusEventView{ID: r.EventID, EventType: string(e.Reason), From: e.From, To: e.To, OccurredAt: r.RecordedAt}
		if e.To == core.ActivityFailed {
			result := n.results[core.Stream{Tenant: r.Stream.Tenant, ID: e.ResultID}]
			move.ErrorCode, move.ErrorMessage = e.Result, result.Personal.Comment
		}
		n.moves[r.Stream] = append(n.moves[r.Stream], move)
	case core.ResultSubmitted:
		personal, err := e.Personal.Open()
		if err != nil {
			t.Fatal(err)
		}
		personal.Salt = core.Personal{}.Salt // which no read table has
		code, err := core.ParseResultCode(e.Submission.Result)
		if err != nil {
			t.Fatal(err)
		}
		v := core.ResultView{
			ID: e.ResultID, ActivityID: e.ActivityID, Source: e.Source, Status: e.Status, ProviderActivityID: e.ProviderActivityID, CommerceExternalID: e.CommerceExternalID,
			ExternalStatus: e.ExternalStatus, OccurredAt: e.OccurredAt, HardOverride: e.HardOverride, Result: code, ContactType: e.ContactType,
			FutureScheduledAt: e.FutureScheduledAt, Personal: personal, CreatedAt: r.RecordedAt, UpdatedAt: r.RecordedAt, Version: r.Version, LastPosition: r.TenantPosition,
		}
		if old, ok := n.results[r.Stream]; ok {
			v.CreatedAt = old.CreatedAt
		}
		n.results[r.Stream] = v
		n.sent[r.Stream] = append(n.sent[r.Stream], submissionOf(r, e, personal))
		link(e.ActivityID, e.ResultID)
	case core.ResultLinked:
		v := n.results[r.Stream]
		v.Source, v.ActivityID, v.Version, v.LastPosition = core.RetenActivity, e.ActivityID, r.Version, r.TenantPosition
		n.results[r.Stream] = v
		link(e.ActivityID, e.ResultID)
	case core.PersonalErased:
		v := n.results[r.Stream]
		v.Personal, v.ErasedAt, v.Version, v.LastPosition = core.Personal{}, &r.RecordedAt, r.Version, r.TenantPosition
		n.results[r.Stream] = v
		for _, s := range n.sent[r.Stream] {
			s["operator_external_id"] = absent
		}
		if !v.ActivityID.IsZero() {
			moves := n.moves[core.Stream{Tenant: r.Stream.Tenant, ID: v.ActivityID}]
			for i := range moves {
				moves[i].ErrorMessage = "" // they are all its own
			}
		}
	}
}

// difference is what cmp makes of two values, "" of equal ones. It is asked only of what is not deeply equal: over maps of thousands it takes longer than all that is tested with them.
func difference(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return gocmp.Diff(want, got, gocmp.AllowUnexported(naive{}))
}
