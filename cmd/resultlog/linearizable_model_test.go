package main

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"
)

// This file is the contract (§1, §2.1, §2.2, §2.7) about one activity and the results around it, one request after the other and as dully as can be: if the answers of a
// service are those of this model in some order, in which nothing comes before what had been answered when it was asked, then nobody can tell the service from one that
// does one thing at a time.

type verb string

const (
	creates      verb = "create"
	submits      verb = "submit"
	dispatches   verb = "dispatch"
	cancels      verb = "cancel"
	getsActivity verb = "get activity"
	getsResult   verb = "get result"
)

// asked is a request.
type asked struct {
	verb       verb
	names      bool   // whether it names the provider id: a submission without it names the activity's id
	status     string // of a submission
	occurredAt string // of a submission
	override   bool   // of a submission
	result     string // whose result is got
	key        string // the Idempotency-Key, of a request that was given up, and of one with the same key that was refused
}

// told is an answer; the zero one is none, and nobody knows what came of the request.
type told struct {
	status int
	refusal
	shown
}

// refusal is what is told with an error.
type refusal struct {
	Code     string `json:"code"`
	Existing struct {
		ID           string `json:"id"`
		ResultStatus string `json:"resultStatus"`
		UpdatedAt    string `json:"updatedAt"`
	} `json:"existing"`
}

// shown is what is told of an activity, or of a result.
type shown struct {
	ID                 string `json:"id"`
	Version            int    `json:"version"` // only reads and cancellations tell it
	Status             string `json:"status"`
	ResultID           string `json:"resultId"`
	ProviderActivityID string `json:"providerActivityId"`
	ActivityID         string `json:"activityId"`
	Source             string `json:"source"`
	ResultStatus       string `json:"resultStatus"`
	CreatedAt          string `json:"createdAt"`
	UpdatedAt          string `json:"updatedAt"`
}

// The times of submissions. In between are those that the answers tell.
const (
	longBefore = "2020-01-01T00:00:00.000Z"
	wellAfter  = "9999" // stands for a time after the test
)

// state is all that there is about one provider id. Ids and times are "" until an answer tells them: what nobody was told may still have happened.
type state struct {
	activity lived
	own      outcome // the activity's result
	loose    outcome // the standalone result that carries the provider id
	keys     string  // under which requests that were given up have been accepted
}

// lived is an activity; there is none if it has no status.
type lived struct {
	id, status string
	version    int
	named      bool // the provider id is its own
}

// outcome is a result; there is none if it has no status.
type outcome struct {
	id, status, createdAt, updatedAt string
	version                          int
}

// movesTo is the table of contract §1; PENDING does not move.
var movesTo = map[string]string{"COMPLETED": "COMPLETED", "NOT_EXECUTED": "FAILED", "CANCELED": "CANCELED", "TRANSFERRED": "COMPLETED"}

func hasEnded(activity string) bool {
	return activity == "COMPLETED" || activity == "FAILED" || activity == "CANCELED"
}

// contract is the model as the checker wants it.
var contract = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(s, in, out any) (bool, any) {
		next := s.(state)
		fits := next.take(in.(asked), out.(told))
		return fits, next
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}

// take does what is asked, and reports whether that is what was told. What was accepted under a key is not refused under it later (contract §2.5).
func (s *state) take(in asked, out told) bool {
	before := *s
	fits := s.do(in, out)
	switch {
	case in.key == "":
		return fits
	case !out.none():
		return fits && !strings.Contains(before.keys, " "+in.key+" ")
	case *s != before:
		s.keys += " " + in.key + " "
	}
	return fits
}

func (s *state) do(in asked, out told) bool {
	switch in.verb {
	case creates:
		return s.create(in, out)
	case submits:
		return s.submit(in, out)
	case dispatches:
		return s.dispatch(in, out)
	case cancels:
		return s.cancel(out)
	case getsActivity:
		return out.status == 200 && s.shows(out)
	default:
		return out.status == 200 && (s.own.id == in.result && s.showsOwn(out) || s.loose.id == in.result && s.loose.shows(out, "STANDALONE"))
	}
}

// A provider id belongs to one activity. One that becomes known under it takes the standalone result that carries it.
func (s *state) create(in asked, out told) bool {
	if s.activity.status != "" {
		return out.refused(409, "provider_id_conflict")
	}
	s.activity = lived{status: "READY", version: 1}
	if in.names {
		s.name()
	}
	return out.none() || out.status == 201 && s.shows(out)
}

func (s *state) dispatch(in asked, out told) bool {
	if s.activity.status != "READY" {
		return out.refused(400, "activity_not_ready")
	}
	s.move("DISPATCHED")
	if in.names && !s.activity.named {
		s.name()
	}
	return out.none() || out.status == 204
}

func (s *state) cancel(out told) bool {
	if hasEnded(s.activity.status) {
		return out.refused(409, "invalid_transition")
	}
	s.move("CANCELED")
	return out.none() || out.status == 200 && s.shows(out)
}

// name gives the activity the provider id, and the standalone result that carries it, unless it has one.
func (s *state) name() {
	s.activity.named = true
	if s.loose.status == "" || s.own.status != "" {
		return
	}
	s.own, s.loose = s.loose, outcome{}
	s.own.version++
	s.move(movesTo[s.own.status])
}

func (s *state) move(to string) {
	if to != "" && to != s.activity.status {
		s.activity.status = to
		s.activity.version++
	}
}

// Temporal guard first, then the state guard, on the result and on its activity, unless overridden.
func (s *state) submit(in asked, out told) bool {
	ofActivity := !in.names || s.activity.named
	r, to := &s.loose, ""
	if ofActivity {
		r, to = &s.own, movesTo[in.status]
	}
	barred := r.status != "" && r.status != "PENDING" || hasEnded(s.activity.status) && to != "" && to != s.activity.status
	switch {
	case r.status != "" && !r.isBefore(in.occurredAt, out):
		return out.none() || out.refused(409, "stale_result") && r.isInTheWay(out)
	case barred && !in.override:
		return out.none() || out.refused(409, "invalid_transition") && r.isInTheWay(out)
	}
	was := r.updatedAt
	r.status, r.updatedAt = in.status, ""
	r.version++
	s.move(to)
	if out.none() {
		return true
	}
	return out.status == 201 && out.UpdatedAt >= was && (ofActivity && s.showsOwn(out) || !ofActivity && r.shows(out, "STANDALONE"))
}

// isBefore reports whether a submission occurred after the result was last recorded. If nobody was told when that was, the answer to a time in between is taken for granted.
func (r *outcome) isBefore(occurredAt string, out told) bool {
	switch {
	case occurredAt == wellAfter:
		return true
	case occurredAt == longBefore:
		return false
	case r.updatedAt == "":
		return out.Code != "stale_result"
	}
	return occurredAt > r.updatedAt
}

// isInTheWay reports whether the answer carries this result, or none if there is none.
func (r *outcome) isInTheWay(out told) bool {
	if out.none() || r.status == "" {
		return out.Existing.ID == ""
	}
	return learn(&r.id, out.Existing.ID) && learn(&r.updatedAt, out.Existing.UpdatedAt) && r.status == out.Existing.ResultStatus
}

func (r *outcome) shows(out told, source string) bool {
	return r.status == out.ResultStatus && source == out.Source && learn(&r.id, out.ID) && learn(&r.createdAt, out.CreatedAt) && learn(&r.updatedAt, out.UpdatedAt) &&
		(out.Version == 0 || r.version == out.Version) && (source == "STANDALONE") == (out.ActivityID == "")
}

func (s *state) showsOwn(out told) bool {
	return s.own.shows(out, "RETEN_ACTIVITY") && learn(&s.activity.id, out.ActivityID)
}

// shows reports whether the answer is the activity.
func (s *state) shows(out told) bool {
	a := &s.activity
	return a.status == out.Status && learn(&a.id, out.ID) && (out.Version == 0 || a.version == out.Version) && a.named == (out.ProviderActivityID != "") &&
		(s.own.status != "") == (out.ResultID != "") && learn(&s.own.id, out.ResultID)
}

// learn reports whether what is told is what is known. What is not known yet is known from then on.
func learn(known *string, told string) bool {
	if *known == "" {
		*known = told
	}
	return *known == told
}

func (out told) none() bool { return out.status == 0 }

// refused reports whether the answer is this refusal, as far as anybody knows.
func (out told) refused(status int, code string) bool {
	return out.none() || out.status == status && out.Code == code
}
