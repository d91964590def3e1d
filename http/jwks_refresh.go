package httpapi

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The bounds in time of a key set.
const (
	keysTimeout  = 5 * time.Second  // one reading: an identity provider answers within a second; a request may have to wait for it
	keysRefresh  = 5 * time.Minute  // between two readings: how long a new key may be unknown that nobody asks for, and a withdrawn one be taken
	keysMostOld  = 6 * time.Minute  // older keys are not used before they were looked at: on a server that was idle, a key withdrawn long ago would verify one more token
	keysReadSoon = 10 * time.Second // between two readings because a key is unknown, or the last one failed: anybody can make up a kid, and must not have the provider flooded
)

var (
	errKeysUnread = errors.New("the JWK set could not be read")
	errUnknownKey = errors.New("no key of the JWK set is for this token")
)

// keySet is a JWK set that is read again now and then. No goroutine waits for the time to come: a request that finds the keys too old begins the next reading, one for all, and goes on
// with the keys that there are. A reading that fails leaves them as they are.
type keySet struct {
	place   string
	read    func(context.Context) ([]byte, error)
	timeout time.Duration // keysTimeout; shorter in tests
	log     *slog.Logger
	now     func() time.Time
	life    context.Context // ends with close
	end     context.CancelFunc

	mu      sync.Mutex
	known   *keys         // nil: no reading has succeeded yet
	failure error         // of the last reading
	readAt  time.Time     // when the last reading that is over began
	reading chan struct{} // closed when the reading that is under way is over; nil: none is
}

// newKeySet gives the key set in a file or at a URL. A file is read at once, and must be right; a URL is read when keys are asked for, since the provider may be down for a moment.
func newKeySet(place string, log *slog.Logger, now func() time.Time) (*keySet, error) {
	read, err := newSource(place)
	if err != nil {
		return nil, err
	}
	s := &keySet{place: place, read: read, timeout: keysTimeout, log: log, now: now}
	s.life, s.end = context.WithCancel(context.Background())
	if isURL(place) {
		return s, nil
	}
	s.readAt = now()
	if s.known, err = s.load(s.life, nil); err == nil && len(s.known.usable) == 0 {
		err = errors.New("it holds no key that tokens can be verified with")
	}
	if err != nil {
		return nil, fmt.Errorf("the JWKS file %s: %w", place, err)
	}
	return s, nil
}

// start begins the first reading, so that a provider that cannot be reached stands in the log from the beginning.
func (s *keySet) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(keysRefresh)
}

// close breaks off the reading that is under way, and waits until it is over.
func (s *keySet) close() {
	s.end()
	s.mu.Lock()
	reading := s.reading
	s.mu.Unlock()
	if reading != nil {
		<-reading
	}
}

// find gives the key for a token, and the keys that it is one of. A kid that is not there may be that of a new key: for that they are read again.
func (s *keySet) find(ctx context.Context, kid, alg string) (crypto.PublicKey, *keys, error) {
	known := s.current(ctx)
	if key := known.find(kid, alg); key != nil {
		return key, known, nil
	}
	known, failure := s.look(ctx, keysReadSoon, 0)
	key := known.find(kid, alg)
	switch {
	case key != nil:
		return key, known, nil
	case known == nil, failure != nil, ctx.Err() != nil: // it may be in what could not be read
		return nil, nil, errors.Join(errKeysUnread, failure)
	default:
		return nil, nil, errUnknownKey
	}
}

// current gives the keys that are to be used now; the same pointer as long as nothing about them has changed. Nil: there are none yet.
func (s *keySet) current(ctx context.Context) *keys {
	known, _ := s.look(ctx, keysRefresh, keysMostOld)
	if ctx.Err() != nil {
		return nil // it has not waited, and the keys may be too old; nobody is there to be answered
	}
	return known
}

// look gives the keys, and why the last reading failed, if it did. If that began at least due ago, the next one begins; if it began at least wait ago, the one under way is waited for.
func (s *keySet) look(ctx context.Context, due, wait time.Duration) (*keys, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.begin(due)
	if reading := s.reading; reading != nil && age >= wait {
		s.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
	return s.known, s.failure
}

// begin begins a reading, if none is under way and the last one began at least due ago. It gives how long ago that was. The lock is held.
func (s *keySet) begin(due time.Duration) (age time.Duration) {
	if s.failure != nil {
		due = min(due, keysReadSoon)
	}
	now := s.now()
	age = now.Sub(s.readAt)
	if s.reading == nil && age >= due && s.life.Err() == nil {
		s.reading = make(chan struct{})
		go s.readAgain(now, s.known)
	}
	return age
}

// readAgain is one reading. It is bounded by the time-out, and ends with close.
func (s *keySet) readAgain(began time.Time, before *keys) {
	ctx, cancel := context.WithTimeout(s.life, s.timeout)
	defer cancel()
	known, err := s.load(ctx, before)
	if err != nil && s.life.Err() == nil {
		s.log.Warn("the JWK set could not be read: the keys that are known go on being used", "jwks", s.place, "known", before.count(), "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.failure, s.readAt = known, err, began
	close(s.reading)
	s.reading = nil
}

// load reads the set once. If that fails, or the set is as it was before, it gives what was before.
func (s *keySet) load(ctx context.Context, before *keys) (*keys, error) {
	text, err := s.read(ctx)
	if err != nil {
		return before, err
	}
	known, unused, err := parseKeys(text)
	if err != nil || before != nil && known.sum == before.sum {
		return before, err
	}
	for _, why := range unused {
		s.log.Info("a key of the JWK set is not used", "jwks", s.place, "why", why)
	}
	s.log.Info("the JWK set was read", "jwks", s.place, "usable", known.count())
	return known, nil
}
