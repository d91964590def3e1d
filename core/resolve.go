package core

// resolve finds the state that a command means. It reads the indexes; it judges only what makes a command mean two things at once.
func (l *layer) resolve(c Command) (s State, err error) {
	switch in := c.Intent.(type) {
	case SubmitResult:
		s, err = l.resolveSubmission(c.Tenant, in)
	case CreateActivity:
		s = l.resolveCreation(c.Tenant, in)
	case DispatchActivity:
		s = l.resolveDispatch(c.Tenant, in)
	case CancelActivity:
		s = l.activity(c.Tenant, in.ActivityID)
	case ErasePersonal:
		s, err = l.resolveErasure(c.Tenant, in)
	case RevokeAPIKey:
		s.APIKey = l.apiKey(c.Tenant, in.KeyID)
	}
	s.Tenant, _ = l.tenants.get(c.Tenant)
	return s, err
}

// resolveSubmission is contract §2.1: activity_id first, then provider_activity_id, an activity before a standalone result; ids that name two different things are refused.
func (l *layer) resolveSubmission(tenant ID, c SubmitResult) (State, error) {
	first, second := l.namedByActivityID(tenant, c.SentActivityID), l.namedByProviderID(tenant, c.ProviderActivityID)
	if first.ActivityID.IsZero() && !second.ActivityID.IsZero() {
		first, second = second, first // what names an activity goes before what names a standalone result
	}
	switch {
	case !first.ActivityID.IsZero():
		if !second.ActivityID.IsZero() && second.ActivityID != first.ActivityID {
			return State{}, refuse(CodeAmbiguousIDs, "activity_id and provider_activity_id name two different activities: %s and %s; send only one of them",
				first.ActivityID, second.ActivityID)
		}
		return first, nil
	case !first.ResultID.IsZero():
		if !second.ResultID.IsZero() && second.ResultID != first.ResultID {
			return State{}, refuse(CodeAmbiguousIDs, "activity_id and provider_activity_id name two different standalone results: %s and %s; send only one of them",
				first.ResultID, second.ResultID)
		}
		return first, nil
	default:
		return second, nil
	}
}

// activity gives the tenant's activity of that id and its result; none if the tenant has no such activity.
func (l *layer) activity(tenant, id ID) State {
	if a, ok := l.activities.get(id); ok && a.Tenant == tenant {
		return l.state(id, a.ResultID)
	}
	return State{}
}

// namedByActivityID gives the activity of that id and its result, else the result that was sent with it.
// Another tenant's activity looks exactly like an unknown one.
func (l *layer) namedByActivityID(tenant, id ID) State {
	if id.IsZero() {
		return State{}
	}
	if s := l.activity(tenant, id); !s.ActivityID.IsZero() {
		return s
	}
	result, _ := l.resultNames.get(nameOf(resultActivity, tenant, id[:]))
	return l.ofResult(result)
}

// namedByProviderID gives the activity that the provider id belongs to and its result, else the result that was sent with it.
func (l *layer) namedByProviderID(tenant ID, text string) State {
	if id := l.lookup(activityProvider, tenant, text); !id.IsZero() {
		a, _ := l.activities.get(id)
		return l.state(id, a.ResultID)
	}
	return l.ofResult(l.lookup(resultProvider, tenant, text))
}

// ofResult gives a result and, if it has been linked since it was standalone, its activity.
func (l *layer) ofResult(id ID) State {
	if id.IsZero() {
		return State{}
	}
	result, _ := l.results.get(id)
	return l.state(result.ActivityID, id)
}

// resolveCreation finds who holds what a new activity claims, and the standalone result that waits for it.
func (l *layer) resolveCreation(tenant ID, c CreateActivity) State {
	s := l.waiting(tenant, c.ProviderActivityID)
	s.KeyHolder = l.lookup(activityKey, tenant, c.IdempotencyKey)
	s.ProviderHolder = l.lookup(activityProvider, tenant, c.ProviderActivityID)
	return s
}

// resolveDispatch finds the activity, who holds the provider id, and, if the activity has no result, the standalone one that waits for that id.
func (l *layer) resolveDispatch(tenant ID, c DispatchActivity) State {
	s := l.activity(tenant, c.ActivityID)
	if s.ResultID.IsZero() {
		waiting := l.waiting(tenant, c.ProviderActivityID)
		s.ResultID, s.Result = waiting.ResultID, waiting.Result
	}
	s.ProviderHolder = l.lookup(activityProvider, tenant, c.ProviderActivityID)
	return s
}

// waiting gives the standalone result that was sent with the provider id, unless it was linked since, under another of its names.
func (l *layer) waiting(tenant ID, provider string) State {
	s := l.state(ID{}, l.lookup(resultProvider, tenant, provider))
	if !s.Result.ActivityID.IsZero() {
		return State{}
	}
	return s
}
