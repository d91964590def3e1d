package core

import "slices"

// oracleVerdict says where a history first shows that the rules have not given it, and 0 if it never does: the oracle is asked for every command anew. It shares nothing with the judge.
// It looks at what decisions rest on, and no further.
func oracleVerdict(log []Recorded) Position {
	var o oracle
	var minted []ID
	for i := 0; i < len(log); {
		r := log[i]
		c, id, ok := oracleCommand(r)
		if !ok || r.Metadata.CausationID != (ID{}) || r.EventID[15]%eventIDs != 0 || i > 0 && r.RecordedAt < log[i-1].RecordedAt {
			return r.Position
		}
		answer := o.decide(c)
		if answer.refusal != "" || answer.replayed > 0 {
			return r.Position
		}
		if mints(r, id) {
			if slices.Contains(minted, id) {
				return r.Position
			}
			minted = append(minted, id)
		}
		for n, line := range answer.events {
			if i+n >= len(log) {
				return Position(i + n + 1)
			}
			if e := log[i+n]; brief(e) != line || e.Stream.Tenant != c.Tenant || n > 0 && !caused(log[i+n-1], e) || !shows(log[:i+n+1]) {
				return e.Position
			}
		}
		i += len(answer.events)
	}
	return 0
}

// mints reports whether an id became known with the event.
func mints(r Recorded, id ID) bool {
	return !id.IsZero() && (r.Version == 1 || r.Event.Type() == "APIKeyIssued")
}

// caused reports whether an event is recorded as the consequence of another.
func caused(before, e Recorded) bool {
	m := before.Metadata
	m.Idempotency, m.CausationID = Idempotency{}, before.EventID
	id := before.EventID
	id[15]++
	return e.Metadata == m && e.EventID == id && e.RecordedAt == before.RecordedAt
}

// shows reports whether the last event of a log shows of what came before it what the oracle's lines leave out: when its result was created, the code that moved its activity, where its
// API key was issued.
func shows(log []Recorded) bool {
	switch last := log[len(log)-1].Event.(type) {
	case ResultSubmitted:
		i := slices.IndexFunc(log, func(r Recorded) bool { return r.Stream.ID == last.ResultID })
		return last.CreatedAt == log[i].RecordedAt
	case ActivityTransitioned:
		code := ""
		for _, r := range log {
			if e, ok := r.Event.(ResultSubmitted); ok && e.ResultID == last.ResultID && slices.Contains([]Reason{"RESULT", "LINKED"}, last.Reason) {
				code = e.Submission.Result
			}
		}
		return last.Result == code
	case APIKeyRevoked:
		return slices.ContainsFunc(log, func(r Recorded) bool {
			e, ok := r.Event.(APIKeyIssued)
			return ok && e.KeyID == last.KeyID && r.Version == last.IssuedVersion
		})
	}
	return true
}

// oracleCommand is what somebody asked for, and the id that was minted for it, if any.
func oracleCommand(r Recorded) (c Command, minted ID, ok bool) {
	c = Command{Tenant: r.Stream.Tenant, At: r.RecordedAt, Metadata: r.Metadata}
	c.APIKey, _ = ParseID(r.Metadata.Actor.Key)
	switch e := r.Event.(type) {
	case ActivityCreated:
		c.Intent, minted = CreateActivity(e), e.ActivityID
	case ResultSubmitted:
		c.Intent, minted = SubmitResult{e.ResultID, e.Submission}, e.ResultID
	case ResultTypeConfigured:
		c.Intent = ConfigureResultType{e.ResultTypeSetting}
	case APIKeyIssued:
		c.Intent, minted = IssueAPIKey{e.KeyID, e.APIKeyDetails}, e.KeyID
	case APIKeyRevoked:
		c.Intent = RevokeAPIKey{e.KeyID}
	case PersonalErased:
		c.Intent = ErasePersonal{ResultID: e.ResultID}
	case ActivityTransitioned:
		if e.Reason == "CANCELED" {
			c.Intent = CancelActivity{e.ActivityID}
		}
		if e.Reason == "DISPATCH_SUCCESS" {
			c.Intent = DispatchActivity{e.ActivityID, e.ProviderActivityID}
		}
	}
	return c, minted, c.Intent != nil
}
