package httpapi

import (
	"context"
	"io/fs"
	"iter"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// Config is what a Server is made of. Secret or JWKS, Submitter, Reader, Barrier, History, Past, Watcher, APIKeys and Proofs are required.
type Config struct {
	Addr          string                                 // where to listen, host:port
	Secret        []byte                                 // the HS256 secret, at least MinSecretBytes; empty: no such token is accepted
	JWKS          string                                 // a file or URL that holds the keys of RS256, ES256 and EdDSA; empty: no such token is accepted
	Issuer        string                                 // the iss that tokens must have; empty: any
	Audience      string                                 // the aud that tokens must have, alone or among others; empty: any
	Submitter     Submitter                              //
	Reader        Reader                                 //
	Barrier       Barrier                                //
	History       History                                //
	Past          Past                                   //
	Watcher       Watcher                                //
	APIKeys       APIKeys                                //
	Proofs        Proofs                                 //
	Ready         func() error                           // what /readyz asks, besides StopReady; nil: ready
	ReadsReady    func(context.Context) (ReadLag, error) // what /readyz/reads asks, besides StopReady; it answers within a second. nil: ready
	Metrics       *Metrics                               // nil: counted and shown nowhere
	Gatherer      prometheus.Gatherer                    // what /metrics shows; nil: there is no /metrics
	OpenAPI       []byte                                 // what /openapi.json shows; nil: there is none
	Docs          fs.FS                                  // what /docs shows: index.html and docsFiles; nil: there is no /docs
	Log           *slog.Logger                           // nil: discarded
	Now           func() time.Time                       // nil: time.Now; judges occurred_at and the expiry of tokens
	NewID         func() core.ID                         // nil: UUIDv7
	OccurredAhead time.Duration                          // 0: DefaultOccurredAhead
	RateLimit     float64                                // requests a second that one credential may send; 0: no limit
	RateBurst     int                                    // how many of them at once; 0: those of one second, and at least one
	CORSOrigins   []string                               // whose pages may call the API; *: everybody's. None: CORS is off
}

// Submitter decides a command, makes what follows durable, and gives its receipt. It sets Command.At. Its errors are *core.Error; one that is not counts as a fault of ours.
// It answers within 10 s, whatever happens: WriteTimeout leaves room for that and no more. The context ends when the client has gone.
type Submitter interface {
	Submit(ctx context.Context, c core.Command) (core.Receipt, error)

	// SubmitAll does the same for several commands of one tenant: an outcome for each, in their order. An error means that none of them was let in, and that nothing was written.
	SubmitAll(ctx context.Context, commands []core.Command) ([]core.Outcome, error)
}

// Reader reads the read tables, as they are when they hold everything up to a position: *core.Error with CodeReadsBehind if they do not. Nothing of that id in that
// tenant: CodeNotFound.
type Reader interface {
	Result(ctx context.Context, after core.Position, tenant, id core.ID) (core.ResultView, error)
	Activity(ctx context.Context, after core.Position, tenant, id core.ID) (core.ActivityView, error)
	StatusEvents(ctx context.Context, after core.Position, tenant, activity core.ID) ([]core.StatusEventView, error)
	Results(ctx context.Context, after core.Position, tenant core.ID, q core.ResultQuery) (core.Page[core.ResultView], error)
	Activities(ctx context.Context, after core.Position, tenant core.ID, q core.ActivityQuery) (core.Page[core.ActivityView], error)
	ResultTypes(ctx context.Context, after core.Position, tenant core.ID) (core.ResultTypes, error)
	APIKeys(ctx context.Context, after core.Position, tenant core.ID, q core.APIKeyQuery) (core.Page[core.APIKeyView], error)
}

// APIKeys finds an API key by the digest of its text, among all that were issued on any node before the call; the zero key if there is none such. A revocation of more than a second ago
// is known to it. Its errors are *core.Error.
type APIKeys interface {
	APIKey(ctx context.Context, digest core.Digest) (core.ID, core.APIKey, error)
}

// History reads the log, tenant by tenant. What it gives is durable, comes in pages, and is in order; of entries nobody has decoded anything.
type History interface {
	// ReadStream yields the events of one stream after a version, as the log has them.
	ReadStream(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error]

	// StreamEntries yields the same as they are stored.
	StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error]

	// TenantEntries yields the events of a tenant after a tenant position, as they are stored.
	TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error]

	// TenantHead is the tenant position of a tenant's last event; 0 if it has none.
	TenantHead(ctx context.Context, tenant core.ID) (core.Position, error)
}

// Watcher tells when a tenant's history has grown, so that nobody need ask the log again and again. The bell rings once for all events that became durable since it was last heard; stop ends it.
type Watcher interface {
	Watch(tenant core.ID) (grown <-chan struct{}, stop func())
}

// Proofs proves a tenant's history. Its errors are *core.Error: CodeNotFound for what the history does not have, CodeProofUnavailable for what is in no signed checkpoint yet; or those of whatever
// keeps them, which are answered as the latter.
type Proofs interface {
	Checkpoint(ctx context.Context, tenant core.ID) (core.SignedCheckpoint, error)
	Inclusion(ctx context.Context, tenant core.ID, position core.Position) (core.InclusionProof, error)
	Consistency(ctx context.Context, tenant core.ID, from core.Position) (core.ConsistencyProof, error)
	Keys(ctx context.Context, tenant core.ID) ([]string, error)
}

// Past shows how things were at a moment, out of the log. Settle pins a moment to what is durable now, and gives a position in the whole log up to which the read tables must have come to know
// all of it; the others want a moment that is settled. Result gives a result with its classification of then, Activity an activity, whose result, if it has one now, must be named. Their errors are
// *core.Error: of CodeFuture if the moment has not come, of CodeNotFound if the tenant has nothing of that id, or had not then. One that is not counts as a fault of ours.
type Past interface {
	Settle(ctx context.Context, tenant core.ID, m core.Moment) (settled core.Moment, within core.Position, err error)
	Result(ctx context.Context, tenant, id core.ID, m core.Moment) (core.ResultView, error)
	Activity(ctx context.Context, tenant, id, result core.ID, m core.Moment) (core.ActivityView, error)
}

// Barrier waits until the read tables have reached the log's head of the moment of the call, and gives that position (contract §2.6). Its context ends after ReadsWait;
// then it gives a *core.Error with CodeReadsBehind, or the context's own error, which is answered alike.
type Barrier interface {
	Wait(ctx context.Context) (core.Position, error)
}

// ReadLag is how far the read tables are behind the log.
type ReadLag struct {
	Events  core.Position // that are in the log and not in the read tables
	Time    time.Duration // since the first of them was recorded
	TooLong bool          // reads fail for it
}

// The bounds in time.
const (
	HeaderTimeout = 5 * time.Second   // a request's headers are one packet or two; longer is a slow-loris
	BodyTimeout   = 15 * time.Second  // headers and body: MaxBody at 20 KB/s, the slowest mobile link that is worth serving; MaxBatchBody, from servers, at 1.2 MB/s
	WriteTimeout  = 30 * time.Second  // from the headers' end to the answer's: BodyTimeout, the 10 s that a Submitter may take, and 5 s to send it
	IdleTimeout   = 120 * time.Second // longer than the 60 s of common balancers, so that it is they who close, and no request meets a closing connection
	ReadTimeout   = 5 * time.Second   // one row by its key: below a millisecond; a page of a list of millions, at the worst: a second
	ReadsWait     = 2 * time.Second   // contract §2.6
)

// MaxHeaderBytes holds a token of some hundred tenants, and is small enough for ten thousand connections.
const MaxHeaderBytes = 16 << 10

// DefaultOccurredAhead is how far occurred_at may lie ahead of the service's clock (contract §2.3): clocks of phones are wrong by hours, seldom by days.
const DefaultOccurredAhead = 24 * time.Hour
