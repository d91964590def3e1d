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
	// (contract §2.9). The other half is for looking, which takes a query of a millisecond.
	KeyStaleness = 500 * time.Millisecond

	// LookTimeout is how long a look at the log may take, and how long who needs it waits: as long as a read waits for the read tables.
	LookTimeout = 2 * time.Second
)

// apiKeys is what the log says of API keys, where those who admit requests can ask it. It learns from the sequencer, which sees every event; and from looks at the log of its own, since
// a sequencer may wait for the write lock or for the disk while others append, and whom to let in must not wait with it.
type apiKeys struct {
	mu       sync.RWMutex
	keys     map[keyHandle]issued
	handles  map[core.ID]keyHandle
	position core.Position // all events up to it have been seen
	asOf     time.Time     // what was durable then has been seen; zero: not even what was there at the start
	next     *look         // asked for, and not yet begun; nil if nobody asked
	looking  bool
	started  chan struct{} // closed when the sequencer has replayed the log
}

// keyHandle finds a key: the first half of its digest. The other half is compared in constant time, so that how long a search takes says nothing that helps to guess a key.
type keyHandle [16]byte

type issued struct {
	id  core.ID
	key core.APIKey
}

// look is one reading of what the log has gained, on behalf of all who wait for it.
type look struct {
	done chan struct{} // closed when err is set
	err  error
}

func newAPIKeys() *apiKeys {
	return &apiKeys{keys: make(map[keyHandle]issued), handles: make(map[core.ID]keyHandle), started: make(chan struct{})}
}

// APIKey finds an API key by the digest of its text, among all that were issued on any node before the call; the zero key if there is none such. Whether it is valid is for its
// Judge to say: of what was revoked more than a second ago, on whatever node, it is known. The error is a *core.Error of CodeKeysUnavailable if the log cannot be asked.
func (s *Sequencer) APIKey(ctx context.Context, digest core.Digest) (core.ID, core.APIKey, error) {
	keys := s.apiKeys.Load()
	if keys.age() <= s.KeyStaleness {
		if found := keys.find(digest); !found.id.IsZero() {
			return found.id, found.key, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, LookTimeout)
	defer cancel()
	if err := keys.await(ctx, s.looking(keys)); err != nil {
		return core.ID{}, core.APIKey{}, &core.Error{Code: core.CodeKeysUnavailable, Err: err}
	}
	found := keys.find(digest) // as of a moment after the call
	return found.id, found.key, nil
}

// looking gives what reads what the log has gained. It takes no lock of the log, and does not touch the machine.
func (s *Sequencer) looking(keys *apiKeys) func(context.Context) error {
	return func(ctx context.Context) error {
		begin := time.Now()
		for r, err := range s.Log.ReadSlim(ctx, keys.seen()) {
			if err != nil {
				return err
			}
			keys.learn(r)
		}
		keys.reached(begin)
		return nil
	}
}

// saw makes known what durable events say of API keys, and that all of them have been seen up to a moment.
func (k *apiKeys) saw(events []core.Recorded, asOf time.Time) {
	for _, r := range events {
		k.learn(r)
	}
	k.reached(asOf)
}

// learn folds in one event. Whoever calls it has seen all that were before it, so that one that was learnt already, from the other side, says nothing new.
func (k *apiKeys) learn(r core.Recorded) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.Position <= k.position {
		return
	}
	k.position = r.Position
	switch e := r.Event.(type) {
	case core.APIKeyIssued:
		k.handles[e.KeyID] = keyHandle(e.Digest[:len(keyHandle{})])
		k.fold(e.KeyID, r)
	case core.APIKeyRevoked:
		k.fold(e.KeyID, r)
	}
}

// fold brings a key up to an event, as the machine does. The lock is held.
func (k *apiKeys) fold(id core.ID, r core.Recorded) {
	handle := k.handles[id]
	k.keys[handle] = issued{id, core.Evolve(core.State{APIKey: k.keys[handle].key}, r).APIKey}
}

// reached notes that what was durable at a moment has been seen.
func (k *apiKeys) reached(asOf time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if asOf.After(k.asOf) {
		k.asOf = asOf
	}
}

// seen is the position up to which all events have been seen.
func (k *apiKeys) seen() core.Position {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.position
}

// age is how old what is known may be.
func (k *apiKeys) age() time.Duration {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return time.Since(k.asOf)
}

// find gives a key as it is known; none if it is not.
func (k *apiKeys) find(digest core.Digest) issued {
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := k.keys[keyHandle(digest[:len(keyHandle{})])]
	if subtle.ConstantTimeCompare(found.key.Digest[:], digest[:]) == 0 {
		return issued{}
	}
	return found
}

// await returns when everything has been seen that was durable when it was called. Before the log is replayed nobody looks: it would be read twice.
func (k *apiKeys) await(ctx context.Context, see func(context.Context) error) error {
	select {
	case <-k.started:
	case <-ctx.Done():
		return ctx.Err()
	}
	l := k.join(see)
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join asks for a look, and starts it if none is under way. One that has begun will not do: it may be older than what must be seen.
func (k *apiKeys) join(see func(context.Context) error) *look {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next == nil {
		k.next = &look{done: make(chan struct{})}
	}
	if !k.looking {
		k.looking = true
		go k.run(see)
	}
	return k.next
}

// run takes one look after the other until nobody asks for one. What a look that is cut off has seen is not lost: the next one goes on from there.
func (k *apiKeys) run(see func(context.Context) error) {
	for l := k.begin(); l != nil; l = k.begin() {
		ctx, cancel := context.WithTimeout(context.Background(), LookTimeout)
		l.err = see(ctx)
		cancel()
		close(l.done)
	}
}

// begin takes the look that was asked for; nil if none was.
func (k *apiKeys) begin() *look {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.next
	k.next = nil
	k.looking = l != nil
	return l
}
