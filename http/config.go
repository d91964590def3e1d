package httpapi

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// Config is what a Server is made of. Secret, Submitter, Reader and Barrier are required.
type Config struct {
	Addr          string              // where to listen, host:port
	Secret        []byte              // the HS256 secret, at least MinSecretBytes
	Submitter     Submitter           //
	Reader        Reader              //
	Barrier       Barrier             //
	Ready         func() error        // what /readyz asks, besides StopReady; nil: ready
	Metrics       *Metrics            // nil: counted and shown nowhere
	Gatherer      prometheus.Gatherer // what /metrics shows; nil: there is no /metrics
	Log           *slog.Logger        // nil: discarded
	Now           func() time.Time    // nil: time.Now; judges occurred_at and the expiry of tokens
	NewID         func() core.ID      // nil: UUIDv7
	OccurredAhead time.Duration       // 0: DefaultOccurredAhead
}

// Submitter decides a command, makes what follows durable, and gives its receipt. It sets Command.At. Its errors are *core.Error; one that is not counts as a fault of ours.
// It answers within 10 s, whatever happens: WriteTimeout leaves room for that and no more. The context ends when the client has gone.
type Submitter interface {
	Submit(ctx context.Context, c core.Command) (core.Receipt, error)
}

// Reader reads the read tables, as they are when they hold everything up to a position: *core.Error with CodeReadsBehind if they do not. Nothing of that id in that
// tenant: CodeNotFound.
type Reader interface {
	Result(ctx context.Context, after core.Position, tenant, id core.ID) (core.ResultView, error)
	Activity(ctx context.Context, after core.Position, tenant, id core.ID) (core.ActivityView, error)
}

// Barrier waits until the read tables have reached the log's head of the moment of the call, and gives that position (contract §2.6). Its context ends after ReadsWait;
// then it gives a *core.Error with CodeReadsBehind, or the context's own error, which is answered alike.
type Barrier interface {
	Wait(ctx context.Context) (core.Position, error)
}

// The bounds in time.
const (
	HeaderTimeout = 5 * time.Second   // a request's headers are one packet or two; longer is a slow-loris
	BodyTimeout   = 15 * time.Second  // headers and body: MaxBody at 20 KB/s, the slowest mobile link that is worth serving
	WriteTimeout  = 30 * time.Second  // from the headers' end to the answer's: BodyTimeout, the 10 s that a Submitter may take, and 5 s to send it
	IdleTimeout   = 120 * time.Second // longer than the 60 s of common balancers, so that it is they who close, and no request meets a closing connection
	ReadTimeout   = 5 * time.Second   // one row by its key: below a millisecond
	ReadsWait     = 2 * time.Second   // contract §2.6
)

// MaxHeaderBytes holds a token of some hundred tenants, and is small enough for ten thousand connections.
const MaxHeaderBytes = 16 << 10

// DefaultOccurredAhead is how far occurred_at may lie ahead of the service's clock (contract §2.3): clocks of phones are wrong by hours, seldom by days.
const DefaultOccurredAhead = 24 * time.Hour
