package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"resultlog/core"
	"resultlog/docs"
	"resultlog/eventstore"
	httpapi "resultlog/http"
	"resultlog/projections"
	"resultlog/projections/audit"
)

// shutdownTimeout is how long requests under way may take to finish after a signal: longer than a body may take to arrive and than an answer's own time-out, and, with --drain,
// within the 30 s that supervisors grant before they kill.
const shutdownTimeout = 20 * time.Second

// serveCommand runs the service.
type serveCommand struct {
	storeFlags
	secretFlag
	providerFlags
	signingKeyFlag
	Addr          string        `default:"127.0.0.1:3000" placeholder:"HOST:PORT" help:"Where to listen; port 0 takes a free one. Default: ${default}."`
	Dev           bool          `help:"Try it out: keeps a secret in --data, makes an example activity, prints a curl to paste. Loopback only."`
	OccurredAhead time.Duration `default:"24h" help:"How far in the future an occurred_at may lie. Default: ${default}."`
	RateLimit     float64       `placeholder:"N" help:"How many requests a second one credential may send; more are answered 429. Default: no limit."`
	RateBurst     int           `placeholder:"N" help:"How many of them at once. Default: those of one second."`
	CORSOrigin    []string      `name:"cors-origin" placeholder:"ORIGIN" help:"Let pages of this origin call the API, like https://app.example; may be repeated, or be * for every origin. Default: none."`
	Audit         bool          `default:"true" negatable:"" help:"Keep the trees that prove the history, and sign them. With --no-audit there are no new proofs until a server runs without it; then nothing is missing."`
	MetricsTenant bool          `name:"metrics-tenant-label" help:"Count accepted submissions by tenant too: ten series more for each, up to 1000 tenants; all others are one. Default: not."`
	Drain         time.Duration `default:"1s" help:"After a signal, how long to go on serving while /readyz is red already, so that balancers notice; with --dev not at all. Default: ${default}."`
}

// Validate refuses what would be taken for something else.
func (c *serveCommand) Validate() error {
	switch {
	case c.Addr == "":
		return errors.New("--addr is empty: it must be HOST:PORT, like 127.0.0.1:3000; :3000 is every interface of this machine")
	case c.OccurredAhead <= 0:
		return fmt.Errorf("--occurred-ahead %s: must be longer than nothing, since clocks differ", c.OccurredAhead)
	case c.Dev && (c.JWTIssuer != nil || c.JWTAudience != nil):
		return errors.New("--dev prints a token that has neither iss nor aud: leave --jwt-issuer and --jwt-audience out, or leave --dev out")
	case c.Drain < 0:
		return fmt.Errorf("--drain %s: must not be negative", c.Drain)
	}
	if err := httpapi.ValidateRate(c.RateLimit, c.RateBurst); err != nil {
		return fmt.Errorf("--rate-limit and --rate-burst: %w", err)
	}
	if err := httpapi.ValidateOrigins(c.CORSOrigin); err != nil {
		return fmt.Errorf("--cors-origin: %w", err)
	}
	return errors.Join(c.storeFlags.Validate(), c.providerFlags.Validate())
}

// Run implements the subcommand.
func (c *serveCommand) Run(ctx context.Context, con console) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	lines := newLogWriter(con.err, logInterval)
	defer lines.Close()
	n, err := openNode(ctx, c, secret, newLoggerFor(lines, isTerminal(con.err)))
	if err != nil {
		return err
	}
	if n.drain = c.Drain; c.Dev {
		n.drain = 0
		n.listening = func(ctx context.Context) error { return n.offerExample(ctx, con.out, secret) }
	}
	return n.run(ctx)
}

// secret decides which secret tokens are verified with, and refuses to guess. With a key set there need be none.
func (c *serveCommand) secret() (string, error) {
	switch {
	case c.Dev && !isLoopback(c.Addr):
		return "", fmt.Errorf("--dev serves on loopback only, and %s is not: leave --addr out, or leave --dev out and set RESULTLOG_JWT_SECRET", c.Addr)
	case c.JWTSecret != "":
		return c.JWTSecret, nil
	case c.Dev:
		return devSecret(c.Data)
	case c.JWKS != "":
		return "", nil
	default:
		return "", errNoSecret
	}
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && httpapi.IsLoopbackHost(host)
}

// node is the whole service. Its fields, top to bottom, are the way of a submission: HTTP decodes it, the sequencer decides it and appends it to the log,
// the runner carries it into the read tables, and the queries read them behind the barrier.
type node struct {
	server    *httpapi.Server
	sequencer *eventstore.Sequencer
	store     *store
	runner    *projections.Runner
	queries   *projections.Queries
	barrier   *projections.Barrier
	keeper    *audit.Keeper // beside that way: it keeps what proves the log; nil: nobody does

	logger    *slog.Logger
	drain     time.Duration               // from being no longer ready until no longer accepting
	listening func(context.Context) error // called once, when requests are answered; nil: nothing
}

// openNode wires everything, from the bottom up, and starts nothing.
func openNode(ctx context.Context, c *serveCommand, secret string, logger *slog.Logger) (_ *node, err error) {
	n := &node{logger: logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()

	if n.store, err = c.open(ctx); err != nil {
		return nil, err
	}
	log := n.store.log

	n.queries = projections.NewQueries(n.store.read)
	checkpoint := projections.NewCheckpoint(n.store.read)
	backpressure := projections.NewBackpressure(checkpoint)
	wake, hurry := make(chan struct{}, 1), make(chan struct{}, 1)
	sequencing := eventstore.SequencerConfig{Log: log, Logger: logger, Appended: ringing(wake), Hold: backpressure.Hold, LookUpKey: n.queries.Key}
	if c.Audit {
		key, err := c.signingKey(c.storeFlags)
		if err != nil {
			return nil, err
		}
		n.keeper = audit.NewKeeper(audit.Config{Tables: n.store.trees, Log: log, Key: key, Logger: logger})
		sequencing.Committed = n.keeper.Feed
	}
	n.sequencer = eventstore.NewSequencer(sequencing)

	n.barrier = projections.NewBarrier(projections.BarrierConfig{Head: log.Head, Checkpoint: checkpoint, Hurry: ringing(hurry), RecordedAt: recordedAt(log)})
	projecting := projections.NewMetrics(n.barrier)
	feed := n.store.feedConfig(checkpoint, logger)
	feed.Wake, feed.Hurry, feed.Metrics = wake, hurry, projecting
	if n.runner, err = projections.NewRunner(feed); err != nil {
		return nil, err
	}
	if err = dropIfForeign(ctx, log, feed); err != nil {
		return nil, err
	}

	serving := httpapi.NewMetrics()
	if c.MetricsTenant {
		serving = httpapi.NewMetricsByTenant()
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), thisBuild().metric())
	registry.MustRegister(serving.Collectors()...)
	registry.MustRegister(n.sequencer.Metrics().Collectors()...)
	registry.MustRegister(log.Collectors()...)
	registry.MustRegister(projecting.Collectors()...)
	registry.MustRegister(backpressure.Collectors()...)
	if n.keeper != nil {
		registry.MustRegister(n.keeper.Collectors()...)
	}
	n.server, err = httpapi.New(httpapi.Config{
		Addr: c.Addr, Secret: []byte(secret), JWKS: c.JWKS, Issuer: given(c.JWTIssuer), Audience: given(c.JWTAudience),
		Submitter: n.sequencer, Reader: n.queries, Barrier: n.barrier, History: log, Past: eventstore.Past{History: log}, Watcher: n.sequencer, APIKeys: n.sequencer,
		Proofs: audit.NewProofs(n.store.trees.Read, log.TenantHead), Ready: n.sequencer.Ready, ReadsReady: n.readsReady,
		Metrics: serving, Gatherer: registry, OpenAPI: docs.OpenAPI, Docs: docs.Page(), Log: logger, OccurredAhead: c.OccurredAhead,
		RateLimit: c.RateLimit, RateBurst: c.RateBurst, CORSOrigins: c.CORSOrigin,
	})
	return n, err
}

// dropIfForeign notices that the log is not the one that the read tables were made of. Whatever goes on from their checkpoint needs it first.
func dropIfForeign(ctx context.Context, log eventstore.Log, feed projections.Config) error {
	dropped, err := projections.DropIfForeign(ctx, feed, eventID(log))
	if dropped {
		feed.Logger.Warn("the read tables were made of another log, as after restoring a backup: they are made again")
	}
	return err
}

// eventID looks up events in a log by their position.
func eventID(log eventstore.Log) projections.EventID {
	return func(ctx context.Context, at core.Position) (core.ID, bool, error) {
		r, found, err := eventAt(ctx, log, at)
		return r.EventID, found, err
	}
}

// eventAt gives the event at a position, if the log comes as far.
func eventAt(ctx context.Context, log eventstore.Log, at core.Position) (_ core.Recorded, found bool, err error) {
	for r, err := range log.ReadAll(ctx, at-1) {
		return r, err == nil, err
	}
	return core.Recorded{}, false, nil
}

// ringing gives a function that leaves a token in a bell, and never blocks.
func ringing(bell chan<- struct{}) func() {
	return func() {
		select {
		case bell <- struct{}{}:
		default: // it has rung already
		}
	}
}

// run starts the parts from the bottom up, waits for ctx or for a part that cannot go on, and stops them from the top down: each when nothing above needs it any more.
func (n *node) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, n.close()) }()
	if err := n.server.Listen(); err != nil {
		return fmt.Errorf("%w; --addr 127.0.0.1:0 takes a free port", err)
	}
	failed := make(chan error, 4)
	runner := launch(n.runner.Run, failed)
	keeper := launch(n.keep, failed)
	sequencer := launch(n.sequencer.Run, failed)
	server := launch(func(context.Context) error { return n.server.Serve() }, failed)
	n.logger.Info("listening", "addr", n.server.Addr())

	if n.listening != nil {
		err = n.listening(ctx)
	}
	if err == nil {
		select {
		case err = <-failed:
			n.logger.Warn("stopping: a part cannot go on") // why is told when all has stopped
		case <-ctx.Done():
			n.logger.Info("stopping: finishing what was accepted")
		}
	}

	n.server.StopReady()
	time.Sleep(n.drain) // a second signal ends the process at once
	finishing, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if cut := n.server.Shutdown(finishing); cut != nil { // requests that did not arrive whole, or whose answer nobody read: none of them was accepted and not decided
		n.logger.Warn("connections were cut that did not finish in time", "err", cut)
	}
	server.stop()
	sequencer.stop()
	runner.stop()
	keeper.stop()
	n.logger.Info("stopped")
	close(failed)
	for late := range failed { // while stopping
		err = errors.Join(err, late)
	}
	return err
}

// keep keeps what proves the log, if that is wanted.
func (n *node) keep(ctx context.Context) error {
	if n.keeper == nil {
		return nil
	}
	return n.keeper.Run(ctx)
}

// close frees the store.
func (n *node) close() error {
	if n.store == nil {
		return nil
	}
	return n.store.close()
}

// part is something that runs until it is told to stop.
type part struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// launch runs a part; if it ends with an error, that goes to failed.
func launch(run func(context.Context) error, failed chan<- error) part {
	ctx, cancel := context.WithCancel(context.Background())
	p := part{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		if err := run(ctx); err != nil {
			failed <- err
		}
	}()
	return p
}

// stop tells a part to end, and waits until it has.
func (p part) stop() {
	p.cancel()
	<-p.ended
}
