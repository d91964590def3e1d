package httpapi

import "resultlog/core"

// resultParameters is what contract §2.8 lists for GET /api/activity-results. What a span begins with stands before what it ends with.
var resultParameters = []parameter[core.ResultQuery]{
	{"activity_id", func(p *parameters, q *core.ResultQuery) { p.into(&q.ActivityID) }},
	{"provider_activity_id", func(p *parameters, q *core.ResultQuery) { q.ProviderActivityID = p.text(maxID) }},
	{"commerce_external_id", func(p *parameters, q *core.ResultQuery) { q.CommerceExternalID = p.text(maxID) }},
	{"operator_external_id", func(p *parameters, q *core.ResultQuery) { q.OperatorExternalID = p.text(maxID) }},
	{"status", func(p *parameters, q *core.ResultQuery) { p.into(&q.Status) }},
	{"source", func(p *parameters, q *core.ResultQuery) { q.Source = choice(p, sources) }},
	{"result", func(p *parameters, q *core.ResultQuery) { p.into(&q.Result) }},
	{"contact_type", func(p *parameters, q *core.ResultQuery) { q.ContactType = choice(p, core.ContactTypes) }},
	{"classification", func(p *parameters, q *core.ResultQuery) { p.into(&q.Classification) }},
	{"occurred_from", func(p *parameters, q *core.ResultQuery) { p.from(&q.Occurred) }},
	{"occurred_to", func(p *parameters, q *core.ResultQuery) { p.to(&q.Occurred) }},
	{"updated_from", func(p *parameters, q *core.ResultQuery) { p.from(&q.Updated) }},
	{"updated_to", func(p *parameters, q *core.ResultQuery) { p.to(&q.Updated) }},
	{"sort", func(p *parameters, q *core.ResultQuery) {
		q.Sort = sortBy[choice(p, []string{"updatedAt", "occurredAt"})]
	}},
	{"order", func(p *parameters, q *core.ResultQuery) { q.Ascending = p.ascending() }},
}

// activityParameters is what contract §2.7 lists for GET /api/activities.
var activityParameters = []parameter[core.ActivityQuery]{
	{"status", func(p *parameters, q *core.ActivityQuery) { p.into(&q.Status) }},
	{"type", func(p *parameters, q *core.ActivityQuery) { p.into(&q.ActivityType) }},
	{"channel", func(p *parameters, q *core.ActivityQuery) { q.Channel = choice(p, core.Channels) }},
	{"commerce_id", func(p *parameters, q *core.ActivityQuery) { p.into(&q.CommerceID) }},
	{"commerce_external_id", func(p *parameters, q *core.ActivityQuery) { q.CommerceExternalID = p.text(maxID) }},
	{"provider_activity_id", func(p *parameters, q *core.ActivityQuery) { q.ProviderActivityID = p.text(maxID) }},
	{"scheduled_from", func(p *parameters, q *core.ActivityQuery) { p.from(&q.Scheduled) }},
	{"scheduled_to", func(p *parameters, q *core.ActivityQuery) { p.to(&q.Scheduled) }},
	{"search", func(p *parameters, q *core.ActivityQuery) { q.Search = p.text(core.MaxSearch) }},
}

// apiKeyParameters: a list of API keys shows all of them.
var apiKeyParameters []parameter[core.APIKeyQuery]

var sources = []core.Source{core.RetenActivity, core.Standalone}

// sortBy are the values of sort; the empty one is that of a value that there is not.
var sortBy = map[string]core.Sort{"updatedAt": core.SortUpdated, "occurredAt": core.SortOccurred}

// ascending reads the direction of sort.
func (p *parameters) ascending() bool {
	if !p.query.Has("sort") {
		p.bad("is the direction of sort: send both, or neither")
	}
	return choice(p, []string{"asc", "desc"}) == "asc"
}
