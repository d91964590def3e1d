package core

import "crypto/sha256"

// name is what a client calls something, within its tenant, as the first 128 bits of a SHA-256: a fixed size whatever is sent, and nobody can make two names meet.
type name [16]byte

// nameKind keeps names of different kinds apart.
type nameKind byte

const (
	activityKey      nameKind = 'k' // the idempotency_key that an activity was created with → that activity
	activityProvider nameKind = 'p' // the provider id of an activity → that activity
	resultActivity   nameKind = 'A' // an activity_id that a standalone result was sent with → that result
	resultProvider   nameKind = 'P' // a provider_activity_id that a standalone result was sent with → that result
	idempotencyKey   nameKind = 'i' // the endpoint and Idempotency-Key that a command came with → the position of its first event
)

func nameOf[T string | []byte](kind nameKind, tenant ID, text T) name {
	var buf [1 + len(ID{}) + 255*4]byte // ids have at most 255 characters (contract §2.3): no allocation
	b := append(append(append(buf[:0], byte(kind)), tenant[:]...), text...)
	sum := sha256.Sum256(b)
	return name(sum[:16])
}

// names is the table of the names of a kind.
func (l *layer) names(kind nameKind) table[name, ID] {
	switch kind {
	case activityKey, activityProvider:
		return l.activityNames
	default:
		return l.resultNames
	}
}

// learnNames records what an event makes known under a name.
func (l *layer) learnNames(r *Recorded) {
	tenant := r.Stream.Tenant
	switch e := r.Event.(type) {
	case ActivityCreated:
		l.learn(activityKey, tenant, e.IdempotencyKey, e.ActivityID)
		l.learn(activityProvider, tenant, e.ProviderActivityID, e.ActivityID)
	case ActivityTransitioned:
		l.learn(activityProvider, tenant, e.ProviderActivityID, e.ActivityID)
	case ResultSubmitted:
		if e.Source != Standalone {
			return // a submission never gives an activity a provider id (contract §2.1)
		}
		if !e.SentActivityID.IsZero() {
			l.resultNames.set(nameOf(resultActivity, tenant, e.SentActivityID[:]), e.ResultID)
		}
		l.learn(resultProvider, tenant, e.ProviderActivityID, e.ResultID)
	}
}

func (l *layer) learn(kind nameKind, tenant ID, text string, id ID) {
	if text != "" {
		l.names(kind).set(nameOf(kind, tenant, text), id)
	}
}

// lookup finds what a text names; none if it is empty or names nothing.
func (l *layer) lookup(kind nameKind, tenant ID, text string) ID {
	if text == "" {
		return ID{}
	}
	id, _ := l.names(kind).get(nameOf(kind, tenant, text))
	return id
}
