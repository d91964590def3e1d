package core

// CodeAlreadyErased refuses to erase a result of which nothing was submitted since it was erased; Existing names it. It stands apart from the other codes, since no request is answered with it: an
// erasure is asked for on the command line alone.
const CodeAlreadyErased Code = "already_erased"

// resolveErasure finds the result that is meant. A result is looked for by its own id here and nowhere else: submissions name it by what their senders know.
func (l *layer) resolveErasure(tenant ID, c ErasePersonal) (State, error) {
	if c.ResultID.IsZero() == c.ActivityID.IsZero() {
		return State{}, refuse(CodeInvalid, "an erasure names a result or an activity: one of them, and not both")
	}
	if !c.ActivityID.IsZero() {
		return l.activity(tenant, c.ActivityID), nil
	}
	if r, ok := l.results.get(c.ResultID); ok && r.Tenant == tenant {
		return l.ofResult(c.ResultID), nil
	}
	return State{}, nil
}

// decideErasure lets a result be erased once for each time that something was submitted since. That it was is a refusal of its own: whoever carries an erasure out, and was cut short, goes on by that.
// Neither the status of the result nor its times change, nor those of its activity: a person is erased, and not what was done.
func decideErasure(s State, c ErasePersonal) ([]Event, error) {
	switch {
	case s.ResultID.IsZero() && !s.ActivityID.IsZero():
		return nil, refuse(CodeNotFound, "activity %s has no result: nothing that may be about a person was submitted for it", s.ActivityID)
	case s.ResultID.IsZero() && !c.ActivityID.IsZero():
		return nil, unknownActivity(c.ActivityID)
	case s.ResultID.IsZero():
		return nil, refuse(CodeNotFound, "this tenant has no result %s: check the id, and the tenant of the request", c.ResultID)
	case s.Result.Erased:
		err := refuse(CodeAlreadyErased, "result %s has been erased already, and nothing was submitted since", s.ResultID)
		err.Existing = s.existing()
		return nil, err
	}
	return []Event{PersonalErased{ResultID: s.ResultID}}, nil
}
