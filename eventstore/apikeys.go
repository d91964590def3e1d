package eventstore

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"

	"resultlog/core"
)

const (
	// KeyStaleness is how old what a node knows of API keys may be when it admits a request by it: half of the second within which a revocation holds for reads on every node
	// (contract §2.9). The other half is for looking, which takes a query of a millisecond, or as long as the commit that is under way.
	KeyStaleness = 500 * time.Millisecond

	// FollowTimeout is how long who asks for an API key waits for that look: as long as a read waits for the read tables.
	FollowTimeout = 2 * time.Second
)

// apiKeys is what the sequencer knows of API keys, where those who admit requests can ask it. It never says what is not durable.
type apiKeys struct {
	wanted chan struct{} // holds a token while somebody waits for a look at the log

	mu   sync.RWMutex
	keys map[keyHandle]issued
	asOf time.Time // what was durable then is known; zero: nothing is yet
	next *look     // asked for, and not yet begun; nil if nobody asked
}

// keyHandle finds a key: the first half of its digest. The other half is compared in constant time, so that how long a search takes says nothing that helps to guess a key.
type keyHandle [16]byte

func handleOf(digest core.Digest) keyHandle { return keyHandle(digest[:16]) }

type issued struct {
	id  core.ID
	key core.APIKey
}

// look is one catching up with the log, on behalf of all who wait for it.
type look struct {
	waiting int           // how many
	done    chan struct{} // closed when err is set
	err     error
}

func newAPIKeys() *apiKeys {
	return &apiKeys{wanted: make(chan struct{}, 1), keys: make(map[keyHandle]issued)}
}

// APIKey finds an API key by the digest of its text, among all that were issued on any node before the call; the zero key if there is none such. Whether it is valid is for its
// Judge to say: of what was revoked more than a second ago, on whatever node, it is known. The error is a *core.Error of CodeKeysUnavailable if the log cannot be asked.
func (s *Sequencer) APIKey(ctx context.Context, digest core.Digest) (core.ID, core.APIKey, error) {
	if found := s.apiKeys.find(digest, s.KeyStaleness); !found.id.IsZero() {
		return found.id, found.key, nil
	}
	ctx, cancel := context.WithTimeout(ctx, FollowTimeout)
	defer cancel()
	if err := s.apiKeys.await(ctx); err != nil {
		return core.ID{}, core.APIKey{}, &core.Error{Code: core.CodeKeysUnavailable, Err: err}
	}
	found := s.apiKeys.find(digest, FollowTimeout) // as of a moment after the call
	return found.id, found.key, nil
}

// find gives a key, if it is known by what is no older than staleness.
func (k *apiKeys) find(digest core.Digest, staleness time.Duration) issued {
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := k.keys[handleOf(digest)]
	if time.Since(k.asOf) > staleness || subtle.ConstantTimeCompare(found.key.Digest[:], digest[:]) == 0 {
		return issued{}
	}
	return found
}

// await returns when everything is known that was durable when it was called.
func (k *apiKeys) await(ctx context.Context) error {
	l := k.join()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join asks for a look at the log. One that has begun will not do: it may be older than what must be seen.
func (k *apiKeys) join() *look {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next == nil {
		k.next = &look{done: make(chan struct{})}
	}
	k.next.waiting++
	select {
	case k.wanted <- struct{}{}:
	default:
	}
	return k.next
}

// begin takes the look that was asked for; nil if it was taken already.
func (k *apiKeys) begin() *look {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.next
	k.next = nil
	return l
}

// know notes what the log says of a key.
func (k *apiKeys) know(id core.ID, key core.APIKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[handleOf(key.Digest)] = issued{id, key}
}

// reached notes that what was durable at a moment is known.
func (k *apiKeys) reached(asOf time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asOf = asOf
}

// saw makes known what a durable event says of an API key. The machine has it folded in already.
func (s *Sequencer) saw(r core.Recorded) {
	switch e := r.Event.(type) {
	case core.APIKeyIssued:
		s.apiKeys.know(e.KeyID, s.machine.APIKey(e.KeyID))
	case core.APIKeyRevoked:
		s.apiKeys.know(e.KeyID, s.machine.APIKey(e.KeyID))
	}
}

// follow reads, without the write lock, what others have appended, for those who wait for it. An error means that the sequencer cannot go on.
func (s *Sequencer) follow(ctx context.Context) error {
	l := s.apiKeys.begin()
	if l == nil {
		return nil
	}
	defer close(l.done)
	begin := time.Now()
	if l.err = Replay(ctx, s.Log, s.machine, s.saw); l.err != nil {
		if stops(l.err) {
			return l.err
		}
		return nil
	}
	s.advanced()
	s.apiKeys.reached(begin)
	return nil
}
