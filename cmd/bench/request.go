package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"resultlog/core"
)

// template is a whole HTTP request, ready to be sent, with places for a number: building a request is then writing a few digits.
type template struct {
	text  []byte
	marks []int // where the digits stand
	items int64 // how many numbers a request takes: the submissions in it. Each has its part of the marks, in their order
}

// digits is the width of the number in a template: more requests than any run sends.
const digits = 12

// mark stands for the number where a template is written down.
const mark = "############"

// tenantText is the tenant of all requests but the quiet tenant's. One client's credential is used by all connections: looking it up is what every request costs.
const tenantText = "01890a5d-ac96-774b-bcce-b302099a8057"

// quietTenantText is the tenant that has little to do beside one that floods the server.
const quietTenantText = "01890a5d-ac96-774b-bcce-b302099a8058"

// newTemplate makes a request of a method, a path and a JSON body; each mark in the body is a place for the number.
func newTemplate(method, path, token, body string) template {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nx-tenant-id: %s\r\n", method, path, token, tenantText)
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return marked(head + "\r\n" + body)
}

// marked is a template of a text, with its marks found.
func marked(text string) template {
	t := template{text: []byte(text), items: 1}
	for at := 0; ; at += digits {
		next := bytes.Index(t.text[at:], []byte(mark))
		if next < 0 {
			return t
		}
		at += next
		t.marks = append(t.marks, at)
	}
}

// clone gives a template that may be filled in beside t.
func (t template) clone() template {
	t.text = bytes.Clone(t.text)
	return t
}

// fill writes the n-th request's numbers at its marks and gives the request: n, or, if it takes several, as many as end with the n-th so many.
func (t template) fill(n int64) []byte {
	for i, at := range t.marks {
		rest := (n-1)*t.items + int64(i)*t.items/int64(len(t.marks)) + 1
		for i := at + digits - 1; i >= at; i-- {
			t.text[i] = byte('0' + rest%10)
			rest /= 10
		}
	}
	return t.text
}

// submission is the documented example, with a provider id of its own in each request: the n-th names the n-th activity of creation, or nothing if that was never created.
func submission(token string) template {
	return newTemplate("POST", "/api/activity-results/tasks", token, submissionBody())
}

func submissionBody() string {
	return `{"provider_activity_id":"ext-` + mark + `","commerce_external_id":"store-001","status":"COMPLETED","occurred_at":"` +
		core.InstantOf(time.Now().Add(-time.Minute)).String() +
		`","task_result":{"result":"success","comment":"Order placed successfully","contact_type":"OUTBOUND"}}`
}

// batchItems is how many submissions a batch has.
const batchItems = 100

// batchOfSubmissions is a batch of them: the n-th has the hundred that end with the 100 n-th.
func batchOfSubmissions(token string) template {
	items := slices.Repeat([]string{submissionBody()}, batchItems)
	t := newTemplate("POST", "/api/activity-results/tasks/batch", token, "["+strings.Join(items, ",")+"]")
	t.items = batchItems
	return t
}

// keyedSubmission is submission with an Idempotency-Key of its own in each request.
func keyedSubmission(token string) template {
	head, body, _ := strings.Cut(string(submission(token).text), "\r\n\r\n")
	return marked(head + "\r\nIdempotency-Key: key-" + mark + "\r\n\r\n" + body)
}

// quietSubmission is submission by the quiet tenant.
func quietSubmission(token string) template {
	return marked(strings.Replace(string(submission(token).text), tenantText, quietTenantText, 1))
}

// creation makes the n-th activity known, under the provider id that the n-th submission names.
func creation(token string) template {
	body := `{"type":"TASK","reason":"Visit the store","channel":"SALESMAN","commerce_id":"` + tenantText + `","idempotency_key":"key-` + mark +
		`","scheduled_at":"` + core.InstantOf(time.Now()).String() + `","commerce_external_id":"store-001","provider_activity_id":"ext-` + mark + `"}`
	return newTemplate("POST", "/api/activities", token, body)
}

// readBack asks for a result with the default consistency: it is answered when the read tables have caught up (contract §2.6).
func readBack(token string, id core.ID) template {
	return newTemplate("GET", "/api/activity-results/"+id.String(), token, "")
}
