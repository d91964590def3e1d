package core

// commandOf makes the command whose first event is r, or gives the ErrUnlawful that there is none. What a command says beyond its events changed nothing: a dispatch under a provider id that
// the activity had already is the same without it.
func commandOf(r Recorded) (Command, error) {
	c := Command{Tenant: r.Stream.Tenant, At: r.RecordedAt, EventID: r.EventID, Metadata: r.Metadata}
	if !r.Metadata.CausationID.IsZero() {
		return c, unlawful(r, "its causation_id is %s, which is not the event before it", r.Metadata.CausationID)
	}
	if c.Intent = intentOf(r.Event); c.Intent == nil {
		return c, unlawful(r, "no command begins with it, and it names no event that caused it")
	}
	if r.Metadata.Actor.Key != "" {
		c.APIKey, _ = ParseID(r.Metadata.Actor.Key) // another text than an id names none that could be judged
	}
	return c, nil
}

// intentOf is what a command asked for whose first event is e; nil if e is none that a command begins with.
func intentOf(e Event) Intent {
	switch e := e.(type) {
	case ActivityCreated:
		return CreateActivity(e)
	case ResultSubmitted:
		return SubmitResult{ResultID: e.ResultID, Submission: e.Submission}
	case ActivityTransitioned:
		switch e.Reason {
		case ByDispatch:
			return DispatchActivity{ActivityID: e.ActivityID, ProviderActivityID: e.ProviderActivityID}
		case ByCancel:
			return CancelActivity{ActivityID: e.ActivityID}
		}
	case ResultTypeConfigured:
		return ConfigureResultType{e.ResultTypeSetting}
	case APIKeyIssued:
		return IssueAPIKey{KeyID: e.KeyID, APIKeyDetails: e.APIKeyDetails}
	case APIKeyRevoked:
		return RevokeAPIKey{KeyID: e.KeyID}
	case PersonalErased:
		return ErasePersonal{ResultID: e.ResultID}
	}
	return nil
}
