package core

import (
	"crypto/sha256"
	"encoding/hex"
)

// Idempotency is what makes a retry recognisable (contract §2.5). It stands in the metadata of the first event of the command that it came with: as durable as that.
type Idempotency struct {
	Key      string `json:"idempotency_key,omitempty"`         // as the client chose it; empty: none was sent
	Endpoint string `json:"idempotency_endpoint,omitempty"`    // method and path; the same key at another one is another key
	Body     Digest `json:"idempotency_body_sha256,omitempty"` // of the body's exact bytes: a retry has the same

	Hashed KeyName `json:"-"` // its Name, in place of all that, in a slim event (EncodeSlim)
}

// Digest is a SHA-256.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error { return decodeHex(d[:], string(text)) }

// KeyName is a key within its tenant and endpoint, as a hash of fixed size.
type KeyName [16]byte

// used reports whether a key was sent.
func (i Idempotency) used() bool { return i.Key != "" || i.Hashed != KeyName{} }

// Name is the key's. There must be one.
func (i Idempotency) Name(tenant ID) KeyName {
	if i.Hashed != (KeyName{}) {
		return i.Hashed
	}
	text := make([]byte, 0, len(i.Endpoint)+1+len(i.Key))
	text = append(append(append(text, i.Endpoint...), 0), i.Key...) // neither has a NUL in it
	return KeyName(nameOf(idempotencyKey, tenant, text))
}

// KeysHeld is how many idempotency keys the machine remembers, the latest: a hash and a position each, some 10 MB in all. It must be more than are recorded while the read tables
// are behind, since what the machine has forgotten is looked up there; at 10,000 keys a second it is 13 s.
const KeysHeld = 1 << 17

// keyring remembers under which keys the latest commands were recorded. One of them may lie over another, as tables do.
type keyring struct {
	positions map[KeyName]Position
	order     []recordedKey // a ring once it is full
	oldest    int           // where the ring begins
	floor     Position      // every key that was recorded after this position is here, or in the one below
	below     *keyring
}

type recordedKey struct {
	name     KeyName
	position Position
}

func newKeyring(below *keyring) *keyring {
	return &keyring{positions: make(map[KeyName]Position), below: below}
}

// recall gives the receipt of the command that came with the same key before, if there was one; none if the command has no key, or a new one. What is remembered here goes before
// what was found elsewhere: a key may be used again when it was forgotten for long enough, and the latest use counts.
func (k *keyring) recall(c Command) (Receipt, error) {
	if c.Metadata.Key == "" {
		return Receipt{}, nil
	}
	name := c.Metadata.Name(c.Tenant)
	if position := k.get(name); position > 0 {
		return Receipt{Replayed: position}, nil
	}
	if c.KeysAsOf < k.below.floor { // a use between the two, which would be the one that counts, is known to neither
		return Receipt{}, refuse(CodeUnavailable, "whether this Idempotency-Key was used before cannot be told right now; nothing was written: retry a little later, with the same key")
	}
	return Receipt{Replayed: c.KeyAt}, nil
}

func (k *keyring) get(name KeyName) Position {
	position, ok := k.positions[name]
	if !ok && k.below != nil {
		return k.below.get(name)
	}
	return position
}

// learn notes the key of a recorded event, if it has one.
func (k *keyring) learn(r *Recorded) {
	if r.Metadata.used() {
		k.add(recordedKey{name: r.Metadata.Name(r.Stream.Tenant), position: r.Position})
	}
}

// add notes a key, in the order of positions, and forgets the oldest one if there are too many.
func (k *keyring) add(key recordedKey) {
	if len(k.order) < KeysHeld {
		k.order = append(k.order, key)
	} else {
		k.forget(k.order[k.oldest])
		k.order[k.oldest] = key
		k.oldest = (k.oldest + 1) % KeysHeld
	}
	k.positions[key.name] = key.position
}

// forget drops a key, unless it was recorded anew since.
func (k *keyring) forget(key recordedKey) {
	if k.positions[key.name] == key.position {
		delete(k.positions, key.name)
	}
	k.floor = key.position
}

// sink moves all keys to those below.
func (k *keyring) sink() {
	for _, key := range k.order {
		k.below.add(key)
	}
	k.drop()
}

// drop forgets all keys that are not below.
func (k *keyring) drop() {
	clear(k.positions)
	k.order = k.order[:0]
}

// keyBytes is what a key takes in the ring. In the map it takes as much and a byte, and the map is half full when it holds KeysHeld.
const keyBytes = 24

// bytes is about what the keys take.
func (k *keyring) bytes() int { return cap(k.order)*keyBytes + len(k.positions)*2*(keyBytes+1) }
