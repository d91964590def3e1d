package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// TestProblemsAreDescribed: every code that can be answered is described, at its own status and no other, has an example, and the examples are what the table of problems says.
func TestProblemsAreDescribed(t *testing.T) {
	described := map[core.Code]bool{codeClientGone: true} // nobody receives it
	for name, answer := range documented().spec.Components.Responses {
		content, ok := answer.Value.Content["application/problem+json"]
		if !ok {
			continue
		}
		narrow := content.Schema.Value.AllOf[1].Value.Properties
		codes := narrow["code"].Value.Enum
		if code := narrow["code"].Value.Const; code != nil {
			codes = []any{code}
		}
		for _, c := range codes {
			code := core.Code(c.(string))
			described[code] = true
			if p, known := problems[code]; !known || float64(p.status) != narrow["status"].Value.Const {
				t.Errorf("%s: %s is described at status %v, and its own is %d", name, code, narrow["status"].Value.Const, p.status)
			}
			if !strings.Contains(*answer.Value.Description, "`"+string(code)+"`") {
				t.Errorf("%s: %s does not stand in the description", name, code)
			}
			if !slices.ContainsFunc(slices.Collect(maps.Values(content.Examples)), func(e *openapi3.ExampleRef) bool { return e.Value.Value.(map[string]any)["code"] == c }) {
				t.Errorf("%s: %s has no example", name, code)
			}
		}
	}
	for code := range problems {
		if !described[code] {
			t.Errorf("the code %s is not described", code)
		}
	}
}

// TestProblemExamples: what is the same in every problem of a code is the same in the examples.
func TestProblemExamples(t *testing.T) {
	for name, example := range documented().spec.Components.Examples {
		text, err := json.Marshal(example.Value.Value)
		if err != nil {
			t.Fatal(err)
		}
		var got problemBody
		if json.Unmarshal(text, &got); got.StatusCode == 0 {
			continue // an example of something else
		}
		p := problems[got.Code]
		want := got
		want.StatusCode, want.Error, want.Type, want.Title, want.Status, want.Detail = p.status, statusText(p.status), "urn:resultlog:problem:"+string(got.Code), p.title, p.status, got.Message
		if p.message != "" && name != "ReadsNotReady" { // which has one of its own
			want.Message, want.Detail = p.message, p.message
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -answered +in the example:\n%s", name, diff)
		}
	}
}

// TestRequestSchemas: the schemas of requests have exactly the fields of the field tables, and the same are required.
func TestRequestSchemas(t *testing.T) {
	for name, fields := range map[string]map[string]bool{
		"TaskResultSubmission": namesOf(submissionFields), "TaskResultBatchItem": namesOf(batchItemFields), "TaskResult": namesOf(taskResultFields), "ActivityCreation": namesOf(creationFields),
		"TaskCreation": namesOf(taskFields), "TaskDispatch": namesOf(dispatchFields), "Nothing": namesOf(noFields),
		"APIKeyCreation": namesOf(newAPIKeyFields), "TaskResultTypeSetting": namesOf(resultTypeFields),
	} {
		schema := documented().spec.Components.Schemas[name].Value
		described := map[string]bool{}
		for property := range schema.Properties {
			described[property] = slices.Contains(schema.Required, property)
		}
		if diff := cmp.Diff(fields, described); diff != "" {
			t.Errorf("%s: -read +described:\n%s", name, diff)
		}
		if schema.AdditionalProperties.Has == nil || *schema.AdditionalProperties.Has {
			t.Errorf("%s lets unknown fields pass", name)
		}
	}
}

// namesOf lists the fields of a table, and whether each is required.
func namesOf[R any](fields []field[R]) map[string]bool {
	names := map[string]bool{}
	for _, f := range fields {
		names[f.name] = f.required
	}
	return names
}

// TestListParameters: the lists take exactly the query parameters that are described.
func TestListParameters(t *testing.T) {
	paging := append(parameterNames(pagingParameters), "consistency")
	for pattern, names := range map[string][]string{"/api/activity-results": parameterNames(resultParameters), createPath: parameterNames(activityParameters), keysPath: parameterNames(apiKeyParameters)} {
		var described []string
		for _, p := range documented().spec.Paths.Value(pattern).Get.Parameters {
			if p.Value.In == openapi3.ParameterInQuery {
				described = append(described, p.Value.Name)
			}
		}
		names = append(names, paging...)
		slices.Sort(names)
		slices.Sort(described)
		if diff := cmp.Diff(names, described); diff != "" {
			t.Errorf("%s: -read +described:\n%s", pattern, diff)
		}
	}
}

func parameterNames[Q any](table []parameter[Q]) (names []string) {
	for _, p := range table {
		names = append(names, p.name)
	}
	return names
}

// TestEventParameters: histories take exactly the query parameters that are described.
func TestEventParameters(t *testing.T) {
	for pattern, names := range map[string][]string{
		eventsPath: parameterNames(eventParameters), createPath + "/{id}/events": parameterNames(pagedEventParameters), results + "/{id}/events": parameterNames(pagedEventParameters),
	} {
		var described []string
		for _, p := range documented().spec.Paths.Value(pattern).Get.Parameters {
			if p.Value.In == openapi3.ParameterInQuery {
				described = append(described, p.Value.Name)
			}
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(described))); diff != "" {
			t.Errorf("%s: -read +described:\n%s", pattern, diff)
		}
	}
}

// TestDocumentedEvent: the event of the document is a line that this service could have written.
func TestDocumentedEvent(t *testing.T) {
	content := documented().spec.Paths.Value(eventsPath).Get.Responses.Status(http.StatusOK).Value.Content
	line := strings.TrimSpace(content[mediaNDJSON].Examples["line"].Value.Value.(string))
	if _, err := core.ParseEntry([]byte(line)); err != nil {
		t.Error(err)
	}
	if tail := content[mediaEvents].Examples["event"].Value.Value.(string); tail != "id: 2\ndata: "+line+"\n\n: heartbeat\n" {
		t.Errorf("the tail is another:\n%s", tail)
	}
}

// TestBounds: the bounds that are described are those of the code.
func TestBounds(t *testing.T) {
	c := documented().spec.Components
	query := func(name string) *openapi3.Schema { return c.Parameters[name].Value.Schema.Value }
	property := func(schema, name string) *openapi3.Schema { return c.Schemas[schema].Value.Properties[name].Value }
	for name, row := range map[string][2]float64{
		"limit":              {*query("Limit").Max, maxLimit},
		"limit of events":    {*query("EventLimit").Max, maxEventLimit},
		"and in meta":        {*property("EventPageMeta", "limit").Max, maxEventLimit},
		"rows of events":     {float64(*property("EventPage", "data").MaxItems), maxEventLimit},
		"per_page":           {*query("PerPage").Max, maxLimit},
		"page":               {*query("Page").Max, maxListed},
		"total":              {*property("ListMeta", "total").Max, core.MaxTotal},
		"rows of results":    {float64(*property("ActivityResultList", "data").MaxItems), maxLimit},
		"rows of activities": {float64(*property("ActivityList", "data").MaxItems), maxLimit},
		"Idempotency-Key":    {float64(*query("IdempotencyKey").MaxLength), maxIdempotencyKey},
		"items of a batch":   {float64(*c.Schemas["TaskResultBatch"].Value.MaxItems), MaxBatchItems},
		"and their answers":  {float64(*c.Schemas["TaskResultBatchAnswer"].Value.MaxItems), MaxBatchItems},
		"the last index":     {*property("AcceptedItem", "index").Max, MaxBatchItems - 1},
		"idempotency_key":    {float64(*property("TaskResultBatchItem", "idempotency_key").MaxLength), maxIdempotencyKey},
		"ids":                {float64(*property("TaskResultSubmission", "provider_activity_id").MaxLength), maxID},
		"comment":            {float64(*property("TaskResult", "comment").MaxLength), maxComment},
		"reason":             {float64(*property("ActivityCreation", "reason").MaxLength), maxComment},
		"name of a key":      {float64(*property("APIKeyCreation", "name").MaxLength), maxID},
		"permissions":        {float64(*property("APIKeyCreation", "permissions").MaxItems), float64(len(core.AllPermissions.Names()))},
		"rows of keys":       {float64(*property("APIKeyList", "data").MaxItems), maxLimit},
		"reason, of tasks":   {float64(*property("TaskCreation", "reason").MaxLength), maxComment},
	} {
		if row[0] != row[1] {
			t.Errorf("%s: %v is described, and it is %v", name, row[0], row[1])
		}
	}
}

// TestNothingIsFilledIn: Swagger UI sends what a query parameter has as its default or example. So none has one, and the description says what it is.
func TestNothingIsFilledIn(t *testing.T) {
	for name, p := range documented().spec.Components.Parameters {
		if p.Value.In == openapi3.ParameterInQuery && (p.Value.Example != nil || p.Value.Examples != nil || p.Value.Schema.Value.Default != nil || p.Value.Schema.Value.Example != nil) {
			t.Errorf("%s has a default or an example", name)
		}
	}
	if says := documented().spec.Components.Parameters["Limit"].Value.Description; !strings.Contains(says, fmt.Sprintf("; %d if it is left out", defaultLimit)) {
		t.Errorf("limit: %s", says)
	}
}

// TestEnums: where the document lists values, they are those of the code, in their order.
func TestEnums(t *testing.T) {
	var codes, labels, channels, contacts []any
	for _, entry := range core.Catalog {
		codes, labels = append(codes, entry.Code), append(labels, entry.Label)
	}
	for _, c := range core.Channels {
		channels = append(channels, string(c))
	}
	for _, c := range core.ContactTypes {
		contacts = append(contacts, string(c))
	}
	var results, statuses []any
	for s := core.ResultPending; s <= core.ResultTransferred; s++ {
		results = append(results, s.String())
	}
	for s := core.ActivityReady; s <= core.ActivityFailed; s++ {
		statuses = append(statuses, s.String())
	}
	eventTypes := []any{"CREATED"}
	for _, reason := range []core.Reason{core.ByDispatch, core.ByResult, core.ByLink, core.ByCancel} {
		eventTypes = append(eventTypes, string(reason))
	}
	if diff := cmp.Diff(eventTypes, documented().spec.Components.Schemas["StatusEvent"].Value.Properties["eventType"].Value.Enum); diff != "" {
		t.Errorf("eventType: -in the code +described:\n%s", diff)
	}
	var recorded []any
	for _, name := range core.EventTypes {
		recorded = append(recorded, name)
	}
	var permissions []any
	for _, name := range core.AllPermissions.Names() {
		permissions = append(permissions, name)
	}
	classifications := []any{core.Positive.String(), core.Negative.String(), nil}
	if diff := cmp.Diff(classifications, documented().spec.Components.Schemas["TaskResultTypeSetting"].Value.Properties["classification"].Value.Enum); diff != "" {
		t.Errorf("classification: -in the code +described:\n%s", diff)
	}
	for name, want := range map[string][]any{
		"Permission": permissions, "EventType": recorded, "Classification": classifications,
		"ResultCode": codes, "ResultLabel": labels, "Channel": channels, "ContactType": contacts, "ResultStatus": results, "ActivityStatus": statuses,
		"ResultSource": {string(core.RetenActivity), string(core.Standalone)}, "ActivityType": {core.Task.String(), core.Message.String()},
	} {
		if diff := cmp.Diff(want, documented().spec.Components.Schemas[name].Value.Enum); diff != "" {
			t.Errorf("%s: -in the code +described:\n%s", name, diff)
		}
	}
}
