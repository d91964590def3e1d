package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"resultlog/core"
)

// Server answers the API's requests.
type Server struct {
	Config
	verifier *verifier
	limiter  *limiter // nil: there is no rate limit
	lists    *places  // for each list that is being answered
	batches  *places  // likewise
	streams  streams
	router   http.Handler
	http     *http.Server
	listener net.Listener
	stopped  atomic.Bool // StopReady was called
}

// New builds a server, or says what its configuration lacks.
func New(c Config) (*Server, error) {
	if c.Submitter == nil || c.Reader == nil || c.Barrier == nil || c.History == nil || c.Past == nil || c.Watcher == nil || c.APIKeys == nil || c.Proofs == nil {
		return nil, errors.New("a server needs a Submitter, a Reader, a Barrier, a History, a Past, a Watcher, APIKeys and Proofs")
	}
	if err := ValidateRate(c.RateLimit, c.RateBurst); err != nil {
		return nil, fmt.Errorf("the rate limit: %w", err)
	}
	if err := ValidateOrigins(c.CORSOrigins); err != nil {
		return nil, fmt.Errorf("the origins that CORS lets in: %w", err)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = func() core.ID { return core.ID(uuid.Must(uuid.NewV7())) }
	}
	if c.OccurredAhead == 0 {
		c.OccurredAhead = DefaultOccurredAhead
	}
	verifier, err := newVerifier(c)
	if err != nil {
		return nil, err
	}
	s := &Server{Config: c, verifier: verifier, limiter: newLimiter(c.RateLimit, c.RateBurst, c.Now), lists: newPlaces(maxLists), batches: newPlaces(MaxBatches), streams: newStreams()}
	s.router = s.newRouter()
	if len(c.CORSOrigins) > 0 {
		s.router = allowOrigins(c.CORSOrigins, s.routes(), s.router)
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: HeaderTimeout,
		ReadTimeout:       BodyTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,

		DisableGeneralOptionsHandler: true, // OPTIONS * is answered like everything else
		ErrorLog:                     slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// Listen binds Config.Addr.
func (s *Server) Listen() (err error) {
	s.listener, err = net.Listen("tcp", s.Config.Addr)
	return err
}

// Addr is the host:port that Listen has bound.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers requests until Shutdown, and then gives nil. Listen must have been called.
func (s *Server) Serve() error {
	s.verifier.start()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// StopReady turns /readyz red, and ends all tails: their readers go on at another node. Shutdown does it first thing; call it earlier to give a balancer time to notice.
func (s *Server) StopReady() {
	s.stopped.Store(true)
	s.streams.end()
}

// Shutdown stops being ready, stops accepting, finishes what was accepted, and closes. If ctx ends before that, it cuts what is left and gives ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.StopReady()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.verifier.close()
	return err
}
