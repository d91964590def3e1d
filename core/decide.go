package core

// Decide judges a command on the state that it means, and gives the events that follow, or the *Error that refuses it. It is pure: it changes nothing,
// and the same state and command give the same answer for ever.
func Decide(law *Lifecycle, s State, c Command) ([]Event, error) {
	switch in := c.Intent.(type) {
	case SubmitResult:
		return decideSubmission(law, s, in, c.At)
	case CreateActivity:
		return decideCreation(law, s, in)
	case DispatchActivity:
		return decideDispatch(law, s, in)
	case CancelActivity:
		return decideCancellation(law, s, in)
	case ErasePersonal:
		return decideErasure(s, in)
	case ConfigureResultType:
		return decideConfiguration(c.Tenant, in)
	case IssueAPIKey:
		return decideIssue(s, c.Tenant, in, c.At)
	case RevokeAPIKey:
		return decideRevocation(s, c.Tenant, in)
	default:
		return nil, refuse(CodeInvalid, "unknown command %T", in)
	}
}

// decideSubmission is contract §2.2: first what the request itself got wrong, then the temporal guard, then the state guard.
func decideSubmission(law *Lifecycle, s State, c SubmitResult, at Instant) ([]Event, error) {
	if c.Status == NoResult { // the edge requires a status; hard_override would lift the guard that bars none
		return nil, refuse(CodeInvalid, "status is required")
	}
	if s.Activity.Type == Message {
		return nil, refuse(CodeNotATask, "activity %s is a MESSAGE: only a TASK takes a task result", s.ActivityID)
	}
	if err := judgeCode(s, c.Result); err != nil {
		return nil, err
	}
	if !s.ResultID.IsZero() && c.OccurredAt <= s.Result.UpdatedAt {
		return nil, stale(s, c.OccurredAt)
	}

	to := c.Status.ActivityStatus()
	moves := !s.ActivityID.IsZero() && to != NoActivity && to != s.Activity.Status
	resultBarred := !law.AllowsResult(s.Result.Status, c.Status)
	activityBarred := moves && !law.AllowsByResult(s.Activity.Status, to)
	if (resultBarred || activityBarred) && !c.HardOverride {
		return nil, barred(s, c.Status, resultBarred)
	}

	submitted := ResultSubmitted{
		ResultID: s.ResultID, Source: Standalone, ActivityID: s.ActivityID, CreatedAt: s.Result.CreatedAt,
		Overridden: resultBarred || activityBarred, Submission: c.Submission,
	}
	if s.ResultID.IsZero() {
		submitted.ResultID, submitted.CreatedAt = c.ResultID, at
	}
	if s.ActivityID.IsZero() {
		return []Event{submitted}, nil
	}
	submitted.Source = RetenActivity
	if !moves {
		return []Event{submitted}, nil
	}
	return []Event{submitted, ActivityTransitioned{
		ActivityID: s.ActivityID, From: s.Activity.Status, To: to, Reason: ByResult,
		ResultID: submitted.ResultID, Result: c.Result, Overridden: activityBarred,
	}}, nil
}

// judgeCode refuses a code that is not in the catalogue, or that the tenant has switched off, unless the result has it already (contract §2.3).
func judgeCode(s State, text string) error {
	code, err := ParseResultCode(text)
	if err == nil && !s.Tenant.Types.Active(code) && code != s.Result.Code {
		err = s.Tenant.Types.switchedOff()
	}
	if err == nil {
		return nil
	}
	return &Error{
		Code:    CodeInvalid,
		Message: "task_result.result " + quote(text) + " " + err.Error(),
		Fields:  []FieldError{{Pointer: "/task_result/result", Message: err.Error()}},
	}
}

// stale is the temporal guard's refusal.
func stale(s State, occurredAt Instant) error {
	err := refuse(CodeStaleResult, "occurred_at %s is not after %s, when the existing result was last recorded: a result must have occurred later than that to replace it",
		occurredAt, s.Result.UpdatedAt)
	err.Existing = s.existing()
	return err
}

// barred is the state guard's refusal, on the result or on its activity.
func barred(s State, to ResultStatus, byResult bool) error {
	var err *Error
	if byResult {
		err = refuse(CodeInvalidTransition, "the existing result is %s, which is terminal: it cannot become %s; send hard_override true to replace it all the same",
			s.Result.Status, to)
	} else {
		err = refuse(CodeInvalidTransition, "activity %s is %s: a %s result cannot move it to %s; send hard_override true to move it all the same",
			s.ActivityID, s.Activity.Status, to, to.ActivityStatus())
	}
	err.Existing = s.existing()
	return err
}

// existing is what a refused sender is shown of the result there is, if there is one.
func (s State) existing() *Existing {
	if s.ResultID.IsZero() {
		return nil
	}
	return &Existing{ID: s.ResultID, ResultStatus: s.Result.Status, UpdatedAt: s.Result.UpdatedAt}
}

// quote is a client's text as it stands in a message.
func quote(text string) string { return string(appendString(nil, text)) }
