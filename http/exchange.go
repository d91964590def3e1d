package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/julienschmidt/httprouter"

	"resultlog/core"
)

// exchange is one request and its answer, under way. It is the ResponseWriter that everything within the server writes to, so that what was answered can be logged and counted.
type exchange struct {
	http.ResponseWriter // the connection's
	request             *http.Request
	params              httprouter.Params
	pattern             string // of the route; unmatched if there is none
	needs               core.Permissions
	durations           *durations

	requestID   string
	tenant      core.ID          // once admitted
	grant       grant            // likewise
	bucket      string           // likewise, if there is a rate limit: whom its requests are counted for
	idempotency core.Idempotency // once the body is read

	status   int           // as answered; 0 as long as nothing has been
	code     core.Code     // of the problem answered, if it was one
	position core.Position // the tenant position of the write's first event; of a read of the history, where that ended when it was read, or the moment that it was read as of
	fault    error         // what went wrong on our side; for the log

	retryAfter    int       // the Retry-After of the problem, in seconds, if it has one of its own; 0: that of its code
	streaming     time.Time // when an answer began that goes on for as long as its reader reads; zero: it is none such
	events        int       // that it has sent
	items         int       // of a batch that was answered
	itemsAccepted int
	worst         int // the gravest status of what went wrong, of items too
}

// ServeHTTP is what happens around every request: its id, the headers that every answer carries, the log line, the metrics, and the net under a panic.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, request: r, pattern: unmatched, durations: s.Metrics.unmatched}
	x.requestID = s.requestID(r.Header)
	setGuards(w.Header())
	w.Header()["X-Request-Id"] = []string{x.requestID}
	s.Metrics.inFlight.Inc()
	defer s.finish(x, time.Now())
	s.router.ServeHTTP(x, r)
}

// finish recovers, counts and logs. It must be deferred itself, or it could not recover.
func (s *Server) finish(x *exchange, began time.Time) {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		x.fault = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if x.status == 0 {
			s.refuse(x, x.fault)
			p = nil
		} else {
			p = http.ErrAbortHandler // the answer has begun: cut the connection, so that nobody takes it for a whole one
		}
	}
	took := time.Since(began)
	s.Metrics.inFlight.Dec()
	if x.streaming.IsZero() {
		x.durations.observe(x.status, took)
	} else {
		x.durations.observe(x.status, x.streaming.Sub(began)) // the rest is the reader's time: it would tell nothing of this service
	}
	s.logLine(x, took)
	if p != nil {
		panic(p)
	}
}

// wentWrong keeps the gravest of what went wrong, for the log: of a batch more than one thing can.
func (x *exchange) wentWrong(status int, err error) {
	if gravity(status) <= gravity(x.worst) {
		return
	}
	if x.worst = status; status >= statusClientGone {
		x.fault = err
	}
}

// gravity orders statuses by what they say of this service: nothing is graver than a fault of its own.
func gravity(status int) int {
	if status == http.StatusInternalServerError {
		return math.MaxInt
	}
	return status
}

// logLine writes the one line of a request. An error stands here and nowhere else; of what the client sent, only method and ids.
func (s *Server) logLine(x *exchange, took time.Duration) {
	level := slog.LevelInfo
	status := x.status
	if gravity(x.worst) > gravity(status) {
		status = x.worst
	}
	switch {
	case status == http.StatusInternalServerError:
		level = slog.LevelError
	case status > http.StatusInternalServerError:
		level = slog.LevelWarn
	case x.tenant.IsZero() && status < http.StatusBadRequest:
		level = slog.LevelDebug // probes and scrapes
	}
	ctx := context.Background()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("request_id", x.requestID), slog.String("method", shorten(x.request.Method)), slog.String("route", x.pattern),
		slog.Int("status", x.status), slog.Float64("duration_seconds", took.Seconds()))
	if !x.tenant.IsZero() {
		attrs = append(attrs, slog.String("tenant", x.tenant.String()))
	}
	if x.position != 0 {
		attrs = append(attrs, slog.Int64("position", int64(x.position)))
	}
	if !x.streaming.IsZero() {
		attrs = append(attrs, slog.Int("events", x.events))
	}
	if x.items > 0 {
		attrs = append(attrs, slog.Int("items", x.items), slog.Int("accepted", x.itemsAccepted))
	}
	if x.code != "" {
		attrs = append(attrs, slog.String("code", string(x.code)))
	}
	if x.fault != nil {
		attrs = append(attrs, slog.Any("error", x.fault))
	}
	s.Log.LogAttrs(ctx, level, "request", attrs...)
}

// WriteHeader implements http.ResponseWriter and notes the status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// answer sends a whole body. That it could not be sent, because the client has gone, say, is noted and is no fault of ours: what was accepted stays accepted.
func (x *exchange) answer(status int, contentType string, body []byte) {
	h := x.Header()
	h["Content-Type"] = []string{contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.WriteHeader(status)
	if _, err := x.Write(body); err != nil && x.fault == nil {
		x.fault = fmt.Errorf("the answer was not sent: %w", err)
	}
}

// answerJSON sends what a handler encoded.
func (x *exchange) answerJSON(status int, body []byte) { x.answer(status, "application/json", body) }

// answerEmpty sends a status that has no body.
func (x *exchange) answerEmpty(status int) { x.WriteHeader(status) }

// accepted notes the position of a write, in the answer's header and for the log (contract §2.6), and whether it is an earlier one that is answered again (§2.5).
func (x *exchange) accepted(receipt core.Receipt) {
	x.showPosition(receipt.Events[0].TenantPosition)
	if receipt.Replayed > 0 {
		x.Header()["Idempotent-Replayed"] = []string{"true"}
	}
}

// acceptedItem does so for an item of a batch, as far as it is said of the batch: its position is that of its first item in the log.
func (x *exchange) acceptedItem(receipt core.Receipt) {
	x.itemsAccepted++
	if position := receipt.Events[0].TenantPosition; x.position == 0 || position < x.position {
		x.showPosition(position)
	}
}

func (x *exchange) showPosition(position core.Position) {
	x.position = position
	x.Header()["Resultlog-Position"] = []string{strconv.FormatInt(int64(position), 10)}
}
