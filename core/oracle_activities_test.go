package core

import (
	"fmt"
	"slices"
)

// What the oracle knows of activities' own commands: contract §2.7, and of names §2.1.

func (o *oracle) create(tenant ID, at Instant, c CreateActivity) (answer oracleAnswer) {
	for _, a := range o.activities {
		if a.tenant == tenant && a.key == c.IdempotencyKey {
			return oracleAnswer{refusal: "refused activity_exists, existing " + short(a.id)}
		}
	}
	if holder := o.holder(tenant, c.ProviderActivityID); holder >= 0 {
		return oracleAnswer{refusal: "refused provider_id_conflict, existing " + short(o.activities[holder].id)}
	}
	o.activities = append(o.activities, oracleActivity{
		tenant: tenant, id: c.ActivityID, kind: c.ActivityType.String(), status: "READY", key: c.IdempotencyKey, provider: c.ProviderActivityID, version: 1,
	})
	o.append(tenant, at, &answer, fmt.Sprintf("ActivityCreated %s v1 %s", short(c.ActivityID), c.ActivityType))
	o.link(tenant, at, &answer, len(o.activities)-1)
	return answer
}

// holder is whom a provider id belongs to: "to one activity of the tenant for ever".
func (o *oracle) holder(tenant ID, provider string) int {
	return slices.IndexFunc(o.activities, func(a oracleActivity) bool { return provider != "" && a.tenant == tenant && a.provider == provider })
}

// link is for an activity that has just become known under its provider id: "When a TASK becomes known under a provider id that a standalone result carries,
// and has no result of its own yet, the same commit links them".
func (o *oracle) link(tenant ID, at Instant, answer *oracleAnswer, activity int) {
	a := &o.activities[activity]
	if a.kind == "MESSAGE" || a.provider == "" || !a.result.IsZero() { // "If the activity already has a result, nothing links."
		return
	}
	for i := range o.results {
		r := &o.results[i]
		if r.tenant != tenant || !r.activity.IsZero() || !slices.Contains(r.names, "provider "+a.provider) {
			continue
		}
		r.activity, a.result = a.id, r.id // "keeps its own id and its updatedAt"
		r.version++
		if r.erased {
			o.met = append(o.met, "linked after it was erased")
		}
		o.append(tenant, at, answer, fmt.Sprintf("ResultLinked %s v%d to %s as %s", short(r.id), r.version, short(a.id), a.provider))
		o.move(tenant, at, answer, activity, oracleTable[r.status], "LINKED", r.id, false)
		return
	}
}

// own is the tenant's activity of that id; another tenant's looks exactly like none.
func (o *oracle) own(tenant, id ID) int {
	return slices.IndexFunc(o.activities, func(a oracleActivity) bool { return a.tenant == tenant && a.id == id })
}

func (o *oracle) dispatch(tenant ID, at Instant, c DispatchActivity) (answer oracleAnswer) {
	i := o.own(tenant, c.ActivityID)
	if i < 0 {
		return oracleAnswer{refusal: "refused not_found"}
	}
	a := &o.activities[i]
	// "400 naming the current status if not READY, or not a TASK"
	if a.kind != "TASK" {
		return oracleAnswer{refusal: "refused activity_not_task"}
	}
	if a.status != "READY" {
		return oracleAnswer{refusal: "refused activity_not_ready"}
	}
	// "A provider id is set once, at creation or dispatch, and belongs to one activity of the tenant for ever. The same again is accepted; another, or one that is taken → 409"
	if holder := o.holder(tenant, c.ProviderActivityID); holder >= 0 && holder != i {
		return oracleAnswer{refusal: "refused provider_id_conflict, existing " + short(o.activities[holder].id)}
	}
	if a.provider != "" && c.ProviderActivityID != "" && a.provider != c.ProviderActivityID {
		return oracleAnswer{refusal: "refused provider_id_conflict, existing " + short(a.id)}
	}
	as := ""
	if a.provider == "" && c.ProviderActivityID != "" {
		a.provider = c.ProviderActivityID
		as = " as " + a.provider
	}
	a.status = "DISPATCHED"
	a.version++
	o.append(tenant, at, &answer, fmt.Sprintf("ActivityTransitioned %s v%d READY to DISPATCHED by DISPATCH_SUCCESS %s%s", short(a.id), a.version, short(a.result), as))
	if as != "" {
		o.link(tenant, at, &answer, i) // "after DISPATCHED, if that is what made it known"
	}
	return answer
}

func (o *oracle) cancel(tenant ID, at Instant, c CancelActivity) (answer oracleAnswer) {
	i := o.own(tenant, c.ActivityID)
	if i < 0 {
		return oracleAnswer{refusal: "refused not_found"}
	}
	a := o.activities[i]
	// "any non-terminal → CANCELED → 200; 409 if terminal"
	if slices.Contains([]string{"COMPLETED", "CANCELED", "FAILED"}, a.status) {
		return oracleAnswer{refusal: "refused invalid_transition"}
	}
	o.move(tenant, at, &answer, i, "CANCELED", "CANCELED", a.result, false) // "leaves its PENDING result PENDING"
	return answer
}

// transition is an event that no command appends yet.
func (o *oracle) transition(activity ID, to string, at Instant) {
	for i := range o.activities {
		if a := &o.activities[i]; a.id == activity {
			a.status = to
			a.version++
			o.append(a.tenant, at, &oracleAnswer{}, "")
		}
	}
}

// erase is what an administrator asks for a person: once for each time that something was submitted since, of a result that the tenant has, or of an activity's.
func (o *oracle) erase(tenant ID, at Instant, c ErasePersonal) (answer oracleAnswer) {
	i := slices.IndexFunc(o.results, func(r oracleResult) bool {
		return r.tenant == tenant && (r.id == c.ResultID || !c.ActivityID.IsZero() && r.activity == c.ActivityID)
	})
	if i < 0 {
		return oracleAnswer{refusal: "refused not_found"}
	}
	r := &o.results[i]
	if r.erased {
		return oracleAnswer{refusal: fmt.Sprintf("refused already_erased, existing %s %s %s", short(r.id), r.status, seconds(r.updated))}
	}
	r.version++
	r.erased = true
	o.append(tenant, at, &answer, fmt.Sprintf("PersonalErased %s v%d", short(r.id), r.version))
	return answer
}
