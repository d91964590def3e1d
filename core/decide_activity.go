package core

// decideCreation is contract §2.7 with late linking (§2.1): a TASK that becomes known under a provider id which a standalone result carries takes that result.
func decideCreation(law *Lifecycle, s State, c CreateActivity) ([]Event, error) {
	if !s.KeyHolder.IsZero() {
		return nil, &Error{
			Code:     CodeDuplicateActivity,
			Message:  "idempotency_key " + quote(c.IdempotencyKey) + " was used before, for activity " + s.KeyHolder.String(),
			Existing: &Existing{ID: s.KeyHolder},
		}
	}
	if !s.ProviderHolder.IsZero() {
		return nil, taken(c.ProviderActivityID, s.ProviderHolder)
	}
	created := ActivityCreated(c) // a creation is recorded as it was asked for
	if c.ActivityType != Task {
		return []Event{created}, nil
	}
	return append([]Event{created}, link(law, s, c.ActivityID, ActivityReady, c.ProviderActivityID)...), nil
}

// decideDispatch is contract §2.7, with late linking (§2.1) if the dispatch is what makes the activity's provider id known.
func decideDispatch(law *Lifecycle, s State, c DispatchActivity) ([]Event, error) {
	switch {
	case s.ActivityID.IsZero():
		return nil, unknownActivity(c.ActivityID)
	case s.Activity.Type != Task:
		return nil, refuse(CodeNotATask, "activity %s is a MESSAGE: only a TASK can be dispatched", c.ActivityID)
	case !law.AllowsDispatch(s.Activity.Status):
		return nil, refuse(CodeNotReady, "activity %s is %s: only a READY one can be dispatched", c.ActivityID, s.Activity.Status)
	}
	moved := ActivityTransitioned{
		ActivityID: c.ActivityID, From: s.Activity.Status, To: ActivityDispatched, Reason: ByDispatch, ResultID: s.Activity.ResultID,
	}
	if c.ProviderActivityID == "" || s.ProviderHolder == c.ActivityID { // a provider id that it has already is accepted, and no news
		return []Event{moved}, nil
	}
	if !s.ProviderHolder.IsZero() {
		return nil, taken(c.ProviderActivityID, s.ProviderHolder)
	}
	if s.Activity.Provided {
		return nil, &Error{
			Code:     CodeProviderIDConflict,
			Message:  "activity " + c.ActivityID.String() + " has another provider_activity_id than " + quote(c.ProviderActivityID) + " already, and keeps it for ever",
			Existing: &Existing{ID: c.ActivityID},
		}
	}
	moved.ProviderActivityID = c.ProviderActivityID
	if !s.Activity.ResultID.IsZero() {
		return []Event{moved}, nil
	}
	return append([]Event{moved}, link(law, s, c.ActivityID, moved.To, c.ProviderActivityID)...), nil
}

// decideCancellation is contract §2.7; the activity's result, if it has one, stays as it is (§2.2).
func decideCancellation(law *Lifecycle, s State, c CancelActivity) ([]Event, error) {
	if s.ActivityID.IsZero() {
		return nil, unknownActivity(c.ActivityID)
	}
	if !law.AllowsCancel(s.Activity.Status) {
		return nil, refuse(CodeInvalidTransition, "activity %s is %s, which is terminal: it cannot be cancelled", c.ActivityID, s.Activity.Status)
	}
	return []Event{ActivityTransitioned{
		ActivityID: c.ActivityID, From: s.Activity.Status, To: ActivityCanceled, Reason: ByCancel, ResultID: s.Activity.ResultID,
	}}, nil
}

// link gives the events that join the standalone result in s, if any, to an activity that has no result of its own and is known by the provider id from now on.
func link(law *Lifecycle, s State, activity ID, from ActivityStatus, provider string) []Event {
	if s.ResultID.IsZero() {
		return nil
	}
	linked := []Event{ResultLinked{ResultID: s.ResultID, ActivityID: activity, ProviderActivityID: provider}}
	to := s.Result.Status.ActivityStatus()
	if to == NoActivity || !law.AllowsByResult(from, to) {
		return linked
	}
	return append(linked, ActivityTransitioned{
		ActivityID: activity, From: from, To: to, Reason: ByLink, ResultID: s.ResultID, Result: s.Result.Code.String(),
	})
}

// taken is the refusal of a provider id that belongs to another activity.
func taken(provider string, holder ID) error {
	return &Error{
		Code:     CodeProviderIDConflict,
		Message:  "provider_activity_id " + quote(provider) + " belongs to activity " + holder.String() + " for ever",
		Existing: &Existing{ID: holder},
	}
}

// unknownActivity is the refusal of an id that names no activity of the tenant; another tenant's looks exactly like none.
func unknownActivity(id ID) error {
	return refuse(CodeNotFound, "this tenant has no activity %s: check the id, and the tenant of the request", id)
}
