package httpapi

import (
	"strconv"
	"strings"

	"resultlog/core"
)

// mediaEvents is that of a tail (server-sent events).
const mediaEvents = "text/event-stream"

// listEvents shows a tenant's history: a page of it, all of it, or what comes. Which of them, the client says by Accept.
func (s *Server) listEvents(x *exchange) error {
	media, err := x.accepts(mediaJSON, mediaNDJSON, mediaEvents)
	if err != nil {
		return err
	}
	q, err := readEventQuery(x, eventParameters)
	if err != nil {
		return err
	}
	switch media {
	case mediaNDJSON:
		return s.exportEvents(x, q)
	case mediaEvents:
		return s.tailEvents(x, q)
	default:
		return s.showEvents(x, q)
	}
}

// listActivityEvents shows the events of an activity and of its result.
func (s *Server) listActivityEvents(x *exchange) error {
	return s.listEventsOf(x, func(q *eventQuery) *core.ID { return &q.Activity })
}

// listResultEvents shows the events of a result.
func (s *Server) listResultEvents(x *exchange) error {
	return s.listEventsOf(x, func(q *eventQuery) *core.ID { return &q.Result })
}

// listEventsOf shows the events of what the path names, as a page or all of them. What it names must be there.
func (s *Server) listEventsOf(x *exchange, subject func(*eventQuery) *core.ID) error {
	media, err := x.accepts(mediaJSON, mediaNDJSON)
	if err != nil {
		return err
	}
	q, err := readEventQuery(x, pagedEventParameters)
	if err != nil {
		return err
	}
	if *subject(&q), err = x.pathID(); err != nil {
		return err
	}
	q.mustBe = true
	if media == mediaNDJSON {
		return s.exportEvents(x, q)
	}
	return s.showEvents(x, q)
}

// accepts gives the type that the answer will have: the one that the client likes best of those that there are.
func (x *exchange) accepts(offers ...string) (string, error) {
	x.Header().Add("Vary", "Accept")
	media := negotiate(x.request.Header, offers...)
	if media == "" {
		return "", fail(codeNotAcceptable, "Accept lets no answer through that there is: send one of %s, or leave it out", strings.Join(offers, ", "))
	}
	return media, nil
}

// showHead says how far the tenant's history went when the answer began: whoever has seen every tenant position up to there has seen all of it.
func (x *exchange) showHead(head core.Position) {
	x.position = head
	x.Header()["Resultlog-Head"] = []string{strconv.FormatInt(int64(head), 10)}
}
