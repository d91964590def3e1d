package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"resultlog/core"
)

// The codes that this layer adds to the core's. Like those they are metric labels, and never change their meaning.
const (
	codeRouteNotFound        core.Code = "route_not_found"
	codeMethodNotAllowed     core.Code = "method_not_allowed"
	codeInvalidTenant        core.Code = "invalid_tenant"
	codeTenantForbidden      core.Code = "tenant_forbidden"
	codeUnsupportedMediaType core.Code = "unsupported_media_type"
	codeBodyTooLarge         core.Code = "body_too_large"
	codeBodyUnreadable       core.Code = "body_unreadable"
	codeInvalidQuery         core.Code = "invalid_query"
	codeInvalidHeader        core.Code = "invalid_header"
	codeInvalidJSON          core.Code = "invalid_json"
	codeNotReady             core.Code = "not_ready"
	codeListsBusy            core.Code = "lists_busy"
	codeKeyShownOnce         core.Code = "api_key_shown_once"
	codeRateLimited          core.Code = "rate_limited"
	codeBatchesBusy          core.Code = "batches_busy"
	codeStreamsBusy          core.Code = "streams_busy"
	codeHistoryUnavailable   core.Code = "history_unavailable"
	codeNotAcceptable        core.Code = "not_acceptable"
	codeClientGone           core.Code = "client_gone"
	codeInternal             core.Code = "internal"
)

// statusClientGone is nginx's number for a client that did not wait for its answer. Nobody ever receives it: it stands in logs and metrics, apart from our own failures.
const statusClientGone = 499

// retrySoon is the Retry-After, in seconds, of everything that lasts for a moment: a queue is worked off, and a disk that stalled is back or not, within a second.
const retrySoon = 1

// retryLater is the Retry-After, in seconds, of what lasts until a person has looked.
const retryLater = 60

// retryKeys is the Retry-After, in seconds, of what waits for the keys of tokens: they are not read again any sooner.
const retryKeys = int(keysReadSoon / time.Second)

// problem is what a code means in HTTP.
type problem struct {
	status     int
	title      string
	retryAfter int    // seconds; for 429 and 503, unless the exchange has one of its own
	message    string // for an error that has none of its own
}

// problems is the one table from code to status (contract §2.4).
var problems = map[core.Code]problem{
	codeInvalidJSON:           {status: 400, title: "The body is not the JSON that is expected here"},
	codeInvalidQuery:          {status: 400, title: "The query string is wrong"},
	codeInvalidHeader:         {status: 400, title: "A header is wrong"},
	codeInvalidTenant:         {status: 400, title: "The tenant is not named"},
	codeBodyUnreadable:        {status: 400, title: "The body did not arrive"},
	core.CodeInvalid:          {status: 400, title: "Values are wrong"},
	core.CodeAmbiguousIDs:     {status: 400, title: "The ids name two different things"},
	core.CodeNotATask:         {status: 400, title: "The activity is not a TASK"},
	core.CodeNotReady:         {status: 400, title: "The activity cannot be dispatched"},
	core.CodeFuture:           {status: 400, title: "That moment has not come"},
	core.CodeUnauthenticated:  {status: 401, title: "The credential is missing or not valid"},
	codeTenantForbidden:       {status: 403, title: "No access to the tenant"},
	core.CodePermissionDenied: {status: 403, title: "The permission is not held"},
	codeRouteNotFound:         {status: 404, title: "There is no such path"},
	core.CodeNotFound:         {status: 404, title: "There is no such thing in this tenant"},
	codeMethodNotAllowed:      {status: 405, title: "The method is not possible here"},
	codeNotAcceptable:         {status: 406, title: "There is no answer of a type that is accepted"},
	core.CodeStaleResult:      {status: 409, title: "A result was recorded since"},
	core.CodeInvalidTransition: {status: 409,
		title: "The status cannot change like that"},
	core.CodeDuplicateActivity:  {status: 409, title: "The activity exists already"},
	core.CodeProviderIDConflict: {status: 409, title: "The provider id is taken"},
	core.CodeTooManyAPIKeys:     {status: 409, title: "The tenant has as many API keys as it may"},
	core.CodeAPIKeyRevoked:      {status: 409, title: "The API key is revoked already"},
	codeKeyShownOnce:            {status: 409, title: "The API key was issued, and is not shown again"},
	codeBodyTooLarge:            {status: 413, title: "The body is too large"},
	codeUnsupportedMediaType:    {status: 415, title: "The media type is not supported"},
	core.CodeKeyReused:          {status: 422, title: "The Idempotency-Key was used for another request"},
	codeRateLimited:             {status: 429, title: "Too many requests of one credential", retryAfter: retrySoon}, // as a rule it has one of its own
	codeClientGone:              {status: statusClientGone, title: "The client did not wait"},
	codeInternal: {status: 500, title: "A fault of this service",
		message: "something went wrong in this service, and has been logged; when you report it, quote requestId"},
	core.CodeQueueFull: {status: 503, title: "Too much at once", retryAfter: retrySoon,
		message: "more is waiting than this service takes on; nothing was written: retry after the time in Retry-After, with the same Idempotency-Key"},
	core.CodeUnavailable: {status: 503, title: "Writing is not possible at the moment", retryAfter: retrySoon,
		message: "nothing was written: retry after the time in Retry-After, with the same Idempotency-Key"},
	core.CodeOutcomeUnknown: {status: 503, title: "The outcome is unknown", retryAfter: retrySoon,
		message: "it may have been written or not: retry after the time in Retry-After, with the same Idempotency-Key"},
	core.CodeKeysUnavailable: {status: 503, title: "The credential cannot be judged at the moment", retryAfter: retrySoon,
		message: "whether the credential is valid cannot be told right now; nothing was done: retry after the time in Retry-After; if it lasts, an operator must look at this service's log"},
	core.CodeReadsBehind: {status: 503, title: "Reads are behind", retryAfter: retrySoon,
		message: "what was written last cannot be read yet: retry after the time in Retry-After, or read with ?consistency=eventual"},
	core.CodeParked: {status: 503, title: "The read tables lack a part of this", retryAfter: retryLater,
		message: "its history could not be applied to the read tables: an operator must look at `resultlog deadletters`; everything else is unaffected, and so are writes"},
	core.CodeProofUnavailable: {status: 503, title: "There is no proof at the moment", retryAfter: retrySoon,
		message: "what proves the history cannot be read right now: retry after the time in Retry-After; if it lasts, an operator must look at this service's log"},
	codeListsBusy: {status: 503, title: "Too many lists at once", retryAfter: retrySoon,
		message: "as many lists are being answered as this service takes on: retry after the time in Retry-After, or ask for fewer rows at once"},
	codeBatchesBusy: {status: 503, title: "Too many batches at once", retryAfter: retrySoon,
		message: "as many batches are being answered as this service takes on, in all or of one tenant; nothing was written: retry after the time in Retry-After"},
	codeStreamsBusy: {status: 503, title: "Too many streams at once", retryAfter: retrySoon,
		message: "as many exports or tails of events are being answered as this service takes on, in all or of one tenant: retry after the time in Retry-After, or read by pages"},
	codeHistoryUnavailable: {status: 503, title: "The history cannot be read at the moment", retryAfter: retrySoon,
		message: "the log did not give its events in time: retry after the time in Retry-After; if it lasts, an operator must look at this service's log"},
	codeNotReady: {status: 503, title: "Not ready", retryAfter: retrySoon,
		message: "this node cannot record anything right now: it is starting or stopping, or its log cannot be written; its own log says which"},
}

// fail makes an error of this layer.
func fail(code core.Code, format string, args ...any) *core.Error {
	return &core.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalidJSON is the error of a decoding that ended at a place.
func invalidJSON(pointer, format string, args ...any) *core.Error {
	f := core.FieldError{Pointer: pointer, Message: fmt.Sprintf(format, args...)}
	return &core.Error{Code: codeInvalidJSON, Message: sentence(f), Fields: []core.FieldError{f}}
}

// invalid is the error of values that are wrong, all of them; nil if none is.
func invalid(bad []core.FieldError) error {
	if len(bad) == 0 {
		return nil
	}
	sentences := make([]string, len(bad))
	for i, f := range bad {
		sentences[i] = sentence(f)
	}
	return &core.Error{Code: core.CodeInvalid, Message: strings.Join(sentences, "; "), Fields: bad}
}

func sentence(f core.FieldError) string {
	if f.Pointer == "" {
		return "the body " + f.Message
	}
	return f.Pointer + " " + f.Message
}

// refuse answers an error.
func (s *Server) refuse(x *exchange, err error) {
	e, p := s.meaning(x, err)
	x.code = e.Code
	if p.status == http.StatusUnauthorized {
		x.Header().Set("Www-Authenticate", x.challenge(err))
	}
	if seconds := cmp.Or(x.retryAfter, p.retryAfter); seconds > 0 {
		x.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	x.discardBody()
	x.Header().Del("Resultlog-Position") // of a write that was accepted and cannot be shown: a problem has none
	x.Header().Del("Idempotent-Replayed")
	x.answer(p.status, "application/problem+json", appendProblem(nil, p, e, x.requestID))
}

// meaning is what an error means in HTTP: the only place where one is turned into a status, counted and noted for the log.
func (s *Server) meaning(x *exchange, err error) (*core.Error, problem) {
	var e *core.Error
	if !errors.As(err, &e) {
		e = &core.Error{Code: codeInternal, Err: err}
	}
	p, known := problems[e.Code]
	if !known {
		e, p = &core.Error{Code: codeInternal, Err: err}, problems[codeInternal]
	}
	if p.status == http.StatusServiceUnavailable && errors.Is(x.request.Context().Err(), context.Canceled) {
		e, p = &core.Error{Code: codeClientGone, Err: err}, problems[codeClientGone] // it gave up waiting, and we gave up working: no failure of ours
	}
	x.wentWrong(p.status, err)
	s.Metrics.refusals.WithLabelValues(string(e.Code)).Inc()
	return e, p
}

// appendProblem encodes an error body: the contract's five keys, those of RFC 9457, and what helps to act on it.
func appendProblem(b []byte, p problem, e *core.Error, requestID string) []byte {
	message := e.Message
	if message == "" {
		message = p.message
	}
	o := core.OpenObject(b)
	o.Integer("statusCode", int64(p.status))
	o.Text("message", message)
	o.Text("error", statusText(p.status))
	o.Text("code", string(e.Code))
	o.Text("requestId", requestID)
	o.Text("type", "urn:resultlog:problem:"+string(e.Code))
	o.Text("title", p.title)
	o.Integer("status", int64(p.status))
	o.Text("detail", message)
	if e.Existing != nil {
		o.Object("existing", func(in *core.Object) { appendExisting(in, e.Existing) })
	}
	if len(e.Fields) > 0 {
		o.Objects("errors", len(e.Fields), func(i int, in *core.Object) {
			in.Text("pointer", e.Fields[i].Pointer)
			in.Text("message", e.Fields[i].Message)
		})
	}
	return o.Close()
}

// statusText is the name of a status in HTTP.
func statusText(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// appendExisting shows what stands in the way: of a result id, status and updatedAt, of an activity its id.
func appendExisting(o *core.Object, e *core.Existing) {
	o.ID("id", e.ID)
	if e.ResultStatus != core.NoResult {
		o.Text("resultStatus", e.ResultStatus.String())
		o.Instant("updatedAt", e.UpdatedAt)
	}
}
