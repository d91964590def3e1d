package core

const (
	// keyKept is how long an Idempotency-Key cannot be used again (contract §2.5). Later it may, and whether it was is no matter of rules but of what a node still remembered: neither is unlawful.
	keyKept Instant = 24 * 60 * 60 * 1000

	// keysJudged is how many keys of that time are remembered, the latest, some 100 B each: those of a day with 48 of them a second. Beyond it a key that comes again is not noticed:
	// a false history may pass, a true one always does.
	keysJudged = 1 << 22
)

// keyUses remembers when the keys of the last keyKept were used.
type keyUses struct {
	latest map[KeyName]keyUse
	order  []namedUse // those before oldest are forgotten
	oldest int
	most   int
}

type keyUse struct {
	position Position
	at       Instant
}

type namedUse struct {
	name KeyName
	keyUse
}

func newKeyUses() *keyUses { return &keyUses{latest: make(map[KeyName]keyUse), most: keysJudged} }

// use notes the key of a command's first event, if it has one, and gives an ErrUnlawful if the key was used so shortly before that the command was a retry: that would have been
// answered with what the first one came to, or refused.
func (k *keyUses) use(r Recorded) error {
	k.forget(r.RecordedAt)
	if !r.Metadata.used() {
		return nil
	}
	name := r.Metadata.Name(r.Stream.Tenant)
	before, used := k.latest[name]
	now := keyUse{r.Position, r.RecordedAt}
	k.latest[name] = now
	k.order = append(k.order, namedUse{name, now})
	if used {
		return unlawful(r, "its Idempotency-Key %s of %s was used at position %d, %s: a key is kept for 24 h, in which nothing is recorded under it again",
			quote(r.Metadata.Key), quote(r.Metadata.Endpoint), before.position, before.at)
	}
	return nil
}

// forget drops the uses that are old enough, and the oldest if there would be too many.
func (k *keyUses) forget(now Instant) {
	for k.oldest < len(k.order) && (k.order[k.oldest].at+keyKept <= now || len(k.order)-k.oldest >= k.most) {
		old := k.order[k.oldest]
		if k.latest[old.name] == old.keyUse { // not used anew since
			delete(k.latest, old.name)
		}
		k.oldest++
	}
	if k.oldest > len(k.order)/2 { // what is forgotten is moved away once it is more than what is left: each use is moved once on average
		k.order = append(k.order[:0], k.order[k.oldest:]...)
		k.oldest = 0
	}
}
