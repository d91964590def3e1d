package httpapi

import (
	"net/http"

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

// showMetrics answers a scrape.
func (s *Server) showMetrics(x *exchange) error {
	if s.Gatherer == nil {
		return fail(codeRouteNotFound, "this server shows no metrics")
	}
	promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{}).ServeHTTP(x, x.request)
	return nil
}
