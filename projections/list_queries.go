package projections

import "resultlog/core"

// filterResults puts the ids in the order of how few rows each usually leaves. Types are how the tenant has the catalogue.
func filterResults(q *core.ResultQuery, types core.ResultTypes) filter {
	var f filter
	f.name("activity_id", idOf(q.ActivityID), fewRows)
	f.name("provider_activity_id", textOf(q.ProviderActivityID), fewRows)
	f.name("commerce_external_id", textOf(q.CommerceExternalID), inCreationOrder)
	f.name("operator_external_id", textOf(q.OperatorExternalID), inCreationOrder)
	f.changed(q.After)
	f.span("occurred_at", q.Occurred)
	f.span("updated_at", q.Updated)
	f.words = []word{
		{"status", only(nameOf(q.Status)), namesOf(core.ResultPending, core.ResultTransferred)},
		{"result", codesAsked(q, types), resultCodes()},
		{"source", only(string(q.Source)), []string{string(core.Standalone), string(core.RetenActivity)}},
		{"contact_type", only(string(q.ContactType)), nil},
	}
	return f
}

// codesAsked are the codes that will do. A classification stands for those that the tenant holds to be so; beside a code, for that one if it is among them, and else for none.
func codesAsked(q *core.ResultQuery, types core.ResultTypes) []string {
	if q.Classification == core.Unclassified {
		return only(q.Result.String())
	}
	codes := []string{}
	for _, code := range types.Codes(q.Classification) {
		if q.Result == 0 || q.Result == code {
			codes = append(codes, code.String())
		}
	}
	return codes
}

// filterActivities does the same for activities.
func filterActivities(tenant core.ID, q *core.ActivityQuery) filter {
	var f filter
	f.name("provider_activity_id", textOf(q.ProviderActivityID), fewRows)
	f.name("commerce_external_id", textOf(q.CommerceExternalID), inCreationOrder)
	f.name("commerce_id", idOf(q.CommerceID), inCreationOrder)
	f.changed(q.After)
	f.search(tenant, q.Search, "substr(reason, 1, 255)", "commerce_external_id", "provider_activity_id") // 255 is core.MaxSearch, as it stands in the index
	f.span("scheduled_at", q.Scheduled)
	f.words = []word{
		{"status", only(nameOf(q.Status)), namesOf(core.ActivityReady, core.ActivityFailed)},
		{"type", only(nameOf(q.ActivityType)), namesOf(core.Task, core.Message)},
		{"channel", only(string(q.Channel)), nil},
	}
	return f
}

// filterAPIKeys asks for nothing but what changed: a tenant's keys are few.
func filterAPIKeys(q *core.APIKeyQuery) filter {
	var f filter
	f.changed(q.After)
	return f
}

// enumeration is one of core's statuses and types: a byte whose zero is none, and has no name.
type enumeration interface {
	~uint8
	String() string
}

func nameOf[E enumeration](e E) string {
	if e == 0 {
		return ""
	}
	return e.String()
}

// namesOf gives the names of all from first to last.
func namesOf[E enumeration](first, last E) (names []string) {
	for e := first; e <= last; e++ {
		names = append(names, e.String())
	}
	return names
}

func resultCodes() []string {
	codes := make([]string, len(core.Catalog))
	for i, t := range core.Catalog {
		codes[i] = t.Code
	}
	return codes
}
