package httpapi

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"resultlog/core"
)

// livez says that the process runs and answers. It asks nothing else: a restart would not cure anything else.
func (s *Server) livez(x *exchange) error {
	x.answerJSON(http.StatusOK, []byte(`{"status":"alive"}`))
	return nil
}

// readyz says whether requests should be sent here: not before the log is replayed, and not from the moment of shutdown on.
func (s *Server) readyz(x *exchange) error {
	if s.stopped.Load() {
		return fail(codeNotReady, "stopping")
	}
	if s.Ready != nil {
		if err := s.Ready(); err != nil {
			return &core.Error{Code: codeNotReady, Err: err}
		}
	}
	x.answerJSON(http.StatusOK, []byte(`{"status":"ready"}`))
	return nil
}

// readyzReads says whether reads should be sent here: whether the read tables keep up with the log, and by how much they are behind. What can be accepted is not its affair.
func (s *Server) readyzReads(x *exchange) error {
	if s.stopped.Load() {
		return fail(codeNotReady, "stopping")
	}
	var lag ReadLag
	if s.ReadsReady != nil {
		var err error
		if lag, err = s.ReadsReady(x.request.Context()); err != nil {
			return &core.Error{Code: codeNotReady, Message: "how far the read tables are behind the log cannot be told right now: this node's own log says why", Err: err}
		}
	}
	seconds := float64(lag.Time.Round(time.Millisecond).Milliseconds()) / 1000 // so that it shows three digits and no more
	if lag.TooLong {
		return fail(codeNotReady, "the read tables are %d events and %.3f s behind the log, which is longer than reads wait: they fail, but for ?consistency=eventual; "+
			"this node's own log says why, unless it is catching up", lag.Events, seconds)
	}
	o := core.OpenObject(nil)
	o.Text("status", "ready")
	o.Integer("lagEvents", int64(lag.Events))
	o.OptionalNumber("lagSeconds", &seconds)
	x.answerJSON(http.StatusOK, o.Close())
	return nil
}

// showMetrics answers a scrape.
func (s *Server) showMetrics(x *exchange) error {
	if s.Gatherer == nil {
		return fail(codeRouteNotFound, "this server shows no metrics")
	}
	promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{}).ServeHTTP(x, x.request)
	return nil
}
