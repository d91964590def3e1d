package crashtest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// worker is one client of a load.
type worker struct {
	*world
	*client
	*load
	r       *rand.Rand
	tenant  string
	order   []*server // all of them; the first is its own
	servers []*server // those that answer, as far as is known
	now     []*write  // what is to be sent: one write, or those of a batch; none: something new
	last    []*write  // what was acknowledged last
}

// work writes. A client whose server is gone turns to the next one, with what was not answered. Now and then it sends a write twice at once, or sends again what was
// acknowledged, or what was answered 503; the rest of those wait for settle.
func (k *worker) work() {
	for len(k.servers) > 0 && k.on() {
		if len(k.now) == 0 {
			k.now = k.choose()
		}
		k.sent.Add(1)
		k.deliver()
		switch {
		case slices.ContainsFunc(k.now, (*write).cut): // the server is gone
			k.turn()
			continue
		case k.once:
			return
		}
		k.goOn()
	}
}

// turn turns to the next server. One that comes back is tried again when the others are gone too.
func (k *worker) turn() {
	gone := k.servers[0]
	if k.servers = slices.Delete(k.servers, 0, 1); k.back {
		k.servers = append(k.servers, gone)
		time.Sleep(askAgain)
	}
}

// choose gives what a client sends next, if it need not send something again.
func (k *worker) choose() []*write {
	switch {
	case k.once:
		return []*write{k.create(k.tenant, "/api/activities", "")}
	case len(k.last) > 0 && k.r.IntN(16) == 0:
		return k.last
	case k.r.IntN(batchedWrites) == 0:
		return k.sign(k.batch(), k.credential(k.r, k.tenant))
	default:
		return k.sign([]*write{k.next(k.r, k.tenant)}, k.credential(k.r, k.tenant))
	}
}

// sign lets writes be sent with a credential, unless a key may not do what one of them asks for.
func (k *worker) sign(group []*write, by *apiKey) []*write {
	for _, w := range group {
		if w.of == nil {
			w.by = by
		}
	}
	return group
}

// deliver sends what is to be sent. While a key is revoked, the same client may use it. Not always: by what it is sent, another server comes to know of the revocation, and what it does if it
// does not is to be seen too.
func (k *worker) deliver() {
	atOnce := 1 + k.r.IntN(8)/7
	var wg sync.WaitGroup
	if one := k.now[0]; one.revokes() && k.r.IntN(2) == 0 {
		wg.Go(func() { k.use(one.of) })
	}
	k.send(k.servers[0].base, k.now, atOnce)
	wg.Wait()
}

// use sends with a key, at once and to another server if there is one: something new, a batch, and what was acknowledged before, perhaps to another credential. What comes of them is for
// settle, if it is not known then.
func (k *worker) use(key *apiKey) {
	if key.text == "" {
		return
	}
	earlier := k.last
	k.last = nil // two may not have one of them at a time
	groups := [][]*write{{k.submit(k.r, k.tenant, "", "")}, k.batch()}
	if len(earlier) > 0 {
		groups = append(groups, earlier)
	}
	other := k.servers[len(k.servers)-1].base
	var wg sync.WaitGroup
	for _, group := range groups {
		wg.Go(func() { k.send(other, k.sign(group, key), 1) })
	}
	wg.Wait()
}

// goOn looks at the answers to what was sent, and leaves in k.now what is to be sent again. A key that was revoked is tried at once.
func (k *worker) goOn() {
	var again, done []*write
	for _, w := range k.now {
		switch a := w.latest(); {
		case a.acknowledged() && !a.replayed:
			k.acknowledgements.Add(1)
			done = append(done, w)
		case !w.settled():
			again = append(again, w)
		}
	}
	if k.now = nil; k.back || k.r.IntN(2) == 0 {
		k.now = again
	}
	if k.back {
		k.comeBack(len(again) > 0, done)
	}
	switch {
	case len(done) == 0:
	case done[0].revokes():
		k.use(done[0].of)
	default:
		k.last = done
	}
}
