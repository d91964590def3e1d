package analytics

import "resultlog/core"

// What rows are looked at by, so that nobody needs to join for it. Who does not ask for such a column does not pay for it: both engines leave out a join by a key of which nothing is wanted.
const (
	classified = ` LEFT JOIN {task_result_types} AS types ON types.tenant_id = r.tenant_id AND types.code = r.result` // as the tenant holds the code now: configuring one rewrites no row
	channelled = ` LEFT JOIN {activities} AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id`
)

func results() View {
	return View{
		Name: "results", Time: "occurred_at", Order: []string{"tenant_id", "occurred_at", "result_id"},
		Comment: "One row for each result, as its last submission left it.",
		from:    `{results} AS r` + classified + channelled,
		Columns: []Column{
			tenant(`r.tenant_id`),
			id("result_id", `r.id`, "of the result, which never changes"),
			optional(id("activity_id", `r.activity_id`, "its activity; NULL while it is STANDALONE")),
			source(`r.source`),
			resultStatus(`r.status`),
			resultCode("result", `r.result`, "what came of it"),
			classification(),
			contactType(`r.contact_type`),
			optional(channel()),
			optional(text("provider_activity_id", `r.provider_activity_id`, "the activity's id at the provider, as sent with the last submission")),
			text("commerce_external_id", `r.commerce_external_id`, "the commerce's id at the provider, as sent with the last submission"),
			optional(text("external_status", `r.external_status`, "the provider's own word for the status")),
			personal(text("operator_external_id", `r.operator_external_id`, "the operator's id at the provider")),
			personal(text("comment", `r.comment`, "free text")),
			personal(Column{Name: "payload", Type: JSON, raw: `r.payload`, Comment: "what the sender adds"}),
			personal(Column{Name: "raw_payload", Type: JSON, raw: `r.raw_payload`, Comment: "what the sender got from its own source"}),
			time("occurred_at", `r.occurred_at`, "when it happened, as the sender says"),
			optional(time("future_scheduled_at", `r.future_scheduled_at`, "suggested time of a follow-up")),
			truth("hard_override", `r.hard_override`, "whether the last submission asked to lift the state guard, and whether or not it had to be lifted"),
			time("created_at", `r.created_at`, "when the first submission was recorded"),
			time("updated_at", `r.updated_at`, "when the last submission was recorded"),
			optional(time("erased_at", `r.erased_at`, "when what is personal in the row was erased; NULL: it was not, or something was submitted since")),
			number("version", `r.version`, "of the last event in the result's stream"),
			number("last_position", `r.last_position`, "the tenant's position of the last event that changed the row"),
		},
	}
}

func submissions() View {
	return View{
		Name: "submissions", Time: "occurred_at", Order: []string{"tenant_id", "result_id", "version"},
		Comment: "One row for each accepted submission of a result, which stays as it was when a later one replaces the result.",
		from:    `{submissions} AS r` + classified + channelled,
		Columns: []Column{
			tenant(`r.tenant_id`),
			id("result_id", `r.result_id`, "of the result that was submitted"),
			number("version", `r.version`, "of its event in the result's stream: the order of a result's submissions"),
			number("position", `r.position`, "the tenant's position of its event"),
			id("event_id", `r.event_id`, "of its event"),
			truth("is_first", `r.version = 1`, "whether it is the result's first submission; all others update it"),
			optional(id("activity_id", `r.activity_id`, "the activity that it was matched with; NULL: none that was known then")),
			source(`r.source`),
			resultStatus(`r.status`),
			resultCode("result", `r.result`, "what came of it"),
			classification(),
			contactType(`r.contact_type`),
			optional(channel()),
			optional(text("provider_activity_id", `r.provider_activity_id`, "the activity's id at the provider, as sent")),
			text("commerce_external_id", `r.commerce_external_id`, "the commerce's id at the provider, as sent"),
			optional(text("external_status", `r.external_status`, "the provider's own word for the status")),
			personal(text("operator_external_id", `r.operator_external_id`, "the operator's id at the provider")),
			time("occurred_at", `r.occurred_at`, "when it happened, as the sender says"),
			optional(time("future_scheduled_at", `r.future_scheduled_at`, "suggested time of a follow-up")),
			truth("hard_override", `r.hard_override`, "whether it asked to lift the state guard"),
			truth("overridden", `r.overridden`, "whether the state guard would have refused it, and was lifted"),
			time("recorded_at", `r.recorded_at`, "when it was recorded"),
		},
	}
}

func activities() View {
	return View{
		Name: "activities", Time: "created_at", Order: []string{"tenant_id", "created_at", "activity_id"},
		Comment: "One row for each activity: a task or a message that is to be executed.",
		from:    `{activities} AS a`,
		Columns: []Column{
			tenant(`a.tenant_id`),
			id("activity_id", `a.id`, "of the activity, which never changes"),
			enum("type", `a.type`, "what kind of activity it is", names(core.Task, core.Message)),
			activityStatus("status", `a.status`, "where it stands"),
			text("reason", `a.reason`, "why it exists, as its creator says"),
			channel(),
			id("commerce_id", `a.commerce_id`, "the commerce that it is for"),
			optional(text("commerce_external_id", `a.commerce_external_id`, "that commerce's id at the provider")),
			optional(text("provider_activity_id", `a.provider_activity_id`, "the activity's id at the provider")),
			text("idempotency_key", `a.idempotency_key`, "the creator's key: one activity for each, in a tenant"),
			time("scheduled_at", `a.scheduled_at`, "when it is due"),
			optional(text("suggested_execution_time", `a.suggested_execution_time`, "as sent")),
			optional(text("user_status", `a.user_status`, "as sent")),
			optional(Column{Name: "score", Type: Number, raw: `a.score`, Comment: "as sent"}),
			optional(text("assignment_reason", `a.assignment_reason`, "as sent")),
			optional(id("assigned_route_id", `a.assigned_route_id`, "the route it is assigned to")),
			optional(id("assigned_operator_id", `a.assigned_operator_id`, "the operator it is assigned to")),
			optional(id("result_id", `a.result_id`, "its one current result; NULL: none yet")),
			time("created_at", `a.created_at`, "when its creation was recorded"),
			time("updated_at", `a.updated_at`, "when the last event that changed the row was recorded"),
			number("version", `a.version`, "of the last event in the activity's stream"),
			number("last_position", `a.last_position`, "the tenant's position of the last event that changed the row"),
		},
	}
}

func activityTransitions() View {
	const since = `CAST((r.occurred_at - lag(r.occurred_at) OVER (PARTITION BY r.tenant_id, r.activity_id ORDER BY r.version)) / 1000.0 AS double precision)`
	return View{
		Name: "activity_transitions", Time: "occurred_at", Order: []string{"tenant_id", "activity_id", "version"},
		Comment: "One row for each status that an activity came into, its first included.",
		from:    `{activity_transitions} AS r` + channelled,
		Columns: []Column{
			tenant(`r.tenant_id`),
			id("activity_id", `r.activity_id`, "the activity that moved"),
			number("version", `r.version`, "of its event in the activity's stream: the order in which it moved"),
			number("position", `r.position`, "the tenant's position of its event"),
			id("event_id", `r.event_id`, "of its event"),
			enum("event_type", `r.event_type`, "what moved it", append([]string{"CREATED"}, words([]core.Reason{core.ByDispatch, core.ByResult, core.ByLink, core.ByCancel})...)),
			optional(activityStatus("from_status", `r.from_status`, "the status that it left; NULL when it was created")),
			activityStatus("to_status", `r.to_status`, "the status that it came into"),
			optional(channel()),
			optional(Column{Name: "seconds_in_former_status", Type: Number, raw: since, Comment: "how long it had been in the status that it left; NULL when it was created"}),
			optional(id("result_id", `r.result_id`, "its result at that moment: for RESULT and LINKED, the one that moved it; NULL: it had none")),
			truth("overridden", `r.overridden`, "whether the lifecycle would have refused it, and hard_override lifted that"),
			optional(resultCode("error_code", `r.error_code`, "for FAILED: the code of the result that says so")),
			personal(text("error_message", `r.error_message`, "for FAILED: that result's comment")),
			time("occurred_at", `r.occurred_at`, "when it was recorded"),
		},
	}
}

func taskResultTypes() View {
	return View{
		Name: "task_result_types", Time: "updated_at", Order: []string{"tenant_id", "code"},
		Comment: "One row for each code of the catalogue that a tenant has configured. A code without a row is active, and neither positive nor negative.",
		from:    `{task_result_types} AS types`,
		Columns: []Column{
			tenant(`types.tenant_id`),
			resultCode("code", `types.code`, "as in result of the other views"),
			truth("is_active", `types.is_active`, "whether submissions may use it"),
			classification(),
			time("updated_at", `types.updated_at`, "when it was last configured"),
			number("version", `types.version`, "of that event in the tenant's stream"),
			number("last_position", `types.last_position`, "the tenant's position of that event"),
		},
	}
}

// resultDaily counts when it is asked: what it would take to keep the counts, and what it takes not to, stands in docs/decisions/0015-analytics.md.
func resultDaily() View {
	// The remainder of a time before 1970 is negative, in both engines.
	const day = `(r.occurred_at - (r.occurred_at % 86400000 + 86400000) % 86400000) / 86400000`
	return View{
		Name: "result_daily", Time: "day", Order: []string{"tenant_id", "day", "status", "source", "result", "contact_type", "channel"},
		Comment: "How many results there are of each day and kind. One row for each combination that there is.",
		from:    `{results} AS r` + classified + channelled,
		grouped: true,
		Columns: []Column{
			tenant(`r.tenant_id`),
			{Name: "day", Type: Date, raw: day, Comment: "of occurred_at, in UTC"},
			resultStatus(`r.status`),
			source(`r.source`),
			resultCode("result", `r.result`, "what came of it"),
			classification(),
			contactType(`r.contact_type`),
			optional(channel()),
			count("results", `count(*)`, "how many results"),
			count("hard_overrides", `count(CASE WHEN r.hard_override THEN 1 END)`, "how many of them have a last submission that asked to lift the state guard"),
		},
	}
}
