package httpapi

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The bounds of what a rate limit can be: beyond them it is a slip of the pen, and RateLimit-Policy would say it in numbers that mean nothing to anybody.
const (
	MinRateLimit = 0.001     // requests a second: one in a quarter of an hour
	MaxRateLimit = 1_000_000 // requests a second: more than a node answers
	MaxRateBurst = 1_000_000 // requests
)

// maxBuckets bounds the credentials whose requests are counted at once: about 200 B each, 3 MB in all. Only a credential that is good has a bucket, so that nobody fills them by guessing.
const maxBuckets = 16_384

// ValidateRate says what is wrong with a rate limit, if anything. A limit of 0 is none.
func ValidateRate(limit float64, burst int) error {
	switch {
	case limit != 0 && !(limit >= MinRateLimit && limit <= MaxRateLimit): // written so that NaN is refused too
		return fmt.Errorf("%v requests a second: must be 0, which is no limit, or from %v to %d", limit, MinRateLimit, MaxRateLimit)
	case burst < 0 || burst > MaxRateBurst:
		return fmt.Errorf("a burst of %d requests: must be from 1 to %d, or 0 for those of one second", burst, MaxRateBurst)
	case limit == 0 && burst > 0:
		return fmt.Errorf("a burst of %d requests, without a rate limit: say how many requests a second there may be", burst)
	}
	return nil
}

// limiter counts requests per credential, in a token bucket each: a request takes a token, tokens come back at the rate of the limit, and there are never more than the burst.
type limiter struct {
	limit  rate.Limit
	burst  int
	now    func() time.Time
	policy []string // the RateLimit-Policy of every answer

	mu      sync.RWMutex
	buckets map[string]*rate.Limiter
}

// newLimiter makes one of a limit that is valid; nil if there is none.
func newLimiter(limit float64, burst int, now func() time.Time) *limiter {
	if limit == 0 {
		return nil
	}
	if burst == 0 {
		burst = int(math.Ceil(limit)) // what one second brings, and at least one request
	}
	refilled := int64(math.Ceil(float64(burst) / limit))
	policy := `"credential";q=` + strconv.Itoa(burst) + ";w=" + strconv.FormatInt(refilled, 10)
	return &limiter{limit: rate.Limit(limit), burst: burst, now: now, policy: []string{policy}, buckets: make(map[string]*rate.Limiter)}
}

// standing is where a credential stands.
type standing struct {
	remaining int           // requests that it may send at once
	reset     time.Duration // until there is one, if there is none; else until there is the whole burst
}

// take takes a token for one request of a credential, and says whether there was one.
func (l *limiter) take(key string) (standing, bool) {
	now := l.now()
	b := l.bucket(key, now)
	ok := b.AllowN(now, 1)
	return l.standing(b, now), ok
}

// charge puts n more requests on a credential's bill: one that carried many in its body. They are done already, so the bucket may go into debt, and what comes next waits until it is paid.
// The debt is bounded, since a bucket in debt admits nothing: it is what a burst of requests carried.
func (l *limiter) charge(key string, n int) standing {
	now := l.now()
	b := l.bucket(key, now)
	for n > 0 {
		piece := min(n, l.burst) // a bucket takes no more at once
		b.ReserveN(now, piece)
		n -= piece
	}
	return l.standing(b, now)
}

// bucket finds the bucket of a credential; one that is not there is full.
func (l *limiter) bucket(key string, now time.Time) *rate.Limiter {
	l.mu.RLock()
	b := l.buckets[key]
	l.mu.RUnlock()
	if b != nil {
		return b
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if b = l.buckets[key]; b != nil {
		return b // somebody was quicker
	}
	if len(l.buckets) >= maxBuckets {
		l.makeRoom(now)
	}
	b = rate.NewLimiter(l.limit, l.burst)
	l.buckets[key] = b
	return b
}

// makeRoom drops the buckets that are full again: they are as good as none. If more than half are busy, all are dropped. Nobody can bring that about with one credential, only who may issue thousands of API keys, and it costs little: each credential has
// one burst more, debts are forgiven, and what bounds this service as a whole (queue, lists, bodies) stands as before. Either way it comes at most once in maxBuckets/2 new credentials.
func (l *limiter) makeRoom(now time.Time) {
	maps.DeleteFunc(l.buckets, func(_ string, b *rate.Limiter) bool { return b.TokensAt(now) >= float64(l.burst) })
	if len(l.buckets) > maxBuckets/2 {
		clear(l.buckets)
	}
}

// standing reads a bucket. Somebody else may have taken from it meanwhile: it is what a client is told, and decides nothing.
func (l *limiter) standing(b *rate.Limiter, now time.Time) standing {
	tokens := b.TokensAt(now)
	if tokens < 1 {
		return standing{reset: l.timeFor(1 - tokens)}
	}
	return standing{remaining: int(tokens), reset: l.timeFor(float64(l.burst) - tokens)}
}

// timeFor is how long so many tokens take to come.
func (l *limiter) timeFor(tokens float64) time.Duration {
	return time.Duration(min(tokens/float64(l.limit)*float64(time.Second), math.MaxInt64/2)) // the bound keeps absurd debts from turning negative
}

// seconds is a duration as headers say it: rounded up, so that who waits as long does not come too early.
func (s standing) seconds() int { return int((s.reset + time.Second - 1) / time.Second) }

// header is the value of RateLimit (draft-ietf-httpapi-ratelimit-headers).
func (s standing) header() []string {
	b := make([]byte, 0, len(`"credential";r=1000000;t=1000000000`))
	b = append(b, `"credential";r=`...)
	b = strconv.AppendInt(b, int64(s.remaining), 10)
	b = append(b, ";t="...)
	b = strconv.AppendInt(b, int64(s.seconds()), 10)
	return []string{string(b)}
}

// limitRate is the last thing that stands before a handler: 429 if the credential has sent more than it may. Without a limit it is nothing.
func (s *Server) limitRate(x *exchange, who credential) error {
	if s.limiter == nil {
		return nil
	}
	x.bucket = who.bucket()
	now, ok := s.limiter.take(x.bucket)
	s.showRate(x, now)
	if ok {
		return nil
	}
	x.retryAfter = max(now.seconds(), 1)
	return fail(codeRateLimited, "this credential may send %v requests a second, up to %d at once, and has sent more: nothing was done; retry in %d s",
		s.RateLimit, s.limiter.burst, x.retryAfter)
}

// chargeRate counts the requests that one carried beside itself. It must come before the answer.
func (s *Server) chargeRate(x *exchange, more int) {
	if s.limiter != nil {
		s.showRate(x, s.limiter.charge(x.bucket, more))
	}
}

func (s *Server) showRate(x *exchange, now standing) {
	h := x.Header()
	h["Ratelimit-Policy"] = s.limiter.policy
	h["Ratelimit"] = now.header()
}
