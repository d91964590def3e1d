package httpapi

import (
	"strconv"

	"resultlog/core"
)

// maxEventLimit is the most events on a page: five hundred kilobytes of the usual size. Who wants more takes all, as application/x-ndjson.
const maxEventLimit = 1000

// eventQuery says which of a tenant's events a request asks for: those that fit all that is set.
type eventQuery struct {
	core.EventFilter
	after  core.Position
	limit  int  // 0: not sent
	mustBe bool // the activity or the result is what was asked for, and no filter: there must be such a one
}

// pagedEventParameters are those of a history of one thing, and the first of those of a whole tenant's.
var pagedEventParameters = eventParameters[:2]

// eventParameters are what GET /api/events filters by. What a span begins with stands before what it ends with.
var eventParameters = []parameter[eventQuery]{
	{"after", func(p *parameters, q *eventQuery) { q.after = p.position() }},
	{"limit", func(p *parameters, q *eventQuery) { q.limit = p.number(1, maxEventLimit) }},
	{"type", func(p *parameters, q *eventQuery) { q.Type = choice(p, core.EventTypes) }},
	{"activity_id", func(p *parameters, q *eventQuery) { p.into(&q.Activity) }},
	{"result_id", func(p *parameters, q *eventQuery) { p.into(&q.Result) }},
	{"from", func(p *parameters, q *eventQuery) { p.from(&q.Recorded) }},
	{"to", func(p *parameters, q *eventQuery) { p.to(&q.Recorded) }},
}

// readEventQuery reads the query string of a request for events, and tells all that is wrong at once.
func readEventQuery(x *exchange, table []parameter[eventQuery]) (q eventQuery, err error) {
	query, err := parseQuery(x.request.URL)
	if err != nil {
		return q, err
	}
	p := &parameters{query: query}
	readTable(p, table, &q)
	return q, p.end()
}

// readTailQuery makes the query of a tail of one: it has no end, and begins behind the event that the client had last, if it says so.
func readTailQuery(x *exchange, q eventQuery) (eventQuery, error) {
	if q.limit > 0 || q.Recorded.To != nil {
		return q, fail(codeInvalidQuery, "a tail has no end: leave limit and to out, or ask for %s or %s", mediaJSON, mediaNDJSON)
	}
	values := x.request.Header["Last-Event-Id"]
	if len(values) == 0 {
		return q, nil
	}
	after, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil || len(values) > 1 {
		return q, fail(codeInvalidHeader, "Last-Event-ID must be sent once, with the id of the last event that was received: a tenantPosition")
	}
	q.after = core.Position(after) // it goes before after: who comes back asks as at first
	return q, nil
}
