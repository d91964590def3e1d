package httpapi

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"resultlog/core"
)

// route is one thing that a client can ask for.
type route struct {
	method  string
	pattern string
	needs   core.Permissions // what the caller must hold in the tenant that it names; public: no credential at all
	handle  func(*exchange) error
}

// routes is all that there is, in one table. A static segment beside a wildcard under the same method (GET /x/tasks with GET /x/:id) panics at the start.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, "/api/activity-results/tasks", core.CreateActivities, s.submitResult},
		{http.MethodPost, "/api/activity-results/tasks/batch", core.CreateActivities, s.submitBatch},
		{http.MethodGet, "/api/activity-results", core.ViewActivities, s.listResults},
		{http.MethodGet, "/api/activity-results/:id", core.ViewActivities, s.getResult},
		{http.MethodGet, "/api/activity-results/:id/events", core.ViewEvents, s.listResultEvents},
		{http.MethodPost, "/api/activities", core.CreateActivities, s.createActivity},
		{http.MethodPost, "/api/activities/tasks", core.CreateActivities, s.createTask},
		{http.MethodPost, "/api/activities/tasks/:id/dispatch", core.DispatchActivities, s.dispatchTask},
		{http.MethodPatch, "/api/activities/:id/cancel", core.CancelActivities, s.cancelActivity},
		{http.MethodGet, "/api/activities", core.ViewActivities, s.listActivities},
		{http.MethodGet, "/api/activities/:id", core.ViewActivities, s.getActivity},
		{http.MethodGet, "/api/activities/:id/status-events", core.ViewActivities, s.getStatusEvents},
		{http.MethodGet, "/api/activities/:id/events", core.ViewEvents, s.listActivityEvents},
		{http.MethodGet, "/api/events", core.ViewEvents, s.listEvents},
		{http.MethodGet, "/api/task-result-types", core.ViewActivities, s.listResultTypes},
		{http.MethodPut, "/api/task-result-types/:code", core.ManageActivityConfig, s.configureResultType},
		{http.MethodPost, "/api/api-keys", core.ManageAPIKeys, s.createAPIKey},
		{http.MethodGet, "/api/api-keys", core.ManageAPIKeys, s.listAPIKeys},
		{http.MethodPost, "/api/api-keys/:id/revoke", core.ManageAPIKeys, s.revokeAPIKey},
		{http.MethodGet, "/api/audit/checkpoint", core.ViewEvents, s.showCheckpoint},
		{http.MethodGet, "/api/audit/inclusion", core.ViewEvents, s.proveInclusion},
		{http.MethodGet, "/api/audit/consistency", core.ViewEvents, s.proveConsistency},
		{http.MethodGet, "/api/audit/keys", core.ViewEvents, s.listVerifierKeys},
		{http.MethodGet, "/livez", public, s.livez},
		{http.MethodGet, "/readyz", public, s.readyz},
		{http.MethodGet, "/readyz/reads", public, s.readyzReads},
		{http.MethodGet, "/metrics", public, s.showMetrics},
		{http.MethodGet, "/openapi.json", public, s.showOpenAPI},
		{http.MethodGet, "/docs", public, s.showDocsPage},
		{http.MethodGet, "/docs/:file", public, s.showDocsFile},
	}
}

// unmatched stands for the route of a request that has none, in logs and as a metric label.
const unmatched = "unmatched"

// newRouter registers the table. HEAD is not derived from GET, and a path is either right or 404: nothing redirects.
func (s *Server) newRouter() *httprouter.Router {
	r := httprouter.New()
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	r.HandleMethodNotAllowed = true // the router sets Allow
	r.NotFound = s.fallback(func(x *exchange) error {
		return fail(codeRouteNotFound, "there is nothing at %s %s", x.request.Method, shorten(x.request.URL.Path))
	})
	r.MethodNotAllowed = s.fallback(func(x *exchange) error {
		return fail(codeMethodNotAllowed, "%s is not possible at %s; Allow lists what is", shorten(x.request.Method), shorten(x.request.URL.Path))
	})
	r.GlobalOPTIONS = s.fallback(func(x *exchange) error {
		x.WriteHeader(http.StatusNoContent) // the router has set Allow
		return nil
	})
	for _, rt := range s.routes() {
		r.Handle(rt.method, rt.pattern, s.handle(rt))
	}
	return r
}

// handle binds a route: its pattern and its metrics by closure, since the router does not tell them at run time.
func (s *Server) handle(rt route) httprouter.Handle {
	durations := s.Metrics.durationsOf(rt.method, rt.pattern)
	return func(w http.ResponseWriter, _ *http.Request, params httprouter.Params) {
		x := w.(*exchange)
		x.pattern, x.needs, x.durations, x.params = rt.pattern, rt.needs, durations, params
		err := s.admit(x, rt)
		if err == nil {
			err = rt.handle(x)
		}
		if err != nil {
			s.refuse(x, err)
		}
	}
}

// fallback makes a handler of what answers a request that matches no route.
func (s *Server) fallback(answer func(*exchange) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x := w.(*exchange)
		if err := answer(x); err != nil {
			s.refuse(x, err)
		}
	})
}
