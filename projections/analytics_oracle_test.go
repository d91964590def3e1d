package projections_test

import (
	"fmt"
	"strings"
	"time"

	"resultlog/core"
)

// row is one of a view, in words.
type row = map[string]string

// expectedViews are the rows of every view, made of a naive fold and of the history itself, one event after the other.
func expectedViews(n naive, history []core.Recorded) map[string][]row {
	all := make(map[string][]row)
	for key, v := range n.results {
		all["results"] = append(all["results"], n.resultRow(key.Tenant, v))
	}
	for key, v := range n.activities {
		all["activities"] = append(all["activities"], activityRow(key.Tenant, v))
	}
	all["submissions"] = n.submissionRows(history)
	all["activity_transitions"] = n.transitionRows(history)
	all["task_result_types"] = typeRows(history)
	all["result_daily"] = dailyRows(all["results"])
	return all
}

func (n naive) resultRow(tenant core.ID, v core.ResultView) row {
	return row{
		"tenant_id": tenant.String(), "result_id": v.ID.String(), "activity_id": orNull(v.ActivityID, v.ActivityID.IsZero()), "source": string(v.Source), "status": v.Status.String(),
		"result": v.Result.String(), "classification": orNull(v.Classification, v.Classification == core.Unclassified), "contact_type": textOrNull(v.ContactType),
		"channel": n.channelOf(tenant, v.ActivityID), "provider_activity_id": textOrNull(v.ProviderActivityID), "commerce_external_id": v.CommerceExternalID,
		"external_status": textOrNull(v.ExternalStatus), "operator_external_id": textOrNull(v.Personal.OperatorExternalID), "comment": textOrNull(v.Personal.Comment),
		"payload": textOrNull(v.Personal.Payload), "raw_payload": textOrNull(v.Personal.RawPayload), "occurred_at": v.OccurredAt.String(),
		"future_scheduled_at": timeOrNull(v.FutureScheduledAt), "hard_override": fmt.Sprint(v.HardOverride), "created_at": v.CreatedAt.String(), "updated_at": v.UpdatedAt.String(),
		"erased_at": timeOrNull(v.ErasedAt), "version": fmt.Sprint(v.Version), "last_position": fmt.Sprint(v.LastPosition),
	}
}

func activityRow(tenant core.ID, v core.ActivityView) row {
	score := null
	if v.Score != nil {
		score = fmt.Sprintf("%.3f", *v.Score)
	}
	return row{
		"tenant_id": tenant.String(), "activity_id": v.ID.String(), "type": v.ActivityType.String(), "status": v.Status.String(), "reason": v.Reason, "channel": string(v.Channel),
		"commerce_id": v.CommerceID.String(), "commerce_external_id": textOrNull(v.CommerceExternalID), "provider_activity_id": textOrNull(v.ProviderActivityID),
		"idempotency_key": v.IdempotencyKey, "scheduled_at": v.ScheduledAt.String(), "suggested_execution_time": textOrNull(v.SuggestedExecutionTime),
		"user_status": textOrNull(v.UserStatus), "score": score, "assignment_reason": textOrNull(v.AssignmentReason),
		"assigned_route_id": orNull(v.AssignedRouteID, v.AssignedRouteID.IsZero()), "assigned_operator_id": orNull(v.AssignedOperatorID, v.AssignedOperatorID.IsZero()),
		"result_id": orNull(v.ResultID, v.ResultID.IsZero()), "created_at": v.CreatedAt.String(), "updated_at": v.UpdatedAt.String(), "version": fmt.Sprint(v.Version),
		"last_position": fmt.Sprint(v.LastPosition),
	}
}

func (n naive) submissionRows(history []core.Recorded) (all []row) {
	of := make(map[core.Stream][]row) // by result
	for _, r := range history {
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			personal, err := e.Personal.Open()
			if err != nil {
				panic(err)
			}
			class := n.types[r.Stream.Tenant][codeOfText(e.Submission.Result)].Classification
			submitted := row{
				"tenant_id": r.Stream.Tenant.String(), "result_id": e.ResultID.String(), "version": fmt.Sprint(r.Version), "position": fmt.Sprint(r.TenantPosition), "event_id": r.EventID.String(),
				"is_first": fmt.Sprint(len(of[r.Stream]) == 0), "activity_id": orNull(e.ActivityID, e.ActivityID.IsZero()), "source": string(e.Source), "status": e.Status.String(),
				"result": e.Submission.Result, "classification": orNull(class, class == core.Unclassified), "contact_type": textOrNull(e.ContactType),
				"channel": n.channelOf(r.Stream.Tenant, e.ActivityID), "provider_activity_id": textOrNull(e.ProviderActivityID), "commerce_external_id": e.CommerceExternalID,
				"external_status": textOrNull(e.ExternalStatus), "operator_external_id": textOrNull(personal.OperatorExternalID), "occurred_at": e.OccurredAt.String(),
				"future_scheduled_at": timeOrNull(e.FutureScheduledAt), "hard_override": fmt.Sprint(e.HardOverride), "overridden": fmt.Sprint(e.Overridden), "recorded_at": r.RecordedAt.String(),
			}
			of[r.Stream] = append(of[r.Stream], submitted)
			all = append(all, submitted)
		case core.PersonalErased:
			for _, submitted := range of[r.Stream] {
				submitted["operator_external_id"] = null
			}
		}
	}
	return all
}

func (n naive) transitionRows(history []core.Recorded) (all []row) {
	messages := make(map[core.ID]string) // by event
	for _, moves := range n.moves {
		for _, move := range moves {
			messages[move.ID] = move.ErrorMessage
		}
	}
	since := make(map[core.Stream]core.Instant)
	for _, r := range history {
		moved := row{
			"tenant_id": r.Stream.Tenant.String(), "activity_id": r.Stream.ID.String(), "version": fmt.Sprint(r.Version), "position": fmt.Sprint(r.TenantPosition), "event_id": r.EventID.String(),
			"event_type": "CREATED", "from_status": null, "to_status": "READY", "channel": n.channelOf(r.Stream.Tenant, r.Stream.ID), "seconds_in_former_status": null, "result_id": null,
			"overridden": "false", "error_code": null, "error_message": null, "occurred_at": r.RecordedAt.String(),
		}
		switch e := r.Event.(type) {
		default:
			continue
		case core.ActivityCreated:
		case core.ActivityTransitioned:
			moved["event_type"], moved["from_status"], moved["to_status"] = string(e.Reason), e.From.String(), e.To.String()
			moved["seconds_in_former_status"] = fmt.Sprintf("%.3f", r.RecordedAt.Time().Sub(since[r.Stream].Time()).Seconds())
			moved["result_id"], moved["overridden"] = orNull(e.ResultID, e.ResultID.IsZero()), fmt.Sprint(e.Overridden)
			if e.To == core.ActivityFailed {
				moved["error_code"], moved["error_message"] = textOrNull(e.Result), textOrNull(messages[r.EventID])
			}
		}
		since[r.Stream] = r.RecordedAt
		all = append(all, moved)
	}
	return all
}

func typeRows(history []core.Recorded) (all []row) {
	last := make(map[string]row)
	for _, r := range history {
		if e, ok := r.Event.(core.ResultTypeConfigured); ok {
			last[fmt.Sprint(r.Stream.Tenant, e.Code)] = row{
				"tenant_id": r.Stream.Tenant.String(), "code": e.Code.String(), "is_active": fmt.Sprint(e.Active), "classification": orNull(e.Classification, e.Classification == core.Unclassified),
				"updated_at": r.RecordedAt.String(), "version": fmt.Sprint(r.Version), "last_position": fmt.Sprint(r.TenantPosition),
			}
		}
	}
	for _, configured := range last {
		all = append(all, configured)
	}
	return all
}

func dailyRows(results []row) (all []row) {
	count := make(map[[8]string]int)
	overrides := make(map[[8]string]int)
	for _, r := range results {
		of := [...]string{r["tenant_id"], r["occurred_at"][:len(time.DateOnly)], r["status"], r["source"], r["result"], r["classification"], r["contact_type"], r["channel"]}
		count[of]++
		overrides[of] += strings.Count(r["hard_override"], "true")
	}
	for of, n := range count {
		all = append(all, row{"tenant_id": of[0], "day": of[1], "status": of[2], "source": of[3], "result": of[4], "classification": of[5], "contact_type": of[6], "channel": of[7],
			"results": fmt.Sprint(n), "hard_overrides": fmt.Sprint(overrides[of])})
	}
	return all
}

// channelOf is an activity's; none if there is none.
func (n naive) channelOf(tenant, activity core.ID) string {
	return textOrNull(n.activities[core.Stream{Tenant: tenant, ID: activity}].Channel)
}

func codeOfText(code string) core.ResultCode {
	c, err := core.ParseResultCode(code)
	if err != nil {
		panic(err)
	}
	return c
}

func orNull(v fmt.Stringer, isNull bool) string {
	if isNull {
		return null
	}
	return v.String()
}

func textOrNull[T ~string | ~[]byte](text T) string {
	if len(text) == 0 {
		return null
	}
	return string(text)
}

func timeOrNull(at *core.Instant) string {
	if at == nil {
		return null
	}
	return at.String()
}
